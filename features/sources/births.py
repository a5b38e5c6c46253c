"""Birthdays that were made up where only the year or the month was known: such a birth gives an age, not a birth date."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pandas as pd

from features.sources.cells import cells_of
from features.sources.parsing import day_of, is_blank, text_of
from myeloma.calendar import BAD_DAY, DAYS_PER_YEAR

LEAST_PEOPLE = 20  # with a birthday: fewer share a day by chance
OF_YEAR, OF_MONTH = ("-01-01", "-07-01"), ("-01", "-15")  # what is put for a day that is not known
YEAR_SHARE, MONTH_SHARE = 0.2, 0.4  # of the people; by chance it is one in 365, and one in 30
_DAY = r"^\d{4}-\d{2}-\d{2}"
_WRITTEN = "{:.2f}".format  # an age counted from the middle of a year or month
_YEAR_AS_NUMBER = re.compile(r"\d{4}\.0+")
_ROUGH = re.compile(r"\d{4}(?:-\d{2}|\.0+)?")  # a year of a column of numbers with empty cells is 1950.0


def without_imputed(birth: pd.Series) -> tuple[pd.Series, int]:
    """Return births with the parts that were made up cut off, and how many were.

    Where a fifth of all people have their birthday on the first of January (or of July), it stands for a day that nobody knew; where two
    fifths of the others have it on the first (or the 15th) of a month, the month is all that was known.

    Parameters
    ----------
    birth : Series of str
        A day, a month `YYYY-MM`, or a year.

    Examples
    --------
    >>> births = pd.Series(["1950-01-01"] * 15 + [f"1950-03-{day}" for day in range(10, 25)])
    >>> cut, people = without_imputed(births)
    >>> cut[0], cut[20], people
    ('1950', '1950-03-15', 15)
    """
    days = birth.str.contains(_DAY)
    cut = birth.copy()
    for ends, share, kept in ((OF_YEAR, YEAR_SHARE, len("1950")), (OF_MONTH, MONTH_SHARE, len("1950-01"))):
        for end in ends:
            alike = days & (birth.str.slice(10 - len(end), 10) == end)
            if days.sum() >= LEAST_PEOPLE and alike.sum() >= share * days.sum():
                cut = cut.where(~alike, birth.str.slice(0, kept))
                days &= ~alike
    return cut, int((cut != birth).sum())


def middle_of(birth: str) -> str:
    """Return the middle of a year or month as a day; a day as it is.

    Examples
    --------
    >>> middle_of("1950"), middle_of("1950.0"), middle_of("1950-03"), middle_of("1950-03-09")
    ('1950-07-01', '1950-07-01', '1950-03-15', '1950-03-09')
    """
    if _YEAR_AS_NUMBER.fullmatch(birth):
        birth = birth[:4]
    return birth + {4: "-07-01", 7: "-15"}.get(len(birth), "")


def with_ages(patients: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Return patients with an age at the index date where only the year or month of birth is known, and how many these are.

    An age that is written counts before one from a year.
    """
    if not {"birth_date", "index_date"} <= set(patients.columns) or patients["birth_date"].dtype.kind == "M":
        return patients, 0
    birth = pd.Series(cells_of(patients["birth_date"]).rows(), index=patients.index)
    rough = birth.str.fullmatch(_ROUGH, na=False)
    if not rough.any():
        return patients, 0
    index = pd.Series(cells_of(patients["index_date"]).rows(), index=patients.index)
    written = pd.Series(cells_of(patients["age_at_index"]).rows() if "age_at_index" in patients else "", index=patients.index)
    born, begun = days_in(birth.where(rough, "").map(middle_of)), days_in(index)
    rough &= (born > BAD_DAY) & (begun > BAD_DAY)  # others are refused as they are
    computed = ((begun - born) / DAYS_PER_YEAR).map(_WRITTEN)
    age = written.where(~rough | ~written.map(is_blank), computed)
    return patients.assign(birth_date=birth.where(~rough, ""), age_at_index=age), int(rough.sum())


def with_age(patient: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return one person likewise, by the names of columns.

    Examples
    --------
    >>> with_age({"index_date": "2015-01-01", "birth_date": "1950"})
    {'index_date': '2015-01-01', 'birth_date': None, 'age_at_index': '64.50'}
    >>> with_age({"index_date": "2015-01-01", "birth_date": "1950", "age_at_index": 64})["age_at_index"]
    '64'
    """
    birth, index, written = (text_of(patient.get(column)) for column in ("birth_date", "index_date", "age_at_index"))
    if not _ROUGH.fullmatch(birth):
        return patient
    born, begun = day_of(middle_of(birth)).day, day_of(index).day  # no frame: of a single person one takes as long as an answer
    if min(born, begun) <= BAD_DAY:  # refused as it is
        return patient
    age = _WRITTEN((begun - born) / DAYS_PER_YEAR) if is_blank(written) else written
    return {**patient, "birth_date": None, "age_at_index": age}


def days_in(text: pd.Series) -> pd.Series:
    """Return each day as `parsing.day_of` has it; each distinct text is parsed once."""
    return text.map({each: day_of(each).day for each in text.unique()}).astype("int64")
