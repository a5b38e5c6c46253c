"""Rows of one person and day become one sample: each column the range that its rows leave open. Compiled.

Two results of one day that differ leave open what lies between; two findings of one day that differ leave it open, but for a lesion,
which one of them has seen. So the order of rows of a day means nothing, and rows of one day never confirm each other.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numba import njit
from numpy.typing import NDArray

from myeloma.treated.response.codes import AMOUNTS, BMPC, COLUMNS, INVOLVED, LESION, PLASMACYTOMA, UNINVOLVED, URINE_M, M
from myeloma.treated.response.criteria import TOLERANCE

Floats: TypeAlias = NDArray[np.float64]
Days: TypeAlias = NDArray[np.int64]
Columns: TypeAlias = tuple[
    Floats, ...
]  # in the order of COLUMNS, then the sides of limits (`Assessments.compiled`); empty where nobody has it
WIDTH, N_AMOUNTS = len(COLUMNS), len(AMOUNTS)
_BESIDE = 2 * TOLERANCE  # rules hold to a tolerance: what lies on one side of a limit differs from it by more


@njit(nogil=True, error_model="numpy")
def _left_open(value: float, sides: float) -> tuple[float, float]:
    """Return the least and the most that a limit leaves: all on its side, or on both."""
    below, above = sides == 1.0 or sides == 3.0, sides >= 2.0
    return 0.0 if below else value + _BESIDE, np.inf if above else max(0.0, value - _BESIDE)


@njit(nogil=True, error_model="numpy")
def as_reported(low: float, high: float) -> float:
    """Return the upper end of a range as it is shown: of a limit the number that was reported, of what has no upper end the lower."""
    return high if low == high else round(low if np.isinf(high) else high, 8)


@njit(nogil=True, error_model="numpy")
def gather(columns: Columns, day: Days, start: int, stop: int, days: Days, low: Floats, high: Floats, sample: Days) -> int:
    """Fill days, low and high with the samples of rows start:stop, and `sample` with each row's; return how many there are.

    `low` and `high` have the shape (samples, WIDTH); NaN where no row of the day has a value.
    """
    n, limits = 0, columns[WIDTH]
    for row in range(start, stop):
        if n == 0 or day[row] != days[n - 1]:
            days[n] = day[row]
            for f in range(WIDTH):
                low[n, f] = high[n, f] = np.nan
            n += 1
        sample[row - start] = n - 1
        for f in range(WIDTH):
            if len(columns[f]) == 0:
                continue
            value = columns[f][row]
            if np.isnan(value):
                continue
            least, most = value, value
            if f < N_AMOUNTS and len(limits) > 0 and limits[f * len(day) + row] > 0.0:
                least, most = _left_open(value, limits[f * len(day) + row])
            if np.isnan(low[n - 1, f]):
                low[n - 1, f], high[n - 1, f] = least, most
            else:
                low[n - 1, f], high[n - 1, f] = min(low[n - 1, f], least), max(high[n - 1, f], most)
    for k in range(n):
        for f in (PLASMACYTOMA, LESION):
            low[k, f] = high[k, f]
    return n


@njit(nogil=True, error_model="numpy")
def excess(low: Floats, high: Floats, k: int) -> tuple[float, float]:
    """Return the range of involved minus uninvolved light chain, at least 0; NaN where one of the two is not known."""
    if np.isnan(low[k, INVOLVED]) or np.isnan(low[k, UNINVOLVED]):
        return np.nan, np.nan
    return max(0.0, low[k, INVOLVED] - high[k, UNINVOLVED]), max(0.0, high[k, INVOLVED] - low[k, UNINVOLVED])


@njit(nogil=True, error_model="numpy")
def latest(days: Days, low: Floats, f: int, n: int, start: int, most: int) -> int:
    """Return the last sample on or before `start`, at most `most` days old, in which a column was measured; -1 where there is none."""
    for k in range(n - 1, -1, -1):
        if days[k] <= start and not np.isnan(low[k, f]):
            return k if start - days[k] <= most else -1
    return -1


@njit(nogil=True, error_model="numpy")
def baseline(days: Days, low: Floats, high: Floats, n: int, start: int, most: int, base_low: Floats, base_high: Floats) -> None:
    """Fill the ranges of each column at baseline; the excess of light chains needs both chains of one sample (at WIDTH)."""
    for f in range(WIDTH):
        k = latest(days, low, f, n, start, most)
        base_low[f] = low[k, f] if k >= 0 else np.nan
        base_high[f] = high[k, f] if k >= 0 else np.nan
    k = latest(days, low, UNINVOLVED, n, start, most)
    while k >= 0 and np.isnan(low[k, INVOLVED]):
        k -= 1
    base_low[WIDTH] = base_high[WIDTH] = np.nan
    if k >= 0 and start - days[k] <= most:
        base_low[WIDTH], base_high[WIDTH] = excess(low, high, k)


QUANTITIES = (M, URINE_M, WIDTH, BMPC)  # what response and progression compare: the third is the excess of light chains
