"""The ways of fitting a model again, each written beside its figures and logged to its run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pandas as pd

from features import FeatureTable
from features.cohort.files import write_csv
from myeloma import DataError, StateError
from serving.store.champion import connect
from training import tracking
from training.evaluation.differences import named_differences
from training.evaluation.evaluate import read_records
from training.evaluation.performance import logged
from training.metrics import named
from training.metrics.estimate import lines_of
from training.places import refit as file_of
from training.plan import Plan
from training.registry.version_page import VERDICT
from training.shift.history import gain_from_history
from training.shift.patients import learning_curve
from training.shift.sites import by_site
from training.shift.time import over_time

Refit = Literal["sites", "time", "history", "patients"]


def refit(table: FeatureTable, plan: Plan, name: str, kinds: list[Refit], fitted: Path, out: Path, say: Callable[[str], None]) -> None:
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
    if (record := read_records(fitted, plan).get(name)) is None:
        hint = f"fit it: python -m training fit TABLE --task {plan.task.name} --model {name}"
        raise StateError(f"{name} is not fitted in {fitted}.", hint)
    makers = {"sites": by_site, "time": over_time, "history": gain_from_history, "patients": learning_curve}
    refused: list[DataError] = []
    for kind in kinds:
        say(f"{name}: {kind}: fitting again")
        try:
            found = makers[kind](table, plan, name, fitted)
        except DataError as error:  # the others asked for are done all the same
            say(f"{name}: {kind}: refused")
            refused.append(error)
            continue
        write_csv(found, out / name / file_of(kind))
        metrics = (
            named_differences(found, plan.primary_horizon)
            if kind == "history"
            else logged(found)
            if kind == "time"
            else named(_main(found))
        )
        tracking.log_results(record["run_id"], metrics, out / name)
        said = _in_words(found, plan) or f"too few people progress within {plan.primary_horizon} months, or stay free, for a difference"
        say(f"{name}: {kind}: {said}")
    if VERDICT in connect().get_run(record["run_id"]).data.tags:
        again = f"python -m training register --task {plan.task.name} (with the --cohort it was registered with)"
        say(f"{name}: its model card was written before this; to write it anew: {again}")
    if refused:
        raise refused[0]


def _main(found: pd.DataFrame) -> pd.DataFrame:
    return found[found["measure"].isin(["auc", "brier", "ipa", "oe_ratio", "patients", "events"])]


def _in_words(found: pd.DataFrame, plan: Plan) -> str:
    return "; ".join(_lines(found[found["horizon"] == plan.primary_horizon], plan.primary_horizon))


def _lines(found: pd.DataFrame, months: int) -> Iterator[str]:
    if "difference" in found:
        for line in lines_of(found[found["measure"].isin(["auc", "brier"])]):
            yield f"{line.measure}_{months}m {line.difference:+.4f} ({line.lo:+.4f} to {line.hi:+.4f}) against {line.reference}"
        return
    for line in lines_of(found[found["measure"] == "auc"]):
        yield f"{line.subset} " + (line.why.rstrip(".") or f"AUC {line.estimate:.3f} ({line.lo:.3f} to {line.hi:.3f})")
