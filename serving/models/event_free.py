"""How long a person stays free of the event at least: a lower bound that holds for 19 of 20 such people, death competing.

The bound is the time at which the person's own incidence reaches a level. The level is chosen on people whom the fit has not seen, weighted
for those lost, so that in 1 of 20 the event comes before the bound: what conformal prediction does, with weights for censoring (Candes, Lei
and Ren, J R Stat Soc B 2023;85:24; Sesia and Svetnik, arXiv:2505.04568). Death first counts as free of the event.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from serving.models.base import Array, ImpossibleModelError, numbers

SHARE = 0.95
PARTS = 4  # of equal length, between one horizon and the next
_TENTHS, _ROUNDED = 10.0, 1e-9


@dataclass(frozen=True)
class EventFree:
    """A level of risk, and when in between the horizons the events fall.

    Attributes
    ----------
    level : the risk at which the bound lies
    longest : months, at most the last horizon; nobody is told a longer time, since of those at lowest risk no more are free for longer
    course : by horizon the share of the events since the horizon before that fall into each of `PARTS` parts, 1 in all
    """

    level: float
    longest: float
    course: tuple[tuple[float, ...], ...]

    def months(self, risks: Array, horizons: tuple[int, ...]) -> Array:
        """Return the bound of each row in months, rounded down to a tenth; `longest` where the risk does not reach the level by then.

        Parameters
        ----------
        risks : array (rows, horizons)
        """
        start = np.empty_like(risks)
        start[:, 0], start[:, 1:] = 0.0, risks[:, :-1]
        within = start[:, :, None] + (risks - start)[:, :, None] * self._reached
        incidence = np.concatenate([within.reshape(len(risks), -1), risks[:, -1:]], axis=1)
        passed = np.minimum((incidence[:, 1:] <= self.level).sum(axis=1), within[0].size - 1 if len(risks) else 0)
        rows, edges = np.arange(len(risks)), _edges(horizons)
        before, after = incidence[rows, passed], incidence[rows, passed + 1]
        crosses = after > self.level
        share = np.where(crosses, self.level - before, 1.0) / np.where(crosses, after - before, 1.0)
        return rounded_down(edges[passed] + share * (edges[passed + 1] - edges[passed]), self.longest)

    @cached_property
    def _reached(self) -> Array:
        """Return the share of each horizon's events that has fallen by the start of each part: (horizons, parts)."""
        course = np.array(self.course)
        reached: Array = np.cumsum(course, axis=1) - course
        return reached

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
        level, longest = (float(numbers(content, name, ())) for name in ("level", "longest"))
        course = numbers(content, "course", (horizons, PARTS))
        if not 0 < level < 1 or longest <= 0:
            what = f"the level of the time free of the event is {level}, the longest {longest} months"
            raise ImpossibleModelError(f"{what}, accepted: between 0 and 1, and above 0")
        if (course < 0).any() or not np.allclose(course.sum(axis=1), 1.0):
            raise ImpossibleModelError("the course between the horizons holds a negative share, or does not sum to 1")
        return cls(level, longest, tuple(map(tuple, course.tolist())))


def rounded_down(months: Array | float, longest: float) -> Array:
    """Return months, the longest at most, rounded down to a tenth, as they are told.

    A tenth that is missed by a rounding error is reached, but where it is past the longest.
    """
    tenths = np.floor(np.minimum(months, longest) * _TENTHS + _ROUNDED)
    told: Array = np.where(tenths / _TENTHS > longest, tenths - 1.0, tenths) / _TENTHS
    return told


@lru_cache
def _edges(horizons: tuple[int, ...]) -> Array:
    """Return the months at which the parts begin, and the last horizon."""
    ends = np.array([0.0, *horizons])
    return np.concatenate([(ends[:-1, None] + np.diff(ends)[:, None] * np.arange(PARTS) / PARTS).ravel(), ends[-1:]])
