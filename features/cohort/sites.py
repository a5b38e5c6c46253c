"""How sites are called where others read of them: by their names where these are codes, else by a number."""

from __future__ import annotations

import re
from collections.abc import Iterable

UNKNOWN_SITE = "unknown"
# What no person is called: a letter and figures, and the sites of the cohorts that come with the product.
_CODE = re.compile(r"[A-Za-z]?[0-9]{0,4}|east|north|south|west|mayo")


def numbered(names: Iterable[str]) -> dict[str, str]:
    """Return how a summary calls each site: as it is called where all are letters and numbers, such as `B` or `K12`.

    Otherwise by its place in the order of names, since a name may be that of a doctor.

    Examples
    --------
    >>> numbered(["Dr. Meier", "A1"]), numbered(["A1", "B"])
    ({'A1': 'no. 1', 'Dr. Meier': 'no. 2', 'unknown': 'unknown'}, {'A1': 'A1', 'B': 'B', 'unknown': 'unknown'})
    """
    known = sorted(set(names) - {UNKNOWN_SITE})
    coded = all(_CODE.fullmatch(name) for name in known)
    return {name: name if coded else f"no. {place}" for place, name in enumerate(known, 1)} | {UNKNOWN_SITE: UNKNOWN_SITE}
