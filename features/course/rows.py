"""What each row of a picture of the course shows: values, tests and spans of days, apart from how they are drawn."""

from __future__ import annotations

from itertools import groupby
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.course.person import PersonCourse
from features.course.spectrum import QUALITY
from features.history.course.states import mrd_tests
from features.history.course.views import of_biomarkers
from myeloma.calendar import NO_DAY
from myeloma.treated.mrd import INFORMATIVE_AT
from myeloma.treated.response.assessments import Assessments
from myeloma.treated.response.codes import BOTH, CATEGORIES, FLC, NE, PD, SERUM, URINE
from myeloma.treated.response.course import BASELINE_DAYS
from myeloma.treated.spectrum import AXES

_FOLLOWED = {SERUM: "m_protein", BOTH: "m_protein", URINE: "urine_m_protein", FLC: "flc_involved"}
_NAMES = {"m_protein": ("M-protein", "g/dL"), "urine_m_protein": ("Urine M-protein", "mg/24 h"), "flc_involved": ("Involved chain", "mg/L")}
_TOLERANCE = 1 + 1e-9


class Span(NamedTuple):
    """The days, from `first` up to `last`, in which something was so."""

    first: int
    last: int
    what: tuple[int, ...]


class Value(NamedTuple):
    """A result: its day; none where none was found; whether it may be an antibody's."""

    day: int
    value: float | None
    drug: bool


class Marker(NamedTuple):
    """The quantity that the response is followed by, its values, and its value before each line with the days of the line."""

    name: str
    unit: str
    values: list[Value]
    baselines: list[tuple[int, int, float]]


class Tested(NamedTuple):
    """A test of residual disease: positive at a share, or negative at a limit, which may be too high to inform."""

    day: int
    positive: bool
    level: float

    @property
    def informative(self) -> bool:
        """Whether it says anything."""
        return self.positive or self.level <= INFORMATIVE_AT * _TOLERANCE


def marker(person: PersonCourse) -> Marker:
    """Return what the first line that has something measurable is followed by; where none has, the M-protein or what else is there."""
    of = person.of
    path = of.response.path[of.views.of]  # of each day
    followed = [_FOLLOWED[one] for one in path.tolist() if one in _FOLLOWED]
    rows = np.flatnonzero(of.samples.view == of.views.of[-1])
    rows = rows[of.samples.day[rows] >= person.start - BASELINE_DAYS]
    columns, day = of.samples.visits, of.samples.day[rows]
    filled = [name for name in _NAMES if not np.isnan(columns[name][rows]).all()]
    filled.sort(key=lambda name: not _seen(columns, name, rows).any())  # where something was found goes first
    key = [*followed, *filled, "m_protein"][0]
    value = columns[key][rows]
    found = np.where(_seen(columns, key, rows) | np.isnan(value), value, 0.0)
    drug = (of.samples.band[rows] == 1) & (key == "m_protein")
    known = np.flatnonzero(~np.isnan(found))
    values = [Value(int(day[k]), float(found[k]) or None, bool(drug[k])) for k in known]
    judged = {int(line) for line, one in zip(of.asked.line, path, strict=True) if _FOLLOWED.get(int(one)) == key}
    baselines = []
    for k, line in enumerate(person.lines):
        before = [one.value for one in values if line.first - BASELINE_DAYS <= one.day <= line.first]
        if k in judged and before and before[-1] is not None:
            until = person.lines[k + 1].first if k + 1 < len(person.lines) else person.end
            baselines.append((line.first, until, before[-1]))
    return Marker(*_NAMES[key], values, baselines)


