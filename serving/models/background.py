"""A background: risk that no column foretells. Its odds are added to those that columns make, so that no risk is less.

Where some progress whom nothing foretold, log-odds do not go straight on downwards with what foretells: among people at low risk it tells
less and less. Slopes of a regression that knows no background are a compromise of both ends.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.special import comb

from features.history.columns import parse_column
from serving.models.base import Array

Ints = NDArray[np.int64]
MOST_GROUPS = 12  # Shapley values look at 2 ** groups coalitions
_SMALL, _LARGEST = 1e-6, 1e300


def above(own: Array, background: Array) -> Array:
    """Return log(background + exp(own)), the log-odds with the odds of a background (horizons,) added; of 0 they are what they were.

    Examples
    --------
    >>> above(np.log([[1.0, 0.01]]), np.array([1.0, 0.0])).round(3).tolist()
    [[0.693, -4.605]]
    """
    if not np.any(background):
        return own
    with np.errstate(divide="ignore"):
        found: Array = np.logaddexp(own, np.log(background))
    return found


def group_of_each(columns: Sequence[str]) -> Ints:
    """Return which biomarker or static column each column is of, counted from 0 on.

    Examples
    --------
    >>> group_of_each(["age", "m_protein__last__ever", "female", "m_protein__mean__ever"]).tolist()
    [0, 1, 2, 1]
    """
    groups = [parse_column(name).biomarker for name in columns]
    place = {group: k for k, group in enumerate(dict.fromkeys(groups))}
    return np.array([place[group] for group in groups])


def tell_apart(contributions: Array, start: Array, background: Array, group: Ints) -> None:
    """Turn what columns add without a background into what they add with it, in place.

    With a background log-odds are no sum of what columns add: the more the others foretell, the less is lost in it. What a group of
    columns adds is its Shapley value among all groups, exactly: its effect averaged over every order in which groups can be made known
    (Shapley, 1953; against the training mean). Within a group each column has its part in proportion to what it adds without.

    Parameters
    ----------
    contributions : array (rows, horizons, columns)
        What each column adds to the log-odds of a start; with a background of 0 they stay as they are.
    start, background : arrays (horizons,), log-odds and odds
    group : array (columns,)
        Which group each column is of, from 0 on; at most `MOST_GROUPS`.

    Examples
    --------
    >>> adds = np.log([[[4.0, 2.0]]])
    >>> tell_apart(adds, np.zeros(1), np.ones(1), np.array([0, 1]))
    >>> round(float(np.exp(adds.sum())), 3)  # from odds of 1 + 1 to 8 + 1
    4.5
    """
    groups = int(group.max(initial=-1)) + 1
    if np.any(background) and groups:
        _tell_apart(contributions, start, background, group, *_weights(groups))


@cache
def _weights(groups: int) -> tuple[Array, Array]:
    """Return the weight of each coalition (2 ** groups,) for a group that is not in it, and that plus the weight for one that is."""
    size = np.array([coalition.bit_count() for coalition in range(1 << groups)])
    of_size = np.append(1.0 / (groups * comb(groups - 1, np.arange(groups))), 0.0)
    without: Array = of_size[size]
    return without, without + np.where(size > 0, of_size[size - 1], 0.0)


@njit(cache=True, nogil=True)
def _tell_apart(contributions: Array, start: Array, background: Array, group: Ints, without: Array, both: Array) -> None:
    """Fill in what `tell_apart` says; `without` and `both` are `_weights`."""
    over, value = np.empty_like(without), np.empty_like(without)
    kept, groups = np.empty(int(group.max()) + 1), int(group.max()) + 1
    for row in range(contributions.shape[0]):
        for h in range(len(background)):
            if background[h] <= 0.0:
                continue
            adds = np.zeros(groups)
            for column in range(len(group)):
                adds[group[column]] += contributions[row, h, column]
            _look_at_all(start[h] - math.log(background[h]), adds, over, value)
            _shapley(value, without, both, kept)
            for k in range(groups):
                # A quotient of two numbers near 0 would tell nothing: it is a slope.
                kept[k] = kept[k] / adds[k] if abs(adds[k]) >= _SMALL else _mean_slope(k, over, without)
            for column in range(len(group)):
                contributions[row, h, column] *= kept[group[column]]


@njit(cache=True, nogil=True)
def _look_at_all(start: float, adds: Array, over: Array, value: Array) -> None:
    """Fill in how far each coalition's log-odds lie over the background's (coalitions,), and by how much both together do."""
    over[0], value[0] = start, math.exp(start)  # odds at first: a product is made sooner than a power
    for k in range(len(adds)):
        factor = math.exp(adds[k])
        for coalition in range(1 << k):
            over[coalition + (1 << k)] = over[coalition] + adds[k]
            value[coalition + (1 << k)] = value[coalition] * factor
    for coalition in range(len(over)):
        if value[coalition] < _LARGEST:
            value[coalition] = math.log(1.0 + value[coalition])
        else:
            value[coalition] = max(over[coalition], 0.0) + math.log1p(math.exp(-abs(over[coalition])))


@njit(cache=True, nogil=True)
def _shapley(value: Array, without: Array, both: Array, found: Array) -> None:
    """Fill in each group's Shapley value; the values of coalitions are used up.

    It is the sum of the values of coalitions with the group, less that of those without, weighted: over all, less those without it. A
    coalition with the last group is added to the same one without it once that group is done, so that all takes 2 ** groups steps.
    """
    of_all = 0.0
    for coalition in range(len(value)):
        of_all += without[coalition] * value[coalition]
        value[coalition] *= both[coalition]
    for k in range(len(found) - 1, -1, -1):
        found[k] = -of_all
        for coalition in range(1 << k):
            found[k] += value[coalition + (1 << k)]
            value[coalition] += value[coalition + (1 << k)]


@njit(cache=True, nogil=True)
def _mean_slope(k: int, over: Array, without: Array) -> float:
    """Return how much of a small step of group k is kept, averaged over all orders."""
    slope = 0.0
    for coalition in range(len(over)):
        if not coalition >> k & 1:
            slope += without[coalition] / (1.0 + math.exp(-over[coalition]))
    return slope
