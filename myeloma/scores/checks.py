"""What a score is given is checked: NaN means unknown, anything impossible is refused."""

from __future__ import annotations

import math
from collections.abc import Collection
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from myeloma.catalogue import catalogue
from myeloma.errors import DataError

_OTHERS = {
    "age": (0.0, 120.0, "years"),
    "performance_status": (0.0, 4.0, "(ECOG)"),
    "del_1p32_copies": (0.0, 2.0, "(copies lost)"),
    **dict.fromkeys(("aberrant_plasma_cells", "circulating_tumor_cells", "del17p_percent"), (0.0, 100.0, "%")),
}


def check_names(key: str, given: Collection[str], known: tuple[str, ...]) -> None:
    """Refuse an input that a score does not have: what is misspelt would silently be unknown.

    Raises
    ------
    TypeError
        It is a mistake of the program that calls.
    """
    if not set(known).issuperset(given):
        raise TypeError(f"{key} has no input {min(set(given).difference(known))}; it has {', '.join(known)}")


def checked(name: str, values: ArrayLike) -> NDArray[np.float64]:
    """Return the values as floats.

    Raises
    ------
    DataError
        One is infinite or outside the hard range of the input; a finding is outside 0 to 1.

    Examples
    --------
    >>> checked("bmpc", -5)
    Traceback (most recent call last):
    ...
    myeloma.errors.DataError: bmpc is -5 %, which cannot be. Hint: 0 to 100 %, or unknown.
    """
    found = np.asarray(values, dtype=float)
    lower, upper, unit = limits(name)
    wrong = (found < lower) | (found > upper) | np.isinf(found)
    if wrong.any():
        first = found[wrong].flat[0]
        raise DataError(f"{name} is {first:g} {unit}, which cannot be.", f"{lower:g} to {upper:g} {unit}, or unknown.", "out_of_range")
    return found


def checked_one(name: str, value: float) -> float:
    """Return one value, checked as `checked` does many."""
    lower, upper, _ = limits(name)
    if value < lower or value > upper or math.isinf(value):
        checked(name, value)
    return value


@cache
def limits(name: str) -> tuple[float, float, str]:
    """Return the least and the most that an input can be, and its unit."""
    if name in catalogue():
        entry = catalogue()[name]
        return entry.lower, entry.upper, entry.unit
    return _OTHERS.get(name, (0.0, 1.0, "(1 present, 0 absent)"))
