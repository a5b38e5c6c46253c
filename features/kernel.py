"""The compiled kernel: every statistic of every series in every window, seen from each landmark.

A value is seen when it was available in (landmark - window, landmark]; of values collected on one day only the one that
became available last by the landmark counts (of equal times, the later in the sorted series). "Latest" and "first" go by
the day of collection. One backward scan serves all nested windows and stops where the longest ends; everything is centred
on the latest value, and time is counted in whole days before it, so that what comes after the landmark changes no bit.
A window of more than `DENSE` values is left to the summaries of `features.dense`: which of the two adds up depends on what
is seen from the landmark alone, never on what else is asked.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from features import dense
from features.dense import DENSE, gather

# Base figures of one window, in the order of the kernel's scratch row; as-of values and days above cut-offs follow.
LAST, AGE, COUNT, MEAN, MIN, MAX, SD, SLOPE, SLOPE_SE, FIRST, PREVIOUS, NADIR, SINCE_MIN, SINCE_MAX = range(14)
PLAIN = 14
# What a column takes from them: a figure, a difference, a difference in percent, or whether it exceeds noise.
TAKE, MINUS, PERCENT, EXCEEDS = range(4)
DAYS_PER_YEAR = 365.25
EVER = 1 << 40  # days; longer than any history


@njit(nogil=True, error_model="numpy")
def _level(base, landmark, n, last_day, last, low, low_day, high, high_day, first, previous):
    base[LAST], base[AGE], base[COUNT], base[MIN], base[MAX] = last, landmark - last_day, n, low, high
    base[SINCE_MIN], base[SINCE_MAX] = landmark - low_day, landmark - high_day
    if n > 1:
        base[FIRST], base[PREVIOUS], base[NADIR] = first, previous, low
    else:
        base[FIRST] = base[PREVIOUS] = base[NADIR] = np.nan


@njit(nogil=True, error_model="numpy")
def _line(base, n, last, mean, spread, cross, scatter, scale):
    """Write mean, standard deviation and slope; `spread` and `cross` are centred sums times `scale`, in days."""
    base[MEAN] = last + mean
    base[SD] = base[SLOPE] = base[SLOPE_SE] = np.nan
    if n > 1:
        base[SD] = np.sqrt(max(0.0, scatter / (n - 1)))
        slope = cross / spread
        base[SLOPE] = slope * DAYS_PER_YEAR
        if n > 2:
            residual = max(0.0, scatter - slope * slope * spread / scale)
            base[SLOPE_SE] = np.sqrt(residual / (n - 2) * scale / spread) * DAYS_PER_YEAR


@njit(nogil=True, error_model="numpy")
def _nothing(base):
    base[:] = np.nan
    base[COUNT] = 0.0


@njit(nogil=True, error_model="numpy")
def _scan(series, start, top, landmark, windows, in_order, lag, cut_offs, above, bases):
    """Fill one row of `bases` per window (shortest first); return the first window that is left to the summaries.

    Where results came in the order of their collection, the values of a window are the first of the next longer one's.
    Otherwise the caller asks for one window at a time, and the longest delay says when nothing more can be seen.
    """
    collected, available, value = series
    k, n = 0, 0
    edge = landmark - windows[0]
    newer = landmark + 1  # day of the value above, which supersedes others of that day
    next_day = landmark
    last_day = low_day = high_day = 0
    last = first = previous = low = high = 0.0
    sum_x = sum_xx = 0.0  # whole days: exact
    sum_y = sum_xy = sum_yy = 0.0
    above[:] = 0.0
    for i in range(top - 1, start - 1, -1):
        known, day = np.int64(available[i]), np.int64(collected[i])
        if known > landmark or day == newer:
            continue
        newer = day
        if known <= edge:
            if not in_order:
                if day + lag <= edge:
                    break
                continue
            while known <= edge:
                _close(
                    bases[k],
                    landmark,
                    n,
                    last_day,
                    last,
                    low,
                    low_day,
                    high,
                    high_day,
                    first,
                    previous,
                    sum_x,
                    sum_y,
                    sum_xx,
                    sum_xy,
                    sum_yy,
                    above,
                )
                k += 1
                if k == len(windows):
                    return k
                edge = landmark - windows[k]
        if n == DENSE:
            return k
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
        next_day = day
        x = float(day - last_day)
        y = v - last
        sum_x += x
        sum_y += y
        sum_xx += x * x
        sum_xy += x * y
        sum_yy += y * y
    while k < len(windows):
        _close(
            bases[k],
            landmark,
            n,
            last_day,
            last,
            low,
            low_day,
            high,
            high_day,
            first,
            previous,
            sum_x,
            sum_y,
            sum_xx,
            sum_xy,
            sum_yy,
            above,
        )
        k += 1
    return k


@njit(nogil=True, error_model="numpy")
def _close(base, landmark, n, last_day, last, low, low_day, high, high_day, first, previous, sum_x, sum_y, sum_xx, sum_xy, sum_yy, above):
    if n == 0:
        _nothing(base)
    else:
        _level(base, landmark, n, last_day, last, low, low_day, high, high_day, first, previous)
        spread, cross = n * sum_xx - sum_x * sum_x, n * sum_xy - sum_x * sum_y
        _line(base, n, last, sum_y / n, spread, cross, sum_yy - sum_y * sum_y / n, float(n))
        base[len(base) - len(above) :] = above


@njit(nogil=True, error_model="numpy")
def _from_tree(series, tree, base_node, start, stop, landmark, edge, cut_offs, found, base):
    """Fill one window of a dense series."""
    gather(series, tree, base_node, start, stop, landmark, edge, cut_offs, found)
    node = found[0]
    n, last = int(node[dense.N]), node[dense.VALUE]
    low, low_day, high, high_day = node[dense.LOW], node[dense.LOW_DAY], node[dense.HIGH], node[dense.HIGH_DAY]
    first, before = node[dense.FIRST_VALUE], node[dense.BEFORE]
    _level(base, landmark, n, node[dense.DAY], last, low, low_day, high, high_day, first, before)
    _line(base, n, last, node[dense.Y], node[dense.XX], node[dense.XY], node[dense.YY], 1.0)
    for c in range(len(cut_offs)):
        held = landmark - node[dense.DAY] if last > cut_offs[c] else 0.0
        base[len(base) - len(cut_offs) + c] = node[dense.ABOVE + c] + held


@njit(nogil=True)
def _up_to(collected, start, stop, day):
    """Return the first position whose day of collection is later."""
    while start < stop:
        middle = (start + stop) // 2
        if collected[middle] <= day:
            start = middle + 1
        else:
            stop = middle
    return start


@njit(nogil=True, error_model="numpy")
def _as_of(series, start, top, landmark, edge, lag, day, base):
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
def _leave_out_before(series, start, top, landmark, edge, lag, cut_offs, base):
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


@njit(nogil=True, error_model="numpy")
def _write(base, program, noise, out):
    operations, figures, against = program
    for s in range(len(operations)):
        a = base[figures[s]]
        if operations[s] == TAKE:
            out[s] = a
            continue
        b = base[against[s]]
        if operations[s] == MINUS:
            out[s] = a - b
        elif not b > 0.0:
            out[s] = np.nan
        elif operations[s] == PERCENT:
            out[s] = 100.0 * (a - b) / b
        elif np.isnan(noise) or np.isnan(a):  # the variation is not known
            out[s] = np.nan
        else:
            out[s] = 1.0 if abs(a / b - 1.0) > noise else 0.0


def _entry(version):
    """Return the compiled entry. Its cache is keyed by `version`: that of the compiled code which lives in another file."""

    @njit(cache=True, nogil=True, error_model="numpy")
    def rows(series, places, trees, patient, landmark, asked, first, stop, skip, out):
        """Fill rows first:stop of `out`, from column `skip` on."""
        starts, stops, lags, in_order = places
        bases_of_trees, tree = trees
        windows, order, months, cut_offs, program, noise = asked
        wide = len(program[0]) + 0 * version
        bases = np.empty((len(windows), PLAIN + len(months) + len(cut_offs)))
        found = np.empty((40, dense.ABOVE + len(cut_offs)))
        above = np.empty(len(cut_offs))
        tops = np.zeros(starts.shape[1], dtype=np.int64)
        for row in range(first, stop):
            who, day = patient[row], np.int64(landmark[row])
            onward = row > first and patient[row - 1] == who and landmark[row - 1] <= day
            for b in range(starts.shape[1]):
                start, end, lag = starts[who, b], stops[who, b], np.int64(lags[who, b])
                if onward:
                    while tops[b] < end and series[0][tops[b]] <= day:
                        tops[b] += 1
                else:
                    tops[b] = _up_to(series[0], start, end, day)
                top, straight = tops[b], in_order[who, b]
                k = 0
                while k < len(windows):
                    part = windows[k:] if straight else windows[k : k + 1]
                    done = _scan(series, start, top, day, part, straight, lag, cut_offs, above, bases[k:])
                    k += done
                    for w in range(k, k + (len(part) - done)):
                        edge = day - windows[w]
                        _from_tree(series, tree, bases_of_trees[who, b], start, end, day, edge, cut_offs, found, bases[w])
                    k += len(part) - done
                for w in range(len(windows)):
                    base, edge = bases[w], day - windows[w]
                    if base[COUNT] > 0.0:
                        for m in range(len(months)):
                            base[PLAIN + m] = _as_of(series, start, top, day, edge, lag, day - months[m], base)
                        if lag > 0 and len(cut_offs) > 0:
                            _leave_out_before(series, start, top, day, edge, lag, cut_offs, base)
                    column = skip + (b * len(windows) + order[w]) * wide
                    _write(base, program, noise[b], out[row, column : column + wide])

    return rows


fill = _entry(dense.VERSION)
