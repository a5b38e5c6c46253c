"""Lines of therapy as the rules of response take them: when they run, and whether an antibody of theirs may be seen as M-protein."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.cohort.episodes import end_of_starts, line_positions, stop_of_lines
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
    """The lines of therapy of people, one element a line, in the order of `Histories.lines`; and what was given in them.

    What is on a day rests on the starts and stops that were recorded up to it.

    Attributes
    ----------
    patient, number, start : the person, the line's number, its first day
    stop : the day on which the last of its drugs was stopped, `NEVER` where none says so
    following : the first day of the person's next line, `NEVER` where there is none
    line, begun, ended, drug : one element a start of treatment, sorted by line and day: its line, its day, the first day on which what it
        began was stopped (`NEVER` where it goes on), and its place in `regimens`
    regimens : what is known of each drug or regimen; the first was not named
    """

    patient: NDArray[np.int32]
    number: NDArray[np.int16]
    start: Days
    stop: Days
    following: Days
    line: Whole
    begun: Days
    ended: Days
    drug: NDArray[np.int32]
    regimens: tuple[Regimen, ...]

    @classmethod
    def of(cls, histories: Histories) -> Treated:
        """Return the lines that were recorded."""
        lines, happened = histories.lines, histories.happened
        following = np.full(len(lines), NEVER, np.int32)
        same = lines.person[1:] == lines.person[:-1]
        following[:-1][same] = lines.start[1:][same]
        starts, stops = happened.starts, happened.stops
        position, ended = line_positions(lines, starts), end_of_starts(lines, starts, stops)
        order = np.lexsort((starts.drug, starts.day, position))
        given = (position[order].astype(np.int64), starts.day[order], ended[order], starts.drug[order])
        stop = stop_of_lines(lines, starts, stops)
        return cls(lines.person, lines.line, lines.start, stop, following, *given, tuple(map(regimen, happened.drugs)))

    def at(self, values: NDArray[np.number[Any]], line: Whole) -> Array:
        """Return what an array of lines holds at some of them, NaN at -1."""
        found: Array = np.append(values.astype(float), np.nan)[line]
        return found

    def on_therapy(self, line: Whole, day: Days) -> Array:
        """Return whether something of a line goes on on a day: 1, 0, NaN without a line. What has no stop goes on."""
        goes_on = np.zeros(len(day))
        for start, begun in self._starts_by(line, line, day):
            goes_on = np.where(begun & (np.append(self.ended, NEVER)[start] > day), 1.0, goes_on)
        return np.where(line < 0, np.nan, goes_on)

    def stopped_by(self, line: Whole, day: Days) -> Whole:
        """Return the last day up to a day on which something of a line was stopped, `NO_DAY` where nothing was."""
        last = np.full(len(day), NO_DAY, np.int64)
        for start, begun in self._starts_by(line, line, day):
            ended = np.append(self.ended, NEVER)[start]
            last = np.where(begun & (ended <= day), np.maximum(last, ended), last)
        return last

    def on_since(self, line: Whole, day: Days) -> Whole:
        """Return since when something of a line has gone on without a break by a day, `NO_DAY` where nothing has begun.

        A day on which all had been stopped breaks it; what is stopped on the day of another start does not.
        """
        since, until = np.full(len(day), NO_DAY, np.int64), np.full(len(day), NO_DAY, np.int64)
        for start, begun in self._starts_by(line, line, day):
            first, ended = (np.append(days, NEVER)[start].astype(np.int64) for days in (self.begun, self.ended))
            since = np.where(begun & (first > until), first, since)
            until = np.where(begun, np.maximum(until, ended), until)
        return since

    def holds(self, kind: str, line: Whole, day: Days) -> Array:
        """Return whether what was given of a line by a day holds a drug of a class: 1, 0, NaN where not all of it is known."""
        has = np.append([one.has(kind) for one in self.regimens], np.nan)
        found = np.zeros(len(day))
        for start, begun in self._starts_by(line, line, day):
            found = np.where(begun, any_of([found, has[np.append(self.drug, -1)[start]]]), found)
        return np.where(line < 0, np.nan, found)

    def names(self, line: Whole, day: Days) -> list[tuple[str, ...]]:
        """Return the names of what was given of each line by a day, each once, in the order of their starts."""
        said: list[dict[int, str]] = [{} for _ in range(len(day))]
        for start, begun in self._starts_by(line, line, day):
            for k in np.flatnonzero(begun).tolist():
                drug = int(self.drug[start[k]])
                if self.regimens[drug].text:
                    said[k].setdefault(drug, self.regimens[drug].text)
        return [tuple(names.values()) for names in said]

    def antibody_seen(self, patient: NDArray[np.int32], day: Days) -> Array:
        """Return whether an antibody, of whatever line, may be seen on a day: 1, 0, NaN where that is open."""
        first, last = (np.searchsorted(self.patient, patient, side) for side in ("left", "right"))
        antibody = np.append([one.antibody for one in self.regimens], np.nan)
        seen = np.zeros(len(day))
        for start, begun in self._starts_by(first, last - 1, day):
            until = np.where(begun, np.minimum(np.append(self.ended, NEVER)[start], day), NO_DAY)
            one = under_antibody(day, until, antibody[np.append(self.drug, -1)[start]])
            seen = np.where(begun, any_of([seen, one]), seen)
        return seen

    def _starts_by(self, first: Whole, last: Whole, day: Days) -> Iterator[tuple[Whole, NDArray[np.bool_]]]:
        """Yield, one by one, the starts of lines `first` to `last` of each question, and whether there is one by the day."""
        begins = np.searchsorted(self.line, np.where(first < 0, len(self.start), first), "left")
        ends = np.searchsorted(self.line, last, "right")
        for k in range(int((ends - begins).max(initial=0))):
            start = np.where(begins + k < ends, begins + k, -1)
            yield start, (start >= 0) & (np.append(self.begun, NEVER)[start] <= day)
