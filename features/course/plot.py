"""Where things lie in a picture of the course: days and months become pixels, and points are joined."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from features.course.person import PersonCourse
from features.course.svg import DASHED, DATA, Drawing
from myeloma.calendar import DAYS_PER_MONTH

_STEPS = (1, 2, 3, 6, 12, 24, 36, 60, 120, 240)
_LONG_DAYS = 18 * DAYS_PER_MONTH  # beyond it, what joins two results is dashed: nobody knows what was between them


@dataclass(frozen=True)
class Plot:
    """Where months lie: `left` is the month `first`, `right` the month `last`."""

    drawing: Drawing
    person: PersonCourse
    left: float
    right: float
    first: float
    last: float

    def x(self, day: float) -> float:
        """Return where a day lies."""
        return self.at(self.person.month(day))

    def at(self, month: float) -> float:
        """Return where a month lies."""
        return self.left + (month - self.first) / (self.last - self.first) * (self.right - self.left)

    def ticks(self) -> list[int]:
        """Return the months that are labelled, at least 40 pixels from each other."""
        step = next((step for step in _STEPS if self.at(step) - self.at(0) >= 40), _STEPS[-1])
        return list(range(0, int(self.last) + 1, step))

    def joined(self, places: list[tuple[int, float]]) -> None:
        """Join points (day, y), those far apart in time by dashes."""
        for (day, y), (following, lower) in pairwise(places):
            dashes = DASHED if following - day > _LONG_DAYS else ""
            self.drawing.line(self.x(day), y, self.x(following), lower, DATA, 1.5, dashes)
