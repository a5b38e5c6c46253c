"""Cells as an export writes them become cells as the checks read them: dates, numbers, identifiers. What does not fit stays as it is."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, timedelta
from functools import cache

from myeloma.calendar import FIRST_DATE, LAST_DATE

# How dates are written -> a pattern of year, month and day. A time of day may follow. Years of two digits are no form: 24 is a birth too.
DATE_FORMS = {
    "YYYY-MM-DD": r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})",
    "DD.MM.YYYY": r"(?P<d>\d{1,2})\.\s?(?P<m>\d{1,2})\.\s?(?P<y>\d{4})",
    "DD/MM/YYYY": r"(?P<d>\d{1,2})/(?P<m>\d{1,2})/(?P<y>\d{4})",
    "MM/DD/YYYY": r"(?P<m>\d{1,2})/(?P<d>\d{1,2})/(?P<y>\d{4})",
    "DD-MM-YYYY": r"(?P<d>\d{1,2})-(?P<m>\d{1,2})-(?P<y>\d{4})",
    "MM-DD-YYYY": r"(?P<m>\d{1,2})-(?P<d>\d{1,2})-(?P<y>\d{4})",
    "YYYY/MM/DD": r"(?P<y>\d{4})/(?P<m>\d{1,2})/(?P<d>\d{1,2})",
    "YYYY.MM.DD": r"(?P<y>\d{4})\.(?P<m>\d{1,2})\.(?P<d>\d{1,2})",
    "YYYYMMDD": r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})",
    "EXCEL": r"(?P<serial>\d{4,5})(?:\.0+)?",
}
EITHER = (("DD/MM/YYYY", "MM/DD/YYYY"), ("DD-MM-YYYY", "MM-DD-YYYY"))  # pairs of which a cell may be both, and then of two days
_FIRST_YEAR, _LAST_YEAR = (int(day[:4]) for day in (FIRST_DATE, LAST_DATE))
_TIME = r"(?P<time>[T ]\d{1,2}:.+)?"
_EXCEL_ZERO = date(1899, 12, 30)  # so counted, serial numbers after February 1900 are right
_GROUPS = {
    ".": re.compile(r"([<>]=?\s*)?([+-]?\d{1,3}(?:,\d{3})+|[+-]?\d+)(\.\d+)?"),
    ",": re.compile(r"([<>]=?\s*)?([+-]?\d{1,3}(?:\.\d{3})+|[+-]?\d+)(,\d+)?"),
}
_THOUSAND_OR_PART = re.compile(r"([<>]=?)?\s*([+-]?[1-9]\d{0,2})[.,](\d{3})", re.ASCII)
_WHOLE_YEAR = re.compile(r"(\d{4})(?:\.0+)?", re.ASCII)
_BLANKS = re.compile(r"(?<=\d)[\s\u00a0\u202f'](?=\d{3}(?:\D|$))")


@cache
def _form(name: str) -> re.Pattern[str]:
    return re.compile(DATE_FORMS[name] + _TIME, re.ASCII)


def is_year(text: str) -> bool:
    """Return whether a text reads as a calendar year. As a serial number it would be a day of 1905 or 1906.

    Examples
    --------
    >>> is_year("1950"), is_year("2012.0"), is_year("2400"), is_year("42036")
    (True, True, False, False)
    """
    found = _WHOLE_YEAR.fullmatch(text)
    return found is not None and _FIRST_YEAR <= int(found[1]) <= _LAST_YEAR


def fits(text: str, form: str) -> bool:
    """Return whether a text is a day of the calendar in a form."""
    return iso_date(text, (form,)) != text or (form == "YYYY-MM-DD" and _day(text, form) is not None)


def only_in(texts: Iterable[str], pair: tuple[str, str]) -> tuple[list[str], list[str]]:
    """Return the texts that are days in the first of two forms alone, and in the second alone.

    Examples
    --------
    >>> only_in(["13/02/2015", "02/13/2015", "03/04/2015"], ("DD/MM/YYYY", "MM/DD/YYYY"))
    (['13/02/2015'], ['02/13/2015'])
    """
    which = [(text, fits(text, pair[0]), fits(text, pair[1])) for text in texts]
    return [text for text, first, second in which if first > second], [text for text, first, second in which if second > first]


def iso_date(text: str, forms: Iterable[str]) -> str:
    """Return a date, with what time of day stands after it, as YYYY-MM-DD; a text in none of the forms as it is, and so a year.

    Examples
    --------
    >>> iso_date("1.2.2015 08:30", ["DD.MM.YYYY"]), iso_date("42036", ["EXCEL"]), iso_date("31.02.2015", ["DD.MM.YYYY"])
    ('2015-02-01 08:30', '2015-02-01', '31.02.2015')
    >>> iso_date("1950", ["EXCEL"])
    '1950'
    """
    return next((day for form in forms if (day := _day(text, form)) is not None), text)


def _day(text: str, form: str) -> str | None:
    found = _form(form).fullmatch(text)
    if found is None or (form == "EXCEL" and is_year(text)):
        return None
    parts = found.groupdict()
    try:
        day = (
            _EXCEL_ZERO + timedelta(int(parts["serial"]))
            if parts.get("serial")
            else date(int(parts["y"]), int(parts["m"]), int(parts["d"]))
        )
    except ValueError:
        return None
    return f"{day:%Y-%m-%d}{parts['time'] or ''}"


def plain_number(text: str, decimal: str, flags: Iterable[str] = ()) -> str:
    """Return a result with a decimal point, without marks between thousands and without a flag; any other text as it is.

    With a decimal comma `1.234` might be either, and with a decimal point `1,234`: it is left with a mark that no number has.

    Examples
    --------
    >>> plain_number("< 1.234,5", ","), plain_number("1 200", "."), plain_number("1.2 H", ".", ["H"]), plain_number("1.234", ",")
    ('< 1234.5', '1200', '1.2', '1.234 (thousands or decimals?)')
    """
    for flag in sorted(flags, key=len, reverse=True):
        if text.endswith(flag) and text[: -len(flag)].strip()[-1:].isdigit():
            text = text[: -len(flag)].strip()
            break
    text = _BLANKS.sub("", text.replace("≤", "<=").replace("≥", ">="))
    if re.fullmatch(rf"[<>]?=?\s*[+-]?\d{{1,3}}[{'.' if decimal == ',' else ','}]\d{{3}}", text):
        return f"{text} (thousands or decimals?)"
    found = _GROUPS[decimal].fullmatch(text)
    if found is None:
        return text
    operator, whole, part = found.groups()
    return f"{operator or ''}{whole.replace(',', '').replace('.', '')}{(part or '').replace(',', '.')}"


def thousand_or_fraction(text: str) -> tuple[str, str] | None:
    """Return both readings of a number with one mark and three digits behind it, each written so that it is no other; None of any other.

    Examples
    --------
    >>> thousand_or_fraction("1,250"), thousand_or_fraction("<1.234"), thousand_or_fraction("5.000")
    (('1250', '1.25'), ('<1234', '<1.2340'), ('5000', '5.0'))
    >>> thousand_or_fraction("0.125"), thousand_or_fraction("1250.125"), thousand_or_fraction("12.5")
    (None, None, None)
    """
    found = _THOUSAND_OR_PART.fullmatch(text)
    if found is None:
        return None
    operator, whole, digits = found.groups(default="")
    part = digits.rstrip("0") or "0"
    return f"{operator}{whole}{digits}", f"{operator}{whole}.{part}{'0' if len(part) == 3 else ''}"


def filled_id(text: str, width: int) -> str:
    """Return an identifier of digits with the leading zeros that it lost."""
    return text.zfill(width) if text.isascii() and text.isdigit() else text
