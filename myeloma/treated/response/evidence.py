"""What the category of one visit rests on: each value with its day, what it is compared with, and what is missing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from myeloma.errors import DataError
from myeloma.treated.response.assessments import Assessments, Lines
from myeloma.treated.response.codes import (
    BOTH,
    BY_FLC,
    BY_IMAGING,
    BY_MARROW,
    BY_SERUM,
    BY_URINE,
    CATEGORIES,
    CR,
    FLC,
    MARROW,
    MR,
    NE,
    NOTES,
    PATHS,
    PD,
    PR,
    SERUM,
    URINE,
    VGPR,
    words,
)
from myeloma.treated.response.course import Course
from myeloma.treated.response.criteria import TOLERANCE, Criteria, criteria

Floats = NDArray[np.float64]
QUANTITIES = ("m_protein", "urine_m_protein", "flc_difference", "bmpc")
UNITS = ("g/dL", "mg/24 h", "mg/L", "%")


@dataclass(frozen=True)
class Item:
    """One value that a category rests on.

    Attributes
    ----------
    name : str
        A column of an assessment, or `flc_difference` (involved minus uninvolved).
    value : float or None
        In `unit`; of a finding 1 or 0. None where it was not measured: the item is what is missing.
    below : bool
        Whether the value is a limit below which the result lies.
    day : int or None
        Of the value, counted from 1970.
    reference : float or None
        The baseline (of a response) or the nadir (of progression).
    rule : str
        What is asked of it, with the threshold.
    """

    name: str
    value: float | None
    below: bool
    day: int | None
    unit: str
    reference: float | None
    rule: str


@dataclass(frozen=True)
class Evidence:
    """The category of one visit and what it rests on; `version` is that of the criteria."""

    category: str
    best: str
    worst: str
    known: str
    path: str
    version: str
    items: tuple[Item, ...]
    notes: tuple[str, ...]


def evidence(visits: Assessments, therapy: Lines, course: Course, row: int) -> Evidence:
    """Return what one visit shows and why.

    Parameters
    ----------
    visits, therapy
        Those of the course.
    course : Course
        As `response_course` gives it.
    row : int
        The visit.

    Raises
    ------
    DataError
        No such row.

    Examples
    --------
    >>> from myeloma.treated.response.assessments import assessments, lines
    >>> from myeloma.treated.response.course import response_course
    >>> visits, therapy = assessments([0, 2], [0, 28], m_protein=[3.0, 1.4]), lines([0])
    >>> found = evidence(visits, therapy, response_course(visits, therapy), 1)
    >>> found.category, found.items[0].value, found.items[0].reference, found.items[0].rule
    ('PR', 1.4, 3.0, 'a fall of >= 50 % from baseline')
    """
    if not 0 <= row < len(visits.day):
        raise DataError(f"There is no visit in row {row}.", f"rows run from 0 to {len(visits.day) - 1}.")
    person = int(np.searchsorted(visits.offsets, row, side="right")) - 1
    path, category, rules = int(course.path[person]), int(course.category[row]), criteria(course.version)
    where = _Visit(visits, int(visits.offsets[person]), row, int(therapy.start[person]))
    items = _progression(where, int(course.progressed_by[row]), course.nadir[row], rules) if category == PD else ()
    if category not in (PD, NE):
        items = _response(where, path, category, course.baseline[person], rules)
    shown, best, worst, known = (CATEGORIES[int(codes[row])] for codes in (course.category, course.best, course.worst, course.known))
    return Evidence(shown, best, worst, known, PATHS[path], course.version, items, tuple(words(int(course.notes[row]), NOTES)))


@dataclass(frozen=True)
class _Visit:
    """One row of one person, the rows before it, and the start of the line."""

    visits: Assessments
    first: int
    row: int
    start: int

    def item(self, name: str, rule: str, unit: str = "", reference: float = np.nan, since_start: bool = False) -> Item:
        """Return the value of the visit's day, or the latest since the start where an earlier one counts."""
        value, at = np.nan, self.row
        for at in range(self._last_of_day(), self.first - 1, -1):
            value = self._value(name, at)
            if not since_start and self.visits.day[at] < self.visits.day[self.row]:
                value = np.nan
            if self.visits.day[at] <= self.start or not np.isnan(value):
                break
        known = not np.isnan(value) and self.visits.day[at] > self.start
        below = known and f"{name}_below" in self.visits.columns and bool(self.visits[f"{name}_below"][at])
        day = int(self.visits.day[at]) if known else None
        return Item(name, float(value) if known else None, below, day, unit, None if np.isnan(reference) else float(reference), rule)

    def _last_of_day(self) -> int:
        same = self.visits.day[self.row :] == self.visits.day[self.row]
        stop = int(self.visits.offsets[np.searchsorted(self.visits.offsets, self.row, side="right")])
        return min(stop, self.row + (len(same) if same.all() else int(np.argmin(same)))) - 1

    def _value(self, name: str, at: int) -> float:
        if name != "flc_difference":
            return float(self._at(name, at))
        return float(np.maximum(0.0, self._at("flc_involved", at) - self._at("flc_uninvolved", at)))

    def _at(self, name: str, at: int) -> float:
        column = self.visits.columns[name]
        return float(column[at]) if len(column) else np.nan

    def quantity(self, q: int, rule: str, reference: float, since_start: bool = False) -> Item:
        return self.item(QUANTITIES[q], rule, UNITS[q], reference, since_start)


