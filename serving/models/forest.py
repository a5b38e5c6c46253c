"""A booster's trees as arrays, for a few rows: what XGBoost gives, to the last bit, without the time it takes to be asked.

To ask XGBoost for one row takes a millisecond, nearly all of it on the way to the trees and back. Additions and their order are those of
XGBoost (single precision, tree after tree); the contributions are TreeSHAP by the polynomial algorithm (Lundberg et al., Nature
Machine Intelligence 2020;2:56), whose branches are walked in XGBoost's order: the one that the row takes first.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import xgboost as xgb
from numba import njit
from numpy.typing import NDArray

from serving.models.base import Array

DEEPEST = 6  # splits on the way to a leaf: 2 ** splits numbers are kept for each
_PROBES = 16  # rows on which the arrays have to give XGBoost's own bits before they are used
Single = NDArray[np.float32]
Ints = NDArray[np.int32]
Arrays = tuple[Any, ...]


@dataclass(frozen=True)
class Forest:
    """Trees in one row of nodes each, one after the other.

    Attributes
    ----------
    base : what is added up from, log-odds
    roots : first node of each tree, and the end of the last
    left, right : children by their place; -1 at a leaf
    feature, cut, default_left : a value below the cut goes left, an unknown one where it is told
    value, cover : of a leaf; sum of hessians of a node
    horizon : the last column
    """

    base: np.float32
    roots: NDArray[np.int32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    feature: NDArray[np.int32]
    cut: Single
    default_left: NDArray[np.bool_]
    value: Single
    cover: Single
    horizon: int

    def margins(self, x: Array, horizons: tuple[int, ...]) -> Array:
        """Return log-odds (rows, horizons)."""
        out = np.empty((len(x), len(horizons)), np.float32)
        _margins(self._trees, self.base, _with_horizon(x), np.array(horizons, np.float32), out)
        return out.astype(np.float64)

    def contributions(self, x: Array, horizons: tuple[int, ...]) -> Array:
        """Return SHAP values (rows, horizons, columns); the horizon's own share is left out."""
        rows = _with_horizon(x)
        out = np.zeros((len(x), len(horizons), rows.shape[1]), np.float32)
        _contributions(self._trees, self._columns, self._shares, rows, np.array(horizons, np.float32), out)
        return out[:, :, :-1].astype(np.float64)

    @cached_property
    def _columns(self) -> tuple[Any, ...]:
        """Which columns each tree splits on, one tree after the other; where each begins; whether the horizon is among them."""
        splits = self.left >= 0
        each = [np.unique(self.feature[a:b][splits[a:b]]) for a, b in pairwise(self.roots)]
        by_horizon = np.array([self.horizon in columns for columns in each], np.bool_)
        return np.concatenate(each), np.cumsum([0, *map(len, each)]), by_horizon

    @cached_property
    def _shares(self) -> tuple[Any, ...]:
        """Whatever rows ask, a leaf adds one of few numbers: they are worked out once."""
        parent = np.full(len(self.left), -1, np.int32)
        for children in (self.left, self.right):
            parent[children[children >= 0]] = np.flatnonzero(children >= 0)
        shares: tuple[Any, ...] = _shares(self._trees, self.cover, parent)
        return shares

    @cached_property
    def _trees(self) -> tuple[Any, ...]:
        return self.roots, self.left, self.right, self.feature, self.cut, self.default_left, self.value


def forest_of(booster: xgb.Booster, horizons: tuple[int, ...]) -> Forest | None:
    """Return the trees of a booster as arrays; None where they do not give the very bits that the booster gives, or are too deep."""
    learner = json.loads(bytes(booster.save_raw("json")))["learner"]
    trees = learner["gradient_booster"].get("model", {}).get("trees", [])
    if learner["objective"]["name"] != "binary:logistic" or not trees or any(any(tree["split_type"]) for tree in trees):
        return None
    score = np.float32(json.loads(learner["learner_model_param"]["base_score"].strip("[]")))
    columns = int(learner["learner_model_param"]["num_feature"])
    sizes = [len(tree["left_children"]) for tree in trees]
    first = np.cumsum([0, *sizes]).astype(np.int32)

    def joined(name: str, kind: Any) -> Any:
        return np.concatenate([np.array(tree[name], dtype=kind) for tree in trees])

    shift = np.repeat(first[:-1], sizes)
    left, right = (np.where((child := joined(f"{side}_children", np.int32)) < 0, -1, child + shift) for side in ("left", "right"))
    conditions = joined("split_conditions", np.float32)
    feature = joined("split_indices", np.int32)
    forest = Forest(
        base=-np.log(np.float32(1) / score - np.float32(1)),
        roots=first,
        left=left.astype(np.int32),
        right=right.astype(np.int32),
        feature=feature,
        cut=conditions,
        default_left=joined("default_left", np.bool_),
        value=conditions,
        cover=joined("sum_hessian", np.float32),
        horizon=columns - 1,
    )
    if _depth(forest) > DEEPEST:
        return None
    # XGBoost's own logarithm may differ from numpy's in the last bit of what is added up from.
    bases = (forest.base, *(np.nextafter(forest.base, np.float32(side)) for side in (-np.inf, np.inf)))
    likely = (replace(forest, base=base) for base in bases)
    return next((each for each in likely if _is_the_same(each, booster, columns - 1, horizons)), None)


