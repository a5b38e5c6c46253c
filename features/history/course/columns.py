"""Columns of treated people for tables and models, by name; each as known by the landmark, NaN where unknown or before any therapy."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from features.history.course.states import CourseStates
from features.history.layout import Days
from myeloma.calendar import DAYS_PER_MONTH, NO_DAY
from myeloma.treated.mrd import LOST, NEGATIVE, NOT_INFORMATIVE, POSITIVE
from myeloma.treated.response.codes import NE

Array = NDArray[np.float64]


def _months_since(day: Days, since: Array) -> Array:
    return (day - since) / DAYS_PER_MONTH


def _months_since_line(of: CourseStates) -> Array:
    return _months_since(of.asked.day, of.start())


def _response(of: CourseStates) -> Array:
    code = of.at_sample(of.response.known, NE)
    return np.where(code == NE, np.nan, code)


def _best_response(of: CourseStates) -> Array:
    code = of.at_sample(of.response.best_known, NE)
    return np.where(code == NE, np.nan, code)


def _informative(of: CourseStates) -> NDArray[np.bool_]:
    informative: NDArray[np.bool_] = of.mrd.status > NOT_INFORMATIVE
    return informative


def _mrd_negative(of: CourseStates) -> Array:
    return np.where(_informative(of), (of.mrd.status == NEGATIVE).astype(float), np.nan)


def _mrd_lost(of: CourseStates) -> Array:
    return np.where(_informative(of), (of.mrd.status == LOST).astype(float), np.nan)


def _mrd_depth(of: CourseStates) -> Array:
    level = np.where(_informative(of) & (of.mrd.level > 0), of.mrd.level, np.nan)
    depth: Array = -np.log10(level)
    return depth


def _months_negative(of: CourseStates) -> Array:
    """What tests show to last: nobody knows how long negativity goes on after the last of them, and a single one shows no duration."""
    negative = _months_since(of.mrd.latest[0], np.where(of.mrd.first[0] == NO_DAY, np.nan, of.mrd.first[0]))
    return np.where(of.mrd.status == NEGATIVE, negative, np.where((of.mrd.status == POSITIVE) | (of.mrd.status == LOST), 0.0, np.nan))


def _months_since_test(of: CourseStates) -> Array:
    months: Array = of.mrd.age_days / DAYS_PER_MONTH
    return months


def _on_therapy(of: CourseStates) -> Array:
    return of.treated.on_therapy(of.asked.line, of.asked.day)


def _anti_cd38(of: CourseStates) -> Array:
    return of.treated.holds("anti-CD38", of.asked.line, of.asked.day)


COURSE: dict[str, Callable[[CourseStates], Array]] = {
    "months_since_line": _months_since_line,
    "response": _response,
    "best_response": _best_response,
    "mrd_negative": _mrd_negative,
    "mrd_lost": _mrd_lost,
    "mrd_depth": _mrd_depth,
    "months_mrd_negative": _months_negative,
    "months_since_mrd": _months_since_test,
    "on_therapy": _on_therapy,
    "anti_cd38": _anti_cd38,
}


def course_columns(of: CourseStates, names: tuple[str, ...]) -> dict[str, Array]:
    """Return the columns of `COURSE` that are named, one element a landmark."""
    return {name: COURSE[name](of) for name in names}
