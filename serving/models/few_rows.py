"""Several boosters' trees for a few rows at a time: one call asks them all.

A person's answer asks a model and its halves, some thousand trees, once. What costs then is not the arithmetic but the memory that is
read, so each tree lies in one piece: its splits, level by level, and its leaves behind them. Leaves that lie nearer to the root are
repeated to the depth of the others. For many rows the tables of `serving.models.bit_tables` are faster.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numba import njit
from numpy.typing import NDArray

from serving.models.base import Array

if TYPE_CHECKING:
    from serving.models.forest import Forest

Single = NDArray[np.float32]
Splits = tuple[Single, NDArray[np.uint16], NDArray[np.bool_]]  # (trees, splits): cut, column, whether an unknown value goes left


class WholeTrees:
    """Forests over the same columns and horizons, filled up to trees of one depth."""

    def __init__(self, forests: Sequence[Forest]) -> None:
        first = forests[0]
        depth = max(forest.depth for forest in forests)
        each = [_filled(forest, depth) for forest in forests]
        self._splits: Splits = tuple(np.concatenate(parts) for parts in zip(*(splits for splits, _ in each), strict=True))
        self._leaves: Single = np.concatenate([leaves for _, leaves in each])
        self._ends = np.cumsum([len(leaves) for _, leaves in each])
        self._bases = np.array([forest.base for forest in forests], np.float32)
        self._asks_horizon = (self._splits[1] == first.horizon).any(axis=1)
        self._horizons = np.array(first.horizons, np.float32)

    def margins(self, x: Array) -> Array:
        """Return log-odds (forests, rows, horizons), each to the last bit what its forest gives."""
        out = np.empty((len(self._ends), len(x), len(self._horizons)), np.float32)
        _add_up(self._splits, self._leaves, self._asks_horizon, self._ends, self._bases, self._horizons, x, out)
        return out.astype(np.float64)


def _filled(forest: Forest, depth: int) -> tuple[Splits, Single]:
    """Return the splits (trees, 2 ** depth - 1), level by level, and the leaves (trees, 2 ** depth) of a forest's trees."""
    level, levels = forest.roots[:-1, None], []
    for _ in range(depth):
        levels.append(level)
        splits = forest.left[level] >= 0
        below = [np.where(splits, side[level], level) for side in (forest.left, forest.right)]
        level = np.stack(below, axis=2).reshape(len(level), -1)
    nodes = np.concatenate([np.empty((len(level), 0), np.int32), *levels], axis=1)
    column = np.where(forest.left[nodes] >= 0, forest.feature[nodes], 0).astype(np.uint16)
    return (forest.cut[nodes], column, forest.default_left[nodes]), forest.value[level]


@njit(cache=True, nogil=True)
def _add_up(
    splits: Splits,
    leaves: Single,
    asks_horizon: NDArray[np.bool_],
    ends: NDArray[np.int64],
    bases: Single,
    horizons: Single,
    x: Array,
    out: Single,
) -> None:
    """Write the base and a leaf of each tree, added in their order in single precision, as XGBoost does."""
    cut, column, unknown_left = splits
    inner, row, right = cut.shape[1], np.empty(x.shape[1] + 1, np.float32), np.empty(cut.shape[1], np.uint8)
    for i in range(x.shape[0]):
        for k in range(x.shape[1]):
            row[k] = x[i, k]
        tree = 0
        for forest in range(len(ends)):
            out[forest, i] = bases[forest]
            while tree < ends[forest]:
                leaf = np.float32(0.0)
                for h in range(len(horizons)):
                    if h == 0 or asks_horizon[tree]:
                        row[-1], node = horizons[h], 0
                        for k in range(inner):  # every test, none waiting for another: which way a person goes cannot be foreseen
                            value = row[column[tree, k]]
                            right[k] = (value >= cut[tree, k]) | ((value != value) & (not unknown_left[tree, k]))
                        while node < inner:
                            node = 2 * node + 1 + right[node]
                        leaf = leaves[tree, node - inner]
                    out[forest, i, h] += leaf
                tree += 1
