"""Fit what a model says of people of whom nothing is known of some biomarkers.

The aim needs no outcomes: with a biomarker hidden, the risk has to be the mean of the risks that the model itself gives to like people
of whom the biomarker is known. So for each pattern of hidden biomarkers those risks are regressed on what is left: the model's own
log-odds with the biomarkers hidden, and the latest values of the others.
"""

from __future__ import annotations

import numpy as np

from features.history.columns import FeatureSpec, parse_column
from serving.artifact import Calibration
from serving.models import Model, logistic
from serving.models.base import Array
from serving.models.unknown import MOST_BIOMARKERS, UnknownBiomarkers
from training.estimators.design import fit_design

_ROWS = 6000  # of which the regressions are made; they have no outcomes, and so little noise
_SEED = 1
_RIDGE = 1e-3  # towards the recalibration of people with every biomarker known
_MOVES = 1e-9  # log-odds; what moves them less is not used
_MOST_STEPS, _SMALL, _LEAST_VARIANCE = 50, 1e-6, 1e-4


def fit_unknown(model: Model, calibration: Calibration, x: Array, spec: FeatureSpec) -> UnknownBiomarkers | None:
    """Return the regressions for the biomarkers that move the model's log-odds most; None where none moves them.

    Parameters
    ----------
    x : array (rows, features)
        Rows that the model was fitted to.
    """
    x = x[np.sort(np.random.default_rng(_SEED).permutation(len(x))[:_ROWS])]
    columns, margins = spec.columns(), model.margins(x)
    group = np.array([parse_column(name).biomarker for name in columns])

    def hidden(names: list[str]) -> Array:
        return np.where(np.isin(group, names), np.nan, x)

    moved = {name: float(np.abs(model.margins(hidden([name])) - margins).mean()) for name in spec.biomarkers}
    biomarkers = sorted((name for name in moved if moved[name] > _MOVES), key=lambda name: -moved[name])[:MOST_BIOMARKERS]
    if not biomarkers:
        return None
    design = fit_design(x, columns, _latest(x, columns), indicate=False)
    known, of = design.transform(x, columns), group[design.sources(columns)]
    risks = logistic(calibration.log_odds(margins))
    coefficients = []
    for pattern in range(1, 2 ** len(biomarkers)):
        names = [name for k, name in enumerate(biomarkers) if pattern >> k & 1]
        left = np.where(np.isin(of, names), 0.0, known)
        by_horizon = zip(model.margins(hidden(names)).T, risks.T, calibration.intercepts, strict=True)
        coefficients.append([_regressed(margin, left, risk, level, calibration.slope) for margin, risk, level in by_horizon])
    return UnknownBiomarkers(tuple(biomarkers), design, np.array(coefficients), columns)


def _latest(x: Array, columns: list[str]) -> list[str]:
    """Return the static columns, and of each biomarker the latest value that is known most often."""
    latest: dict[str, str] = {}
    share = dict(zip(columns, np.isnan(x).mean(axis=0).tolist(), strict=True))
    for name in columns:
        column = parse_column(name)
        if (column.statistic or "last") == "last" and share[name] < share.get(latest.get(column.biomarker, ""), 1.0):
            latest[column.biomarker] = name
    return list(latest.values())


def _regressed(margin: Array, known: Array, risk: Array, level: float, slope: float) -> Array:
    """Return level, slope and coefficients with the least log loss on risks, drawn towards a level and slope and coefficients of 0."""
    middle = margin.mean()
    z = np.column_stack([np.ones(len(margin)), margin - middle, known])
    start = np.concatenate([[level + slope * middle, slope], np.zeros(known.shape[1])])
    ridge = np.full(len(start), _RIDGE)
    ridge[0] = 0.0

    def loss(beta: Array) -> float:
        eta = z @ beta
        return float((np.logaddexp(0.0, eta) - risk * eta).mean() + 0.5 * ridge @ (beta - start) ** 2)

    beta, now = start, loss(start)
    for _ in range(_MOST_STEPS):
        p = logistic(z @ beta)
        gradient = z.T @ (p - risk) / len(z) + ridge * (beta - start)
        information = (z * np.maximum(p * (1.0 - p), _LEAST_VARIANCE)[:, None]).T @ z / len(z) + np.diag(ridge)
        step = -np.linalg.solve(information, gradient)
        while np.abs(step).max() > _SMALL and loss(beta + step) > now:
            step = step / 2.0
        beta = beta + step
        now = loss(beta)
        if np.abs(step).max() <= _SMALL:
            break
    return np.concatenate([[beta[0] - beta[1] * middle], beta[1:]])
