"""The champion beside a candidate: on the same held-out people where that is possible, in words where it is not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from features import Task, build_features
from myeloma import StateError, UserError
from myeloma.calendar import horizon_days
from serving.artifact import Artifact, feature_matrix
from serving.predict import predict_risk
from training.fitting.held_out import HeldOut
from training.gate.verdict import Comparison
from training.metrics import horizon_metrics
from training.metrics.names import Metric
from training.rows.censoring import FollowUp
from training.tracking.run import Run

_COMPARED = ("auc", "brier")


def beside_champion(
    task: Task, candidate: tuple[Run, HeldOut | None], champion: tuple[str, Run | None], load: Callable[[], Artifact]
) -> Comparison:
    """Return the champion's and the candidate's figures on the candidate's held-out rows, and how they were made.

    Where the champion was fitted without these people it is scored again on them. Where both were cross-validated on the
    same folds, their logged figures are of the same rows. Where the champion was made from another cohort or split, nobody
    can tell whether it has seen these people: it is scored all the same, and the words say that this flatters it. A champion
    that can no longer be loaded has its logged figures, where they are of the same rows.

    Parameters
    ----------
    candidate : its run, and the people it was judged on if they are here
    champion : version, run (None where that is gone from the store)
    load : function that returns the champion's artifact, or raises StateError
    """
    (run, held), (version, live) = candidate, champion
    judged, kind = run.tags.get("judged_hash"), live.params.get("evaluation.kind") if live else None
    same = live is not None and judged is not None and judged == live.tags.get("judged_hash")
    try:
        artifact = load()
    except StateError as error:
        what = f"champion version {version} can no longer be used: {error.what}"
        if live is None or not same:
            return Comparison(version, what)
        return Comparison(version, f"figures logged with both runs, on the very same rows; {what}", _logged(live, task), _logged(run, task))
    if changed := artifact.rules.changed_to(task.rules):
        return Comparison(version, f"champion version {version} answers another question, its rules were others: {changed}")
    if live is not None and same and (held is None or kind == "cross_validation"):
        how = "figures logged with both runs, on the very same rows" + (
            ", each judged by a fold's model that had not seen the person" if kind == "cross_validation" else ""
        )
        return Comparison(version, how, _logged(live, task), _logged(run, task))
    if held is None:
        why = "has no run in the store any more" if live is None else "was judged on other people"
        return Comparison(version, f"champion version {version} {why}, and the held-out rows are not on this machine")
    risks = _risks(artifact, held)
    if artifact.horizons != task.horizons or risks is None:
        return Comparison(version, f"champion version {version} has other horizons, or features that these people's table does not hold")
    rows, months = held.rows, list(enumerate(task.horizons))
    of_other = "of another cohort or split" if live is not None else "its run, which named its cohort and split, is gone"
    how = (
        f"both scored on the same {len(rows)} held-out rows, of people neither was fitted on"
        if same
        else f"{of_other}, the champion was scored on these rows too; it may have seen these people, which flatters it"
    )
    return Comparison(version, how, _figures(rows, risks, months), _figures(rows, held.risks[run.name], months))


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
