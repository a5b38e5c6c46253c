"""Days, months and years, converted by one rule everywhere."""

from __future__ import annotations

DAYS_PER_MONTH = 30.4375
DAYS_PER_YEAR = 365.25
# Days count from 1970, as int32. No date lies near the ends of what that holds, so these stand for what is no date.
NEVER = 2**31 - 1  # the day of what has not happened: after every day
NO_DAY, BAD_DAY = -(2**31), -(2**31) + 1  # a date that is not there, and one that cannot be read: before every day


def horizon_days(months: float) -> int:
    """Return a horizon in whole days; sources that count months use the same rule, so ties stay ties.

    Examples
    --------
    >>> horizon_days(12)
    365
    """
    return round(months * DAYS_PER_MONTH)
