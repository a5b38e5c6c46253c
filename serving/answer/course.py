"""The course of one treated person, visit by visit: what `python -m features course` writes of a cohort, by rules alone, with no model."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from features.course.person import days_between
from features.course.table import course_rows, rows_on
from features.history.arrays import Histories
from myeloma import DataError
from serving.answer.columns import NOTICE
from serving.answer.record import Course

MEANING = 'Rules only, no model. "Meets" means that criteria are met by the results given; it never means cured.'
# What of a row is told between visits, too: what a picture of the course shows.
OF_A_DAY = (
    *("visit", "line", "line_start", "regimen", "on_therapy", "visit_response", "response", "best_response", "mrd", "mrd_level"),
    *("depth", "duration", "therapy", "quality_of_life", "criteria_own_2026"),
)
DAYS_PER_MONTH = 30
MOST_VISITS, MOST_STARTS = 2_000, 100  # of one course: what takes longer keeps others waiting


def course_of(history: Histories, landmark: int, until: int) -> Course:
    """Return the course of one person up to a day, each visit from what was known by it.

    Parameters
    ----------
    history : Histories
        Of one person, with the operators of results. What became available after the landmark is not read.
    landmark : days since 1970
    until : days since 1970
        How far the state between visits is told, where that is later than the landmark: what happened after the last result ends a line,
        and what is known grows old.

    Raises
    ------
    DataError
        There is no visit since the start of a line of therapy by that day, or there are more visits or starts than one person has.
    """
    known = history.known_by(landmark)
    starts, visits = len(history.happened.starts.day), len(np.unique(known.results.available))
    if starts > MOST_STARTS or visits > MOST_VISITS:
        most = f"at most {MOST_VISITS} days of results and {MOST_STARTS} starts of therapy are accepted"
        raise DataError("The history is longer than that of a person.", most, "too_long")
    rows = course_rows(known, np.array([""]))
    if rows is None:
        hint = "send each start of therapy among the events, as treatment_start with the regimen in detail, and results since then."
        raise DataError("There is no visit since the start of a therapy by that day.", hint, "no_therapy")
    rows = rows[rows["visit"] <= pd.Timestamp(np.datetime64(landmark, "D"))].drop(columns="patient_id")
    return Course(_plain(rows), MEANING, NOTICE, _plain(_between(known, max(landmark, until)).drop(columns="patient_id")))


def _between(known: Histories, end: int) -> pd.DataFrame:
    """Return the state on each visit, event and month from the first start of therapy to a day, and on that day."""
    start = int(known.lines.start.min())
    day = days_between(known, start, min(end, start + MOST_VISITS * DAYS_PER_MONTH))
    day = day[day <= end]
    rows = rows_on(known, np.array([""]), np.zeros(len(day), np.int32), day)
    return pd.DataFrame(columns=["patient_id", *OF_A_DAY]) if rows is None else rows[["patient_id", *OF_A_DAY]]


def _plain(rows: pd.DataFrame) -> tuple[dict[str, Any], ...]:
    """Return rows as JSON can hold them: days as text, what is unknown as null."""
    return tuple({str(name): _cell(value) for name, value in row.items()} for row in rows.to_dict("records"))


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return value
    if pd.isna(value):
        return None
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    return value.item() if isinstance(value, np.generic) else value
