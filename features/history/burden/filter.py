"""The filter of the burden's state space (Kalman): result by result, what is known of a person's burden, growth and levels.

State: burden, growth, then a level for each marker. Results are taken in one by one, those of a day in the order of the markers.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[np.float64]
Whole = NDArray[np.int64]
_Rows = tuple[NDArray[np.int32], NDArray[np.int32], Array]  # collected, available, value
_Space = tuple[Array, Array, Array, Array, Array]  # mean, cov, loading, noise, drift
_LATEST = 2**31 - 1
_YEAR = 365.25


@njit(cache=True, nogil=True)
def log_likelihood(rows: _Rows, starts: Whole, stops: Whole, space: _Space) -> float:
    """Return the log density of all results of all people."""
    n = len(space[0])
    mean, cov, work, at = np.empty(n), np.empty((n, n)), np.empty(n), np.empty(starts.shape[1], np.int64)
    total = 0.0
    for p in range(len(starts)):
        total += _taken_in(rows, starts[p], stops[p], _LATEST, space, mean, cov, work, at)[0]
    return total


@njit(cache=True, nogil=True)
def states(rows: _Rows, runs: tuple[Whole, Whole], asked: tuple[Array, Array], space: _Space, means: Array, covs: Array) -> None:
    """Fill mean and covariance of the state of people on days, from the results that were available by then.

    Where a marker has no result yet, the mean is NaN.
    """
    starts, stops = runs
    patient, day = asked
    work, at = np.empty(len(space[0])), np.empty(starts.shape[1], np.int64)
    for q in range(len(patient)):
        p = patient[q]
        _, now, every = _taken_in(rows, starts[p], stops[p], day[q], space, means[q], covs[q], work, at)
        if every:
            _went_on(means[q], covs[q], (day[q] - now) / _YEAR, space[4])
        else:
            means[q] = np.nan


@njit(cache=True, nogil=True)
def _taken_in(
    rows: _Rows, start: Whole, stop: Whole, day: int, space: _Space, mean: Array, cov: Array, work: Array, at: Whole
) -> tuple[float, int, bool]:
    """Leave in mean and cov what is known of one person by a day; return the log density, the last day, whether every marker is known."""
    collected, available, value = rows
    mean[:], cov[:] = space[0], space[1]
    density, now, known = 0.0, _LATEST, 0  # each marker's bit
    for k in range(len(start)):
        at[k] = _next(rows, start[k], stop[k], day)
    while True:
        first = -1
        for k in range(len(start)):
            if at[k] < stop[k] and (first < 0 or collected[at[k]] < collected[at[first]]):
                first = k
        if first < 0:
            return density, now, known == (1 << len(start)) - 1
        i = at[first]
        if now < _LATEST:
            _went_on(mean, cov, (collected[i] - now) / _YEAR, space[4])
        density += _updated(mean, cov, first, math.log(value[i]), space, work)
        now, known = collected[i], known | (1 << first)
        at[first] = _next(rows, i + 1, stop[first], day)


@njit(cache=True, nogil=True)
def _next(rows: _Rows, i: int, stop: int, day: int) -> int:
    """Return the first place from i on of a result that counts: above 0, known by the day, and the last known of its day."""
    collected, available, value = rows
    while i < stop:
        last = i
        j = i + 1
        found = available[i] <= day and value[i] > 0.0
        while j < stop and collected[j] == collected[i]:
            if available[j] <= day and value[j] > 0.0:
                last, found = j, True
            j += 1
        if found:
            return last
        i = j
    return stop


@njit(cache=True, nogil=True)
def _went_on(mean: Array, cov: Array, years: float, drift: Array) -> None:
    """Move the state on by some years."""
    if years <= 0.0:
        return
    mean[0] += years * mean[1]
    for j in range(len(mean)):
        cov[0, j] += years * cov[1, j]
    for j in range(len(mean)):
        cov[j, 0] += years * cov[j, 1]
    cov[0, 0] += drift[0] * years + drift[1] * years**3 / 3.0
    cov[0, 1] += drift[1] * years**2 / 2.0
    cov[1, 0] = cov[0, 1]
    cov[1, 1] += drift[1] * years


@njit(cache=True, nogil=True)
def _updated(mean: Array, cov: Array, marker: int, value: float, space: _Space, work: Array) -> float:
    """Take in one result; return its log density."""
    loading, level, n = space[2][marker], 2 + marker, len(mean)
    for j in range(n):
        work[j] = cov[level, j] + loading * cov[0, j]
    spread = work[level] + loading * work[0] + space[3][marker]
    error = value - mean[level] - loading * mean[0]
    for i in range(n):
        gain = work[i] / spread
        mean[i] += gain * error
        for j in range(n):
            cov[i, j] -= gain * work[j]
    return -0.5 * (math.log(2.0 * math.pi * spread) + error * error / spread)
