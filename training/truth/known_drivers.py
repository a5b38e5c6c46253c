"""The explanation of each model beside what carries the true risk of a simulated cohort.

For judging only, as `against_truth`: no pipeline stage runs this. What carries the true risk is found without a model's
contributions: a spline regression of the true log-odds on the same columns, fitted to half of the judged people with and
without each biomarker, in every combination. What a biomarker adds to R2 in the other half, averaged over every order in which
biomarkers can be added (Shapley value; Lindeman, Merenda and Gold 1980), is what it carries; of more than twelve groups of columns the
average is over drawn orders. That is information, not cause:
in the simulator's formula the burden of the marrow weighs most, but marrow is measured seldom and M-protein at every visit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import spearmanr

from features import FeatureSpec, parse_column
from serving.artifact import load_artifact
from serving.models import logit
from serving.models.shapley import shapley_values
from serving.predict import by_biomarker, explain
from training.estimators.design import fit_design
from training.explanation.importance import harm_agreement, sample, shares_of
from training.places import ARTIFACT
from training.plan import Plan
from training.rows.split import patient_folds
from training.truth.against_truth import JudgedWithTruth

Array = NDArray[np.float64]
_SEED = 1
_MOST_GROUPS = 12  # of which all combinations are fitted
_ORDERS = 40
_RIDGE = 1e-3  # of the number of rows: columns of one biomarker can say the same


@dataclass(frozen=True)
class Carried:
    """How much of the true log-odds the columns tell (R2), what share of that each biomarker carries, and which way it points.

    `harm` is the rank correlation of latest value and true log-odds, positive where it follows the catalogue's direction of harm.
    """

    r2: float
    shares: dict[str, float]
    harm: dict[str, float]


@dataclass(frozen=True)
class Drivers:
    """One model's explanation at the primary horizon.

    Attributes
    ----------
    shares : of each biomarker in the mean |contribution|, as in the model's card
    rank_correlation : Spearman, of these shares with those that carry the true risk
    harm : rank correlation of latest value and contribution, positive as in `Carried`
    """

    model: str
    shares: dict[str, float]
    rank_correlation: float
    harm: dict[str, float]


def known_drivers(judged: JudgedWithTruth, plan: Plan, fitted: Path) -> tuple[Carried, list[Drivers]]:
    """Return what carries the true risk at the primary horizon, and the explanation of each model, in the same order of biomarkers."""
    at = plan.task.horizons.index(plan.primary_horizon)
    carried = what_carries(judged.rows, logit(judged.true[:, at]), plan.task.features)
    return carried, [_drivers(name, fitted / name / ARTIFACT, judged.rows, at, carried) for name in judged.names]


def what_carries(rows: pd.DataFrame, truth: Array, spec: FeatureSpec) -> Carried:
    """Return how much of R2 each biomarker carries in a regression of the true log-odds of some visits, the largest first.

    Parameters
    ----------
    rows : DataFrame
        patient_id, event and the columns of each visit.
    truth : array (rows,)
    """
    columns = spec.columns()
    groups = np.array([parse_column(name).biomarker for name in columns])
    names = list(dict.fromkeys(groups))
    half = patient_folds(rows, 2, _SEED)[0]
    x = rows[columns].to_numpy(dtype=float)
    design = fit_design(x[half.fit], columns, columns, indicate=True, curve=True)
    z, mean = design.transform(x, columns), truth[half.fit].mean()
    group = np.array([names.index(groups[source]) for source in design.sources(columns)])

    def r2(masks: NDArray[np.int64]) -> Array:
        return _r2(z[half.fit], truth[half.fit] - mean, z[half.judge], truth[half.judge] - mean, masks[:, group] == 1)

    of_all, added = _over_all_orders(r2, len(names)) if len(names) <= _MOST_GROUPS else _over_drawn_orders(r2, len(names))
    shares = dict(sorted(zip(names, (added / added.sum()).tolist(), strict=True), key=lambda item: -item[1]))
    return Carried(of_all, shares, harm_agreement(columns, x, dict.fromkeys(spec.biomarkers, truth)))


def _over_all_orders(r2: Callable[[NDArray[np.int64]], Array], n: int) -> tuple[float, Array]:
    """Return R2 with all groups of columns, and what each group adds on average over every order of adding them."""
    masks = (np.arange(2**n)[:, None] >> np.arange(n)) & 1
    found = r2(masks)
    return float(found[-1]), shapley_values(found)


def _over_drawn_orders(r2: Callable[[NDArray[np.int64]], Array], n: int) -> tuple[float, Array]:
    """Return the same over orders that are drawn, each with its reverse."""
    drawn = np.random.default_rng(_SEED).permuted(np.tile(np.arange(n), (_ORDERS // 2, 1)), axis=1)
    added = np.zeros(n)
    for order in (*drawn, *drawn[:, ::-1]):
        masks = np.zeros((n + 1, n), dtype=np.int64)
        for k, group in enumerate(order, start=1):
            masks[k:, group] = 1
        found = r2(masks)
        added[order] += np.diff(found)
    return float(found[-1]), added / _ORDERS


def _r2(z: Array, y: Array, z_other: Array, y_other: Array, uses: NDArray[np.bool_]) -> Array:
    """Return R2 on other people of the regressions that use some columns: one for each line of `uses` (regressions, columns)."""
    gram, cross = z.T @ z + _RIDGE * len(z) * np.eye(z.shape[1]), z.T @ y
    gram_other, cross_other = z_other.T @ z_other, z_other.T @ y_other
    error = np.full(len(uses), y_other @ y_other)
    for k, used in enumerate(uses):
        beta = np.linalg.solve(gram[np.ix_(used, used)], cross[used])
        error[k] += beta @ gram_other[np.ix_(used, used)] @ beta - 2 * beta @ cross_other[used]
    r2: Array = 1 - error / ((y_other - y_other.mean()) ** 2).sum()
    return r2


def _drivers(name: str, folder: Path, rows: pd.DataFrame, at: int, carried: Carried) -> Drivers:
    artifact = load_artifact(folder, threads=2)
    x = sample(artifact, rows)
    moved = {biomarker: values[:, at] for biomarker, values in by_biomarker(artifact, explain(artifact, x).contributions).items()}
    found = shares_of(np.array([np.abs(moved[biomarker]).mean() for biomarker in carried.shares]))
    shares = dict(zip(carried.shares, found.tolist(), strict=True))
    correlation = spearmanr(found, list(carried.shares.values())).statistic
    harm = harm_agreement(artifact.columns, x, {biomarker: moved[biomarker] for biomarker in artifact.spec.biomarkers})
    return Drivers(name, shares, float(correlation), harm)
