"""Summaries of long series, so that a window of thousands of values costs little more than one of a hundred.

The calendar is cut into leaves of `1 << LEAF_BITS` days and these are joined two by two, four by four and so on. Each node of that
tree keeps what its values add up to, centred on its latest value; two nodes are joined without losing digits (Chan, Golub and
LeVeque, 1983, "Algorithms for computing the sample variance"). A node may hold something that a landmark does not see. Its sums
are then made anew from its halves. Leaves are tied to the calendar, and joined in one order only, so a result has the
same bits whether a node was kept or made anew, whatever else is asked, and whatever comes later.
"""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
from numba import njit

from features.history.layout import Days, Floats, Int, Nodes, Rows, Trees, Whole

VERSION = zlib.crc32(Path(__file__).read_bytes())  # compiled callers are cached for this text only

DENSE = 128  # values in a window from which its sums are taken from the tree
LEAF_BITS = 7
_SHIFT = 1 << 24  # days added so that no date is negative
_NEVER = 1 << 30
N, DAY, VALUE, BEFORE, FIRST_DAY, FIRST_VALUE, LOW, LOW_DAY, HIGH, HIGH_DAY, X, Y, XX, XY, YY = range(15)
ABOVE = 15  # days above each cut-off, between the node's first and its latest value


@njit(nogil=True, error_model="numpy")
def _fold(series: Rows, start: Int, stop: Int, landmark: Int, edge: Int, cut_offs: Floats, node: Floats) -> None:
    """Sum up the values of a leaf that are seen; `node[N]` is 0 where there is none."""
    collected, available, value = series
    n = 0
    newer = np.int64(0)
    sum_x = sum_xx = sum_y = sum_xy = sum_yy = 0.0
    node[:] = 0.0
    for i in range(stop - 1, start - 1, -1):
        known, day = np.int64(available[i]), np.int64(collected[i])
        if known > landmark or (day == newer and n > 0) or known <= edge:
            continue
        v = value[i]
        if n == 0:
            node[DAY], node[VALUE] = day, v
            node[LOW], node[LOW_DAY], node[HIGH], node[HIGH_DAY] = v, day, v, day
        elif n == 1:
            node[BEFORE] = v
        if n > 0:
            for c in range(len(cut_offs)):
                if v > cut_offs[c]:
                    node[ABOVE + c] += newer - day
        newer = day
        n += 1
        if v < node[LOW]:
            node[LOW], node[LOW_DAY] = v, day
        if v > node[HIGH]:
            node[HIGH], node[HIGH_DAY] = v, day
        node[FIRST_DAY], node[FIRST_VALUE] = day, v
        x, y = float(day) - node[DAY], v - node[VALUE]
        sum_x += x
        sum_y += y
        sum_xx += x * x
        sum_xy += x * y
        sum_yy += y * y
    node[N] = n
    if n > 0:
        node[X], node[Y] = sum_x / n, sum_y / n
        node[XX], node[XY], node[YY] = (n * sum_xx - sum_x * sum_x) / n, (n * sum_xy - sum_x * sum_y) / n, sum_yy - sum_y * sum_y / n


@njit(nogil=True, error_model="numpy")
def _copy(node: Floats, to: Floats) -> None:
    """Copy element by element: what an array assigned to an array may raise takes numba seconds to compile."""
    for k in range(len(node)):
        to[k] = node[k]


@njit(nogil=True, error_model="numpy")
def _join(newer: Floats, older: Floats, cut_offs: Floats) -> None:
    """Add an older node to a newer one, in place."""
    if older[N] == 0.0:
        return
    if newer[N] == 0.0:
        _copy(older, newer)
        return
    n = newer[N] + older[N]
    share = older[N] / n
    # Reference points first: their difference is exact or nearly so, and the means lie close to them.
    dx = (older[DAY] - newer[DAY]) + (older[X] - newer[X])
    dy = (older[VALUE] - newer[VALUE]) + (older[Y] - newer[Y])
    weight = newer[N] * share
    newer[XX] += older[XX] + dx * dx * weight
    newer[XY] += older[XY] + dx * dy * weight
    newer[YY] += older[YY] + dy * dy * weight
    newer[X] += dx * share
    newer[Y] += dy * share
    if newer[N] == 1.0:
        newer[BEFORE] = older[VALUE]
    for c in range(len(cut_offs)):
        held = newer[FIRST_DAY] - older[DAY] if older[VALUE] > cut_offs[c] else 0.0
        newer[ABOVE + c] += older[ABOVE + c] + held
    newer[FIRST_DAY], newer[FIRST_VALUE] = older[FIRST_DAY], older[FIRST_VALUE]
    if older[LOW] < newer[LOW]:
        newer[LOW], newer[LOW_DAY] = older[LOW], older[LOW_DAY]
    if older[HIGH] > newer[HIGH]:
        newer[HIGH], newer[HIGH_DAY] = older[HIGH], older[HIGH_DAY]
    newer[N] = n


@njit(nogil=True)
def _leaf(day: Int) -> np.int64:
    return (np.int64(day) + _SHIFT) >> LEAF_BITS


@njit(nogil=True)
def _root(first: np.int64, last: np.int64) -> tuple[int, np.int64]:
    """Return the level at which one node holds all leaves, and how many nodes lie on the levels below it."""
    level, below = 0, np.int64(0)
    while (first >> level) != (last >> level):
        below += (last >> level) - (first >> level) + 1
        level += 1
    return level, below


