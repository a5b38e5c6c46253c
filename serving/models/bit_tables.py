"""Exact TreeSHAP by tables: what a tree adds to a row depends on the row through the outcomes of its tests alone.

A tree is cut into groups of at most `MOST_TESTS` tests: the way from the root down to a sub-tree, and the sub-tree's own tests. For each
pattern of outcomes, what the group's leaves add is worked out once, and a row costs a few comparisons and one look-up a group. The
Shapley values are those of path-dependent TreeSHAP (Lundberg et al., Nature Machine Intelligence 2020;2:56, algorithm 1).
"""

from __future__ import annotations

from math import factorial
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

MOST_TESTS = 8  # 256 patterns: the table of a group stays in the nearest cache
DEEPEST = 6  # splits on the way to a leaf; the tables of deeper trees leave every cache
BLOCK = 256  # rows looked at together, a column at a time
Single = NDArray[np.float32]
Ints = NDArray[np.int32]
Bytes = NDArray[np.uint8]
Arrays = tuple[Any, ...]
_FACTORIAL = np.array([factorial(n) for n in range(DEEPEST + 1)], np.float64)


@njit(cache=True, nogil=True)
def cut_into_groups(left: Ints, right: Ints, roots: Ints) -> Arrays:
    """Cut trees into groups of tests, in the order of the trees.

    Returns
    -------
    parent, group : int32 arrays (nodes,)
        The node above, -1 at a root; the group of a leaf, -1 at a split.
    size, tests : int32 arrays (groups,), (groups, MOST_TESTS)
        How many tests a group has, and their nodes.
    """
    parent, depth, splits = shape_of(left, right)
    nodes = len(left)
    group, size, tests = np.full(nodes, -1, np.int32), np.zeros(nodes, np.int32), np.zeros((nodes, MOST_TESTS), np.int32)
    stack, groups = np.empty(nodes + 1, np.int32), 0
    for root in roots[:-1]:
        stack[0], waiting = root, 1
        while waiting:
            waiting -= 1
            top = stack[waiting]
            if depth[top] + splits[top] > MOST_TESTS:
                stack[waiting], stack[waiting + 1] = right[top], left[top]
                waiting += 2
                continue
            node = parent[top]
            while node >= 0:
                tests[groups, size[groups]] = node
                size[groups] += 1
                node = parent[node]
            size[groups] = _fill(left, right, top, groups, size[groups], tests[groups], group)
            groups += 1
    return parent, group, size[:groups].copy(), tests[:groups].copy()


@njit(cache=True, nogil=True)
def shape_of(left: Ints, right: Ints) -> Arrays:
    """Return the node above each, how many there are above it, and how many splits its sub-tree has. A child stands behind its parent."""
    nodes = len(left)
    parent, depth, splits = np.full(nodes, -1, np.int32), np.zeros(nodes, np.int32), np.zeros(nodes, np.int32)
    for node in range(nodes):
        if left[node] >= 0:
            for child in (left[node], right[node]):
                parent[child], depth[child] = node, depth[node] + 1
    for node in range(nodes - 1, -1, -1):
        if left[node] >= 0:
            splits[node] = 1 + splits[left[node]] + splits[right[node]]
    return parent, depth, splits


@njit(cache=True, nogil=True)
def _fill(left: Ints, right: Ints, top: int, g: int, size: int, tests: Ints, group: Ints) -> int:
    """Write a sub-tree's tests behind those on the way to it, and its leaves' group; return how many tests there are then."""
    inside, below = np.empty(MOST_TESTS + 2, np.int32), 1
    inside[0] = top
    while below:
        below -= 1
        node = inside[below]
        if left[node] < 0:
            group[node] = g
            continue
        tests[size], size = node, size + 1
        inside[below], inside[below + 1] = right[node], left[node]
        below += 2
    return size


@njit(cache=True, nogil=True)
def leaf_values(left: Ints, value: Single, groups: Arrays, at: NDArray[np.int64]) -> Single:
    """Return, from place `at` of each group on, the value of the leaf that each pattern leads to: 0 where it leads out of the group."""
    parent, group, size, tests = groups
    values = np.zeros(at[-1], np.float32)
    way, to_left = np.empty(DEEPEST, np.int32), np.empty(DEEPEST, np.bool_)
    for leaf in range(len(left)):
        g = group[leaf]
        if g >= 0:
            steps = _way_to(leaf, left, parent, tests[g], way, to_left)
            for pattern in range(1 << size[g]):
                there = True
                for step in range(steps):
                    there &= (pattern >> way[step] & 1) == to_left[step]
                if there:
                    values[at[g] + pattern] = value[leaf]
    return values


