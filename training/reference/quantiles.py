"""A distribution remembered as a short grid of quantiles, and where new values lie in it. No person's value is kept.

The position of a value is the share of reference values below it, equal ones counting half. Positions of values from the
same distribution have the mean 1/2, so their mean is the probability that a new value exceeds a reference value: the
Mann-Whitney statistic (Mann and Whitney, Ann Math Stat 1947;18:50), without the reference's own values.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
# Percent. Within the 1st and 99th, as the ranges: the extremes would be single people's values.
GRID = (1.0, *(float(p) for p in range(5, 100, 5)), 99.0)


def quantiles_of(values: Array) -> list[float]:
    """Return the quantiles of the known values at the percentages of `GRID`; none where no value is known."""
    known = values[~np.isnan(values)]
    return np.percentile(known, GRID).tolist() if len(known) else []


def weighted_quantiles_of(values: Array, weights: Array) -> list[float]:
    """Return the same quantiles of known values that count unequally; with equal weights they are those of `quantiles_of`.

    Examples
    --------
    >>> values = np.arange(101.0)
    >>> bool(np.allclose(weighted_quantiles_of(values, np.full(101, 3.0)), quantiles_of(values)))
    True
    """
    if len(values) < 2:
        return quantiles_of(values)
    order = np.argsort(values, kind="stable")
    middle = np.cumsum(weights[order]) - weights[order] / 2.0
    found: list[float] = np.interp(np.asarray(GRID) / 100.0, (middle - middle[0]) / (middle[-1] - middle[0]), values[order]).tolist()
    return found


def positions(values: Array, quantiles: list[float]) -> Array:
    """Return the share of the reference below each value, between 0.005 and 0.995; a value held by many is in their middle.

    Examples
    --------
    >>> grid = quantiles_of(np.arange(101.0))
    >>> positions(np.array([-5.0, 50.0, 62.5]), grid).round(3).tolist()
    [0.005, 0.5, 0.625]
    """
    held, low, high = _steps(tuple(quantiles))
    at = np.searchsorted(held, values)
    out = np.where(at >= len(held), (high[-1] + 1.0) / 2.0, low[0] / 2.0)
    inside = (values >= held[0]) & (values <= held[-1])
    upper = np.clip(at, 0, len(held) - 1)
    same = inside & (held[upper] == values)
    out[same] = (low[upper[same]] + high[upper[same]]) / 2.0
    between = inside & ~same
    k = upper[between]
    share = (values[between] - held[k - 1]) / (held[k] - held[k - 1])
    out[between] = high[k - 1] + share * (low[k] - high[k - 1])
    return out


def variance(quantiles: list[float]) -> float:
    """Return the variance of the positions of reference values: 1/12, less where many share one value (Lehmann 1975)."""
    _, low, high = _steps(tuple(quantiles))
    return float((1.0 - ((high - low) ** 3).sum()) / 12.0)


@lru_cache(maxsize=4096)  # each reference is asked twice, for positions and their variance, and of every month again
def _steps(quantiles: tuple[float, ...]) -> tuple[Array, Array, Array]:
    """Return the distinct values, and the shares below each and up to each; none of them is written into.

    A value that stands at several percentages is held by many: its share reaches half way to the next percentages, and to the end
    where it is the outermost.
    """
    held, first, counts = np.unique(np.asarray(quantiles), return_index=True, return_counts=True)
    percent = np.asarray(GRID) / 100.0
    half_way = np.concatenate([[0.0], (percent[1:] + percent[:-1]) / 2.0, [1.0]])
    last, many = first + counts - 1, counts > 1
    return held, np.where(many, half_way[first], percent[first]), np.where(many, half_way[last + 1], percent[last])