def _depth(forest: Forest) -> int:
    depth = np.zeros(len(forest.left), np.int32)
    for node in np.flatnonzero(forest.left >= 0):  # a child stands behind its parent
        depth[forest.left[node]] = depth[forest.right[node]] = depth[node] + 1
    return int(depth.max(initial=0))


def _is_the_same(forest: Forest, booster: xgb.Booster, columns: int, horizons: tuple[int, ...]) -> bool:
    """Return whether the arrays give XGBoost's bits on rows about the cuts, at the cuts, and with values missing."""
    rng = np.random.default_rng(1)
    x = np.full((_PROBES, columns), np.nan)
    for column in range(columns):
        cuts = forest.cut[(forest.feature == column) & (forest.left >= 0)].astype(np.float64)
        if len(cuts):
            x[:, column] = rng.choice([*cuts, *(cuts * 1.1), *(cuts * 0.9), np.nan], _PROBES)
    stacked = np.vstack([np.hstack([x, np.full((len(x), 1), float(h))]) for h in horizons])
    matrix = xgb.DMatrix(stacked, nthread=1)
    margins = booster.predict(matrix, output_margin=True).reshape(len(horizons), len(x)).T
    shares = booster.predict(matrix, pred_contribs=True, strict_shape=True)[:, 0, :columns]
    shares = shares.reshape(len(horizons), len(x), columns).transpose(1, 0, 2)
    return np.array_equal(forest.margins(x, horizons), margins) and np.array_equal(forest.contributions(x, horizons), shares)


def _with_horizon(x: Array) -> Single:
    rows = np.empty((len(x), x.shape[1] + 1), np.float32)
    rows[:, :-1] = x
    return rows


@njit(cache=True, nogil=True)
def _margins(trees: Arrays, base: np.float32, x: Single, horizons: Single, out: Single) -> None:
    roots, left, right, feature, cut, default_left, value = trees
    last = x.shape[1] - 1
    for i in range(len(x)):
        for h in range(len(horizons)):
            x[i, last] = horizons[h]
            total = base
            for tree in range(len(roots) - 1):
                node = roots[tree]
                while left[node] >= 0:
                    known = x[i, feature[node]]
                    goes_left = default_left[node] if np.isnan(known) else known < cut[node]
                    node = left[node] if goes_left else right[node]
                total += value[node]
            out[i, h] = total


@njit(cache=True, nogil=True)
def _contributions(trees: Arrays, of_tree: Arrays, shares: Arrays, x: Single, horizons: Single, out: Single) -> None:
    roots, (columns, first, by_horizon) = trees[0], of_tree
    last = x.shape[1] - 1
    found = np.zeros(x.shape[1], np.float32)
    stack = np.empty((DEEPEST + 2, 3), np.int32)
    for i in range(len(x)):
        for tree in range(len(roots) - 1):
            for h in range(len(horizons)):
                if h == 0 or by_horizon[tree]:
                    for k in range(first[tree], first[tree + 1]):
                        found[columns[k]] = 0.0
                    x[i, last] = horizons[h]
                    _add_tree(trees, shares, roots[tree], x, i, found, stack)
                for k in range(first[tree], first[tree + 1]):
                    out[i, h, columns[k]] += found[columns[k]]


@njit(cache=True, nogil=True)
def _add_tree(trees: Arrays, shares: Arrays, root: int, x: Single, row: int, found: Single, stack: Ints) -> None:
    """Add a tree's contributions for a row to `found`: at each split the branch that the row takes comes first."""
    left, right, feature, cut, default_left = trees[1], trees[2], trees[3], trees[4], trees[5]
    of_leaf, width, columns, terms = shares
    top = 1
    stack[0, 0], stack[0, 1], stack[0, 2] = root, 0, 0
    while top > 0:
        top -= 1
        node, depth, taken = stack[top, 0], stack[top, 1], stack[top, 2]
        if left[node] < 0:
            start = of_leaf[node] + taken * width[node]
            for k in range(start, start + width[node]):
                found[columns[k]] += terms[k]
            continue
        known = x[row, feature[node]]
        goes_left = default_left[node] if np.isnan(known) else known < cut[node]
        hot, cold = (left[node], right[node]) if goes_left else (right[node], left[node])
        stack[top, 0], stack[top, 1], stack[top, 2] = cold, depth + 1, taken
        stack[top + 1, 0], stack[top + 1, 1], stack[top + 1, 2] = hot, depth + 1, taken | (1 << depth)
        top += 2


