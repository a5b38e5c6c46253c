"""LOINC codes as people type them: the check digit finds a mistyped one."""

from __future__ import annotations

import re

from myeloma.errors import ConfigError

_CODE = re.compile(r"(\d{1,7})-(\d)")
# How a code of LOINC is written in a mapping: `LOINC:718-7`, `LOINC//718-7`, `http://loinc.org|718-7`.
_WRITTEN = re.compile(r"\s*(?:LOINC|https?://loinc\.org)\s*[:/|#]+\s*(.*?)\s*", re.IGNORECASE)


def check_digit(number: str) -> int:
    """Return the check digit (Luhn) of the digits before the hyphen.

    Examples
    --------
    >>> check_digit("718")
    7
    """
    doubled = [int(digit) * (2 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(number))]
    return -sum(digit - 9 if digit > 9 else digit for digit in doubled) % 10


def check_loinc(code: str, where: str) -> None:
    """Refuse what is no LOINC code.

    Raises
    ------
    ConfigError
        It is not digits, a hyphen and a digit, or the check digit is wrong.

    Examples
    --------
    >>> check_loinc("33944-8", "m.yaml")
    Traceback (most recent call last):
    ...
    myeloma.errors.ConfigError: m.yaml: 33944-8 is no LOINC code: its check digit is wrong. Hint: 33944 ends in -0; is a digit mistyped?
    """
    found = _CODE.fullmatch(code)
    if not found:
        raise ConfigError(f'{where}: "{code}" is no LOINC code.', "digits, a hyphen and a check digit, as in 718-7.")
    number, digit = found.groups()
    if int(digit) != check_digit(number):
        hint = f"{number} ends in -{check_digit(number)}; is a digit mistyped?"
        raise ConfigError(f"{where}: {code} is no LOINC code: its check digit is wrong.", hint)


def loinc_of(written: str) -> str | None:
    """Return the code that is written as one of LOINC, None where the text names no vocabulary or another.

    Examples
    --------
    >>> loinc_of("LOINC:718-7")
    '718-7'
    >>> loinc_of("SNOMED:109989006")
    """
    found = _WRITTEN.fullmatch(written)
    return found[1] if found else None
