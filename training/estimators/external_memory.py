"""Horizon-stacked rows of a table that stays on disk, binned by XGBoost into its external memory, one block of rows at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray

from features.history.columns import without_what_measures_nothing
from serving.models.base import Array
from training.estimators.missingness import Hidden
from training.estimators.stacking import Stacked, Weighting, at_each_horizon
from training.estimators.whole import Whole

Bools = NDArray[np.bool_]
Floats = NDArray[np.float32]


@contextmanager
def binned(whole: Whole, columns: list[str], horizons: tuple[int, ...], options: dict[str, Any], folder: Path) -> Iterator[Bins]:
    """Give the bins of all rows, which lie in a folder, and take them from there again.

    Parameters
    ----------
    options : dict
        Of `fit_boosting`: weighting, hidden_share, seed.
    """
    bins = Bins(whole, columns, horizons, options, folder)
    try:
        yield bins
    finally:
        del bins.matrix  # XGBoost removes its files itself, and warns where they are gone


class Bins:
    """The binned rows of all horizons, and the weights with which a fit takes part of them."""

    matrix: xgb.DMatrix

    def __init__(self, whole: Whole, columns: list[str], horizons: tuple[int, ...], options: dict[str, Any], folder: Path) -> None:
        self._whole, self.horizons, self._weighting = whole, horizons, options["weighting"]
        self._hidden = Hidden.of(len(whole.rows), columns, options["hidden_share"], options["seed"])
        self._lengths = list[int]()
        self._weight, self._progressed = _weights(whole, horizons, self._weighting)
        self.matrix = xgb.ExtMemQuantileDMatrix(_Blocks(self, columns, folder))

    def weigh(self, there: Bools) -> float:
        """Let the rows that a fit is given weigh what they do by themselves, and others nothing; return the weighted mean outcome."""
        weight = self._weight
        if not there.all():
            weight = np.zeros_like(self._weight)
            weight[there] = _weights(self._whole, self.horizons, self._weighting, there)[0]
        begins, counts = np.cumsum([0, *self._lengths]), []
        for begin, end in pairwise(begins.tolist()):  # as the matrix was filled
            without_features = np.empty((end - begin, 0))
            counts.append(self._stacked(begin, without_features, weight)[1].weight)
        self.matrix.set_weight(np.concatenate(counts))
        return float(np.average(self._progressed, weights=weight))

    def blocks(self, columns: list[str]) -> Iterator[tuple[Array, Stacked]]:
        """Yield features and stacked rows block by block, the copies with hidden cells of each behind it."""
        self._lengths, begin = [], 0
        for x in self._whole.features(columns):
            x = without_what_measures_nothing(x, columns)
            yield self._stacked(begin, x.astype(np.float32), self._weight)
            self._lengths.append(len(x))
            begin += len(x)

    def _stacked(self, begin: int, x: Array, weight: Floats) -> tuple[Array, Stacked]:
        here = slice(begin, begin + len(x))
        horizon, row = np.nonzero(self._weight[here].T > 0)
        stacked = Stacked(row, horizon, self._progressed[here][row, horizon].astype(float), weight[here][row, horizon].astype(float))
        return self._hidden.part(begin, begin + len(x), x.shape[1]).added_to(x, stacked)


class _Blocks(xgb.DataIter):
    """What XGBoost asks for, several times over: the blocks, each with a column for the horizon."""

    def __init__(self, bins: Bins, columns: list[str], folder: Path) -> None:
        self._bins, self._columns = bins, columns
        self._blocks: Iterator[tuple[Array, Stacked]] = iter(())
        super().__init__(cache_prefix=str(folder / "bins"))

    def reset(self) -> None:
        self._blocks = self._bins.blocks(self._columns)

    def next(self, input_data: Callable[..., None]) -> bool:
        found = next(self._blocks, None)
        if found is None:
            return False
        x, stacked = found
        months = np.array(self._bins.horizons, dtype=np.float32)[stacked.horizon]
        input_data(data=np.hstack([x[stacked.row], months[:, None]]), label=stacked.y, weight=stacked.weight)
        return True


def _weights(whole: Whole, horizons: tuple[int, ...], weighting: Weighting, there: Bools | None = None) -> tuple[Floats, Bools]:
    """Return what each of some rows counts for at each horizon, 0 where its status is unknown, and whether it progressed within it."""
    rows = whole.rows if there is None else whole.rows[there]
    weight = np.empty((len(rows), len(horizons)), dtype=np.float32)
    progressed = np.empty(weight.shape, dtype=bool)
    for h, (counts, within) in enumerate(at_each_horizon(rows, horizons, weighting)):
        weight[:, h], progressed[:, h] = counts, within
    return weight, progressed