def _progression(visit: _Visit, by: int, nadir: Floats, c: Criteria) -> tuple[Item, ...]:
    """Return the items of a progression by its kinds."""
    share = f"and >= {_percent(c.pd_share)} above the nadir"
    serum = f">= {c.pd_serum:g} g/dL {share}"
    if nadir[0] >= c.pd_serum_high_from - TOLERANCE:
        serum = f">= {c.pd_serum_high:g} g/dL above a nadir of >= {c.pd_serum_high_from:g} g/dL"
    marrow = f"now >= {c.pd_marrow:g} %" if c.pd_marrow_is_level else f">= {c.pd_marrow:g} points"
    rules = (
        (BY_SERUM, serum),
        (BY_URINE, f">= {c.pd_urine:g} mg/24 h {share}"),
        (BY_FLC, f"> {c.pd_flc_above:g} mg/L {share}"),
        (BY_MARROW, f"{marrow} {share}"),
    )
    items = [visit.quantity(q, rule, nadir[q]) for q, (bit, rule) in enumerate(rules) if by & bit]
    if by & BY_IMAGING:
        seen = [visit.item("new_lesion", "a new or grown lesion"), visit.item("plasmacytoma", "a plasmacytoma that was not there")]
        items += [item for item in seen if item.value == 1.0]
    return tuple(items)


def _response(visit: _Visit, path: int, category: int, baseline: Floats, c: Criteria) -> tuple[Item, ...]:
    """Return the amounts that a response rests on and, from VGPR on, what CR and sCR ask for, measured or missing."""
    items, level = [], min(category, VGPR)
    if path in (SERUM, BOTH):
        items.append(visit.quantity(0, _fall({MR: c.serum_mr, PR: c.serum_pr, VGPR: c.serum_vgpr}, level), baseline[0]))
    if path in (SERUM, URINE, BOTH):
        items.append(visit.quantity(1, _urine(level, c), baseline[1]))
    if path == FLC:
        items.append(visit.quantity(2, _fall({PR: c.flc_pr, VGPR: c.flc_vgpr}, level), baseline[2]))
    if path == MARROW:
        items.append(visit.quantity(3, _fall({PR: c.marrow_pr}, min(level, PR)), baseline[3], since_start=category >= CR))
    if category >= VGPR:
        items += [visit.item(f"{fluid}_immunofixation", "negative (CR)") for fluid in ("serum", "urine")]
        items.append(visit.item("bmpc", f"< {c.marrow_cr_below:g} % once (CR)", "%", since_start=True))
        items.append(visit.item("flc_ratio_normal", "normal (CR)" if path == FLC else "normal (sCR)"))
        items.append(visit.item("clonal_cells_absent", "absent (sCR)", since_start=True))
    return tuple(items)


def _percent(share: float) -> str:
    return f"{100 * share:g} %"


def _fall(shares: dict[int, float], level: int) -> str:
    """Return the fall that a category asks for; stable disease asks for none."""
    return f"a fall of >= {_percent(shares[level])} from baseline" if level in shares else "no fall that counts"


def _urine(level: int, c: Criteria) -> str:
    less = f"< {c.urine_pr_below:g} mg/24 h or "
    if level == VGPR:
        return f"< {c.urine_vgpr_below:g} mg/24 h"
    falls = {PR: c.urine_pr, MR: c.urine_mr}
    return less + _fall(falls, level) if level in falls else _fall(falls, level)
