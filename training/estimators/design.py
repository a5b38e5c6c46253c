"""Fitting the linear design: limits, means, spreads and knots come from the rows that are fitted on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from features import parse_column
from myeloma import catalogue
from serving.models.base import Array
from serving.models.design import LinearDesign, Scale, rescaled, spline

_LEVELS = {"last", "mean", "min", "max", "limit"}
_CLIP_PERCENTILES = (1.0, 99.0)
_INDICATE_ABOVE = 0.01  # an indicator for a column that is almost never (or always) missing only adds noise
# Four knots at these percentiles: Harrell, Regression Modeling Strategies, 2nd edition, 2015, table 2.3.
_KNOT_PERCENTILES = (5.0, 35.0, 65.0, 95.0)


def fit_design(x: Array, columns: list[str], use: list[str], *, indicate: bool, curve: bool = False) -> LinearDesign:
    """Return the design of the columns in `use` that vary; levels of skewed biomarkers enter by their logarithm, changes in
    percent by that of the ratio.

    Parameters
    ----------
    x : array (rows, columns)
    indicate : bool
        Whether a missing latest value gets a column of its own.
    curve : bool
        Whether latest values and static columns get a restricted cubic spline, where their values allow four knots.
    """
    kept: list[str] = []
    scale: list[Scale] = []
    lower, upper, fill, mean, sd = (list[float]() for _ in range(5))
    for name in use:
        values = x[:, columns.index(name)]
        if np.isnan(values).all():
            continue
        entering = _scale(name)
        values = rescaled(values[:, None], (entering,))[:, 0]
        low, high = np.nanpercentile(values, _CLIP_PERCENTILES)
        if low == high:  # said of the limits: mean and spread of equal values are exact only up to rounding
            continue
        # Not the median: where a harmful value is the rarer one, it would make those unknown safer than people are on average.
        middle = float(np.nanmean(np.clip(values, low, high)))
        filled = np.where(np.isnan(values), middle, np.clip(values, low, high))
        kept.append(name)
        scale.append(entering)
        for store, value in zip((lower, upper, fill, mean, sd), (low, high, middle, filled.mean(), filled.std()), strict=True):
            store.append(float(value))
    shares = {name: float(np.isnan(x[:, columns.index(name)]).mean()) for name in kept if _is_latest_or_static(name)}
    indicated = [name for name, share in shares.items() if indicate and _INDICATE_ABOVE < share < 1 - _INDICATE_ABOVE]
    straight = LinearDesign(
        tuple(kept),
        tuple(scale),
        tuple(lower),
        tuple(upper),
        tuple(fill),
        tuple(mean),
        tuple(sd),
        knots={},
        spline_mean=(),
        indicated=tuple(indicated),
        missing_share=tuple(shares[name] for name in indicated),
    )
    return _curved(straight, x, columns) if curve else straight


def _curved(design: LinearDesign, x: Array, columns: list[str]) -> LinearDesign:
    """Return the design with splines, knots at percentiles of the values known."""
    z = design.standardised(x, columns)
    knots, means = {}, []
    for j, name in enumerate(design.features):
        if not _is_latest_or_static(name):
            continue
        known = z[~np.isnan(x[:, columns.index(name)]), j]
        places = np.percentile(known, _KNOT_PERCENTILES)
        if (np.diff(places) > 0).all():
            knots[name] = tuple(places.tolist())
            means += spline(z[:, j], places).mean(axis=0).tolist()
    return replace(design, knots=knots, spline_mean=tuple(means))


def _is_latest_or_static(name: str) -> bool:
    return (parse_column(name).statistic or "last") == "last"


def _scale(name: str) -> Scale:
    column = parse_column(name)
    if column.statistic in _LEVELS or (column.statistic is None and column.biomarker in catalogue()):
        return catalogue()[column.biomarker].scale
    return "percent" if (column.statistic or "").startswith("pct_") else "linear"
