"""The filter of the burden's state space (Kalman): result by result, what is known of a person's burden, growth and levels.

State: burden, growth, then a level for each marker. Results are taken in one by one, those of a day in the order of the markers.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from features.history.burden.parameters import LEAST, StateSpace
from features.history.layout import Codes, Days, Int, Rows

Array = NDArray[np.float64]
Whole = NDArray[np.int64]
_State = tuple[Array, Array, Array, Whole]  # mean, cov, and what a person's pass works with: (states,), (2, markers)
_LATEST = 2**31 - 1
_YEAR = 365.25


@njit(cache=True, nogil=True)
def log_likelihood(rows: Rows, starts: Whole, stops: Whole, space: StateSpace) -> float:
    """Return the log density of all results of all people."""
    n = len(space.mean)
    state = np.empty(n), np.empty((n, n)), np.empty(n), np.empty((2, starts.shape[1]), np.int64)
    total = 0.0
    for p in range(len(starts)):
        total += _taken_in(rows, (starts[p], stops[p]), _LATEST, space, state)[0]
    return total


@njit(cache=True, nogil=True)
def states(
    rows: Rows, runs: tuple[Whole, Whole], asked: tuple[Codes, Days], space: StateSpace, means: Array, covs: Array, told: NDArray[np.bool_]
) -> None:
    """Fill mean and covariance of the state of people on days, and which markers told of it, from the results available by then.

    Where the first marker, which the burden is measured by, has had no result above the least that is told of it, the mean is NaN: in
    disease of light chains alone, or that secretes nothing, it tells of none of it.
    """
    starts, stops = runs
    patient, day = asked
    work, at = np.empty(len(space.mean)), np.empty((2, starts.shape[1]), np.int64)
    for q in range(len(patient)):
        p = patient[q]
        for k in range(starts.shape[1]):
            told[q, k] = _next(rows, starts[p, k], stops[p, k], day[q], stops[p, k]) < stops[p, k]
        _, now = _taken_in(rows, (starts[p], stops[p]), day[q], space, (means[q], covs[q], work, at))
        if _is_measurable(rows, starts[p, 0], stops[p, 0], day[q]):
            _went_on(means[q], covs[q], (day[q] - now) / _YEAR, space.drift)
        else:
            means[q] = np.nan


@njit(cache=True, nogil=True)
def _taken_in(rows: Rows, run: tuple[Whole, Whole], day: Int, space: StateSpace, state: _State) -> tuple[float, Int]:
    """Leave in mean and cov what is known of one person by a day; return the log density and the day of the last result."""
    collected, _, value = rows
    start, stop = run
    mean, cov, work, places = state
    at, fallen = places
    mean[:], cov[:] = space.mean, space.cov
    density, now = 0.0, _LATEST
    for k in range(len(start)):
        fallen[k] = _fallen_from(rows, start[k], stop[k], day) if LEAST[k] > 0.0 else stop[k]
        at[k] = _next(rows, start[k], stop[k], day, fallen[k])
    while True:
        first = -1
        for k in range(len(start)):
            if at[k] < stop[k] and (first < 0 or collected[at[k]] < collected[at[first]]):
                first = k
        if first < 0:
            return density, now
        i = at[first]
        if now < _LATEST:
            _went_on(mean, cov, (collected[i] - now) / _YEAR, space.drift)
        density += _updated(mean, cov, first, math.log(max(value[i], LEAST[first])), space, work)
        now = collected[i]
        at[first] = _next(rows, i + 1, stop[first], day, fallen[first])


@njit(cache=True, nogil=True)
def _next(rows: Rows, i: Int, stop: Int, day: Int, fallen: Int) -> Int:
    """Return the first place from i on of a result that counts: the last of its day known by the day asked about, above 0 or fallen."""
    value = rows[2]
    while i < stop:
        last, j = _last_known(rows, i, stop, day)
        if last >= 0 and (value[last] > 0.0 or last >= fallen):
            return last
        i = j
    return stop


@njit(cache=True, nogil=True)
def _last_known(rows: Rows, i: Int, stop: Int, day: Int) -> tuple[Int, Int]:
    """Return the place of the last known result of the day that begins at i, -1 where none is known yet; and where the next day begins."""
    collected, available, _ = rows
    last: Int = -1
    j = i
    while j < stop and collected[j] == collected[i]:
        if available[j] <= day:
            last = j
        j += 1
    return last, j


@njit(cache=True, nogil=True)
def _is_measurable(rows: Rows, i: Int, stop: Int, day: Int) -> bool:
    """Return whether the first marker has had a result above the least that is told of it, known by the day."""
    while i < stop:
        last, i = _last_known(rows, i, stop, day)
        if last >= 0 and rows[2][last] > LEAST[0]:
            return True
    return False


@njit(cache=True, nogil=True)
def _fallen_from(rows: Rows, i: Int, stop: Int, day: Int) -> Int:
    """Return the place from which on results have fallen to 0: no later one is above 0 by the day; stop where none ever was.

    A 0 before a result above 0 stands for no result more often than for none of the marker (`suspected_zeros`), and is left out.
    """
    value, fallen = rows[2], stop
    while i < stop:
        last, i = _last_known(rows, i, stop, day)
        if last >= 0 and value[last] > 0.0:
            fallen = i
    return fallen


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
def _updated(mean: Array, cov: Array, marker: int, value: float, space: StateSpace, work: Array) -> float:
    """Take in one result; return its log density."""
    loading, level, n = space.loading[marker], 2 + marker, len(mean)
    for j in range(n):
        work[j] = cov[level, j] + loading * cov[0, j]
    spread = work[level] + loading * work[0] + space.noise[marker]
    error = value - mean[level] - loading * mean[0]
    for i in range(n):
        gain = work[i] / spread
        mean[i] += gain * error
        for j in range(n):
            cov[i, j] -= gain * work[j]
    density: float = -0.5 * (math.log(2.0 * math.pi * spread) + error * error / spread)
    return density