@njit(cache=True, nogil=True)
def shapley_values(trees: Arrays, cover: Single, groups: Arrays, slot: Ints, at: NDArray[np.int64]) -> Single:
    """Return, from place `at` of each group on, what each pattern adds to each column of the group (columns x patterns)."""
    left, feature, value = trees
    parent, group, size, tests = groups
    out = np.zeros(at[-1], np.float64)
    way, to_left = np.empty(DEEPEST, np.int32), np.empty(DEEPEST, np.bool_)
    player, of, zero = np.empty(DEEPEST, np.int32), np.empty(DEEPEST, np.int32), np.empty(DEEPEST, np.float64)
    terms = np.empty((1 << DEEPEST, DEEPEST), np.float64)
    for leaf in range(len(left)):
        g = group[leaf]
        if g < 0:
            continue
        steps = _way_to(leaf, left, parent, tests[g], way, to_left)
        players = _players(leaf, steps, (parent, feature, cover, way, tests[g]), (player, of, zero))
        _terms(zero, players, value[leaf], terms)
        for pattern in range(1 << size[g]):
            met = (1 << players) - 1
            for step in range(steps):
                if (pattern >> way[step] & 1) != to_left[step]:
                    met &= ~(1 << player[step])
            for k in range(players):
                if slot[g, of[k]] >= 0:
                    out[at[g] + (slot[g, of[k]] << size[g]) + pattern] += terms[met, k]
    return out.astype(np.float32)


@njit(cache=True, nogil=True)
def _way_to(leaf: int, left: Ints, parent: Ints, tests: Ints, way: Ints, to_left: NDArray[np.bool_]) -> int:
    """Write, from a leaf up to the root, which of its group's tests are passed, and whether to the left."""
    steps, node = 0, leaf
    while parent[node] >= 0:
        place = 0
        while tests[place] != parent[node]:
            place += 1
        way[steps], to_left[steps] = place, left[parent[node]] == node
        steps, node = steps + 1, parent[node]
    return steps


@njit(cache=True, nogil=True)
def _players(leaf: int, steps: int, known: Arrays, room: Arrays) -> int:
    """Write the features on the way to a leaf: which each step asks, a test of each, and the share of people whom its tests let through."""
    parent, feature, cover, way, tests = known
    player, of, zero = room
    players, node = 0, leaf
    for step in range(steps):
        above, one = parent[node], 0
        while one < players and feature[tests[of[one]]] != feature[above]:
            one += 1
        if one == players:
            of[one], zero[one], players = way[step], 1.0, players + 1
        zero[one] *= np.float64(cover[node]) / np.float64(cover[above])
        player[step], node = one, above
    return players


@njit(cache=True, nogil=True)
def _terms(zero: NDArray[np.float64], players: int, value: float, terms: NDArray[np.float64]) -> None:
    """Write a leaf's Shapley value of each player, for each set of players who lead to it.

    A player in a coalition lets the leaf through or not; one outside lets the share `zero` of people through.
    """
    sums = np.empty(DEEPEST + 1, np.float64)
    for met in range(1 << players):
        for one in range(players):
            others, size = 1.0, 0
            sums[0] = 1.0  # of coalitions by their size, the product of the shares of those outside
            for k in range(players):
                if k == one:
                    continue
                if not met >> k & 1:  # in no coalition that lets the leaf through
                    others *= zero[k]
                    continue
                size += 1
                sums[size] = 0.0
                for s in range(size, 0, -1):
                    sums[s] = sums[s] * zero[k] + sums[s - 1]
                sums[0] *= zero[k]
            total = 0.0
            for s in range(size + 1):
                total += sums[s] * _FACTORIAL[s] * _FACTORIAL[players - 1 - s] / _FACTORIAL[players]
            terms[met, one] = value * ((met >> one & 1) - zero[one]) * others * total


@njit(cache=True, nogil=True)
def add_margins(asked: Arrays, at: NDArray[np.int64], values: Single, base: np.float32, x: NDArray[np.float64], out: Single) -> None:
    """Write log-odds (rows, horizons): the base and a leaf of each tree, added in their order in single precision, as XGBoost does."""
    by_horizon = asked[-1]
    groups, horizons = by_horizon.shape
    block = min(BLOCK, len(x))
    pattern, total = np.empty(block, np.uint8), np.empty((horizons, block), np.float32)
    columns = np.empty((x.shape[1], block), np.float32)
    for start in range(0, len(x), BLOCK):
        rows = min(block, len(x) - start)
        _take(x, start, rows, columns)
        total[:] = base
        for g in range(groups):
            _look(asked, g, columns, rows, pattern)
            for h in range(horizons):
                _add(values[at[g] + by_horizon[g, h] : at[g + 1]], pattern, rows, total[h])
        for r in range(rows):
            for h in range(horizons):
                out[start + r, h] = total[h, r]