@njit(nogil=True)
def _size(collected: Days, start: Int, stop: Int) -> np.int64:
    return _root(_leaf(collected[start]), _leaf(collected[stop - 1]))[1] + 1


@njit(nogil=True, error_model="numpy")
def _plant(series: Rows, start: Int, stop: Int, base: Int, tree: Nodes, cut_offs: Floats) -> None:
    """Fill the nodes of one series: leaves first, then level by level."""
    collected, available, _ = series
    nodes, known, rows = tree
    first, last = _leaf(collected[start]), _leaf(collected[stop - 1])
    at = start
    for leaf in range(first, last + 1):
        node = base + leaf - first
        rows[node] = at
        known[node, 0], known[node, 1] = _NEVER, -_NEVER
        while at < stop and _leaf(collected[at]) == leaf:
            known[node, 0], known[node, 1] = min(known[node, 0], available[at]), max(known[node, 1], available[at])
            at += 1
        _fold(series, rows[node], at, _NEVER, -_NEVER, cut_offs, nodes[node])
    level, offset = 0, base
    while (first >> level) != (last >> level):
        count = (last >> level) - (first >> level) + 1
        above = offset + count
        level += 1
        for j in range(first >> level, (last >> level) + 1):
            node = above + j - (first >> level)
            nodes[node] = 0.0
            known[node, 0], known[node, 1] = _NEVER, -_NEVER
            for child in range(2 * j + 1, 2 * j - 1, -1):
                if (first >> (level - 1)) <= child <= (last >> (level - 1)):
                    below = offset + child - (first >> (level - 1))
                    _join(nodes[node], nodes[below], cut_offs)
                    known[node, 0], known[node, 1] = min(known[node, 0], known[below, 0]), max(known[node, 1], known[below, 1])
        offset = above


@njit(cache=True, nogil=True)
def _tree_sizes(collected: Days, starts: Whole, stops: Whole) -> tuple[Whole, Int]:
    """Return where the tree of each series begins, -1 for short ones, and how many nodes there are in all."""
    bases = np.full(starts.shape, -1, dtype=np.int64)
    total = np.int64(0)
    for p in range(starts.shape[0]):
        for b in range(starts.shape[1]):
            if stops[p, b] - starts[p, b] > DENSE:
                bases[p, b] = total
                total += _size(collected, starts[p, b], stops[p, b])
    return bases, total


@njit(cache=True, nogil=True)
def _plant_all(series: Rows, starts: Whole, stops: Whole, bases: Whole, tree: Nodes, cut_offs: Floats) -> None:
    for p in range(starts.shape[0]):
        for b in range(starts.shape[1]):
            if bases[p, b] >= 0:
                _plant(series, starts[p, b], stops[p, b], bases[p, b], tree, cut_offs)


def plant(series: Rows, starts: Whole, stops: Whole, cut_offs: Floats) -> Trees:
    """Return where each series' tree begins, and the trees: sums, earliest and latest availability, first row of a leaf."""
    bases, total = _tree_sizes(series[0], starts, stops)
    tree = (np.empty((total, ABOVE + len(cut_offs))), np.empty((total, 2), dtype=np.int64), np.empty(total, dtype=np.int64))
    if total:
        _plant_all(series, starts, stops, bases, tree, cut_offs)
    return bases, tree


@njit(nogil=True, error_model="numpy")
def _gather(
    series: Rows,
    tree: Nodes,
    ends: tuple[np.int64, np.int64, np.int64],
    level: int,
    offset: Int,
    j: Int,
    landmark: np.int64,
    edge: np.int64,
    cut_offs: Floats,
    found: Floats,
) -> None:
    """Sum up what is seen of one node into found[0]; the rows after it are scratch for its older halves."""
    nodes, known, rows = tree
    first, last, stop = ends
    node = offset + j - (first >> level)
    if known[node, 1] <= edge or known[node, 0] > landmark:
        found[0, N] = 0.0
    elif known[node, 0] > edge and known[node, 1] <= landmark:
        _copy(nodes[node], found[0])
    elif level == 0:
        until = rows[node + 1] if j < last else stop
        _fold(series, rows[node], until, landmark, edge, cut_offs, found[0])
    else:
        below = level - 1
        children = offset - ((last >> below) - (first >> below) + 1)
        found[0, N] = 0.0
        if 2 * j + 1 <= last >> below:
            _gather(series, tree, ends, below, children, 2 * j + 1, landmark, edge, cut_offs, found)
        if 2 * j >= first >> below:
            _gather(series, tree, ends, below, children, 2 * j, landmark, edge, cut_offs, found[1:])
            _join(found[0], found[1], cut_offs)


@njit(nogil=True, error_model="numpy")
def gather(
    series: Rows,
    tree: Nodes,
    base: Int,
    start: Int,
    stop: Int,
    landmark: np.int64,
    edge: np.int64,
    cut_offs: Floats,
    found: Floats,
) -> None:
    """Sum up what one landmark sees of a series since `edge` into found[0]; `found` has a row per level and one more."""
    first, last = _leaf(series[0][start]), _leaf(series[0][stop - 1])
    level, below = _root(first, last)
    _gather(series, tree, (first, last, np.int64(stop)), level, base + below, first >> level, landmark, edge, cut_offs, found)
