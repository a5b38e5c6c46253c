"""The three frames of a notebook become a cohort."""

from __future__ import annotations

import pandas as pd

from features.cohort.schema import Cohort
from features.intake.quality import clean
from features.intake.quarantine import describe_problems
from features.sources.frames import read_frames
from myeloma import DataError


def cohort_of_frames(
    patients: pd.DataFrame, measurements: pd.DataFrame, events: pd.DataFrame | None = None, strict: bool = False
) -> tuple[Cohort, pd.DataFrame]:
    """Return the canonical cohort of three frames, and the rows that were refused, by the checks that files go through.

    Parameters
    ----------
    patients, measurements, events : DataFrame
        Columns as in a folder of tables: patients need patient_id and index_date; measurements patient_id, collected_at, biomarker,
        value and unit; events patient_id, occurred_at and kind. Dates may be datetimes, dates or text, identifiers numbers or text;
        None, NaN, `pd.NA` and "" are unknown.
    strict : bool
        Refuse the whole where one row is refused.

    Returns
    -------
    cohort : Cohort
    quarantine : DataFrame
        Each row refused: table, row (its place, from 0), reason code, column, what was received and what is accepted.

    Raises
    ------
    DataError
        A column is missing; not one patient or measurement can be used; or, where strict, any row is refused: all are told at once.

    Examples
    --------
    >>> patients = pd.DataFrame({"patient_id": [1, 2], "index_date": [pd.Timestamp(2020, 1, 1), None]})
    >>> results = pd.DataFrame({"patient_id": [1, 1], "collected_at": "2020-02-01", "biomarker": "m_protein",
    ...                         "value": [15.0, 12.0], "unit": ["g/L", "stones"]})
    >>> cohort, quarantine = cohort_of_frames(patients, results)
    >>> cohort.measurements[["patient_id", "biomarker", "value", "unit"]].to_dict("records")
    [{'patient_id': '1', 'biomarker': 'm_protein', 'value': 1.5, 'unit': 'g/dL'}]
    >>> quarantine[["table", "row", "reason", "column"]].to_dict("records")[0]
    {'table': 'patients', 'row': 1, 'reason': 'missing_value', 'column': 'index_date'}
    >>> cohort_of_frames(patients, results.drop(columns="unit"))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    myeloma.errors.DataError: measurements has no column unit. Hint: patients needs patient_id, index_date; measurements needs ...
    """
    cohort, quarantine = clean(read_frames(patients, measurements, events))
    if strict and len(quarantine):
        raise DataError(
            f"{len(quarantine)} rows cannot be used:\n{describe_problems(quarantine)}",
            "mend the rows; or leave strict out, and they are set aside with their reasons.",
            "rows_refused",
        )
    return cohort, quarantine
