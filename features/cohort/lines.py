"""Lines of therapy on arrays: made from the starts and stops of treatment that were recorded, never guessed.

A start with a recorded line belongs to it. One without belongs to the line recorded last by its day, or to line 1 where none was:
a change of line is never guessed. A stop closes what it names: one drug or, without a name, all of the line; without a
recorded line it closes the latest start of that drug, or of any, before its day. What begins on the very day of a stop goes on, unless
nothing that the stop fits began before. A line is stopped once each of its drugs is: its stop is missing where one of them goes on,
or its end was not recorded.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from myeloma.treated.regimens import regimen

Days = NDArray[np.int32]
Positions = NDArray[np.intp]
START, STOP = "treatment_start", "treatment_stop"
MOST_LINES = 99
_LEFT_OUT = dict.fromkeys(map(ord, "-\u2010\u2011\u2012\u2013\u2014 \t"))  # D-VRd, DVRd and d vrd are one regimen
_DAY_BITS = 33  # a day, moved by half of that, fits


@dataclass(frozen=True)
class Therapy:
    """Starts or stops of treatment in any order, one element an event.

    Attributes
    ----------
    person : position of the person
    day : days since 1970
    line : the line as recorded, 0 where it was not
    drug : a code for the drug or regimen, 0 where none is named
    """

    person: NDArray[np.int32]
    day: Days
    line: NDArray[np.int16]
    drug: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.day)

    def at(self, rows: NDArray[Any]) -> Therapy:
        """Return some of the events, given as positions or as a mask."""
        return Therapy(*(column[rows] for column in vars(self).values()))


@dataclass(frozen=True)
class Lines:
    """Lines of people by person, then by start: where each begins. Of lines that begin on one day the higher stands last."""

    person: NDArray[np.int32]
    line: NDArray[np.int16]
    start: Days

    @classmethod
    def of(cls, starts: Therapy) -> Lines:
        """Return the lines that the starts of treatment make."""
        line = line_of_starts(starts)
        order = np.lexsort((starts.day, line, starts.person))
        person, line, day = starts.person[order], line[order], starts.day[order]
        first = np.ones(len(order), bool)
        first[1:] = (person[1:] != person[:-1]) | (line[1:] != line[:-1])
        person, line, day = person[first], line[first], day[first]
        order = np.lexsort((line, day, person))
        return cls(person[order], line[order], day[order])

    def __len__(self) -> int:
        return len(self.start)

    @cached_property
    def _packed(self) -> NDArray[np.int64]:
        return _packed(self.person, self.start)

    def by(self, person: NDArray[np.int32], day: Days) -> Positions:
        """Return the position of the latest line of a person that began by a day, -1 where there is none."""
        found: Positions = np.searchsorted(self._packed, _packed(person, day), side="right") - 1
        if len(self):
            found[self.person[found] != person] = -1
        return found


def line_of_starts(starts: Therapy) -> NDArray[np.int16]:
    """Return the line that each start belongs to.

    Examples
    --------
    >>> day, line = np.array([10, 20, 30, 40], np.int32), np.array([0, 2, 0, 3], np.int16)
    >>> line_of_starts(Therapy(np.zeros(4, np.int32), day, line, np.zeros(4, np.int32))).tolist()
    [1, 2, 2, 3]
    """
    order = np.lexsort((-starts.line, starts.day, starts.person))  # of one day those with a line first: the others follow it
    person, recorded = starts.person[order].astype(np.int64), starts.line[order]
    highest = np.maximum.accumulate((person << 16) + recorded) - (person << 16) if len(order) else recorded
    line = np.empty(len(order), np.int16)
    line[order] = np.where(recorded > 0, recorded, np.maximum(highest, 1))
    return line


def goes_backwards(starts: Therapy) -> NDArray[np.bool_]:
    """Return the starts of a recorded line whose person had begun a higher one on an earlier day."""
    back = np.zeros(len(starts), bool)
    if (starts.line > 0).any():
        order = np.lexsort((starts.line, starts.day, starts.person))
        person, day, line = starts.person[order].astype(np.int64), starts.day[order], starts.line[order]
        fresh = np.ones(len(order), bool)
        fresh[1:] = (person[1:] != person[:-1]) | (day[1:] != day[:-1])
        first = np.maximum.accumulate(np.where(fresh, np.arange(len(order)), 0))  # of the same person and day
        highest = np.maximum.accumulate((person << 16) + line)
        back[order] = (line > 0) & (first > 0) & (line < highest[first - 1] - (person << 16))
    return back


def start_of_stops(starts: Therapy, stops: Therapy) -> tuple[Positions, NDArray[np.bool_]]:
    """Return the latest start that each stop closes, -1 where there is none by its day; and whether there is any, on whatever day."""
    found, ever = np.full(len(stops), -1, np.intp), np.zeros(len(stops), bool)
    line = line_of_starts(starts)
    for by_line in (False, True):
        for by_drug in (False, True):
            rows = np.flatnonzero(((stops.line > 0) == by_line) & ((stops.drug > 0) == by_drug))
            if len(rows) and len(starts):
                found[rows], ever[rows] = _latest(starts, stops.at(rows), line, by_line, by_drug)
    return found, ever


def _latest(starts: Therapy, stops: Therapy, line: NDArray[np.int16], by_line: bool, by_drug: bool) -> tuple[Positions, NDArray[np.bool_]]:
    """Return the same for stops that all name a line or none, a drug or none; of starts of one day that of the higher line."""

    def name_of(events: Therapy, line: NDArray[np.int16]) -> NDArray[np.int64]:
        name = events.person.astype(np.int64) << 40
        if by_line:
            name += line.astype(np.int64) << 32
        return name + events.drug if by_drug else name

    of_starts, of_stops = name_of(starts, line), name_of(stops, stops.line)
    name, code = np.unique(np.concatenate([of_starts, of_stops]), return_inverse=True)
    code_of_starts, code_of_stops = code[: len(starts)].astype(np.int32), code[len(starts) :].astype(np.int32)
    order = np.lexsort((line, starts.day, code_of_starts))
    packed = _packed(code_of_starts, starts.day)[order]
    wanted = _packed(code_of_stops, stops.day)
    before, by = np.searchsorted(packed, wanted) - 1, np.searchsorted(packed, wanted, side="right") - 1

    def matched(place: Positions) -> NDArray[np.bool_]:
        same: NDArray[np.bool_] = code_of_starts[order[place]] == code_of_stops
        return same & (place >= 0)

    place = np.where(matched(before), before, by)  # who changes the drugs on one day stops the earlier ones
    ever = np.bincount(code_of_starts, minlength=len(name))[code_of_stops] > 0
    return np.where(matched(place), order[place], -1), ever


def recorded_lines(events: pd.DataFrame) -> NDArray[np.int16]:
    """Return the line that each event was recorded with, 0 where it was not."""
    if "line" not in events:
        return np.zeros(len(events), np.int16)
    return np.asarray(events["line"].astype("Int64").fillna(0), dtype=np.int16)


def drug_codes(details: Iterable[str]) -> NDArray[np.int32]:
    """Return a code for each drug or regimen, 0 where none is named.

    All spellings of a known regimen are one; of others letter case, hyphens and blanks do not count.

    Examples
    --------
    >>> drug_codes(["D-VRd", "", "dara vrd", "VCd", "Arm B", "arm-b"]).tolist()
    [1, 0, 1, 2, 3, 3]
    """
    code: dict[tuple[str, ...], int] = {("",): 0}
    return np.array([code.setdefault(_name_of(text), len(code)) for text in details], dtype=np.int32)


@lru_cache(maxsize=4096)
def _name_of(text: str) -> tuple[str, ...]:
    known = regimen(text)
    return tuple(sorted(known.drugs)) if known.complete else (text.translate(_LEFT_OUT).casefold(),)


def named_drugs(details: Iterable[str]) -> tuple[NDArray[np.int32], tuple[str, ...]]:
    """Return the code of each drug or regimen, as `drug_codes`, and for each code the text as first received; the first is empty.

    Examples
    --------
    >>> codes, texts = named_drugs(["D-VRd", "", "dvrd"])
    >>> codes.tolist(), texts
    ([1, 0, 1], ('', 'D-VRd'))
    """
    spelt = list(details)
    codes = drug_codes(spelt)
    first: dict[int, str] = {0: ""}
    for code, text in zip(codes.tolist(), spelt, strict=True):
        first.setdefault(code, text.strip())
    return codes, tuple(first[code] for code in sorted(first))


def _packed(person: NDArray[np.int32], day: Days) -> NDArray[np.int64]:
    """Return numbers in the order of person, then day."""
    packed: NDArray[np.int64] = (person.astype(np.int64) << _DAY_BITS) + day + (1 << (_DAY_BITS - 2))
    return packed
