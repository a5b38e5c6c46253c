"""Days, months and years, converted by one rule everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import numpy as np
from numpy.typing import NDArray

from myeloma.compiled import compiled

DAYS_PER_MONTH = 30.4375
DAYS_PER_YEAR = 365.25
# Days count from 1970, as int32. No date lies near the ends of what that holds, so these stand for what is no date.
NEVER = 2**31 - 1  # the day of what has not happened: after every day
EPOCH = date(1970, 1, 1).toordinal()
# Dates that are accepted, at every door: whole lives and calendars shifted into the future lie between them, and nothing overflows.
FIRST_DATE, LAST_DATE = "1850-01-01", "2250-12-31"
FIRST_DAY, LAST_DAY = (date.fromisoformat(day).toordinal() - EPOCH for day in (FIRST_DATE, LAST_DATE))
NO_DAY, BAD_DAY = -(2**31), -(2**31) + 1  # a date that is not there, and one that cannot be read: before every day


def horizon_days(months: float) -> int:
    """Return a horizon in whole days; sources that count months use the same rule, so ties stay ties.

    Examples
    --------
    >>> horizon_days(12)
    365
    """
    return round(months * DAYS_PER_MONTH)


def years_since(born: NDArray[np.int32], day: NDArray[np.int32]) -> NDArray[np.float64]:
    """Return ages in years: a whole number on every birthday, and of the year that runs the share that is over; NaN without a birth date.

    Who was born on 29 February has a birthday on 1 March where the year has no such day.

    Examples
    --------
    >>> day = np.array(["2023-02-28", "2023-03-01", "2024-03-01"], "datetime64[D]").astype(np.int32)
    >>> years_since(np.full(3, date(1954, 3, 1).toordinal() - EPOCH, np.int32), day).round(3).tolist()
    [68.997, 69.0, 70.0]
    """
    found = np.empty(len(born))
    _count_years(born, day, NO_DAY, found)
    return found


@compiled
def _count_years(born: NDArray[np.int32], day: NDArray[np.int32], no_day: int, found: NDArray[np.float64]) -> None:
    """Fill ages, counted in years that begin on 1 March: a leap day is their last, so that each day has the same place in every year."""
    year, place = np.empty(2, np.int64), np.empty(2, np.int64)
    for r in range(len(found)):
        if born[r] == no_day:
            found[r] = np.nan
            continue
        for k in range(2):
            since = np.int64(born[r] if k == 0 else day[r]) + 719468  # days since 1 March of the year 0
            cycle = since // 146097  # of 400 years
            left = since - cycle * 146097
            years = (left - left // 1460 + left // 36524 - left // 146096) // 365
            year[k], place[k] = cycle * 400 + years, left - (365 * years + years // 4 - years // 100)
        age = year[1] - year[0] - (1 if place[1] < place[0] else 0)
        last, following = year[0] + age, year[0] + age + 1
        begins = 365 * last + last // 4 - last // 100 + last // 400 + place[0]
        ends = 365 * following + following // 4 - following // 100 + following // 400 + place[0]
        found[r] = age + (np.int64(day[r]) + 719468 - begins) / (ends - begins)


_held: int | None = None


def today() -> int:
    """Return the day of the call, counted from 1970."""
    return date.today().toordinal() - EPOCH if _held is None else _held


@contextmanager
def held(day: int) -> Iterator[None]:
    """Let it be another day for the whole process: an answer that is made again says what it said on its own day.

    Examples
    --------
    >>> with held(16467):
    ...     date_of(today())
    '2015-02-01'
    """
    global _held
    before, _held = _held, day
    try:
        yield
    finally:
        _held = before


def date_of(day: int) -> str:
    """Return a day counted from 1970 as YYYY-MM-DD.

    Examples
    --------
    >>> date_of(16467)
    '2015-02-01'
    """
    return date.fromordinal(day + EPOCH).isoformat()
