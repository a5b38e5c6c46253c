"""The course of one treated person, visit by visit: what `python -m features course` writes of a cohort, by rules alone, with no model."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from features.course.table import course_rows
from features.history.arrays import Histories
from myeloma import DataError
from serving.answer.columns import NOTICE
from serving.answer.record import Course

MEANING = 'Rules only, no model. "Meets" means that criteria are met by the results given; it never means cured.'
MOST_VISITS, MOST_STARTS = 2_000, 100  # of one course: what takes longer keeps others waiting


def course_of(history: Histories, landmark: int) -> Course:
    """Return the course of one person up to a day, each visit from what was known by it.

    Parameters
    ----------
    history : Histories
        Of one person, with the operators of results. What became available after the landmark is not read.
    landmark : days since 1970

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
    return Course(tuple(_plain(row) for row in rows.to_dict("records")), MEANING, NOTICE)


def _plain(row: dict[Any, Any]) -> dict[str, Any]:
    """Return a row as JSON can hold it: days as text, what is unknown as null."""
    return {name: _cell(value) for name, value in row.items()}


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return value
    if pd.isna(value):
        return None
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    return value.item() if isinstance(value, np.generic) else value
