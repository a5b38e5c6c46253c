"""The errors a person can mend. Each says what, where, what was received, what is accepted, and a hint."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_MANY = 30  # names, beyond which the nearest one is enough


class UserError(Exception):
    """Base of every error that is the input's or the set-up's, not the program's.

    Parameters
    ----------
    what : str
        One sentence: what is wrong, where (file, row, field), and what was received.
    hint : str, optional
        What to do about it.
    code : str, optional
        Stable reason code, the same in quarantine files and HTTP answers.
    """

    def __init__(self, what: str, hint: str = "", code: str = "refused") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint
        self.code = code

    def __str__(self) -> str:
        return f"{self.what} Hint: {self.hint}" if self.hint else self.what


class DataError(UserError):
    """The data cannot be used as they are."""


class ConfigError(UserError):
    """`params.yaml` or an option holds something that is not accepted."""


class StateError(UserError):
    """Something that must exist does not yet: a file, a run, a champion."""


def nearest(received: str, accepted: Iterable[str]) -> str:
    """Return a hint that names the nearest accepted value and the whole list, unless that is long and the nearest is found.

    Examples
    --------
    >>> nearest("m_protien", ["m_protein", "bmpc"])
    'did you mean "m_protein"? Accepted: bmpc, m_protein.'
    """
    choices = sorted(accepted)
    close = difflib.get_close_matches(received.lower(), choices, n=1, cutoff=0.6)
    start = f'did you mean "{close[0]}"? ' if close else ""
    if close and len(choices) > _MANY:
        return f"{start}{len(choices)} names are accepted."
    return f"{start}Accepted: {', '.join(choices)}."
