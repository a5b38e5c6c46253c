"""Whether unknown is average: mean true over mean predicted risk of simulated people of whom biomarkers are hidden.

Run: python -m benchmarks.honesty hidden_values. Each half of a world's people is judged by models fitted to the other, in several cohorts
of each world, all judged together: in one alone a chance excess of events moves all its figures by several percent, whatever is hidden.
All columns of a biomarker are hidden, of every visit alike, or of each by a chance that goes with a value that stays known: hemoglobin,
or age where hemoglobin is hidden too. A visit counts for that chance.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.honesty.goal import Goal
from features import build_table
from features.history.columns import resting_on
from features.intake.quality import clean
from features.params import DEFAULT_PARAMS
from features.simulation.smm import WORLDS, World, simulate, simulate_truth
from serving.artifact import Artifact, feature_matrix
from serving.models import logistic
from serving.predict import predict_risk
from training.estimators import Fitted, fit_candidate
from training.plan import Plan, load_plan
from training.rows.split import patient_folds
from training.truth.against_truth import true_risks

Array = NDArray[np.float64]
PEOPLE, COHORTS, SEED = 6000, 4, 11
WHOLE, TOP = (0.9, 1.1), (0.8, 1.25)  # accepted: true over predicted, of all and of the fifth at highest predicted risk
TOP_SHARE = 0.2
JUDGED_TO = 24  # months; later horizons are shown, not judged
STEEP = 1.5  # log-odds of being hidden per standard deviation of the value that stays known
PATTERNS: dict[str, tuple[str, ...]] = {
    "nothing": (),
    "m_protein": ("m_protein",),
    "flc_ratio": ("flc_ratio",),
    "bmpc": ("bmpc",),
    "hemoglobin": ("hemoglobin",),
    "creatinine": ("creatinine",),
    "m_protein and flc_ratio": ("m_protein", "flc_ratio"),
    "everything": ("m_protein", "flc_ratio", "bmpc", "hemoglobin", "creatinine"),
}
HOW = {"at random": 0.0, "more if low": -STEEP, "more if high": STEEP}


@dataclass(frozen=True)
class Judged:
    """Visits of people that the models were not fitted to, with their true risks (rows, horizons)."""

    rows: pd.DataFrame
    true: Array
    models: dict[str, Artifact]


def hidden_values(world: World, people: int = PEOPLE, cohorts: int = COHORTS, seed: int = SEED) -> pd.DataFrame:
    """Return true over predicted risk of one simulated world, by what is hidden, how, model and horizon.

    Returns
    -------
    DataFrame
        hidden, how, model, horizon, whole, top: the last two are mean true over mean predicted risk, of all visits and of the fifth at
        highest predicted risk.
    """
    plan = load_plan("smm", DEFAULT_PARAMS)
    halves = [half for k in range(cohorts) for half in judged_halves(world, plan, people, seed + k)]
    return pd.DataFrame(figures(halves, plan))


def judged_halves(world: World, plan: Plan, people: int, seed: int) -> list[Judged]:
    """Return both halves of a simulated cohort, each with the models of a task fitted to the other."""
    cohort, _ = clean(simulate(people, seed, world))
    rows, truth = build_table(cohort, plan.task).rows, simulate_truth(people, seed, world)
    halves = []
    for fold in patient_folds(rows, 2, seed):
        fitted: dict[str, Fitted] = {}
        for name in plan.models:
            fitted[name] = fit_candidate(rows.iloc[fold.fit], plan.task.features, plan, name, {}, fitted)
        judged = rows.iloc[fold.judge]
        halves.append(Judged(judged, true_risks(judged, truth, plan.task), {name: of.artifact for name, of in fitted.items()}))
    return halves


def figures(halves: list[Judged], plan: Plan) -> Iterator[dict[str, object]]:
    """Yield a line of `hidden_values` for each pattern, way of hiding, model and horizon, all halves together."""
    true = np.concatenate([half.true for half in halves])
    for hidden, names in PATTERNS.items():
        risks = {name: np.concatenate([_risks(half, name, names) for half in halves]) for name in plan.models}
        stays = "hemoglobin__last__ever" if "hemoglobin" not in names else "age"
        value = np.concatenate([half.rows[stays].to_numpy(dtype=float) for half in halves])
        standard = np.nan_to_num((value - np.nanmean(value)) / np.nanstd(value))
        for how, steep in HOW.items():
            counts = logistic(steep * standard)
            for name, risk in risks.items():
                for h, months in enumerate(plan.task.horizons):
                    whole, top = ratios(true[:, h], risk[:, h], counts)
                    yield {"hidden": hidden, "how": how, "model": name, "horizon": months, "whole": whole, "top": top}


def features_without(artifact: Artifact, rows: pd.DataFrame, biomarkers: tuple[str, ...]) -> Array:
    """Return the features of rows (rows, columns) with all columns of some biomarkers hidden."""
    x = feature_matrix(artifact, rows)
    x[:, resting_on(artifact.columns, biomarkers)] = np.nan
    return x


def _risks(half: Judged, name: str, hidden: tuple[str, ...]) -> Array:
    artifact = half.models[name]
    return predict_risk(artifact, features_without(artifact, half.rows, hidden))


def ratios(true: Array, risk: Array, counts: Array) -> tuple[float, float]:
    """Return mean true over mean predicted risk, of all visits and of the fifth at highest predicted risk, each counted as it is told."""
    order = np.argsort(-risk, kind="stable")
    top = order[np.cumsum(counts[order]) <= TOP_SHARE * counts.sum()]
    return float(counts @ true / (counts @ risk)), float(counts[top] @ true[top] / (counts[top] @ risk[top]))


def outside(found: pd.DataFrame) -> pd.DataFrame:
    """Return the lines up to 24 months, with something hidden, that lie outside what is accepted."""
    judged = found[(found["horizon"] <= JUDGED_TO) & (found["hidden"] != "nothing")]
    return judged[~(judged["whole"].between(*WHOLE) & judged["top"].between(*TOP))]


def measured(people: int = PEOPLE, cohorts: int = COHORTS) -> Iterator[Goal]:
    """Yield, by world, by what is hidden and by model, the range of true over predicted risk up to 24 months over all ways of hiding."""
    asked = f"{WHOLE[0]:g} to {WHOLE[1]:g}, in the top fifth {TOP[0]:g} to {TOP[1]:g}"
    for name, world in WORLDS.items():
        found = hidden_values(world, people, cohorts)
        for (hidden, model), those in found[found["horizon"] <= JUDGED_TO].groupby(["hidden", "model"], sort=False):
            said = ", in the top fifth ".join(_range(those[part]) for part in ("whole", "top"))
            holds = None if hidden == "nothing" else outside(those).empty
            yield Goal(f"world {name}, {hidden} hidden, {model}", said, "" if holds is None else asked, holds)


def _range(ratio: pd.Series) -> str:
    return f"{ratio.min():.2f} to {ratio.max():.2f}"
