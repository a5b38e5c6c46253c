"""Lines of therapy: made from the starts and stops of treatment that were recorded, never guessed.

A start with a recorded line belongs to it. One without belongs to the line recorded last by its day, or to line 1 where none was:
a change of line is never guessed. A stop closes what it names: one drug or, without a name, all of the line; without a
recorded line it closes the latest start of that drug, or of any, by its day. A line is stopped once each of its drugs is: its stop is
missing where one of them goes on, or its end was not recorded.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.cohort.schema import Cohort
from myeloma.calendar import NEVER, NO_DAY

Days = NDArray[np.int32]
Positions = NDArray[np.intp]
START, STOP = "treatment_start", "treatment_stop"
MOST_LINES = 99
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

    def named(events: Therapy, line: NDArray[np.int16]) -> NDArray[np.int64]:
        name = events.person.astype(np.int64) << 40
        name += line.astype(np.int64) << 32 if by_line else 0
        name += events.drug if by_drug else 0
        return name

    of_starts, of_stops = named(starts, line), named(stops, stops.line)
    name, code = np.unique(np.concatenate([of_starts, of_stops]), return_inverse=True)
    code_of_starts, code_of_stops = code[: len(starts)].astype(np.int32), code[len(starts) :].astype(np.int32)
    order = np.lexsort((line, starts.day, code_of_starts))
    packed = _packed(code_of_starts, starts.day)[order]
    place = np.searchsorted(packed, _packed(code_of_stops, stops.day), side="right") - 1
    found: Positions = order[place]
    matched = (place >= 0) & (code_of_starts[found] == code_of_stops)
    ever = np.bincount(code_of_starts, minlength=len(name))[code_of_stops] > 0
    found[~matched] = -1
    return found, ever


def episodes_of(cohort: Cohort) -> pd.DataFrame:
    """Return the lines of therapy of a cohort: patient_id, line, start, stop and drugs, by patient and line.

    Parameters
    ----------
    cohort : Cohort
        Its events `treatment_start` and `treatment_stop` name a drug or regimen in `detail` and, in the optional column `line`, a line.

    Returns
    -------
    DataFrame
        `line` counts from 1. `start` is the day of its first start. `stop` is the day on which the last of its drugs was stopped;
        missing where not every drug was. `drugs` are the names, in the spelling recorded first and the order of their starts, joined by a
        bar; empty where none was named.

    Examples
    --------
    >>> patients = pd.DataFrame({"patient_id": ["P1"], "index_date": ["2020-01-01"]})
    >>> results = pd.DataFrame({"patient_id": ["P1"], "collected_at": "2020-01-01", "biomarker": "bmpc", "value": 12, "unit": "%"})
    >>> events = pd.DataFrame({"patient_id": "P1", "occurred_at": ["2020-02-01", "2020-03-01", "2020-05-01"], "detail": "daratumumab",
    ...                        "kind": ["treatment_start", "treatment_stop", "treatment_start"], "line": [1, None, 2]})
    >>> from features import cohort_of_frames
    >>> episodes_of(cohort_of_frames(patients, results, events)[0])
      patient_id  line      start       stop        drugs
    0         P1     1 2020-02-01 2020-03-01  daratumumab
    1         P1     2 2020-05-01        NaT  daratumumab
    """
    ids = pd.Index(cohort.patients["patient_id"])
    known = cohort.events[cohort.events["patient_id"].isin(ids) & cohort.events["kind"].isin((START, STOP))]
    drug, spelt = drug_codes(known["detail"])
    person, day = ids.get_indexer(known["patient_id"]).astype(np.int32), known["occurred_at"].to_numpy().astype("datetime64[D]")
    every = Therapy(person, day.astype(np.int32), recorded_lines(known), drug)
    starts, stops = (every.at((known["kind"] == kind).to_numpy()) for kind in (START, STOP))
    lines = Lines.of(starts)
    stop = _stop_of_lines(lines, starts, stops)
    table = pd.DataFrame(
        {
            "patient_id": ids.to_numpy(dtype=object)[lines.person],
            "line": lines.line.astype(np.int64),
            "start": lines.start.astype("datetime64[D]").astype("datetime64[ns]"),
            "stop": pd.Series(stop.astype("datetime64[D]").astype("datetime64[ns]")).where(stop < NEVER),
            "drugs": np.array(_drugs_of_lines(lines, starts, spelt), dtype=object),
        }
    )
    return table.sort_values(["patient_id", "line"], kind="stable", ignore_index=True)


def recorded_lines(events: pd.DataFrame) -> NDArray[np.int16]:
    """Return the line that each event was recorded with, 0 where it was not."""
    if "line" not in events:
        return np.zeros(len(events), np.int16)
    recorded: NDArray[np.int16] = events["line"].fillna(0).to_numpy(np.int16)
    return recorded


def drug_codes(details: Iterable[str]) -> tuple[NDArray[np.int32], list[str]]:
    """Return a code for each drug or regimen, whatever its letter case, 0 where none is named; and by code its first spelling.

    Examples
    --------
    >>> codes, names = drug_codes(["DRd", "", "drd", "VCd"])
    >>> codes.tolist(), names
    ([1, 0, 1, 2], ['', 'DRd', 'VCd'])
    """
    code: dict[str, int] = {"": 0}
    names = [""]
    codes = np.array([_code(text, code, names) for text in details], dtype=np.int32)
    return codes, names


def _code(text: str, code: dict[str, int], names: list[str]) -> int:
    known = text.strip().casefold()
    if known not in code:
        code[known] = len(names)
        names.append(text.strip())
    return code[known]


def _of_lines(lines: Lines, starts: Therapy) -> Positions:
    """Return the position among the lines of each start."""
    key = (lines.person.astype(np.int64) << 16) + lines.line
    order = np.argsort(key)
    found: Positions = order[np.searchsorted(key[order], (starts.person.astype(np.int64) << 16) + line_of_starts(starts))]
    return found


def _stop_of_lines(lines: Lines, starts: Therapy, stops: Therapy) -> Days:
    """Return the day on which the last drug of each line was stopped, `NEVER` where one was not."""
    of_start = _of_lines(lines, starts)
    pairs, pair = np.unique((of_start.astype(np.int64) << 32) + starts.drug, return_inverse=True)  # a line and one of its drugs
    begun, ended = (np.full(len(pairs), NO_DAY, np.int32) for _ in range(2))
    np.maximum.at(begun, pair, starts.day)
    closes, _ = start_of_stops(starts, stops)
    named = (stops.drug > 0) & (closes >= 0)
    np.maximum.at(ended, pair[closes[named]], stops.day[named])
    whole = np.full(len(lines), NO_DAY, np.int32)
    nameless = (stops.drug == 0) & (closes >= 0)
    np.maximum.at(whole, of_start[closes[nameless]], stops.day[nameless])
    line = pairs >> 32
    ended = np.maximum(ended, whole[line])
    stop = np.full(len(lines), NO_DAY, np.int32)
    np.maximum.at(stop, line, np.where(ended >= begun, ended, NEVER))
    return stop


def _drugs_of_lines(lines: Lines, starts: Therapy, spelt: list[str]) -> list[str]:
    names: list[dict[str, None]] = [{} for _ in range(len(lines))]
    of_start = _of_lines(lines, starts)
    for k in np.lexsort((starts.drug, starts.day)).tolist():
        if starts.drug[k]:
            names[of_start[k]].setdefault(spelt[starts.drug[k]])
    return ["|".join(name) for name in names]


def _packed(person: NDArray[np.int32], day: Days) -> NDArray[np.int64]:
    """Return numbers in the order of person, then day."""
    packed: NDArray[np.int64] = (person.astype(np.int64) << _DAY_BITS) + day + (1 << (_DAY_BITS - 2))
    return packed
