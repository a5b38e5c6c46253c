"""Calibration beyond the large: intercept, slope, the smoothed curve and its mean distance from the diagonal (ICI).

Intercept and slope are those of a logistic regression of the outcome on the logit of the risk, weighted for censoring
(Cox, Biometrika 1958;45:562, for the model). The curve is the same regression on a restricted cubic spline of that
logit; its mean absolute distance from the risk is the ICI (Austin and Steyerberg, Stat Med 2019;38:4051; for
competing risks Austin et al., Diagn Progn Res 2022;6:2, who smooth a subdistribution hazard instead).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from serving.models import logit
from serving.models.design import spline
from training.metrics.kernels import logistic_of_draws, sums_of_groups
from training.metrics.sample import Sample

Array = NDArray[np.float64]
CLASSES = 10  # a score with at most so many values is a set of classes, each with a share of its own
_KNOTS = (0.05, 0.35, 0.65, 0.95)  # Harrell, Regression Modeling Strategies, 2015, table 2.3, four knots
_GROUPS = 250  # of the risks, in the draws only
_LEAST_LOG_ODDS = -700.0  # beyond it exp overflows; a curve falls so far where nobody at low risk progresses
_LEAST_RISK = 0.001  # a risk of 0 has no logit; published risks are rounded to so many decimals


def _log_odds(risk: Array) -> Array:
    """Return the log-odds of a risk, taken as at least 0.1 % and at most 99.9 %."""
    return logit(np.clip(risk, _LEAST_RISK, 1.0 - _LEAST_RISK))


def calibration_measures(sample: Sample, risk: Array) -> dict[str, Array]:
    """Return calibration_intercept (slope held at 1), calibration_slope and ici in each draw.

    The sample's own figures are of its rows; in the draws, more than 250 different risks are taken in 250 groups.
    """
    at = _log_odds(risk)
    out = {"calibration_intercept": _regression(sample, risk, np.ones((len(at), 1)), at)[0][:, 0]}
    slope = np.full(len(sample.known), np.nan)
    if (spread := at.std()) > 0 and np.ptp(at) > 0:
        line = np.column_stack([np.ones(len(at)), (at - at.mean()) / spread])
        slope = _regression(sample, risk, line, np.zeros(len(at)))[0][:, 1] / spread
    return {**out, "calibration_slope": slope, "ici": _ici(sample, risk)}


def calibration_curve(sample: Sample, risk: Array) -> Array:
    """Return, for each row, the observed risk that the smoothed curve reads at its predicted risk."""
    values, level = np.unique(risk, return_inverse=True)
    if len(values) <= CLASSES:
        shares: Array = _class_shares(sample, level, len(values))[0][level]
        return shares
    basis = scaled(spline_basis(_log_odds(risk)))
    return _inverse(basis @ _of_rows(sample, basis, np.zeros(len(risk)))[0])


def _regression(sample: Sample, risk: Array, x: Array, offset: Array) -> tuple[Array, NDArray[np.int64], Array]:
    """Return coefficients in each draw, and each group's members and mean row of x: the first draw is of single rows."""
    first = _of_rows(sample, x, offset)
    group, n = _groups(risk)
    size = np.bincount(group, minlength=n).astype(float)

    def mean(values: Array) -> Array:
        means: Array = np.bincount(group, weights=values, minlength=n) / size
        return means

    shared = np.column_stack([mean(column) for column in x.T])
    cases, rows = sums_of_groups(sample.known[1:], sample.case, group, n)
    start = first[0] if np.isfinite(first).all() else np.zeros(x.shape[1])
    return np.vstack([first, logistic_of_draws(cases, rows, shared, mean(offset), start)]), group, shared


def _of_rows(sample: Sample, x: Array, offset: Array) -> Array:
    weight = sample.known[:1]
    return logistic_of_draws(weight * sample.case, weight, np.ascontiguousarray(x), offset, np.zeros(x.shape[1]))


def _groups(risk: Array) -> tuple[NDArray[np.int64], int]:
    """Return each row's group: its own risk's, or one of many groups of equal size."""
    values, level = np.unique(risk, return_inverse=True)
    if len(values) <= _GROUPS:
        return level.astype(np.int64), len(values)
    rank = np.cumsum(np.bincount(level)) - 1  # of the last row at each risk: equal risks stay together
    _, group = np.unique(rank * _GROUPS // len(risk), return_inverse=True)
    return group[level].astype(np.int64), int(group.max()) + 1


def spline_basis(x: Array) -> Array:
    """Return 1, x and the restricted cubic spline terms of x (linear beyond the outer knots)."""
    knots = np.unique(np.quantile(x, _KNOTS))
    line = np.column_stack([np.ones(len(x)), x])
    return np.column_stack([line, spline(x, knots)]) if len(knots) == len(_KNOTS) else line


def scaled(basis: Array) -> Array:
    """Return columns that span the same curves, each of mean square 1 and at right angles to the others.

    The terms of a spline differ in size by orders of magnitude and run nearly alike: on them Newton's steps, which are bounded, do
    not arrive. The fitted curve is the same.
    """
    turned: Array = np.linalg.qr(basis)[0] * np.sqrt(len(basis))
    return turned


def _ici(sample: Sample, risk: Array) -> Array:
    values, level = np.unique(risk, return_inverse=True)
    if len(values) <= CLASSES:
        observed = _class_shares(sample, level, len(values))
        size = sample.counts @ (level[:, None] == np.arange(len(values)))
        distance: Array = np.nansum(size * np.abs(observed - values), axis=1) / size.sum(axis=1)
        return distance
    basis = scaled(spline_basis(_log_odds(risk)))
    fitted, group, shared = _regression(sample, risk, basis, np.zeros(len(risk)))
    of_risk = np.bincount(group, weights=risk) / np.bincount(group)
    _, size = sums_of_groups(sample.counts, sample.case, group, len(of_risk))
    out: Array = (size * np.abs(_inverse(fitted @ shared.T) - of_risk)).sum(axis=1) / size.sum(axis=1)
    out[0] = np.average(np.abs(_inverse(basis @ fitted[0]) - risk), weights=sample.counts[0])
    return out


def _inverse(log_odds: Array) -> Array:
    risk: Array = 1.0 / (1.0 + np.exp(-np.maximum(log_odds, _LEAST_LOG_ODDS)))
    return risk


def _class_shares(sample: Sample, level: NDArray[np.int64], n: int) -> Array:
    """Return the weighted share of progressions in each class, (draws + 1, classes)."""
    member = (level[:, None] == np.arange(n)).astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        shares: Array = (sample.known @ (member * sample.case[:, None])) / (sample.known @ member)
    return shares
