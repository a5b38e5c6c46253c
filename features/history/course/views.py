"""Which results each question about a day may rest on, so that nothing is read that was not known by then.

Rules of response go through a person's samples in order, so one pass over all samples of a line answers for each of its days what was
known then, unless a result had been drawn by that day and was reported later, or corrected later. Only for such a day the line is gone
through once more, with what was available by it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.history.arrays import Results, places
from features.history.layout import Days
from myeloma.calendar import NEVER

Whole = NDArray[np.int64]
_DAY = 1 << 31  # added to days that are packed beside a person


@dataclass(frozen=True)
class Questions:
    """What is asked: the state of a person's line of therapy on a day; n of them.

    Attributes
    ----------
    patient : int32 (n,)
    day : int32 (n,)
    line : int64 (n,), position among the lines, -1 where none had begun by the day
    """

    patient: NDArray[np.int32]
    day: Days
    line: Whole


@dataclass(frozen=True)
class Views:
    """Lines of therapy as they are gone through; u of them.

    Attributes
    ----------
    patient, line : (u,)
    known_by : int64 (u,), results that became available later are not in the view; `NEVER` where it holds all
    of : int64 (n,), the view that answers each question, -1 for a question without a line
    """

    patient: NDArray[np.int32]
    line: Whole
    known_by: Whole
    of: Whole


def views_of(results: Results, asked: Questions) -> Views:
    """Return the views that answer the questions; `results` are those that the rules read."""
    held = asked.line >= 0
    alone = np.flatnonzero(held & waits_for_a_result(results, asked.patient, asked.day))
    whole = np.setdiff1d(np.flatnonzero(held), alone, assume_unique=True)
    lines, position = np.unique(asked.line[whole], return_inverse=True)
    of = np.full(len(asked.day), -1, np.int64)
    of[whole] = position
    of[alone] = len(lines) + np.arange(len(alone))
    line = np.concatenate([lines, asked.line[alone]]).astype(np.int64)
    patient = np.empty(len(line), np.int32)
    patient[of[held]] = asked.patient[held]
    known_by = np.concatenate([np.full(len(lines), NEVER, np.int64), asked.day[alone].astype(np.int64)])
    return Views(patient, line, known_by, of)


def waits_for_a_result(results: Results, patient: NDArray[np.int32], day: Days) -> NDArray[np.bool_]:
    """Return where a result had been drawn by the day, and was reported or corrected after it.

    Examples
    --------
    >>> from features.history.arrays import Results
    >>> one = np.zeros(2, np.int32)
    >>> late = Results(one, one.astype(np.int16), np.array([5, 9], np.int32), np.array([7, 9], np.int32), np.ones(2))
    >>> waits_for_a_result(late, np.zeros(4, np.int32), np.array([4, 5, 6, 7], np.int32)).tolist()
    [False, True, True, False]
    """
    asked = _packed(patient, day)
    drawn, known = (
        np.searchsorted(np.sort(_packed(results.patient, days)), asked, "right") for days in (results.collected, results.available)
    )
    waits: NDArray[np.bool_] = drawn > known
    return waits


def rows_of(results: Results, views: Views) -> tuple[Results, Whole]:
    """Return the results of each view, by view, day of collection, day of availability and value, and the view of each."""
    order = np.lexsort((results.value, results.available, results.collected, results.patient))
    person = results.patient[order]
    first, last = (np.searchsorted(person, views.patient, side) for side in ("left", "right"))
    number = last - first
    view = np.repeat(np.arange(len(number)), number)
    row = order[np.arange(number.sum()) - np.repeat(np.cumsum(number) - number, number) + np.repeat(first, number)]
    known = results.available[row] <= views.known_by[view]
    return results.at(row[known]), view[known]


def of_biomarkers(results: Results, biomarkers: tuple[str, ...]) -> Results:
    """Return the results of some biomarkers."""
    return results.at(np.isin(results.biomarker, places(biomarkers)))


def last_by(view: Whole, day: Whole, asked_view: Whole, asked_day: Days) -> Whole:
    """Return the position of the last row of a view, or person, by a day, -1 where there is none; rows are sorted by both."""
    packed = (view << 32) + day + _DAY
    found = np.searchsorted(packed, (asked_view << 32) + asked_day.astype(np.int64) + _DAY, "right") - 1
    if not len(view):
        return np.full(len(asked_day), -1, np.int64)
    return np.where((found >= 0) & (view[np.maximum(found, 0)] == asked_view) & (asked_view >= 0), found, -1)


def _packed(person: NDArray[np.int32], day: Days) -> Whole:
    packed: Whole = (person.astype(np.int64) << 32) + day + _DAY
    return packed
