"""Lines of therapy as the rules of response take them: when they run, and whether an antibody of theirs may be seen as M-protein."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.cohort.episodes import line_positions, stop_of_lines
from features.history.arrays import Histories
from features.history.layout import Days
from myeloma.calendar import NEVER, NO_DAY
from myeloma.three_valued import any_of
from myeloma.treated.interference import under_antibody
from myeloma.treated.regimens import Regimen, regimen

Array = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True)
class Treated:
    """The lines of therapy of people, one element a line, in the order of `Histories.lines`.

    Attributes
    ----------
    patient, number, start : the person, the line's number, its first day
    stop : the day on which the last of its drugs was stopped, `NEVER` where none says so: a line without a stop goes on
    following : the first day of the person's next line, `NEVER` where there is none
    regimens : what was given in it, as far as it was named
    """

    patient: NDArray[np.int32]
    number: NDArray[np.int16]
    start: Days
    stop: Days
    following: Days
    regimens: tuple[tuple[Regimen, ...], ...]

    @classmethod
    def of(cls, histories: Histories) -> Treated:
        """Return the lines that were recorded."""
        lines, happened = histories.lines, histories.happened
        following = np.full(len(lines), NEVER, np.int32)
        same = lines.person[1:] == lines.person[:-1]
        following[:-1][same] = lines.start[1:][same]
        known = [regimen(text) if text else None for text in happened.drugs]
        named: list[dict[str, Regimen]] = [{} for _ in range(len(lines))]
        for start, position in enumerate(line_positions(lines, happened.starts).tolist()):
            if (given := known[happened.starts.drug[start]]) is not None:
                named[position].setdefault(given.text.casefold(), given)
        stop = stop_of_lines(lines, happened.starts, happened.stops)
        return cls(lines.person, lines.line, lines.start, stop, following, tuple(tuple(one.values()) for one in named))

    @cached_property
    def antibody(self) -> Array:
        """Whether a line holds an antibody that leaves a band: 1, 0, NaN where not all of it is known."""
        return self._of_all(lambda given: given.antibody)

    def holds(self, kind: str) -> Array:
        """Return whether a line holds a drug of a class: 1, 0, NaN where not all of it is known."""
        return self._of_all(lambda given: given.has(kind))

    def _of_all(self, told: Callable[[Regimen], float]) -> Array:
        answers = [[told(one) for one in given] for given in self.regimens]
        return np.array([1.0 if 1.0 in said else 0.0 if said and not np.isnan(said).any() else np.nan for said in answers], dtype=float)

    def on_therapy(self, line: Whole, day: Days) -> Array:
        """Return whether a line goes on on a day: 1, 0, NaN without a line."""
        return np.where(line < 0, np.nan, (self.at(self.stop, line) > day).astype(float))

    def at(self, values: NDArray[np.number[Any]], line: Whole) -> Array:
        """Return what an array of lines holds at some of them, NaN at -1."""
        found: Array = np.append(values.astype(float), np.nan)[line]
        return found

    def antibody_seen(self, patient: NDArray[np.int32], day: Days) -> Array:
        """Return whether an antibody of any line may be seen on a day: 1, 0, NaN where that is open."""
        first, last = (np.searchsorted(self.patient, patient, side) for side in ("left", "right"))
        seen = np.zeros(len(day))
        for k in range(int((last - first).max(initial=0))):
            line = np.minimum(first + k, max(len(self.start) - 1, 0))
            begun = (first + k < last) & (self.start[line] <= day)
            until = np.where(begun, np.minimum(self.stop[line], day), NO_DAY)
            one = np.where(begun, under_antibody(day, until, self.antibody[line]), 0.0)
            seen = any_of([seen, one])
        return seen
