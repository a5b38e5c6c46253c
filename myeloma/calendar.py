"""Days, months and years, converted by one rule everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

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
