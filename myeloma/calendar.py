"""Days, months and years, converted by one rule everywhere."""

from __future__ import annotations

DAYS_PER_MONTH = 30.4375
DAYS_PER_YEAR = 365.25


def horizon_days(months: float) -> int:
    """Return a horizon in whole days; sources that count months use the same rule, so ties stay ties.

    Examples
    --------
    >>> horizon_days(12)
    365
    """
    return round(months * DAYS_PER_MONTH)
