"""What a model loses elsewhere and later, and what history and more people give: each needs fitting the model again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features import FeatureTable, Task
from features.columns import FeatureSpec
from myeloma import DataError, StateError
from serving.artifact import feature_matrix
from serving.predict import predict_risk
from serving.store import connect
from training import tracking
from training.differences import named_differences, paired_differences
from training.estimators import fit_candidate
from training.evaluate import read_records
from training.metrics import Draws, all_measures, figures, named
from training.metrics.figures import few
from training.performance import held_out, logged, write_csv
from training.split import LEAST_EVENTS, Fold, evaluation_folds
from training.subgroups import UNKNOWN, suppressed
from training.version_page import VERDICT

Array = NDArray[np.float64]
Refit = Literal["sites", "time", "history", "patients"]
LATEST_ONLY = "latest_values_only"
EARLY_SHARE = 0.7  # of people, by index date: fitted on
CURVE = (0.125, 0.25, 0.5, 1.0)  # shares of the people fitted on, for the learning curve
FOLDER = "refits"


def refit(table: FeatureTable, task: Task, name: str, kinds: list[Refit], fitted: Path, out: Path, say: Callable[[str], None]) -> None:
    """Fit one model again in each way asked for, judge it, write `out/<name>/refits/<kind>.csv` and log both to its run.

    `sites`: each site judged by a model that saw none of it. `time`: people diagnosed late judged by a model that saw early
    ones, as they were known then. `history`: the model against itself with the latest values only. `patients`: the model
    fitted on growing shares of people.

    Raises
    ------
    StateError
        That model is not fitted.
    DataError
        There is one site only, or too few people progress in the part that is fitted on; raised when the others are done.
    """
    if (record := read_records(fitted, task).get(name)) is None:
        raise StateError(f"{name} is not fitted in {fitted}.", f"fit it: python -m training fit TABLE --task {task.name} --model {name}")
    makers = {"sites": by_site, "time": over_time, "history": gain_from_history, "patients": learning_curve}
    refused: list[DataError] = []
    for kind in kinds:
        say(f"{name}: {kind}: fitting again")
        try:
            found = makers[kind](table, task, name, fitted)
        except DataError as error:  # the others asked for are done all the same
            say(f"{name}: {kind}: refused")
            refused.append(error)
            continue
        write_csv(found, out / name / FOLDER / f"{kind}.csv")
        metrics = (
            named_differences(found, task.primary_horizon)
            if kind == "history"
            else logged(found)
            if kind == "time"
            else named(_main(found))
        )
        tracking.log_results(record["run_id"], metrics, out / name)
        said = _in_words(found, task) or f"too few people progress within {task.primary_horizon} months, or stay free, for a difference"
        say(f"{name}: {kind}: {said}")
    if VERDICT in connect().get_run(record["run_id"]).data.tags:
        again = f"python -m training register --task {task.name} (with the --cohort it was registered with)"
        say(f"{name}: its model card was written before this; to write it anew: {again}")
    if refused:
        raise refused[0]


def by_site(table: FeatureTable, task: Task, name: str, fitted: Path) -> pd.DataFrame:
    """Return the figures at each site, by a model fitted to all other sites; none, and why, where too few progress at these."""
    site = table.rows["site"].fillna("").to_numpy()
    sites = sorted(set(site) - {""})
    if len(sites) < 2:
        raise DataError(
            f"Leaving one site out needs two sites, the table has {len(sites)}.",
            "fill the column `site` of the patients table.",
            "one_site",
        )
    folds = {one: Fold(np.flatnonzero(site != one), np.flatnonzero(site == one)) for one in sites}
    parts = [_judge_site(table, task, name, fold, f"site_{_plain(one)}") for one, fold in folds.items()]
    without = table.rows[site == ""]  # no model judges them, but the whole less the sites would tell how many they are
    parts.append(_counts(without, task, name, UNKNOWN))
    return suppressed(pd.concat(parts, ignore_index=True), "subset").query("subset != @UNKNOWN")


def _judge_site(table: FeatureTable, task: Task, name: str, fold: Fold, subset: str) -> pd.DataFrame:
    events = _progressing(table.rows.iloc[fold.fit])
    if events >= LEAST_EVENTS:
        return _judge(table, task, name, fold, subset)
    why = f"{few(events)} people progress at all other sites, at least {LEAST_EVENTS} are needed to fit."
    found = _counts(table.rows.iloc[fold.judge], task, name, subset)
    unjudged = [{"model": name, "subset": subset, "horizon": months, "measure": "auc", "why": why} for months in task.horizons]
    return pd.concat([found, pd.DataFrame(unjudged)], ignore_index=True)


def over_time(table: FeatureTable, task: Task, name: str, fitted: Path) -> pd.DataFrame:
    """Return the figures on people diagnosed late, by a model fitted to early ones as they were known at the cut.

    The cut is the index date before which 70 % of people were diagnosed: nothing that was seen after it is fitted on.
    """
    rows = table.rows
    index_date = rows.groupby("patient_id")["index_date"].first()
    cut = index_date.sort_values().iloc[int(EARLY_SHARE * (len(index_date) - 1))]
    early = known_at(rows[rows["index_date"] <= cut], cut)
    late = rows[rows["index_date"] > cut]
    found = _figures(late, _risks(early, late, table.spec, task, name), task, "late")
    return found.assign(cut=cut.date().isoformat(), people_fitted_on=early["patient_id"].nunique())


def known_at(rows: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    """Return the rows before a day as they were known on it: whatever happened later is censored then."""
    earlier = rows[rows["landmark"] < day]
    seen = (day - earlier["landmark"]).dt.days.astype(float)
    later = earlier["time_to_event"] > seen
    return earlier.assign(
        event=earlier["event"].mask(later, "none"),
        time_to_event=earlier["time_to_event"].where(~later, seen),
        follow_up=np.minimum(earlier["follow_up"], seen),
    )


def gain_from_history(table: FeatureTable, task: Task, name: str, fitted: Path) -> pd.DataFrame:
    """Return model minus the same model with the latest values only (and their age), on the same held-out rows."""
    rows, risks = held_out(table, task, fitted, [name])
    spec = latest_only(table.spec)
    parts = [
        pd.DataFrame(_risks(table.rows.iloc[fold.fit], table.rows.iloc[fold.judge], spec, task, name)).set_axis(
            pd.MultiIndex.from_frame(table.rows.iloc[fold.judge][["patient_id", "landmark"]])
        )
        for fold in evaluation_folds(table.rows, task.evaluation)
    ]
    latest = pd.concat(parts).loc[pd.MultiIndex.from_frame(rows[["patient_id", "landmark"]])].to_numpy()
    draws = Draws.of(rows["patient_id"], task.evaluation.bootstrap, task.evaluation.seed)
    return paired_differences(rows, {name: risks[name], LATEST_ONLY: latest}, [name], task.horizons, draws, task.evaluation.cut_offs)


def latest_only(spec: FeatureSpec) -> FeatureSpec:
    """Return the specification without history: the latest value of each biomarker, its age, and what is static."""
    window = "ever" if "ever" in spec.look_backs else spec.look_backs[-1]
    return replace(spec, look_backs=(window,), statistics=tuple(s for s in spec.statistics if s in ("last", "age_days")))


def learning_curve(table: FeatureTable, task: Task, name: str, fitted: Path) -> pd.DataFrame:
    """Return the figures by how many people the model was fitted to, all on the same held-out rows of the first fold."""
    fold = evaluation_folds(table.rows, task.evaluation)[0]
    ids = table.rows.iloc[fold.fit]["patient_id"].unique()
    order = np.random.default_rng(task.evaluation.seed).permutation(ids)
    patient = table.rows["patient_id"].to_numpy()
    parts = []
    for share in CURVE:
        some = fold.fit[np.isin(patient[fold.fit], order[: round(share * len(order))])]
        people = len(np.unique(patient[some]))
        subset, events = f"fitted_on_{people}", _progressing(table.rows.iloc[some])
        if events < LEAST_EVENTS:
            why = f"{few(events)} of these people progress, at least {LEAST_EVENTS} are needed to fit."
            found = pd.DataFrame({"model": [name], "subset": subset, "horizon": task.primary_horizon, "measure": "auc", "why": why})
        else:
            found = _judge(table, task, name, Fold(some, fold.judge), subset)
        parts.append(found.assign(people_fitted_on=people))
    return pd.concat(parts, ignore_index=True)


def _judge(table: FeatureTable, task: Task, name: str, fold: Fold, subset: str) -> pd.DataFrame:
    fit, judge = table.rows.iloc[fold.fit], table.rows.iloc[fold.judge]
    return _figures(judge, _risks(fit, judge, table.spec, task, name), task, subset).assign(model=name)


def _figures(rows: pd.DataFrame, risks: Array, task: Task, subset: str) -> pd.DataFrame:
    draws = Draws.of(rows["patient_id"], task.evaluation.bootstrap, task.evaluation.seed)
    everything = partial(all_measures, cut_offs=task.evaluation.cut_offs)
    return figures(rows.reset_index(drop=True), {"": risks}, task.horizons, draws, everything, subset)


def _counts(rows: pd.DataFrame, task: Task, name: str, subset: str) -> pd.DataFrame:
    """Return how many are there and progress, of people whom no model judges."""
    nothing, draws = np.zeros((len(rows), len(task.horizons))), Draws.of(rows["patient_id"], 0, task.evaluation.seed)
    found = figures(rows.reset_index(drop=True), {name: nothing}, task.horizons, draws, lambda sample, risk: {}, subset)
    return found[found["measure"].isin(["patients", "rows", "events"])]


def _risks(fit: pd.DataFrame, judge: pd.DataFrame, spec: FeatureSpec, task: Task, name: str) -> Array:
    people = _progressing(fit)
    if people < LEAST_EVENTS:
        raise DataError(f"Only {people} people progress in the part that is fitted on; at least {LEAST_EVENTS} are needed.", "add people.")
    artifact = fit_candidate(fit, spec, replace(task, models=_with_columns(task.models, spec)), name, {}).artifact
    return predict_risk(artifact, feature_matrix(artifact, judge))


def _with_columns(models: dict[str, dict[str, Any]], spec: FeatureSpec) -> dict[str, dict[str, Any]]:
    """Return the models' options; one that names its covariates keeps those that the specification has."""
    return {
        name: {key: [c for c in value if c in spec.columns()] if key == "covariates" else value for key, value in options.items()}
        for name, options in models.items()
    }


def _progressing(rows: pd.DataFrame) -> int:
    return rows.loc[rows["event"] == "progression", "patient_id"].nunique()


def _main(found: pd.DataFrame) -> pd.DataFrame:
    return found[found["measure"].isin(["auc", "brier", "ipa", "oe_ratio", "patients", "events"])]


def _plain(site: str) -> str:
    return re.sub(r"[^\w.-]+", "_", site)


def _in_words(found: pd.DataFrame, task: Task) -> str:
    return "; ".join(_lines(found[found["horizon"] == task.primary_horizon], task.primary_horizon))


def _lines(found: pd.DataFrame, months: int) -> Iterator[str]:
    if "difference" in found:
        for line in found[found["measure"].isin(["auc", "brier"])].itertuples():
            yield f"{line.measure}_{months}m {line.difference:+.4f} ({line.lo:+.4f} to {line.hi:+.4f}) against {line.reference}"
        return
    for line in found[found["measure"] == "auc"].itertuples():
        yield f"{line.subset} " + (line.why.rstrip(".") or f"AUC {line.estimate:.3f} ({line.lo:.3f} to {line.hi:.3f})")
