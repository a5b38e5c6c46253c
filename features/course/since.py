"""Since when things of a course are so: the verdict on quality of life, and a progression that was recorded in the line."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from features.history.arrays import Histories
from features.history.course.states import CourseStates
from features.history.course.views import last_by, of_biomarkers
from myeloma.calendar import NO_DAY
from myeloma.treated.quality_of_life import verdict

Array = NDArray[np.float64]
Whole = NDArray[np.int64]
_DAY = 1 << 31  # added to days that are packed beside a person


def begun_on(of: CourseStates) -> Whole:
    """Return the first day of each question's line, `NO_DAY` without one."""
    start = of.start()
    return np.where(np.isnan(start), NO_DAY, np.nan_to_num(start)).astype(np.int64)


def quality_since(histories: Histories, of: CourseStates, begun: Whole, key: str, before: Array, latest: Array) -> Whole:
    """Return the day of the first questionnaire of the unbroken run that has the verdict of the latest one, `NO_DAY` without one.

    Parameters
    ----------
    begun : array (n,)
        The first day of each question's line: what was answered on it was answered before the first dose.
    key : str
        A scale of quality of life.
    before, latest : arrays (n,)
        The score before the line, and the latest in it.
    """
    asked, told = of.asked, verdict(key, before, latest)
    rows = of_biomarkers(histories.results, (key,))
    rows = rows.at(np.lexsort((rows.available, rows.collected, rows.patient)))
    person = rows.patient.astype(np.int64)
    place = last_by(person, rows.collected.astype(np.int64), asked.patient.astype(np.int64), asked.day)
    since, day = np.full(len(asked.day), NO_DAY, np.int64), np.full(len(asked.day), NO_DAY, np.int64)
    goes_on = (place >= 0) & ~np.isnan(told) & (begun != NO_DAY)
    while goes_on.any():
        collected = np.append(rows.collected, NO_DAY)[place].astype(np.int64)
        goes_on &= (np.append(person, -1)[place] == asked.patient) & (collected > begun)
        # Of the results of a day that which became available last counts; one that was not known by then does not.
        counts = goes_on & (np.append(rows.available, NO_DAY)[place] <= asked.day) & (collected != day)
        same = verdict(key, before, np.append(rows.value, np.nan)[place]) == told
        goes_on &= ~counts | same
        since, day = np.where(counts & same, collected, since), np.where(counts, collected, day)
        place = np.where(goes_on, place - 1, -1)
        goes_on &= place >= 0
    return since


def recorded_in_line(histories: Histories, of: CourseStates, begun: Whole) -> Whole:
    """Return the first day by each question on which a progression was recorded after the start of the line, `NO_DAY` without one."""
    person, when = histories.happened.progressions
    order = np.lexsort((when, person))
    at, day = person[order].astype(np.int64), when[order].astype(np.int64)
    started = np.where(begun == NO_DAY, 0, begun)
    place = np.searchsorted((at << 32) + day + _DAY, (of.asked.patient.astype(np.int64) << 32) + started + _DAY, "right")
    first = np.append(day, NO_DAY)[place]
    there = (np.append(at, -1)[place] == of.asked.patient) & (first <= of.asked.day) & (begun != NO_DAY)
    return np.where(there, first, NO_DAY)
