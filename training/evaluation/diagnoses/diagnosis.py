"""One thing noticed about a fit."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Diagnosis:
    """What was found.

    Attributes
    ----------
    code : one of `training.plan.DIAGNOSES`; `training.evaluation.diagnoses.catalogue` says of each why it matters and what to do
    found : in words, with its figures; it names nobody and holds no count of fewer than ten people
    """

    code: str
    found: str


def listed(names: list[str], between: str = ", ") -> str:
    """Return the first few of some names, and how many there are.

    Examples
    --------
    >>> listed(["a", "b"]), listed(list("abcdef"))
    ('a, b', 'a, b, c, d and 2 more')
    """
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return between.join(names[:_NAMED]) + more


_NAMED = 4
