"""A risk-adjusted CUSUM of monthly counts: it adds up what speaks for a rate that is wrong by a factor, and alarms above a limit.

The step of a month is the logarithm of the likelihood ratio of its count (Poisson) under a rate wrong by the factor against the right
one: log(factor) * observed - (factor - 1) * expected. The sum never falls below 0 (Page, Biometrika 1954;41:100). What is expected is
each person's own, as in Steiner et al., Biostatistics 2000;1:441; in person-time, with an event's date: Biswas and Kalbfleisch, Stat
Med 2008;27:3382, Sego et al., Stat Med 2009;28:1386. After an alarm the chart begins again at 0.

The limit has no formula. It is found by simulating the very monitoring, with the same expected counts, while the risks are right: for
each month the least limit that keeps to so many false alarms a year up to then. A limit that is the same in all months would give
hardly any in the first year of a site that begins with few people, and make up for it later: it would find a wrong rate late.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
WRONG_BY = 1.5  # times: what the charts look for; the chart of too few looks for one in so many
MONTHS_A_YEAR = 12
LEAST_EXPECTED = 5.0  # events, before which there is no alarm: of fewer, chance alone makes any number
_STREAMS, _FEWER, _SEED = 20_000, 4_000, 1  # false alarms of a year are known to 2 % (one in ten streams)
_LONGEST = 480  # months
_ROUNDED = 1e-9  # sums of the same steps in another order differ by less, and two that differ by more are two


@dataclass(frozen=True)
class Cusum:
    """One chart.

    Attributes
    ----------
    factor : the wrong rate it looks for, as a multiple of the expected
    limits : array (months,), logarithms of a likelihood ratio; infinite where there is no alarm yet
    values : array (months,), of the sum at each month's end, before it begins again
    alarms : array (months,), whether the limit was reached
    false_alarms : a year, as simulated while the risks are right
    months_to_find : the median from the beginning of a chart, where the rate is wrong by the factor; infinite beyond 40 years
    """

    factor: float
    limits: Array
    values: Array
    alarms: NDArray[np.bool_]
    false_alarms: float
    months_to_find: float


def chart(observed: Array, expected: Array, factor: float, a_year: float, volume: float | None = None, least: int = 0) -> Cusum:
    """Return the chart of monthly counts, with limits that give at most so many false alarms a year.

    Parameters
    ----------
    observed, expected : arrays (months,)
    factor : float
        Above 1 looks for too many, below 1 for too few.
    volume : float, optional
        Events expected a month, for the months to find it. Default: their mean.
    least : int
        Events that must have been observed before an alarm, where one of fewer would tell their number.
    """
    limits, false_alarms = limits_of(expected, factor, a_year, least)
    values, alarms = sums(steps(observed, expected, factor), np.where(np.cumsum(observed) < least, np.inf, limits))
    months = _median_to_find(float(expected.mean()) if volume is None else volume, factor, a_year, least)
    return Cusum(factor, limits, values, alarms, false_alarms, months)


def steps(observed: Array, expected: Array | float, factor: float) -> Array:
    """Return what each month adds (see the module)."""
    found: Array = np.log(factor) * observed - (factor - 1.0) * expected
    return found


def sums(added: Array, limits: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Return the sum at the end of each month, and whether it reached the month's limit, after which it begins again.

    Parameters
    ----------
    added : array (months,) or (months, streams)
    limits : array (months,)
    """
    values, alarms, current = np.empty_like(added), np.empty(added.shape, dtype=bool), np.zeros(added.shape[1:])
    for month, step in enumerate(added):
        values[month] = np.maximum(current + step, 0.0)
        alarms[month] = values[month] >= limits[month]
        current = np.where(alarms[month], 0.0, values[month])
    return values, alarms


class Limits:
    """The limits of a chart, found month by month by streams of counts at the right rate.

    Each month adds its part of the false alarms of a year to what is left. What it leaves is kept for later months, at most that of a
    year: counts are whole numbers, and of few expected no limit gives a small chance.
    """

    def __init__(self, factor: float, a_year: float, least: int, streams: int) -> None:
        self._factor, self._a_year, self._least, self._streams = factor, a_year, least, streams
        self._random = np.random.default_rng(_SEED)
        self._sums, self._observed = np.zeros(streams), np.zeros(streams)
        self._left, self._expected, self.false_alarms = 0.0, 0.0, 0

    def next(self, expected: float) -> float:
        """Return the limit of the next month, of which so many events are expected."""
        self._expected += expected
        self._left = min(self._left + self._a_year / MONTHS_A_YEAR, self._a_year)
        counts = self._random.poisson(expected, self._streams).astype(float)
        self._observed += counts
        value, may = np.maximum(self._sums + steps(counts, expected, self._factor), 0.0), self._observed >= self._least
        limit = np.inf
        if self._expected >= LEAST_EXPECTED:
            rank = max(self._streams - 1 - int(self._left * self._streams), 0)
            limit = float(np.partition(np.where(may, value, 0.0), rank)[rank]) + _ROUNDED
        reached = may & (value >= limit)
        self._left -= float(reached.mean())
        self.false_alarms += int(reached.sum())
        self._sums = np.where(reached, 0.0, value)
        return limit


def limits_of(expected: Array, factor: float, a_year: float, least: int = 0) -> tuple[Array, float]:
    """Return the least limit of each month with at most so many false alarms a year, and how many there are a year."""
    found = Limits(factor, a_year, least, _STREAMS)
    limits = np.array([found.next(float(of_month)) for of_month in expected])
    return limits, found.false_alarms / _STREAMS / len(expected) * MONTHS_A_YEAR


def _median_to_find(volume: float, factor: float, a_year: float, least: int) -> float:
    """Return the months after which half of the charts of a site have alarmed where the rate is wrong by the factor."""
    found, random = Limits(factor, a_year, least, _FEWER), np.random.default_rng(_SEED + 1)
    current, observed = np.zeros(_FEWER), np.zeros(_FEWER)  # of the charts without an alarm
    for month in range(1, _LONGEST + 1):
        counts = random.poisson(factor * volume, len(current)).astype(float)
        observed += counts
        current = np.maximum(current + steps(counts, volume, factor), 0.0)
        goes_on = (observed < least) | (current < found.next(volume))
        current, observed = current[goes_on], observed[goes_on]
        if len(current) <= _FEWER / 2:
            return float(month)
    return np.inf
