"""Compiled loops over bootstrap draws: every array of weights has one row per draw and one column per judged row."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
_BLOCK = 128  # risk levels that are summed at once when a concordance asks how many rank lower
_STEPS = 100  # a curve that has a solution is found in about ten; a draw on the edge of separation takes longer
_FAR = 1e6  # a step so long belongs to a regression without a solution


@njit(cache=True, nogil=True)
def auc_of_draws(known: Array, order: Ints, case: Bools, last: Bools) -> Array:
    """Return the weighted share of case-control pairs in which the case has the higher risk, ties counting half.

    `order` sorts the rows by risk; in that order, `case` says who progressed and `last` where a level of risk ends.
    """
    out = np.full(len(known), np.nan)
    for b in range(len(known)):
        below = concordant = cases = tied_cases = tied_controls = 0.0
        for k in range(len(order)):
            if case[k]:
                tied_cases += known[b, order[k]]
            else:
                tied_controls += known[b, order[k]]
            if last[k]:
                concordant += tied_cases * (below + 0.5 * tied_controls)
                cases += tied_cases
                below += tied_controls
                tied_cases = tied_controls = 0.0
        if cases > 0 and below > 0:
            out[b] = concordant / (cases * below)
    return out


@njit(cache=True, nogil=True)
def _add(levels: Array, blocks: Array, level: int, weight: float) -> None:
    levels[level] += weight
    blocks[level // _BLOCK] += weight


@njit(cache=True, nogil=True, fastmath=True)
def _outranked(levels: Array, blocks: Array, level: int) -> float:
    """Return the weight at lower levels, and half of that at the same."""
    first = level // _BLOCK
    weight: float = blocks[:first].sum() + levels[first * _BLOCK : level].sum() + 0.5 * levels[level]
    return weight


@njit(cache=True, nogil=True)
def _among_the_free(
    counts: Array, before: Array, stratum: Ints, start_of: Ints, event: Ints, level: Ints, reached: int
) -> tuple[float, float]:
    """Return concordant and comparable weight of progressions against rows that go on without an event.

    Rows are sorted by time; `start_of` says where each distinct time starts. From the last time to the first. Each stratum's
    rows are kept apart: their chance of being uncensored is that at the time of the progression.
    """
    strata = len(before)
    levels, blocks = np.zeros((strata, level.max() + 1)), np.zeros((strata, level.max() // _BLOCK + 1))
    inserted = np.zeros(strata)
    concordant = comparable = 0.0
    for t in range(len(start_of) - 2, -1, -1):
        for i in range(start_of[t], start_of[t + 1]):
            if event[i] == 0:
                _add(levels[stratum[i]], blocks[stratum[i]], level[i], counts[i])
                inserted[stratum[i]] += counts[i]
        for i in range(start_of[t], start_of[t + 1]):
            if event[i] == 1 and t < reached and counts[i] > 0:
                for s in range(strata):
                    if inserted[s] > 0:
                        weight = counts[i] / (before[stratum[i], t] * before[s, t])
                        concordant += weight * _outranked(levels[s], blocks[s], level[i])
                        comparable += weight * inserted[s]
        for i in range(start_of[t], start_of[t + 1]):
            if event[i] != 0:
                _add(levels[stratum[i]], blocks[stratum[i]], level[i], counts[i])
                inserted[stratum[i]] += counts[i]
    return concordant, comparable


@njit(cache=True, nogil=True)
def _among_the_dead(
    counts: Array, before: Array, stratum: Ints, start_of: Ints, event: Ints, level: Ints, reached: int
) -> tuple[float, float]:
    """Return concordant and comparable weight of progressions against rows that had died by then."""
    levels, blocks = np.zeros(level.max() + 1), np.zeros(level.max() // _BLOCK + 1)
    concordant = comparable = inserted = 0.0
    for t in range(reached):
        for i in range(start_of[t], start_of[t + 1]):
            if event[i] == 2 and counts[i] > 0:
                _add(levels, blocks, level[i], counts[i] / before[stratum[i], t])
                inserted += counts[i] / before[stratum[i], t]
        for i in range(start_of[t], start_of[t + 1]):
            if event[i] == 1 and counts[i] > 0:
                concordant += counts[i] / before[stratum[i], t] * _outranked(levels, blocks, level[i])
                comparable += counts[i] / before[stratum[i], t] * inserted
    return concordant, comparable


@njit(cache=True, nogil=True)
def concordance_of_draws(
    counts: Array, before: Array, stratum: Ints, by_time: Ints, start_of: Ints, event: Ints, level: Ints, reached: int
) -> Array:
    """Return the concordance of risks with the order of progressions within the horizon (see `training.metrics.risk`).

    `by_time` sorts the rows by time, `start_of` says where each distinct time starts in that order; `stratum`, `event` (0 none,
    1 progression, 2 death) and `level` of the risk are in that order already.
    """
    out = np.full(len(counts), np.nan)
    for b in range(len(counts)):
        sorted_counts = counts[b][by_time]
        free = _among_the_free(sorted_counts, before[b], stratum, start_of, event, level, reached)
        dead = _among_the_dead(sorted_counts, before[b], stratum, start_of, event, level, reached)
        if free[1] + dead[1] > 0:
            out[b] = (free[0] + dead[0]) / (free[1] + dead[1])
    return out


@njit(cache=True, nogil=True)
def sums_of_groups(weights: Array, of_case: Bools, group: Ints, n: int) -> tuple[Array, Array]:
    """Return the weight of the cases and the weight of all rows in each group, both (draws, groups)."""
    cases, rows = np.zeros((len(weights), n)), np.zeros((len(weights), n))
    for b in range(len(weights)):
        for i in range(weights.shape[1]):
            rows[b, group[i]] += weights[b, i]
            if of_case[i]:
                cases[b, group[i]] += weights[b, i]
    return cases, rows


@njit(cache=True, nogil=True)
def _newton_step(cases: Array, rows: Array, x: Array, offset: Array, theta: Array) -> Array:
    """Return the step from `theta`; NaN where the curvature is none."""
    p = x.shape[1]
    gradient, hessian = np.zeros(p), np.zeros((p, p))
    for i in range(len(rows)):
        if rows[i] == 0.0:
            continue
        eta = offset[i]
        for j in range(p):
            eta += theta[j] * x[i, j]
        risk = 1.0 / (1.0 + np.exp(-eta))
        residual, curve = cases[i] - rows[i] * risk, rows[i] * risk * (1.0 - risk)
        for j in range(p):
            gradient[j] += residual * x[i, j]
            for k in range(j + 1):
                hessian[j, k] += curve * x[i, j] * x[i, k]
    return _solved(hessian, gradient)


@njit(cache=True, nogil=True)
def _solved(a: Array, b: Array) -> Array:
    """Return the solution of a x = b, in the place of b; NaN where a is not positive definite.

    By Cholesky, of the lower triangle of a, which is overwritten: of a few columns, where calls of LAPACK take longer to compile and run.
    """
    n = len(b)
    for j in range(n):
        for k in range(j):
            for m in range(k):
                a[j, k] -= a[j, m] * a[k, m]
            a[j, k] /= a[k, k]
            a[j, j] -= a[j, k] * a[j, k]
        if not a[j, j] > 0.0:
            for k in range(n):
                b[k] = np.nan
            return b
        a[j, j] = np.sqrt(a[j, j])
        for k in range(j):
            b[j] -= a[j, k] * b[k]
        b[j] /= a[j, j]
    for j in range(n - 1, -1, -1):
        for k in range(j + 1, n):
            b[j] -= a[k, j] * b[k]
        b[j] /= a[j, j]
    return b


@njit(cache=True, nogil=True)
def logistic_of_draws(cases: Array, rows: Array, x: Array, offset: Array, start: Array) -> Array:
    """Return the coefficients of a weighted logistic regression in each draw (Newton); NaN where it does not settle.

    `cases` and `rows` are weights (draws, groups), `x` (groups, columns) and `offset` (groups,) what the groups share.
    """
    out = np.full((len(rows), x.shape[1]), np.nan)
    for b in range(len(rows)):
        theta = start.copy()
        for _ in range(_STEPS):
            step = _newton_step(cases[b], rows[b], x, offset, theta)
            size = np.abs(step).max()
            if not size < _FAR:
                break
            theta += step * min(1.0, 4.0 / max(size, 1e-300))
            if size < 1e-9:
                for j in range(len(theta)):  # not array to array: what that may raise takes numba seconds to compile
                    out[b, j] = theta[j]
                break
    return out
