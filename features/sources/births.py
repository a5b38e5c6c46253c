"""Birthdays that were made up where only the year or the month was known: such a birth gives an age, not a birth date."""

from __future__ import annotations

import pandas as pd

LEAST_PEOPLE = 20  # with a birthday: fewer share a day by chance
OF_YEAR, OF_MONTH = ("-01-01", "-07-01"), ("-01", "-15")  # what is put for a day that is not known
YEAR_SHARE, MONTH_SHARE = 0.2, 0.4  # of the people; by chance it is one in 365, and one in 30
_DAY = r"^\d{4}-\d{2}-\d{2}"


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
