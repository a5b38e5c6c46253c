"""Times of day, as the cohort keeps them in `collected_time`: the clock, and its zone where one was written."""

from __future__ import annotations

import re

_UTC = frozenset(("UTC", "ETC/UTC", "Z", "GMT", "+00", "+0000", "+00:00", "-00:00"))  # as times and columns of times name it
UNTIMED = -(2**31)  # before every time of day
TIME = re.compile(
    r"(?P<hour>\d{1,2}):(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d|60)(?P<part>[.,]\d+)?)?(?: ?(?P<half>[AP]M))?"
    r" ?(?P<zone>Z|UTC|GMT|[+-](?:0\d|1[0-4])(?::?[0-5]\d)?)?(?:\[(?P<name>[A-Za-z_]\w*(?:/[\w+-]+)*)\])?",
    re.ASCII | re.IGNORECASE,
)


def is_utc(zone: str) -> bool:
    """Return whether a zone, of a time or of a column of times, is UTC.

    Examples
    --------
    >>> is_utc("Z"), is_utc("+00:00"), is_utc("+01:00"), is_utc("Europe/London"), is_utc("")
    (True, True, False, False, False)
    """
    return zone.upper() in _UTC


def instant_of(time: str) -> int:
    """Return a time of day, as the cohort keeps it, in milliseconds since midnight in UTC; one without a zone is taken as of UTC.

    So times of one day are compared as the instants they are, whatever zones they were written in.

    Examples
    --------
    >>> instant_of("23:30:00+02:00") < instant_of("22:00Z"), instant_of("06:00Z") == instant_of("08:00+02:00"), instant_of("") == UNTIMED
    (True, True, True)
    """
    clock = TIME.fullmatch(time)
    if clock is None:
        return UNTIMED
    minutes = 60 * int(clock["hour"]) + int(clock["minute"])
    zone = (clock["zone"] or "Z").replace(":", "")
    if zone != "Z":
        minutes -= int(f"{zone[0]}1") * (60 * int(zone[1:3]) + int(zone[3:5] or 0))
    return 60_000 * minutes + round(1000 * (int(clock["second"] or 0) + float(clock["part"] or 0)))
