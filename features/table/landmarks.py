"""Landmarks: the days at which a prediction is made."""

from __future__ import annotations

import datetime as dt
import re

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.cohort.schema import Cohort
from features.history.arrays import Histories, Results, dates_of, places
from features.history.layout import Days
from myeloma import DataError, calendar
from myeloma.calendar import EPOCH, FIRST_DATE, FIRST_DAY, LAST_DATE, LAST_DAY, NEVER, NO_DAY, horizon_days

_WRITTEN = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_NO_DAY_IS_NEGATIVE = 1 << 30  # added to days that are packed beside a person


def visits(results: Results, index_day: Days) -> tuple[NDArray[np.int32], Days]:
    """Return person and day of every visit, in order: the days, from the index date on, on which a result became available."""
    at = results.available >= index_day[results.patient]
    packed = np.sort((results.patient[at].astype(np.int64) << 32) + results.available[at] + _NO_DAY_IS_NEGATIVE)
    packed = packed[np.flatnonzero(np.diff(packed, prepend=-1))]
    return (packed >> 32).astype(np.int32), ((packed & 0xFFFFFFFF) - _NO_DAY_IS_NEGATIVE).astype(np.int32)


def visit_landmarks(cohort: Cohort, biomarkers: tuple[str, ...] | None = None) -> pd.DataFrame:
    """Return patient_id and landmark: every day, from the index date on, on which a result became available.

    Parameters
    ----------
    biomarkers : tuple of str, optional
        Only results of these count as a visit.
    """
    histories = Histories.of(cohort)
    results = histories.results if biomarkers is None else histories.results.at(np.isin(histories.results.biomarker, places(biomarkers)))
    patient, day = visits(results, histories.people.index_day)
    landmarks = pd.DataFrame({"patient_id": cohort.patients["patient_id"].to_numpy()[patient], "landmark": dates_of(day)})
    return landmarks.sort_values(["patient_id", "landmark"], ignore_index=True)


def months_after_index(index_day: Days, months: tuple[int, ...]) -> tuple[NDArray[np.int32], Days]:
    """Return person and day of so many months after the day from which each person's time counts, in order; `NEVER` is none."""
    after = np.array(sorted(horizon_days(m) for m in months), dtype=np.int32)
    counts = np.flatnonzero(index_day < NEVER).astype(np.int32)
    patient = np.repeat(counts, len(after))
    return patient, index_day[patient] + np.tile(after, len(counts))


def last_visits(histories: Histories) -> Days:
    """Return the day of each person's last visit, `NO_DAY` for those without one."""
    results, last = histories.results, np.full(len(histories.people), NO_DAY, np.int32)
    at = results.available >= histories.people.index_day[results.patient]
    np.maximum.at(last, results.patient[at], results.available[at])
    return last


def last_landmarks(cohort: Cohort) -> pd.DataFrame:
    """Return one landmark per patient, the last visit; patients without a visit get NaT."""
    last = last_visits(Histories.of(cohort))
    return pd.DataFrame({"patient_id": cohort.patients["patient_id"], "landmark": pd.Series(dates_of(last)).where(last != NO_DAY)})


def fixed_landmarks(cohort: Cohort, day: str) -> pd.DataFrame:
    """Return one landmark per patient, the same calendar day for all.

    Raises
    ------
    DataError
        The day is not a date.
    """
    return pd.DataFrame({"patient_id": cohort.patients["patient_id"], "landmark": landmark_day(day)})


def landmark_day(day: str) -> pd.Timestamp:
    """Return the day of a prediction, which cannot lie in the future."""
    parsed = parse_day(day)
    if parsed.toordinal() - EPOCH > calendar.today():
        raise DataError(f"{day} lies in the future.", "a prediction is made today or was made before.", "future_date")
    return parsed


def parse_day(day: str) -> pd.Timestamp:
    """Return the day written as YYYY-MM-DD.

    Raises
    ------
    DataError
        It is not written so, there is no such day, or it lies outside what is accepted.
    """
    accepted = f"write it YYYY-MM-DD; days from {FIRST_DATE} to {LAST_DATE} are accepted."
    try:
        parsed = dt.datetime.strptime(day if _WRITTEN.fullmatch(day) else "", "%Y-%m-%d")
    except ValueError:
        raise DataError(f'"{day}" is not a date.', accepted, "bad_date") from None
    if not FIRST_DAY <= parsed.toordinal() - EPOCH <= LAST_DAY:
        raise DataError(f"{day} is too far from today.", accepted, "bad_date")
    return pd.Timestamp(parsed)
