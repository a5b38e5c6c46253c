"""Findings that are 1 where they hold, 0 where they do not, and NaN where nobody knows: what several of them say together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def at_least(number: int, findings: Sequence[Array]) -> Array:
    """Return 1 where so many are known to hold, 0 where so many no longer can, NaN where that is open.

    Examples
    --------
    >>> one, other = np.array([1.0, 1.0, 0.0, 0.0]), np.array([1.0, np.nan, np.nan, 0.0])
    >>> at_least(2, [one, other]).tolist(), at_least(1, [one, other]).tolist()
    ([1.0, nan, 0.0, 0.0], [1.0, 1.0, nan, 0.0])
    """
    holds, may_hold = 0, 0  # one after the other: of one person, to stack them takes several times as long
    for finding in findings:
        holds = holds + (np.asarray(finding) == 1).astype(np.int64)
        may_hold = may_hold + (np.asarray(finding) != 0).astype(np.int64)  # NaN may
    return np.where(holds >= number, 1.0, np.where(may_hold < number, 0.0, np.nan))


def any_of(findings: Sequence[Array]) -> Array:
    """Return 1 where one holds, 0 where all are known not to, NaN where that is open."""
    return at_least(1, findings)


def all_of(findings: Sequence[Array]) -> Array:
    """Return 1 where all hold, 0 where one is known not to, NaN where that is open."""
    return at_least(len(findings), findings)
