"""Findings that are 1 where they hold, 0 where they do not, and NaN where nobody knows: what several of them say together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numba import njit
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
    each = [np.asarray(finding, dtype=float) for finding in findings]
    if len({one.shape for one in each}) > 1:
        each = list(np.broadcast_arrays(*each))
    shape = each[0].shape
    rows = np.array(each).reshape(len(each), -1)
    found = np.empty(rows.shape[1])
    _count(number, rows, found)
    return found.reshape(shape)


@njit(cache=True, nogil=True)
def _count(number: int, findings: Array, found: Array) -> None:
    for r in range(len(found)):
        holds = may_hold = 0
        for k in range(len(findings)):
            holds += findings[k, r] == 1.0
            may_hold += findings[k, r] != 0.0  # NaN may
        found[r] = 1.0 if holds >= number else 0.0 if may_hold < number else np.nan


def any_of(findings: Sequence[Array]) -> Array:
    """Return 1 where one holds, 0 where all are known not to, NaN where that is open."""
    return at_least(1, findings)


def all_of(findings: Sequence[Array]) -> Array:
    """Return 1 where all hold, 0 where one is known not to, NaN where that is open."""
    return at_least(len(findings), findings)