def _seen(columns: Assessments, name: str, rows: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Return which of some values say that something was found: neither zero nor below a limit."""
    seen: NDArray[np.bool_] = (columns[name][rows] > 0) & (columns[f"{name}_below"][rows] != 1)
    return seen


def response(person: PersonCourse) -> list[Span]:
    """Return spans of (category, 1 where it is not confirmed, position of the line), each as known on the day.

    A category that a visit shows and that is not confirmed stands in place of the confirmed one where it is better, or progression.
    Progression that was confirmed, or recorded, stays until the next line.
    """
    of = person.of
    known, shown = (of.at_sample(codes, NE).astype(int) for codes in (of.response.known, of.response.category))
    told: list[tuple[int, ...]] = []
    waiting, before = NE, -1
    known = np.where(person.recorded != NO_DAY, PD, known)
    for line, sure, seen in zip(of.asked.line.tolist(), known.tolist(), shown.tolist(), strict=True):
        waiting = NE if line != before else seen if seen != NE else waiting  # what does not assess leaves what waits
        before = line
        open_one = sure != PD and (waiting == PD or waiting > sure)
        told.append((waiting, 1, line) if open_one else (sure, 0, line))
    return _spans(person, told)


def tests(person: PersonCourse) -> list[Tested]:
    """Return the tests of residual disease since the start and shortly before; of a day a positive counts, else the most sensitive."""
    all_tests = mrd_tests(person.histories.results, 1)
    made = zip(all_tests.day.tolist(), all_tests.positive.tolist(), all_tests.level.tolist(), strict=True)
    told = [
        Tested(day, positive == 1, level) for day, positive, level in made if not np.isnan(positive) and day >= person.start - BASELINE_DAYS
    ]
    return [min(of_day, key=lambda one: (not one.positive, one.level)) for _, of_day in groupby(told, lambda one: one.day)]


def antibody(person: PersonCourse) -> list[Span]:
    """Return the spans in which a small band may be the antibody's: from the sample that leaves it open to the next that does not.

    Each holds 1 where it may be, 0 where it is not even known whether that can be, as without an isotype.
    """
    of = person.of
    rows = np.flatnonzero((of.samples.view == of.views.of[-1]) & ~np.isnan(of.samples.visits.columns["m_protein"]))
    rows = rows[of.samples.day[rows] >= person.start]
    band, day = of.samples.band[rows], of.samples.day[rows].tolist()
    spans = []
    for code, group in groupby(range(len(rows)), lambda k: -1 if np.isnan(band[k]) else int(band[k])):
        held = list(group)
        until = day[held[-1] + 1] if held[-1] + 1 < len(day) else person.end
        if code != 0:
            spans.append(Span(day[held[0]], until, (int(code == 1),)))
    return spans


def quality(person: PersonCourse) -> list[tuple[int, float]]:
    """Return day and score of each answer on global quality of life, since the start and shortly before."""
    results = of_biomarkers(person.histories.results, (QUALITY,))
    last = {int(results.collected[k]): float(results.value[k]) for k in np.lexsort((results.available, results.collected))}
    return [(day, value) for day, value in last.items() if day >= person.start - BASELINE_DAYS]


def axis_spans(person: PersonCourse, name: str) -> list[Span]:
    """Return the spans of (least state, most possible state, 1 where that is too old) of an axis."""
    axis = person.axes[name]
    open_ones = (axis.low == 0) & (axis.high == len(AXES[name]) - 1)  # of what is not known, nothing is old
    old = (axis.stale & ~open_ones).astype(int)
    return _spans(person, list(zip(axis.low.tolist(), axis.high.tolist(), old.tolist(), strict=True)))


def category(span: Span) -> str:
    """Return the word of a span of the response."""
    return "not evaluable" if span.what[0] == NE else CATEGORIES[span.what[0]]


def _spans(person: PersonCourse, told: list[tuple[int, ...]]) -> list[Span]:
    """Return what was told of each day as spans; each lasts until the day that tells another thing, the last one to the end."""
    day, begins = person.day.tolist(), [k for k in range(len(told)) if not k or told[k] != told[k - 1]]
    return [Span(day[k], day[after], told[k]) for k, after in zip(begins, [*begins[1:], -1], strict=True)]
