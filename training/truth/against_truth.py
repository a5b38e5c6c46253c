"""Held-out predictions beside the true risks of a simulated cohort: how near the ceiling, how well calibrated, how wide.

For judging only: no pipeline stage runs this, and nothing here is fed back. What it says holds for the simulator.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features import FeatureTable, Task
from myeloma import DataError, StateError
from serving.artifact import feature_matrix, load_artifact
from serving.models import logit
from serving.predict import predict_interval
from training.fitting.held_out import HeldOut, risk_columns
from training.metrics import Draws, judged_at
from training.metrics.figures import interval
from training.metrics.risk import auc as auc_of
from training.metrics.risk import auc_at_levels
from training.places import ARTIFACT
from training.plan import Plan

Array = NDArray[np.float64]
_GROUPS = 20  # of equal size by predicted risk, for the distance between prediction and truth


@dataclass(frozen=True)
class JudgedWithTruth:
    """The candidates fitted, which of them is measured from, the rows judged, their risks there, and the true ones: (rows, horizons)."""

    names: list[str]
    reference: str
    rows: pd.DataFrame
    risks: dict[str, Array]
    true: Array


@dataclass(frozen=True)
class Beside:
    """One candidate at one horizon: estimates with their 95 % patient-bootstrap intervals, and plain figures.

    Attributes
    ----------
    auc, truth_auc : (estimate, lo, hi) of the model and of the true risk
    above_reference : AUC minus that of the plan's reference, paired
    gap_closed : share of the way from the reference to the true risk
    gap_expected : the same on average over all outcomes that these people could have had, given their true risks: a few
        hundred events move `gap_closed` far, this hardly
    correlation : of the log-odds with those of the truth
    miscalibration : mean distance between predicted and mean true risk over twentieths of the prediction
    covered, covered_on_average : share of true risks, and of the mean true risks of twentieths, within the intervals of the model that
        is registered. It has seen these people; all other figures are of models that had not
    """

    model: str
    horizon: int
    auc: tuple[float, ...]
    truth_auc: tuple[float, ...]
    above_reference: tuple[float, ...]
    gap_closed: tuple[float, ...]
    gap_expected: tuple[float, ...]
    correlation: float
    miscalibration: float
    covered: float
    covered_on_average: float


def judged_with_truth(table: FeatureTable, plan: Plan, fitted: Path, truth_path: Path) -> JudgedWithTruth:
    """Return the rows that the fitted candidates of a task were judged on, with their true risks.

    Raises
    ------
    StateError
        There is no such file, the plan names no reference, or it is not among the candidates.
    DataError
        The file is of another cohort.
    """
    if not truth_path.is_file():
        raise StateError(
            f"No true risks in {truth_path}.", "only a simulated cohort has them: python -m features simulate ... --truth FILE"
        )
    names = [name for name in plan.models if (fitted / name / ARTIFACT).is_dir()]
    if plan.reference is None:
        raise StateError(
            f"{plan.task.name} has no model to measure from.", f"name one as training.{plan.task.name}.reference in params.yaml."
        )
    if plan.reference not in names:
        raise StateError(f"The model {plan.reference} is not fitted in {fitted}.", "it is what the others are measured from.")
    held = HeldOut.of(fitted, names, table, plan.task)
    truth = pd.read_parquet(truth_path)
    columns = risk_columns(plan.task)
    if missing := [name for name in ("patient_id", "landmark", *columns) if name not in truth]:
        here = ", ".join(truth.columns)
        raise DataError(f"{truth_path} has no column {missing[0]}, only {here}.", "name the horizons that the simulator knows.")
    true = true_risks(held.rows, truth, plan.task)
    unknown = np.flatnonzero(np.isnan(true).any(axis=1))
    if len(unknown):
        raise _without_truth(truth_path, held.rows.iloc[unknown], truth, len(held.rows))
    return JudgedWithTruth(names, plan.reference, held.rows, held.risks, true)


def true_risks(rows: pd.DataFrame, truth: pd.DataFrame, task: Task) -> Array:
    """Return the true risks (rows, horizons) of visits, NaN where they are not known."""
    columns = risk_columns(task)
    return rows[["patient_id", "landmark"]].merge(truth, how="left", validate="one_to_one")[columns].to_numpy()


def beside_truth(judged: JudgedWithTruth, plan: Plan, fitted: Path) -> list[Beside]:
    """Return each fitted candidate of a task beside the truth, at every horizon."""
    names, rows, risks, true = judged.names, judged.rows, judged.risks, judged.true
    draws = Draws.of(rows["patient_id"], plan.evaluation.bootstrap, plan.evaluation.seed)
    bounds = {name: _bounds(fitted / name / ARTIFACT, rows) for name in names}
    found = []
    for h, months in enumerate(plan.task.horizons):
        sample = judged_at(rows, months, draws).sample
        everyone = {name: risk[:, h] for name, risk in {**risks, "truth": true}.items()}
        auc = {name: auc_of(sample, risk) for name, risk in everyone.items()}
        expected = {name: expected_auc(sample.counts, risk, true[:, h]) for name, risk in everyone.items()}
        found += [
            _beside(name, judged.reference, months, (auc, expected), everyone, [bound[:, h] for bound in bounds[name]]) for name in names
        ]
    return found


def _without_truth(truth_path: Path, without: pd.DataFrame, truth: pd.DataFrame, judged: int) -> DataError:
    """Return the error for visits whose true risk the file does not hold: other people, or other days."""
    what = f"{truth_path} has no true risk for {len(without)} of the {judged} visits judged"
    known = set(truth["patient_id"])
    strangers = sum(person not in known for person in without["patient_id"].unique())
    same = "judge the cohort as it was simulated, with the truth of the same command: python -m features simulate COHORT --truth FILE"
    if strangers:
        return DataError(f"{what}: it is not of this cohort, {strangers} people are not in it.", f"{same}.", "other_truth")
    return DataError(
        f"{what}: it knows these people, but not these days. A visit is the day on which a result became available, so results "
        "that were added, left out or delayed since the simulation move it; another seed or world gives other days, too.",
        f"{same}; and build with `landmarks: visits`.",
        "moved_visits",
    )


def _bounds(folder: Path, rows: pd.DataFrame) -> tuple[Array, Array]:
    artifact = load_artifact(folder, threads=2)
    return predict_interval(artifact, feature_matrix(artifact, rows))


def expected_auc(counts: Array, risk: Array, true: Array) -> Array:
    """Return, in each draw, the AUC in which a row is a case with its true risk, and else a control."""
    level, false = np.unique(risk, return_inverse=True)[1], 1.0 - true
    return np.array([auc_at_levels(level, count * true, count * false) for count in counts])


def gap_closed(auc: dict[str, Array], name: str, start: str, end: str = "truth") -> tuple[float, ...]:
    """Return the share of the way from one order of people to another, the truth by default, with its interval, from AUCs by draw."""
    return interval((auc[name] - auc[start]) / (auc[end] - auc[start]))


def _beside(
    name: str, start: str, months: int, found: tuple[dict[str, Array], dict[str, Array]], risks: dict[str, Array], bounds: list[Array]
) -> Beside:
    auc, expected = found
    risk, true = risks[name], risks["truth"]
    group = pd.qcut(risk, _GROUPS, labels=False, duplicates="drop")
    means = pd.DataFrame({"risk": risk, "true": true, "lo": bounds[0], "hi": bounds[1]}).groupby(group).mean()
    return Beside(
        name,
        months,
        interval(auc[name]),
        interval(auc["truth"]),
        interval(auc[name] - auc[start]),
        gap_closed(auc, name, start),
        gap_closed(expected, name, start),
        float(np.corrcoef(logit(risk), logit(true))[0, 1]),
        float((means["risk"] - means["true"]).abs().mean()),
        float(((bounds[0] <= true) & (true <= bounds[1])).mean()),
        float(((means["lo"] <= means["true"]) & (means["true"] <= means["hi"])).mean()),
    )
