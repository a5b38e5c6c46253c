"""Fitting the linear design: limits, medians, means and spreads come from the rows that are fitted on."""

from __future__ import annotations

import numpy as np

from features import parse_column
from myeloma import catalogue
from serving.design import LinearDesign
from serving.models.base import Array

_LEVELS = {"last", "mean", "min", "max"}
_CLIP_PERCENTILES = (1.0, 99.0)
_INDICATE_ABOVE = 0.01  # an indicator for a column that is almost never (or always) missing only adds noise


def fit_design(x: Array, columns: list[str], use: list[str], indicate: bool) -> LinearDesign:
    """Return the design of the columns in `use` that vary; levels of skewed biomarkers enter by their logarithm.

    Parameters
    ----------
    x : array (rows, columns)
    indicate : bool
        Whether a missing latest value gets a column of its own.
    """
    kept, log, lower, upper, fill, mean, sd = [], [], [], [], [], [], []
    for name in use:
        values = x[:, columns.index(name)]
        takes_log = _is_skewed_level(name)
        values = np.log(np.maximum(values, 1e-6)) if takes_log else values
        if np.isnan(values).all():
            continue
        low, high = np.nanpercentile(values, _CLIP_PERCENTILES)
        middle = float(np.nanmedian(values))
        filled = np.where(np.isnan(values), middle, np.clip(values, low, high))
        if filled.std() == 0:
            continue
        for store, value in zip(
            (kept, log, lower, upper, fill, mean, sd), (name, takes_log, low, high, middle, filled.mean(), filled.std()), strict=True
        ):
            store.append(value if isinstance(value, str | bool) else float(value))
    shares = {
        name: float(np.isnan(x[:, columns.index(name)]).mean()) for name in kept if (parse_column(name).statistic or "last") == "last"
    }
    indicated = [name for name, share in shares.items() if indicate and _INDICATE_ABOVE < share < 1 - _INDICATE_ABOVE]
    return LinearDesign(
        *(tuple(v) for v in (kept, log, lower, upper, fill, mean, sd)),
        indicated=tuple(indicated),
        missing_share=tuple(shares[name] for name in indicated),
    )


def _is_skewed_level(name: str) -> bool:
    column = parse_column(name)
    return column.statistic in _LEVELS and catalogue()[column.biomarker].scale == "log"
