"""A booster's trees as arrays, and what they say of rows: log-odds as XGBoost gives them, to the last bit, and exact SHAP values.

To ask XGBoost for one row takes a millisecond, nearly all of it on the way to the trees and back; to ask it for the SHAP values of many
takes a hundred times what the tables of `serving.models.bit_tables` take.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray

from serving.models.base import Array
from serving.models.bit_tables import (
    DEEPEST,
    MOST_TESTS,
    Arrays,
    Single,
    add_contributions,
    add_contributions_of_few,
    add_margins,
    cut_into_groups,
    leaf_values,
    shape_of,
    shapley_values,
)
from serving.models.few_rows import WholeTrees

_PROBES = 16  # rows on which the arrays have to give XGBoost's own log-odds before they are used
FEW = 8  # rows that are faster done one by one
_ALONE = 2048  # rows up to which the calling thread does all


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
    horizon : the last column, whose values are the horizons (months)
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
    horizons: tuple[int, ...]

    def margins(self, x: Array, threads: int = 1) -> Array:
        """Return log-odds (rows, horizons)."""
        if len(x) <= FEW:
            few: Array = self._whole.margins(x)[0]
            return few
        out = np.empty((len(x), len(self.horizons)), np.float32)
        at, values = self._values
        _shared_out(lambda rows: add_margins(self._asked, at, values, self.base, x[rows], out[rows]), len(x), threads)
        return out.astype(np.float64)

    def contributions(self, x: Array, threads: int = 1) -> Array:
        """Return SHAP values (rows, horizons, columns); the horizon's own share is left out."""
        out = np.empty((len(x), len(self.horizons), x.shape[1]))
        at, shares, slots = self._shares
        add = add_contributions if len(x) > FEW else add_contributions_of_few
        _shared_out(lambda rows: add(self._asked, at, shares, slots, x[rows], out[rows]), len(x), threads)
        return out

    @cached_property
    def depth(self) -> int:
        """Return the most splits on the way to a leaf."""
        return int(shape_of(self.left, self.right)[1].max())

    @cached_property
    def _whole(self) -> WholeTrees:
        return WholeTrees([self])

    @cached_property
    def _groups(self) -> Arrays:
        groups: Arrays = cut_into_groups(self.left, self.right, self.roots)
        return groups

    @cached_property
    def _tests(self) -> Arrays:
        """Return, for each test of each group, column (-1: the horizon), cut, and whether an unknown value goes left."""
        tests = self._groups[3]
        feature = self.feature[tests]
        return np.where(feature == self.horizon, -1, feature).astype(np.int32), self.cut[tests], self.default_left[tests]

    @cached_property
    def _asked(self) -> Arrays:
        """Return the tests as the kernels take them, with the outcomes that each horizon has by itself."""
        size, (feature, cut, unknown_left) = self._groups[2], self._tests
        is_test = np.arange(MOST_TESTS) < size[:, None]
        of_horizon = (feature < 0) & is_test
        bits = np.where(of_horizon, 1 << np.arange(MOST_TESTS), 0)
        outcomes = [(bits * (np.float32(months) < cut)).sum(axis=1) for months in self.horizons]
        return size, feature, cut, unknown_left, of_horizon.any(axis=1), np.column_stack(outcomes).astype(np.int32)

    @cached_property
    def _values(self) -> Arrays:
        at = _places(1 << self._groups[2].astype(np.int64))
        return at, leaf_values(self.left, self.value, self._groups, at)

    @cached_property
    def _shares(self) -> Arrays:
        """Return the tables of SHAP values, with the columns of each group."""
        size, feature = self._groups[2], self._tests[0]
        slot, columns, width = np.full(feature.shape, -1, np.int32), np.zeros(feature.shape, np.int32), np.zeros(len(size), np.int32)
        for g, tests in enumerate(size):
            mine = {column: k for k, column in enumerate(dict.fromkeys(c for c in feature[g, :tests].tolist() if c >= 0))}
            width[g], columns[g, : len(mine)] = len(mine), list(mine)
            slot[g, :tests] = [mine.get(column, -1) for column in feature[g, :tests].tolist()]
        at = _places(width.astype(np.int64) << size)
        shares = shapley_values((self.left, self.feature, self.value), self.cover, self._groups, slot, at)
        return at, shares, (columns, width)


def forest_of(booster: xgb.Booster, horizons: tuple[int, ...]) -> Forest | None:
    """Return the trees of a booster as arrays; None where they do not give the log-odds that the booster gives, or are too deep."""
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
    forest = Forest(
        base=-np.log(np.float32(1) / score - np.float32(1)),
        roots=first,
        left=left.astype(np.int32),
        right=right.astype(np.int32),
        feature=joined("split_indices", np.int32),
        cut=conditions,
        default_left=joined("default_left", np.bool_),
        value=conditions,
        cover=joined("sum_hessian", np.float32),
        horizon=columns - 1,
        horizons=horizons,
    )
    if forest.depth > DEEPEST:
        return None
    # XGBoost's own logarithm may differ from numpy's in the last bit of what is added up from.
    bases = (forest.base, *(np.nextafter(forest.base, np.float32(side)) for side in (-np.inf, np.inf)))
    return next((each for each in (replace(forest, base=base) for base in bases) if _is_the_same(each, booster)), None)


def _is_the_same(forest: Forest, booster: xgb.Booster) -> bool:
    """Return whether the arrays give XGBoost's log-odds on rows about the cuts, at the cuts, and with values missing.

    Those of many rows and those of few are made in different ways, and both have to.
    """
    rng = np.random.default_rng(1)
    x = np.full((_PROBES, forest.horizon), np.nan)
    for column in range(forest.horizon):
        cuts = forest.cut[(forest.feature == column) & (forest.left >= 0)].astype(np.float64)
        if len(cuts):
            x[:, column] = rng.choice([*cuts, *(cuts * 1.1), *(cuts * 0.9), np.nan], _PROBES)
    stacked = np.vstack([np.hstack([x, np.full((len(x), 1), float(months))]) for months in forest.horizons])
    matrix = xgb.DMatrix(stacked, nthread=1)
    # The first round alone as well: after many trees, what is added up from may be a bit off and not be seen.
    first = replace(forest, roots=forest.roots[: len(booster[:1].get_dump()) + 1])
    for some, rounds in ((first, (0, 1)), (forest, (0, 0))):
        asked = booster.predict(matrix, output_margin=True, iteration_range=rounds).reshape(-1, len(x)).T
        if not all(np.array_equal(found, asked) for found in (some.margins(x), some._whole.margins(x)[0])):
            return False
    return True


def _places(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where each of several tables begins that lie one after the other, and the end of the last."""
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


def _shared_out(do: Callable[[slice], None], rows: int, threads: int) -> None:
    """Do all rows, many of them by several threads: the kernels leave Python free, and no row knows of another."""
    if rows <= _ALONE or threads <= 1:
        return do(slice(0, rows))
    edges = np.linspace(0, rows, threads + 1).astype(int).tolist()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(do, map(slice, edges[:-1], edges[1:])))
    return None
