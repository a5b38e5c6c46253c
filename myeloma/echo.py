"""What of a text that somebody else wrote may be printed, logged, sent back or kept in a summary: what cannot name a person.

The rule, one for every way out: a number of few digits, with its operator and a unit of the catalogue; a unit or a word of the
catalogue; a day, where a day belongs; a LOINC code whose check digit is right, or a code of the form of the ATC. Anything else is told
by where it stands, by how often, and by the nearest word that is accepted. Control characters never go to a terminal or a log.
"""

from __future__ import annotations

import re
from functools import lru_cache

from myeloma.catalogue import catalogue, normalised
from myeloma.fish import FINDINGS
from myeloma.loinc import check_digit

MOST_DIGITS = 6  # a result has no more; a telephone number, or that of a record, has
_NUMBER = re.compile(r"\s*((?:[<>]=?|[≤≥])?)\s*[+-]?[0-9]*[.,]?[0-9]*(?:[eE][+-]?[0-9]{1,3})?\s*(.*)", re.DOTALL)
_DAY = re.compile(
    r"(?:[0-9]{1,4}([-/.])[0-9]{1,2}\1[0-9]{1,4}|(?:19|20)[0-9]{6})(?:[T ][0-9:.]{4,15}(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?", re.ASCII
)
_LONGEST = 80
_CONCEPT = re.compile(r"concept [0-9]{1,10}")  # how a unit of OMOP's vocabulary stands where no name of it is known
_LOINC = re.compile(r"(?:LOINC\s?[:/|]{1,2}\s?|http://loinc\.org\|)?([0-9]{1,5})-([0-9])", re.IGNORECASE)
_ATC = re.compile(r"ATC:[A-Z][0-9]{2}[A-Z]{2}[0-9]{2}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
# Words of no catalogue entry that tell why there is no value.
_PLAIN = frozenset(("", "na", "n/a", "nan", "none", "null", "inf", "-inf", "true", "false", "high", "low", "negative", "positive"))


def echo(text: str) -> str:
    """Return a text that was received where it cannot name a person, and nothing otherwise.

    Examples
    --------
    >>> echo("<0,1 g/dl"), echo("mg/L"), echo("m_protein"), echo("t(4;14)"), echo("Meier"), echo("01711234567")
    ('<0,1 g/dl', 'mg/L', 'm_protein', 't(4;14)', '', '')
    """
    if text.strip().casefold() in _PLAIN or _is_word(text) or _CONCEPT.fullmatch(text):
        return text
    number = _NUMBER.fullmatch(text)
    if number is None:
        return ""
    rest = number[2]
    digits = sum(sign.isdigit() for sign in text[: len(text) - len(rest)])
    return text if digits <= MOST_DIGITS and digits + len(number[1]) and (not rest or _is_unit(rest)) else ""


def echo_day(text: str) -> str:
    """Return a text that is written as a day, whether or not there is such a day, and nothing otherwise.

    Examples
    --------
    >>> echo_day("10/01/2022"), echo_day("2022-02-30T08:15Z"), echo_day("0171/123456"), echo_day("May")
    ('10/01/2022', '2022-02-30T08:15Z', '', '')
    """
    return text if _DAY.fullmatch(text) else ""


def echo_code(text: str) -> str:
    """Return a code of LOINC or, behind `ATC:`, of the ATC, which everybody may know, and nothing otherwise: own codes are free text.

    Examples
    --------
    >>> echo_code("718-7"), echo_code("LOINC//718-7"), echo_code("718-8"), echo_code("HB MEIER"), echo_code("ATC:L04AX04")
    ('718-7', 'LOINC//718-7', '', '', 'ATC:L04AX04')
    """
    if _ATC.fullmatch(text):
        return text
    found = _LOINC.fullmatch(text)
    return text if found and int(found[2]) == check_digit(found[1]) else ""


def printable(text: str) -> str:
    """Return a text for a terminal or a log: what would steer it, or turn the order of reading, is replaced by "?".

    Examples
    --------
    >>> printable("a\\x1b[31mb\\u202ec")
    'a?[31mb?c'
    """
    return _CONTROL.sub("?", text)


def _is_unit(text: str) -> bool:
    return normalised(text) in _words(catalogue().version)[0]


def _is_word(text: str) -> bool:
    units, words = _words(catalogue().version)
    parts = [part.strip().casefold() for part in text.split("|")]
    units_said = all(normalised(unit) in units for unit in text.split(" or "))  # two where a source contradicts itself
    return len(text) <= _LONGEST and (units_said or all(part in words for part in parts))


@lru_cache(maxsize=4)
def _words(version: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the units of that version of the catalogue, as `normalised` writes them, and its words, in lower case."""
    entries = catalogue().biomarkers.values()
    words = {entry.key.casefold() for entry in entries} | {entry.name.casefold() for entry in entries} | FINDINGS
    words |= {word.casefold() for entry in entries for word in (*entry.words, *entry.aliases, *entry.methods, *entry.specimens)}
    for name, specimen in catalogue().known_specimens.items():
        words |= {word.casefold() for word in (name, *specimen.words)}
    return frozenset(unit for entry in entries for unit in entry.divisors), frozenset(words)