@njit(cache=True, nogil=True)
def _pattern(asked: Arrays, g: int, row: Single) -> int:
    """Return the outcomes of a group's tests on one row, as `_look` writes them."""
    size, feature, cut, unknown_left = asked[0], asked[1], asked[2], asked[3]
    pattern = 0
    for k in range(size[g]):
        if feature[g, k] >= 0:
            known, threshold = row[feature[g, k]], cut[g, k]
            pattern |= (not known >= threshold if unknown_left[g, k] else known < threshold) << k
    return pattern


@njit(cache=True, nogil=True)
def add_contributions(
    asked: Arrays, at: NDArray[np.int64], shares: Single, slots: Arrays, x: NDArray[np.float64], out: NDArray[np.float64]
) -> None:
    """Write SHAP values (rows, horizons, columns); groups that do not ask for the horizon add the same to each."""
    size, on_horizon, by_horizon = asked[0], asked[-2], asked[-1]
    slot_columns, width = slots
    groups, horizons = by_horizon.shape
    block = min(BLOCK, len(x))
    pattern, columns = np.empty(block, np.uint8), np.empty((x.shape[1], block), np.float32)
    alike, of_horizon = np.empty((x.shape[1], block), np.float32), np.empty((horizons, x.shape[1], block), np.float32)
    for start in range(0, len(x), BLOCK):
        rows = min(block, len(x) - start)
        _take(x, start, rows, columns)
        alike[:], of_horizon[:] = 0.0, 0.0
        for g in range(groups):
            _look(asked, g, columns, rows, pattern)
            for h in range(horizons if on_horizon[g] else 1):
                for j in range(width[g]):
                    sums = of_horizon[h, slot_columns[g, j]] if on_horizon[g] else alike[slot_columns[g, j]]
                    _add(shares[at[g] + (j << size[g]) + by_horizon[g, h] : at[g + 1]], pattern, rows, sums)
        for r in range(rows):
            for h in range(horizons):
                for column in range(x.shape[1]):
                    out[start + r, h, column] = alike[column, r] + of_horizon[h, column, r]


@njit(cache=True, nogil=True)
def add_contributions_of_few(
    asked: Arrays, at: NDArray[np.int64], shares: Single, slots: Arrays, x: NDArray[np.float64], out: NDArray[np.float64]
) -> None:
    """Write what `add_contributions` writes, by the same additions, a row at a time: a block of one row would cost three times as much."""
    size, on_horizon, by_horizon = asked[0], asked[-2], asked[-1]
    slot_columns, width = slots
    groups, horizons = by_horizon.shape
    row = np.empty(x.shape[1], np.float32)
    alike, of_horizon = np.empty(x.shape[1], np.float32), np.empty((horizons, x.shape[1]), np.float32)
    for i in range(len(x)):
        _take_one(x, i, row)
        alike[:], of_horizon[:] = 0.0, 0.0
        for g in range(groups):
            pattern = _pattern(asked, g, row)
            for h in range(horizons if on_horizon[g] else 1):
                sums = of_horizon[h] if on_horizon[g] else alike
                place = at[g] + by_horizon[g, h] + pattern
                for j in range(width[g]):
                    sums[slot_columns[g, j]] += shares[place + (j << size[g])]
        for h in range(horizons):
            for column in range(x.shape[1]):
                out[i, h, column] = alike[column] + of_horizon[h, column]


@njit(cache=True, nogil=True)
def _take(x: NDArray[np.float64], start: int, rows: int, columns: Single) -> None:
    for r in range(rows):
        for column in range(x.shape[1]):
            columns[column, r] = x[start + r, column]


@njit(cache=True, nogil=True)
def _take_one(x: NDArray[np.float64], i: int, row: Single) -> None:
    """Copy element by element: what an array assigned to an array may raise takes numba seconds to compile."""
    for column in range(x.shape[1]):
        row[column] = x[i, column]


@njit(cache=True, nogil=True)
def _add(table: Single, pattern: Bytes, rows: int, sums: Single) -> None:
    for r in range(rows):
        sums[r] += table[pattern[r]]


@njit(cache=True, nogil=True)
def _look(asked: Arrays, g: int, columns: Single, rows: int, pattern: Bytes) -> None:
    """Write the outcomes of a group's tests on the rows' columns: bit k is 1 where test k sends the row to the left."""
    size, feature, cut, unknown_left = asked[0], asked[1], asked[2], asked[3]
    pattern[:rows] = 0
    for k in range(size[g]):
        column, threshold = feature[g, k], cut[g, k]
        if column < 0:  # the horizon, the same for every row
            continue
        values, bit, none = columns[column], np.uint8(1 << k), np.uint8(0)
        if unknown_left[g, k]:
            for r in range(rows):
                pattern[r] |= none if values[r] >= threshold else bit
        else:
            for r in range(rows):
                pattern[r] |= bit if values[r] < threshold else none
