"""One cell becomes text, a day, a number: by these functions alone, whether it stands in a table of millions or in one request."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from math import nan
from typing import Any, NamedTuple
from zoneinfo import available_timezones

from features.cohort.schema import OPERATORS
from features.cohort.times import TIME
from myeloma.calendar import BAD_DAY, EPOCH, FIRST_DAY, LAST_DAY, NO_DAY

BLANKS = frozenset(("", "na", "n/a", "nan", "none", "null", "nat", "<na>"))
NUMBER, BLANK, BAD = 0, 1, 2  # what a cell of results holds
_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ](.+))?", re.ASCII)
# `<=` and `>=` may be the limit itself, and are told apart from `<` and `>` until the value is in its canonical unit.
_SIGN = r"([<>]=?|)"
_SIGNS = str.maketrans({"≤": "<=", "≥": ">="})
_RESULT = re.compile(rf"{_SIGN}\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)", re.ASCII)
# As laboratories write small shares; 10E-5 is not among them: it is read both as 10^-5 and as 10 times that.
_POWER = re.compile(rf"{_SIGN}\s*(?:(\d+(?:\.\d+)?)\s*[x*×·]\s*)?10\^([+-]?\d{{1,2}})", re.ASCII | re.IGNORECASE)
_OPERATOR = {operator: code for code, operator in enumerate(("", *OPERATORS, *(f"{operator}=" for operator in OPERATORS)))}


class Day(NamedTuple):
    """A day as written: `day` since 1970, or `NO_DAY`, or `BAD_DAY`; the time of day beside it, its zone at the end; the zone, None
    without a time.
    """

    day: int
    time: str = ""
    zone: str | None = None


class Result(NamedTuple):
    """A result as written: `kind` is NUMBER, BLANK or BAD, and `operator` is 0, or the place of the operator in `OPERATORS` plus 1.

    Of an operator that includes the limit it is that of the same sign plus the length of `OPERATORS`.
    """

    operator: int
    value: float
    kind: int


def text_of(cell: Any) -> str:
    """Return a cell as text, blanks stripped. A whole float is written without its point: 17.0 and 17 are one identifier.

    Examples
    --------
    >>> text_of(17.0), text_of(" P1 "), text_of(None), text_of(float("nan"))
    ('17', 'P1', '', '')
    """
    if isinstance(cell, float):
        return "" if cell != cell else f"{cell:.0f}" if cell.is_integer() else repr(float(cell))
    return "" if cell is None else str(cell).strip()


def is_blank(text: str) -> bool:
    """Return whether a text says that nothing is known."""
    return text.casefold() in BLANKS


def day_of(text: str) -> Day:
    """Return the calendar day as written: a time of day beside it, with or without a zone, shifts nothing.

    A time that is not understood makes the whole no day: what is cut off might have said another.

    Examples
    --------
    >>> day_of("2015-02-01"), day_of("2015-02-01T23:30Z"), day_of("01/02/2015").day == BAD_DAY
    (Day(day=16467, time='', zone=None), Day(day=16467, time='23:30Z', zone='Z'), True)
    >>> day_of("2015-02-01 7:15 PM").time, day_of("2015-02-01 25:00").day == BAD_DAY
    ('19:15', True)
    >>> day_of("2015-08-01 08:00+02:00[Europe/Berlin]")
    Day(day=16648, time='08:00+02:00', zone='Europe/Berlin')
    """
    part = _DAY.fullmatch(text)
    if part is None:
        return Day(NO_DAY if is_blank(text) else BAD_DAY)
    day = _calendar_day(part[1])
    if part[2] is None or day == BAD_DAY:
        return Day(day)
    clock = TIME.fullmatch(part[2])
    hour = -1 if clock is None else _hour(clock["hour"], clock["half"])
    if clock is None or hour < 0:
        return Day(BAD_DAY)
    seconds = "" if clock["second"] is None else f":{clock['second']}{(clock['part'] or '').replace(',', '.')}"
    zone = (clock["zone"] or "").upper().replace("UTC", "Z").replace("GMT", "Z")
    return Day(day, f"{hour:02d}:{clock['minute']}{seconds}{zone}", _zone_of(zone, clock["name"]))


def first_day_of(text: str) -> int:
    """Return the day since 1970 on which a day, a month or a year begins, written YYYY-MM-DD, YYYY-MM or YYYY; others as `day_of` has it.

    Examples
    --------
    >>> first_day_of("2015-02"), first_day_of("2015-02-01T08:00Z"), first_day_of("2015-13") == BAD_DAY, first_day_of("") == NO_DAY
    (16467, 16467, True, True)
    """
    return day_of(text + {len("2015"): "-01-01", len("2015-02"): "-01"}.get(len(text), "")).day


def _zone_of(offset: str, name: str | None) -> str:
    """Return what zone a time is of: a name beside the offset is one zone in summer and winter. Any other word stays unsaid."""
    return name if name and offset not in ("", "Z") and name in _zone_names() else offset


@lru_cache(maxsize=1)
def _zone_names() -> frozenset[str]:
    return frozenset(available_timezones())


def _hour(text: str, half: str | None) -> int:
    """Return the hour of 24, -1 where there is no such hour: `half` is AM or PM, of a clock of twelve."""
    hour = int(text)
    if half is None:
        return hour if len(text) == 2 and hour < 24 else -1
    return hour % 12 + 12 * (half.upper() == "PM") if 1 <= hour <= 12 else -1


def _calendar_day(text: str) -> int:
    try:
        day = date.fromisoformat(text).toordinal() - EPOCH
    except ValueError:  # no day of the calendar, such as February 30
        return BAD_DAY
    return day if FIRST_DAY <= day <= LAST_DAY else BAD_DAY


def result_of(text: str) -> Result:
    """Return a result such as `1.5`, `<0.1` or `>=60`; a blank, or a text that is no number, gives NaN and says so.

    Of what is at least, or at most, 0 nothing is known that a number could hold: it is no result.

    Examples
    --------
    >>> result_of("<0.1"), result_of("1,5"), result_of("2 x 10^-6").value
    (Result(operator=1, value=0.1, kind=0), Result(operator=0, value=nan, kind=2), 2e-06)
    >>> result_of("≥60"), result_of("<=5").operator, result_of(">=0").kind == BAD
    (Result(operator=4, value=60.0, kind=0), 3, True)
    """
    text = text.translate(_SIGNS)
    if part := _RESULT.fullmatch(text):
        found = Result(_OPERATOR[part[1]], float(part[2]), NUMBER)
    elif power := _POWER.fullmatch(text):
        found = Result(_OPERATOR[power[1]], float(f"{power[2] or 1}e{power[3]}"), NUMBER)
    else:
        return Result(0, nan, BLANK if is_blank(text) else BAD)
    return Result(0, nan, BAD) if found.operator > len(OPERATORS) and found.value <= 0.0 else found


def years_of(text: str) -> float:
    """Return an age as written, NaN where it is no number."""
    try:
        return float(text) if text.isascii() and "_" not in text else nan
    except ValueError:
        return nan
