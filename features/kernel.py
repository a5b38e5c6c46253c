"""The compiled kernel: every statistic of every series in every window, seen from each landmark.

A value is seen when it was available in (landmark - window, landmark]. "Latest" and "first" go by the day of
collection; of values collected on one day, the later in the sorted table counts as later. One backward scan per
window, centred on the latest value, so that deleting or changing what comes after the landmark changes no bit.
"""

from __future__ import annotations

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

# The order in which the kernel writes; names are those of features.columns.STATISTICS.
ORDER = ("last", "age_days", "count", "mean", "min", "max", "sd", "slope", "slope_se", "delta_first", "delta_previous")
_DAYS_PER_YEAR = 365.25
_BLOCK = 256  # landmarks a thread takes at a time


@njit(cache=True)
def _summarise(collected, available, value, start, stop, landmark, window, out):
    """Write the statistics of series[start:stop] into `out`; NaN where undefined, count 0 where nothing is seen."""
    out[:] = np.nan
    n = 0
    last = first = previous = 0.0
    last_day = 0
    low = high = 0.0
    sum_x = sum_y = sum_xx = sum_xy = sum_yy = 0.0
    for i in range(stop - 1, start - 1, -1):
        if collected[i] > landmark or available[i] > landmark or available[i] <= landmark - window:
            continue
        v = value[i]
        if n == 0:
            last, last_day, low, high = v, collected[i], v, v
        elif n == 1:
            previous = v
        n += 1
        first = v
        low, high = min(low, v), max(high, v)
        x = (collected[i] - last_day) / _DAYS_PER_YEAR
        y = v - last
        sum_x += x
        sum_y += y
        sum_xx += x * x
        sum_xy += x * y
        sum_yy += y * y
    out[2] = n
    if n == 0:
        return
    out[0], out[1], out[3], out[4], out[5] = last, landmark - last_day, last + sum_y / n, low, high
    if n >= 2:
        out[6] = np.sqrt(max(0.0, (sum_yy - sum_y * sum_y / n) / (n - 1)))
        spread = n * sum_xx - sum_x * sum_x
        if spread > 0.0:
            slope = (n * sum_xy - sum_x * sum_y) / spread
            out[7] = slope
            if n >= 3:
                residual = sum_yy - sum_y * sum_y / n - slope * slope * spread / n
                out[8] = np.sqrt(max(0.0, residual) / (n - 2) * n / spread)
        out[9], out[10] = last - first, last - previous


@njit(cache=True)
def _summarise_rows(collected, available, value, offsets, patient, landmark, windows, first, stop, out):
    for row in range(first, stop):
        for b in range(offsets.shape[1] - 1):
            start, end = offsets[patient[row], b], offsets[patient[row], b + 1]
            for w in range(len(windows)):
                _summarise(collected, available, value, start, end, landmark[row], windows[w], out[row, b, w])


@njit(cache=True, parallel=True)
def _summarise_blocks(collected, available, value, offsets, patient, landmark, windows, out):
    for block in prange((len(landmark) + _BLOCK - 1) // _BLOCK):
        first = block * _BLOCK
        stop = min(first + _BLOCK, len(landmark))
        _summarise_rows(collected, available, value, offsets, patient, landmark, windows, first, stop, out)


def summarise(
    collected: NDArray[np.int64],
    available: NDArray[np.int64],
    value: NDArray[np.float64],
    offsets: NDArray[np.int64],
    patient: NDArray[np.int64],
    landmark: NDArray[np.int64],
    windows: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the statistics as (landmarks, biomarkers, windows, statistics).

    Parameters
    ----------
    collected, available : int64 arrays, shape (measurements,)
        Days, sorted by patient, biomarker, then day of collection.
    value : float64 array, shape (measurements,)
    offsets : int64 array, shape (patients, biomarkers + 1)
        Series b of patient p is the slice offsets[p, b] : offsets[p, b + 1].
    patient, landmark : int64 arrays, shape (landmarks,)
        Row of `offsets`, and day.
    windows : float64 array, shape (windows,)
        Lengths in days; infinite for all history.

    Notes
    -----
    A few landmarks are done by the calling thread alone: a server's requests come at the same time, and not
    every threading layer of numba bears that.
    """
    out = np.empty((len(landmark), offsets.shape[1] - 1, len(windows), len(ORDER)))
    series = (collected, available, value, offsets, patient, landmark, windows)
    if len(landmark) <= _BLOCK:
        _summarise_rows(*series, 0, len(landmark), out)
    else:
        _summarise_blocks(*series, out)
    return out
