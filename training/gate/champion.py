"""The champion beside a candidate: on the same held-out people where that is possible, in words where it is not."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pandas as pd

from features import Task, build_features
from myeloma import StateError, UserError
from myeloma.calendar import horizon_days
from serving.artifact import Artifact, feature_matrix
from serving.predict import predict_risk
from training.evaluation.differences import paired_differences
from training.fitting.held_out import ROW, HeldOut, risk_columns
from training.gate.verdict import Comparison
from training.metrics import Draws, horizon_metrics
from training.metrics.estimate import lines_of
from training.metrics.names import Metric
from training.places import OUT_OF_FOLD
from training.plan import Plan
from training.rows.censoring import FollowUp
from training.tracking.run import Run

_COMPARED = ("auc", "brier")
CANDIDATE, CHAMPION = "candidate", "champion"


def beside_champion(
    plan: Plan, candidate: tuple[Run, HeldOut | None], champion: tuple[str, Run | None], load: Callable[[], Artifact]
) -> Comparison:
    """Return the champion's and the candidate's figures on the candidate's held-out rows, and how they were made.

    Where both were judged on the very same rows, the risks that models without the person gave then are compared, pair by pair.
    Where the champion was made from another cohort or split, nobody can tell whether it has seen these people: it is scored all the
    same, and the words say that this flatters it. A champion that can no longer be loaded is compared on the same rows alone.

    Parameters
    ----------
    candidate : its run, and the people it was judged on if they are here
    champion : version, run (None where that is gone from the store)
    load : function that returns the champion's artifact, or raises StateError
    """
    (run, held), (version, live), task = candidate, champion, plan.task
    judged = run.tags.get("judged_hash")
    same = live if live is not None and judged is not None and judged == live.tags.get("judged_hash") else None
    try:
        artifact = load()
    except StateError as error:
        what = f"champion version {version} can no longer be used: {error.what}"
        return Comparison(version, what) if same is None else _on_the_same_rows(plan, run, held, version, same, f"; {what}")
    if changed := artifact.rules.changed_to(task.rules):
        return Comparison(version, f"champion version {version} answers another question, its rules were others: {changed}")
    if same is not None:
        return _on_the_same_rows(plan, run, held, version, same)
    if held is None:
        why = "has no run in the store any more" if live is None else "was judged on other people"
        return Comparison(version, f"champion version {version} {why}, and the held-out rows are not on this machine")
    risks = _risks(artifact, held)
    if artifact.horizons != task.horizons or risks is None:
        return Comparison(version, f"champion version {version} has other horizons, or features that these people's table does not hold")
    of_other = "of another cohort or split" if live is not None else "its run, which named its cohort and split, is gone"
    how = f"{of_other}, the champion was scored on these rows too; it may have seen these people, which flatters it"
    return _paired(plan, held.rows, risks, held.risks[run.name], version, how)


def _on_the_same_rows(plan: Plan, run: Run, held: HeldOut | None, version: str, live: Run, besides: str = "") -> Comparison:
    """Return the comparison of two that were judged on the very same rows: pair by pair where both kept what they said of each."""
    how = "on the very same rows, each judged by a model that had not seen the person"
    then = out_of_fold(live, plan.task)
    if held is None or then is None or len(then) != len(held.rows):
        why = "the people are not on this machine" if held is None else f"version {version} did not keep what it said of each"
        if (weighed := live.tags.get("weighing_hash")) is None or weighed != run.tags.get("weighing_hash"):
            known = "otherwise" if weighed is not None else "in a way that its run does not say"
            what = f"champion version {version} was judged on the very same rows, weighed for censoring {known}"
            return Comparison(version, f"{what}, and its figures cannot be made anew, since {why}{besides}")
        how = f"figures logged with both runs, {how}, without an interval of the difference, since {why}{besides}"
        return Comparison(version, how, _logged(live, plan.task), _logged(run, plan.task))
    rows = held.rows.assign(**{CANDIDATE: np.arange(len(held.rows))}).sort_values(ROW)
    order = rows.pop(CANDIDATE).to_numpy()
    return _paired(plan, rows.reset_index(drop=True), then, held.risks[run.name][order], version, how + besides)


def out_of_fold(run: Run, task: Task) -> np.ndarray | None:
    """Return the risks (rows, horizons) that a run kept of the rows it was judged on, by person and landmark; None where it did not."""
    content = run.file(OUT_OF_FOLD)
    found = pd.read_parquet(io.BytesIO(content)) if content else pd.DataFrame()
    columns = risk_columns(task)
    return found[columns].to_numpy() if set(columns) <= set(found) else None


def _paired(plan: Plan, rows: pd.DataFrame, champion: np.ndarray, candidate: np.ndarray, version: str, how: str) -> Comparison:
    """Return the figures of both on the same rows, and their differences with the interval of a bootstrap by patient."""
    draws = Draws.of(rows["patient_id"], plan.evaluation.bootstrap, plan.evaluation.seed)
    both = {CANDIDATE: candidate, CHAMPION: champion}
    table = paired_differences(rows, both, [CANDIDATE], plan.task.horizons, draws, ())
    table = table[table["measure"].isin(_COMPARED)].rename(columns={"difference": "estimate"})
    figures = {name: _figures(rows, risks, list(enumerate(plan.task.horizons))) for name, risks in both.items()}
    lines = {Metric(line.measure, line.horizon).name: (line.estimate, line.lo, line.hi) for line in lines_of(table)}
    return Comparison(version, how, figures[CHAMPION], figures[CANDIDATE], lines)


def _risks(artifact: Artifact, held: HeldOut) -> np.ndarray | None:
    rows: pd.DataFrame = held.rows
    if any(name not in rows.columns for name in artifact.columns):
        if held.cohort is None:
            return None
        rows = build_features(held.cohort, held.rows[["patient_id", "landmark"]], artifact.spec)
    try:
        return predict_risk(artifact, feature_matrix(artifact, rows))
    except UserError:
        return None


def _figures(rows: pd.DataFrame, risks: np.ndarray, months: list[tuple[int, int]]) -> dict[str, float]:
    follow_up = FollowUp.of(rows)
    found = {m: horizon_metrics(follow_up, risks[:, k], float(horizon_days(m))) for k, m in months}
    return {Metric(name, m).name: float(found[m][name]) for m in found for name in _COMPARED if np.isfinite(found[m][name])}


def _logged(run: Run, task: Task) -> dict[str, float]:
    names = [Metric(name, months).name for months in task.horizons for name in _COMPARED]
    return {name: run.metrics[name] for name in names if name in run.metrics}
