"""Exact Shapley values: a player's effect averaged over every order in which players join (Shapley, 1953).

Players are covariates, or biomarkers with all their columns. Each value is made of those of all coalitions of players, 2 ** players.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.special import comb

from serving.models.base import Array

Ints = NDArray[np.int64]
MOST_PLAYERS = 12  # 4,096 coalitions
_SMALL, _LARGEST = 1e-6, 1e300


def shapley_values(values: Array) -> Array:
    """Return the Shapley values (players, ...) of the values of all coalitions (2 ** players, ...); bit k of a coalition is player k.

    Examples
    --------
    >>> shapley_values(np.array([0.0, 1.0, 2.0, 5.0])).tolist()  # 1 and 2 alone, 5 together
    [2.0, 3.0]
    """
    players = len(values).bit_length() - 1
    found = np.empty((players, values[0].size))
    _shapley_values(values.reshape(len(values), -1), *_weights(players), found)
    return found.reshape(players, *values.shape[1:])


def shapley_with_background(contributions: Array, start: Array, background: Array, group: Ints) -> None:
    """Turn what columns add without a background into what they add with it, in place.

    With a background log-odds are no sum of what columns add: the more the others foretell, the less is lost in it. A group of columns has
    its exact Shapley value among all groups, against the training mean; within it each column has its part in proportion to what it adds
    without.

    Parameters
    ----------
    contributions : array (rows, horizons, columns)
        What each column adds to the log-odds of a start; with a background of 0 they stay as they are.
    start, background : arrays (horizons,), log-odds and odds
    group : array (columns,)
        Which group each column is of, from 0 on; at most `MOST_PLAYERS`.

    Examples
    --------
    >>> adds = np.log([[[4.0, 2.0]]])
    >>> shapley_with_background(adds, np.zeros(1), np.ones(1), np.array([0, 1]))
    >>> round(float(np.exp(adds.sum())), 3)  # from odds of 1 + 1 to 8 + 1
    4.5
    """
    if background.any():
        _with_background(contributions, start, background, group, *_weights(int(group.max()) + 1))


@cache
def _weights(players: int) -> tuple[Array, Array]:
    """Return the weight of each coalition (2 ** players,) for a player that is not in it, and that plus the weight for one that is."""
    size = np.array([coalition.bit_count() for coalition in range(1 << players)])
    of_size = np.append(1.0 / (players * comb(players - 1, np.arange(players))), 0.0)
    without: Array = of_size[size]
    return without, without + np.where(size > 0, of_size[size - 1], 0.0)


@njit(cache=True, nogil=True)
def _shapley_values(values: Array, without: Array, both: Array, found: Array) -> None:
    """Fill in what `shapley_values` says, each of these (coalitions or players, cases)."""
    value, of_players = np.empty(len(values)), np.empty(len(found))
    for case in range(values.shape[1]):
        value[:] = values[:, case]
        _shapley(value, without, both, of_players)
        found[:, case] = of_players


@njit(cache=True, nogil=True)
def _with_background(contributions: Array, start: Array, background: Array, group: Ints, without: Array, both: Array) -> None:
    """Fill in what `shapley_with_background` says."""
    groups = int(group.max()) + 1
    over, value, kept = np.empty_like(without), np.empty_like(without), np.empty(groups)
    for row in range(contributions.shape[0]):
        for h in range(len(background)):
            if background[h] <= 0.0:
                continue
            adds = np.zeros(groups)
            for column in range(len(group)):
                adds[group[column]] += contributions[row, h, column]
            _coalitions(start[h] - math.log(background[h]), adds, over, value)
            _shapley(value, without, both, kept)
            for k in range(groups):
                # A quotient of two numbers near 0 would tell nothing: it is a slope.
                kept[k] = kept[k] / adds[k] if abs(adds[k]) >= _SMALL else _mean_slope(k, over, without)
            for column in range(len(group)):
                contributions[row, h, column] *= kept[group[column]]


@njit(cache=True, nogil=True)
def _coalitions(start: float, adds: Array, over: Array, value: Array) -> None:
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
    """Fill in each player's Shapley value; the values of coalitions are used up.

    It is the sum of the values of coalitions with the player, less that of those without, weighted: over all, less those without it. A
    coalition with the last player is added to the same one without it once that player is done: all takes 2 ** players steps.
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
