"""The order of rows by several columns of whole numbers, and which rows agree in all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Places = NDArray[np.intp]
_MANY = 1000


def order_of(columns: Sequence[NDArray[Any]]) -> Places:
    """Return the order of the rows by whole numbers, the first column most; many are packed into one number where that fits: quicker."""
    packed = _packed(columns) if len(columns[0]) >= _MANY else None
    order: Places = np.lexsort(columns[::-1]) if packed is None else np.argsort(packed, kind="stable")
    return order


def _packed(columns: Sequence[NDArray[Any]]) -> NDArray[np.int64] | None:
    packed, size = np.zeros(len(columns[0]), dtype=np.int64), 1
    for column in columns:
        low = int(column.min())
        span = int(column.max()) - low + 1
        size *= span
        if size >= 2**63:
            return None
        packed = packed * span + (column.astype(np.int64) - low)  # in 32 bits a day that is none would overflow
    return packed


def alike(columns: Sequence[NDArray[Any]], order: Places) -> Mask:
    """Return for each row but the first, in this order, whether it equals the one before it."""
    same = np.ones(max(len(order) - 1, 0), dtype=bool)
    for column in columns:
        values = column[order]
        same &= values[1:] == values[:-1]
    return same


def of_several(columns: Sequence[NDArray[Any]], order: Places) -> Places:
    """Return the rows of which there are several, in this order."""
    same = alike(columns, order)
    several = np.zeros(len(order), dtype=bool)
    several[1:] |= same
    several[:-1] |= same
    rows: Places = order[several]
    return rows


def groups_of(columns: Sequence[NDArray[Any]]) -> Places:
    """Return a number for each row, the same where rows agree in all columns.

    Examples
    --------
    >>> groups_of([np.array([7, 5, 7]), np.array([1, 1, 1])]).tolist()
    [1, 0, 1]
    """
    order = order_of(columns)
    group = np.empty(len(order), dtype=np.intp)
    group[order] = np.cumsum(np.concatenate([[0], ~alike(columns, order)]))[: len(order)]
    return group
