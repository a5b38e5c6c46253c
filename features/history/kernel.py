"""The compiled kernel: every statistic of every series in every window, seen from each landmark.

A value is seen when it was available in (landmark - window, landmark]; of values collected on one day only the one that
became available last by the landmark counts (of equal times, the later in the sorted series). "Latest" and "first" go by
the day of collection. One backward scan serves all nested windows and stops where the longest ends; everything is centred
on the latest value, and time is counted in whole days before it, so that what comes after the landmark changes no bit.
A window of more than `DENSE` values is added up by the summaries of `features.history.dense`. Which of the two adds up depends
only on what is seen from the landmark. So the bits of a column do not depend on which other columns are asked for.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numba import njit

from features.history import dense
from features.history import figures as numbering
from features.history.dense import DENSE, gather
from features.history.figures import (
    AGE,
    COUNT,
    FIRST,
    LAST,
    MAX,
    MEAN,
    MIN,
    MINUS,
    NADIR,
    PERCENT,
    PLAIN,
    PREVIOUS,
    SD,
    SINCE_MAX,
    SINCE_MIN,
    SLOPE,
    SLOPE_SE,
    TAKE,
    TREND,
)
from features.history.layout import Asked, Days, Floats, Nodes, Places, Program, Rows, Trees, Whole
from myeloma.calendar import DAYS_PER_YEAR

Kernel = TypeVar("Kernel", bound=Callable[..., Any])
EVER = 1 << 40  # days; longer than any history
# The latest value, the lowest and the highest, each with its day (the latest's first); the first one and the last but one.
Level: TypeAlias = tuple[np.int64, float, float, np.int64, float, np.int64, float, float]
Sums: TypeAlias = tuple[float, float, float, float, float]  # of days x and values y: x, y, xx, xy, yy
# The inner functions make no array, so nobody need count references to those they are given: that cost more than the sums.
# numba takes `_nrt`, but its signature does not name it.
_inner: Callable[[Kernel], Kernel] = njit(nogil=True, error_model="numpy", _nrt=False, forceinline=True)  # type: ignore[call-overload]


@_inner
def _level(bases: Floats, k: int, landmark: np.int64, n: int, level: Level) -> None:
    last_day, last, low, low_day, high, high_day, first, previous = level
    bases[k, LAST], bases[k, AGE], bases[k, COUNT], bases[k, MIN], bases[k, MAX] = last, landmark - last_day, n, low, high
    bases[k, SINCE_MIN], bases[k, SINCE_MAX] = landmark - low_day, landmark - high_day
    several = n > 1
    bases[k, FIRST] = first if several else np.nan
    bases[k, PREVIOUS] = previous if several else np.nan
    bases[k, NADIR] = low if several else np.nan


@_inner
def _line(
    bases: Floats, k: int, wanted: int, n: int, last: float, mean: float, spread: float, cross: float, scatter: float, scale: float
) -> None:
    """Write mean, and if wanted standard deviation and slope; `spread` and `cross` are centred sums times `scale`, in days."""
    bases[k, MEAN] = last + mean
    if wanted > 0:
        slope = cross / spread if n > 1 else np.nan
        bases[k, SLOPE] = slope * DAYS_PER_YEAR
        steady = cross / (spread + scale * DAYS_PER_YEAR * DAYS_PER_YEAR) * DAYS_PER_YEAR
        bases[k, TREND] = 100.0 * steady / bases[k, MEAN] if n > 1 and bases[k, MEAN] > 0.0 else np.nan
        if wanted > 1:
            bases[k, SD] = np.sqrt(max(0.0, scatter / (n - 1))) if n > 1 else np.nan
            bases[k, SLOPE_SE] = np.nan
            if n > 2:
                residual = max(0.0, scatter - slope * slope * spread / scale)
                bases[k, SLOPE_SE] = np.sqrt(residual / (n - 2) * scale / spread) * DAYS_PER_YEAR


@_inner
def _scan(
    collected: Days,
    available: Days,
    value: Floats,
    start: int,
    top: int,
    landmark: np.int64,
    windows: Whole,
    begin: int,
    end: int,
    in_order: bool,
    lag: np.int64,
    wanted: int,
    cut_offs: Floats,
    above: Floats,
    bases: Floats,
) -> int:
    """Fill the rows begin:end of `bases`, one per window (shortest first); return the first window that is left to the summaries.

    Where results came in the order of their collection, the values of a window are the first of the next longer one's.
    Otherwise the caller asks for one window at a time, and the longest delay says when nothing more can be seen.
    """
    k, n, i = begin, 0, top - 1
    newer = landmark + 1  # day of the value above, which supersedes others of that day
    next_day = landmark
    last_day = low_day = high_day = np.int64(0)
    last = first = previous = low = high = 0.0
    sum_x = sum_xx = 0.0  # whole days: exact
    sum_y = sum_xy = sum_yy = 0.0
    dense = False
    for c in range(len(cut_offs)):
        above[c] = 0.0
    while k < end and not dense:  # one way in and one way out: the compiler then counts no references here
        edge = landmark - windows[k]
        while i >= start:
            known, day = np.int64(available[i]), np.int64(collected[i])
            if known > landmark or day == newer:
                i -= 1
                continue
            if known <= edge:
                if in_order:
                    break
                newer = day
                i = i - 1 if day + lag > edge else start - 1
                continue
            if n == DENSE:
                dense = True
                break
            v = value[i]
            if n == 0:
                last, last_day, low, high, low_day, high_day = v, day, v, v, day, day
            elif n == 1:
                previous = v
            n += 1
            first = v
            if v < low:
                low, low_day = v, day
            if v > high:
                high, high_day = v, day
            for c in range(len(cut_offs)):
                if v > cut_offs[c]:
                    above[c] += next_day - day
            newer = next_day = day
            i -= 1
            x = float(day - last_day)
            y = v - last
            sum_x += x
            sum_y += y
            sum_xx += x * x
            sum_xy += x * y
            sum_yy += y * y
        if not dense:
            level = (last_day, last, low, low_day, high, high_day, first, previous)
            _close(bases, k, wanted, landmark, n, level, (sum_x, sum_y, sum_xx, sum_xy, sum_yy), above)
            k += 1
    return k


@_inner
def _close(bases: Floats, k: int, wanted: int, landmark: np.int64, n: int, level: Level, sums: Sums, above: Floats) -> None:
    if n == 0:
        for figure in range(bases.shape[1]):
            bases[k, figure] = np.nan
        bases[k, COUNT] = 0.0
    else:
        sum_x, sum_y, sum_xx, sum_xy, sum_yy = sums
        mean = sum_y / n
        _level(bases, k, landmark, n, level)
        _line(bases, k, wanted, n, level[1], mean, n * sum_xx - sum_x * sum_x, n * sum_xy - sum_x * sum_y, sum_yy - sum_y * mean, float(n))
        for c in range(len(above)):
            bases[k, bases.shape[1] - len(above) + c] = above[c]


@njit(nogil=True, error_model="numpy")
def _from_tree(
    series: Rows,
    tree: Nodes,
    base_node: int,
    start: int,
    stop: int,
    landmark: np.int64,
    edge: np.int64,
    cut_offs: Floats,
    wanted: int,
    found: Floats,
    bases: Floats,
    k: int,
) -> None:
    """Fill one window of a dense series."""
    gather(series, tree, base_node, start, stop, landmark, edge, cut_offs, found)
    node = found[0]
    n, last = int(node[dense.N]), node[dense.VALUE]
    low, low_day, high, high_day = node[dense.LOW], node[dense.LOW_DAY], node[dense.HIGH], node[dense.HIGH_DAY]
    first, before = node[dense.FIRST_VALUE], node[dense.BEFORE]
    _level(bases, k, landmark, n, (node[dense.DAY], last, low, low_day, high, high_day, first, before))
    _line(bases, k, wanted, n, last, node[dense.Y], node[dense.XX], node[dense.XY], node[dense.YY], 1.0)
    for c in range(len(cut_offs)):
        held = landmark - node[dense.DAY] if last > cut_offs[c] else 0.0
        bases[k, bases.shape[1] - len(cut_offs) + c] = node[dense.ABOVE + c] + held


@_inner
def _up_to(collected: Days, start: int, stop: int, day: np.int64) -> int:
    """Return the first position whose day of collection is later."""
    while start < stop:
        middle = (start + stop) // 2
        if collected[middle] <= day:
            start = middle + 1
        else:
            stop = middle
    return start


@njit(nogil=True, error_model="numpy")
def _as_of(series: Rows, start: int, top: int, landmark: np.int64, edge: np.int64, lag: np.int64, day: np.int64, base: Floats) -> float:
    """Return the value of a window as of an earlier day, NaN where there is none or it is the latest value itself."""
    collected, available, value = series
    for i in range(_up_to(collected, start, top, day) - 1, start - 1, -1):
        if available[i] > edge:
            if available[i] <= landmark:
                return value[i] if landmark - collected[i] > base[AGE] else np.nan
        elif collected[i] + lag <= edge:
            break
    return np.nan


@njit(nogil=True, error_model="numpy")
def _leave_out_before(
    series: Rows, start: int, top: int, landmark: np.int64, edge: np.int64, lag: np.int64, cut_offs: Floats, base: Floats
) -> None:
    """Take from the days above a cut-off those before the window, of results that were collected before it."""
    collected, available, value = series
    until = edge
    newer = landmark + 1
    for i in range(_up_to(collected, start, top, edge) - 1, start - 1, -1):
        day = np.int64(collected[i])
        if day + lag <= edge:
            break
        if available[i] > landmark or day == newer:
            continue
        newer = day
        if available[i] > edge:
            for c in range(len(cut_offs)):
                if value[i] > cut_offs[c]:
                    base[len(base) - len(cut_offs) + c] -= until - day
            until = day


@_inner
def _write(bases: Floats, k: int, first: int, stop: int, program: Program, noise: float, out: Floats, row: int) -> None:
    """Write the columns first:stop of the program, which all look at the window k."""
    operations, figures, against, columns = program
    for s in range(first, stop):
        a = bases[k, figures[s]]
        if operations[s] != TAKE:
            b = bases[k, against[s]]
            if operations[s] == MINUS:
                a -= b
            elif not b > 0.0 or np.isnan(a):
                a = np.nan
            elif operations[s] == PERCENT:
                a = 100.0 * (a - b) / b
            elif np.isnan(noise):  # the variation is not known
                a = np.nan
            else:
                a = 1.0 if a > noise * b or noise * a < b else 0.0
        out[columns[s], row] = a


def _entry(version: int) -> Callable[[Rows, Places, Trees, Days, Days, Asked, int, int, Floats], None]:
    """Return the compiled entry.

    Numba keys its cache by this file's text and by the values that the function closes over. The code of `dense` and the numbers
    of `figures`, which are compiled in, live in other files: so `version`, a checksum of these files, is one of these values.
    """

    @njit(cache=True, nogil=True, error_model="numpy")
    def rows(
        series: Rows, places: Places, trees: Trees, patient: Days, landmark: Days, asked: Asked, first: int, stop: int, out: Floats
    ) -> None:
        """Fill the landmarks first:stop of `out`, which is laid out by column."""
        collected, available, value = series
        starts, stops, lags, in_order = places
        bases_of_trees, tree = trees
        windows, windows_of, outputs_of, months, cut_offs, program, noise, wanted, looks_back = asked
        bases = np.empty((len(windows), PLAIN + len(months) + len(cut_offs)))
        found = np.empty((40, dense.ABOVE + len(cut_offs)))
        above = np.empty(len(cut_offs))
        tops = np.zeros(starts.shape[1] + 0 * version, dtype=np.int64)
        for row in range(first, stop):
            who, day = patient[row], np.int64(landmark[row])
            onward = row > first and patient[row - 1] == who and landmark[row - 1] <= day
            for b in range(starts.shape[1]):
                start, end, lag, straight = starts[who, b], stops[who, b], np.int64(lags[who, b]), in_order[who, b]
                if onward:
                    while tops[b] < end and collected[tops[b]] <= day:
                        tops[b] += 1
                else:
                    tops[b] = _up_to(collected, start, end, day)
                k, last = windows_of[b], windows_of[b + 1]
                while k < last:
                    until = last if straight else k + 1
                    k = _scan(
                        collected,
                        available,
                        value,
                        start,
                        tops[b],
                        day,
                        windows,
                        k,
                        until,
                        straight,
                        lag,
                        wanted[b],
                        cut_offs,
                        above,
                        bases,
                    )
                    while k < until:
                        base_node, edge = bases_of_trees[who, b], day - windows[k]
                        _from_tree(series, tree, base_node, start, end, day, edge, cut_offs, wanted[b], found, bases, k)
                        k += 1
                for w in range(windows_of[b], last):
                    if looks_back[w] and bases[w, COUNT] > 0.0:
                        edge = day - windows[w]
                        for m in range(len(months)):
                            bases[w, PLAIN + m] = _as_of(series, start, tops[b], day, edge, lag, day - months[m], bases[w])
                        if lag > 0 and len(cut_offs) > 0:
                            _leave_out_before(series, start, tops[b], day, edge, lag, cut_offs, bases[w])
                    _write(bases, w, outputs_of[w], outputs_of[w + 1], program, noise[b], out, row)

    return rows


fill = _entry(zlib.crc32(Path(numbering.__file__).read_bytes(), dense.VERSION))
