"""Death of other causes: a life table by age and sex, general population of the United States, 2014 (see README.md)."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
PATH = Path(__file__).with_name("us_2014.csv")
YOUNGEST, OLDEST = 30, 109


def death_rate(age: ArrayLike, female: ArrayLike) -> Array:
    """Return deaths per person-year. Below 30 and above 109 the nearest rate holds.

    Examples
    --------
    >>> death_rate([65.0, 75.9], [False, True])
    array([0.0157189 , 0.02488611])
    """
    row = np.clip(np.floor(np.asarray(age, dtype=float)), YOUNGEST, OLDEST).astype(int) - YOUNGEST
    rate: Array = _rates()[row, np.where(female, 0, 1)]
    return rate


def cumulative_death_rate(age: ArrayLike, female: ArrayLike) -> Array:
    """Return the death rate added up from age 30; a difference of two ages is -log of the survival between them.

    Raises
    ------
    ValueError
        An age lies below 30.
    """
    age = np.asarray(age, dtype=float)
    if np.any(age < YOUNGEST):
        raise ValueError(f"the life table begins at age {YOUNGEST}")
    column = np.where(female, 0, 1)
    whole = np.minimum(np.floor(age).astype(int) - YOUNGEST, OLDEST - YOUNGEST)
    added: Array = _accumulated()[whole, column] + (age - YOUNGEST - whole) * _rates()[whole, column]
    return added


def age_at_death(age: ArrayLike, female: ArrayLike, unit_exponential: ArrayLike) -> Array:
    """Return the age at which the added death rate, from `age` on, reaches a draw of the unit exponential.

    Parameters
    ----------
    age : array of shape (n,)
        Age now, 30 or more.
    unit_exponential : array of shape (n,)
        Draws; infinity never happens in a life table, the last rate simply goes on.
    """
    target = cumulative_death_rate(age, female) + np.asarray(unit_exponential, dtype=float)
    column = np.where(female, 0, 1)
    whole = np.where(
        column == 0,
        np.searchsorted(_accumulated()[:, 0], target, side="right"),
        np.searchsorted(_accumulated()[:, 1], target, side="right"),
    )
    whole = whole - 1
    died: Array = YOUNGEST + whole + (target - _accumulated()[whole, column]) / _rates()[whole, column]
    return died


@cache
def _rates() -> Array:
    return np.loadtxt(PATH, delimiter=",", skiprows=1, usecols=(1, 2))


@cache
def _accumulated() -> Array:
    return np.vstack([np.zeros(2), np.cumsum(_rates(), axis=0)[:-1]])
