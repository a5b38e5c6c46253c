"""Columns that are made of others once the kernel is done: the evolving flag, changes from baseline, the limit of a result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.history.columns import Column
from features.history.evolving import evolving_from
from features.history.figures import PERCENT
from features.history.statistics import EVOLVING, LIMIT, statistic
from features.history.windows import BASELINE

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Combined:
    """A column: where it stands, the names of those it is made of, and how."""

    place: int
    of: tuple[str, ...]
    make: Callable[..., Any]

    def write(self, out: Array, place: dict[str, int]) -> None:
        """Write the column into its row of `out` (columns, landmarks), in which those it is made of stand already."""
        out[self.place] = self.make(*(out[place[name]] for name in self.of))


def combined_of(place: int, column: Column) -> Combined | None:
    """Return how a column is made of others; None where the kernel makes it."""
    if column.statistic is None:
        return None
    one, other = statistic(column.statistic), f"{column.biomarker}__{{}}__{column.window}"
    if column.statistic == EVOLVING:
        return Combined(place, *evolving_from(column))
    if column.statistic == LIMIT:
        return Combined(place, (other.format("last"), other.format("reported_below")), _limit)
    if one.against == BASELINE:
        return Combined(
            place, (other.format("last"), f"{column.biomarker}__last__{BASELINE}"), _percent if one.operation == PERCENT else np.subtract
        )
    return None


def _percent(latest: Array, before: Array) -> Array:
    percent: Array = 100.0 * (latest - before) / np.where(before > 0.0, before, np.nan)
    return percent


def _limit(latest: Array, below: Array) -> Array:
    return np.where(below == 1.0, latest, np.nan)
