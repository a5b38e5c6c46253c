"""How long a person stays free of the event at least: a lower bound that holds for 19 of 20 such people, death competing.

The bound is the time at which the person's own incidence reaches a level. The level is chosen on people whom the fit has not seen, weighted
for those lost, so that in 1 of 20 the event comes before the bound: what conformal prediction does, with weights for censoring (Candes, Lei
and Ren, J R Stat Soc B 2023;85:24; Sesia and Svetnik, arXiv:2505.04568). Death first counts as free of the event.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np

from serving.models.base import Array, ImpossibleModelError, numbers

SHARE = 0.95
PARTS = 4  # of equal length, between one horizon and the next
_TENTHS = 10.0


@dataclass(frozen=True)
class EventFree:
    """A level of risk, and when in between the horizons the events fall.

    Attributes
    ----------
    level : the risk at which the bound lies
    course : by horizon the share of the events since the horizon before that fall into each of `PARTS` parts, 1 in all
    """

    level: float
    course: tuple[tuple[float, ...], ...]

    def months(self, risks: Array, horizons: tuple[int, ...]) -> Array:
        """Return the bound of each row in months, rounded down to a tenth; the last horizon where the risk does not reach the level.

        Parameters
        ----------
        risks : array (rows, horizons)
        """
        edges = np.concatenate([[0.0], np.array(horizons, dtype=float)])
        before = np.concatenate([np.zeros((len(risks), 1)), risks], axis=1)
        found = np.full(len(risks), edges[-1])
        for h in range(len(horizons)):
            start, end = before[:, h], before[:, h + 1]
            there = (start <= self.level) & (self.level < end)
            within = np.where(there, self.level - start, 0.0) / np.where(there, end - start, 1.0)
            found = np.where(there, np.interp(within, self._reached[h], np.linspace(edges[h], edges[h + 1], PARTS + 1)), found)
        return np.floor(found * _TENTHS) / _TENTHS

    @cached_property
    def _reached(self) -> Array:
        return np.concatenate([np.zeros((len(self.course), 1)), np.cumsum(np.array(self.course), axis=1)], axis=1)

    def save(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        return asdict(self)

    @classmethod
    def load(cls, content: Mapping[str, Any], horizons: int) -> EventFree:
        """Return what `save` wrote.

        Raises
        ------
        ImpossibleModelError
            The level is no risk, or the course has another shape or is none.
        """
        level, course = float(numbers(content, "level", ())), numbers(content, "course", (horizons, PARTS))
        if not 0 < level < 1:
            raise ImpossibleModelError(f"the level of the time free of the event is {level}, accepted: between 0 and 1")
        if (course < 0).any() or not np.allclose(course.sum(axis=1), 1.0):
            raise ImpossibleModelError("the course between the horizons holds a negative share, or does not sum to 1")
        return cls(level, tuple(map(tuple, course.tolist())))
