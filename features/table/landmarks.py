"""Landmarks: the days at which a prediction is made."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from features.cohort.schema import Cohort
from myeloma import DataError
from myeloma.calendar import horizon_days


def visit_landmarks(cohort: Cohort, biomarkers: tuple[str, ...] | None = None) -> pd.DataFrame:
    """Return patient_id and landmark: every day, from the index date on, on which a result became available.

    Parameters
    ----------
    biomarkers : tuple of str, optional
        Only results of these count as a visit.
    """
    results = cohort.measurements
    if biomarkers is not None:
        results = results[results["biomarker"].isin(biomarkers)]
    visits = results[["patient_id", "available_at"]].rename(columns={"available_at": "landmark"}).drop_duplicates()
    index_date = visits["patient_id"].map(cohort.patients.set_index("patient_id")["index_date"])
    return visits[visits["landmark"] >= index_date].sort_values(["patient_id", "landmark"]).reset_index(drop=True)


def months_landmarks(cohort: Cohort, months: tuple[int, ...]) -> pd.DataFrame:
    """Return patient_id and landmark: so many months after each person's index date."""
    index = cohort.patients[["patient_id", "index_date"]]
    parts = [index.assign(landmark=index["index_date"] + pd.Timedelta(days=horizon_days(m))) for m in months]
    return pd.concat(parts)[["patient_id", "landmark"]].sort_values(["patient_id", "landmark"]).reset_index(drop=True)


def last_landmarks(cohort: Cohort) -> pd.DataFrame:
    """Return one landmark per patient, the last visit; patients without a visit get NaT."""
    last = visit_landmarks(cohort).groupby("patient_id")["landmark"].max()
    ids = cohort.patients["patient_id"]
    return pd.DataFrame({"patient_id": ids, "landmark": ids.map(last).astype("datetime64[ns]")})


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
    if parsed > pd.Timestamp.today():
        raise DataError(f"{day} lies in the future.", "a prediction is made today or was made before.", "future_date")
    return parsed


def parse_day(day: str) -> pd.Timestamp:
    """Return the day written as YYYY-MM-DD.

    Raises
    ------
    DataError
        It is not written so, or there is no such day.
    """
    try:
        return pd.Timestamp(dt.datetime.strptime(day, "%Y-%m-%d"))
    except ValueError:
        raise DataError(f'"{day}" is not a date.', "write it YYYY-MM-DD.", "bad_date") from None