@njit(cache=True, nogil=True)
def _shares(trees: Arrays, cover: Single, parent: Ints) -> tuple[Ints, Ints, Ints, Single]:
    """Return what a leaf adds to the columns on its way, for each set of these splits that a row may take: where, how many, which, what."""
    left, feature, value = trees[1], trees[3], trees[6]
    of_leaf, width, depths = np.zeros(len(left), np.int32), np.zeros(len(left), np.int32), np.zeros(len(left), np.int32)
    room = 0
    path = np.empty(DEEPEST + 2, np.int32)
    for leaf in range(len(left)):
        if left[leaf] < 0:
            depths[leaf] = _path_to(parent, leaf, path)
            of_leaf[leaf] = room
            distinct = 0
            for step in range(depths[leaf]):
                new = True
                for former in range(step):
                    new &= feature[path[former]] != feature[path[step]]
                distinct += new
            width[leaf] = distinct
            room += distinct << depths[leaf]
    columns, terms = np.empty(room, np.int32), np.empty(room, np.float32)
    of = np.empty(DEEPEST + 2, np.int32)
    zero, one, weight = np.empty(DEEPEST + 2, np.float32), np.empty(DEEPEST + 2, np.float32), np.empty(DEEPEST + 2, np.float32)
    for leaf in range(len(left)):
        if left[leaf] < 0 and width[leaf]:
            _path_to(parent, leaf, path)
            for taken in range(1 << depths[leaf]):
                unique = _walk(feature, cover, path, depths[leaf], taken, (of, zero, one, weight))
                for k in range(1, unique + 1):
                    place = of_leaf[leaf] + taken * width[leaf] + k - 1
                    columns[place] = of[k]
                    terms[place] = _unwound(zero, one, weight, unique, k) * (one[k] - zero[k]) * value[leaf]
    return of_leaf, width, columns, terms


@njit(cache=True, nogil=True)
def _path_to(parent: Ints, leaf: int, path: Ints) -> int:
    """Write the nodes from the root to a leaf, and return how many splits there are."""
    depth, node = 0, leaf
    while parent[node] >= 0:
        depth += 1
        node = parent[node]
    node = leaf
    for step in range(depth, -1, -1):
        path[step] = node
        node = parent[node]
    return depth


@njit(cache=True, nogil=True)
def _walk(feature: Ints, cover: Single, path: Ints, depth: int, taken: int, room: Arrays) -> int:
    """Extend the unique path from the root to a leaf: a feature that splits again takes the place of its former split."""
    of, zero, one, weight = room
    unique = 0
    _extend(of, zero, one, weight, 0, np.float32(1.0), np.float32(1.0), -1)
    for step in range(depth):
        node, child = path[step], path[step + 1]
        before_zero, before_one = np.float32(1.0), np.float32(1.0)
        k = 0
        while k <= unique and of[k] != feature[node]:
            k += 1
        if k <= unique:
            before_zero, before_one = zero[k], one[k]
            _unwind(of, zero, one, weight, unique, k)
            unique -= 1
        unique += 1
        share = np.float32(cover[child] / cover[node]) * before_zero
        _extend(of, zero, one, weight, unique, share, before_one if taken >> step & 1 else np.float32(0.0), feature[node])
    return unique


@njit(cache=True, nogil=True)
def _extend(
    of: Ints, zero: Single, one: Single, weight: Single, depth: int, zero_share: np.float32, one_share: np.float32, feature: int
) -> None:
    of[depth], zero[depth], one[depth] = feature, zero_share, one_share
    weight[depth] = np.float32(1.0) if depth == 0 else np.float32(0.0)
    whole = np.float32(depth + 1)
    for i in range(depth - 1, -1, -1):
        weight[i + 1] += one_share * weight[i] * np.float32(i + 1) / whole
        weight[i] = zero_share * weight[i] * np.float32(depth - i) / whole


@njit(cache=True, nogil=True)
def _unwind(of: Ints, zero: Single, one: Single, weight: Single, depth: int, place: int) -> None:
    one_share, zero_share, whole = one[place], zero[place], np.float32(depth + 1)
    portion = weight[depth]
    for i in range(depth - 1, -1, -1):
        if one_share != 0:
            former = weight[i]
            weight[i] = portion * whole / (np.float32(i + 1) * one_share)
            portion = former - weight[i] * zero_share * np.float32(depth - i) / whole
        else:
            weight[i] = weight[i] * whole / (zero_share * np.float32(depth - i))
    for i in range(place, depth):
        of[i], zero[i], one[i] = of[i + 1], zero[i + 1], one[i + 1]


@njit(cache=True, nogil=True)
def _unwound(zero: Single, one: Single, weight: Single, depth: int, place: int) -> np.float32:
    """Return the sum of the weights were one split of the path unwound."""
    one_share, zero_share, whole = one[place], zero[place], np.float32(depth + 1)
    portion, total = weight[depth], np.float32(0.0)
    for i in range(depth - 1, -1, -1):
        if one_share != 0:
            part = portion * whole / (np.float32(i + 1) * one_share)
            total += part
            portion = weight[i] - part * zero_share * (np.float32(depth - i) / whole)
        elif zero_share != 0:
            total += (weight[i] / zero_share) / (np.float32(depth - i) / whole)
    return total
