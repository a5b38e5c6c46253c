"""A risk-adjusted CUSUM of monthly counts: it adds up what speaks for a rate that is wrong by a factor, and alarms above a limit.

The step of a month is the logarithm of the likelihood ratio of its count (Poisson) under a rate wrong by the factor against the right
one: log(factor) * observed - (factor - 1) * expected. The sum never falls below 0 (Page, Biometrika 1954;41:100). What is expected is
each person's own, as in Steiner et al., Biostatistics 2000;1:441; in person-time, with an event's date: Biswas and Kalbfleisch, Stat
Med 2008;27:3382, Sego et al., Stat Med 2009;28:1386. After an alarm the chart begins again at 0.

The limit has no formula. It is found by simulating the very monitoring, with the same expected counts, while the risks are right. One
stream of random numbers serves all limits tried, so the search is deterministic.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
WRONG_BY = 1.5  # times: what the charts look for; the chart of too few looks for one in so many
MONTHS_A_YEAR = 12
_STREAMS, _MONTHS, _SEED = 1000, 480, 1  # 40,000 years: an alarm in five years is known to about 1 %
_MOST, _HALVINGS = 20.0, 16  # a likelihood ratio of e^20 is beyond any wish; found to three decimals


@dataclass(frozen=True)
class Cusum:
    """One chart.

    Attributes
    ----------
    factor : the wrong rate it looks for, as a multiple of the expected
    limit : logarithm of a likelihood ratio
    values : arrays (months,), of the sum at each month's end, before it begins again
    alarms : array (months,), whether the limit was reached
    false_alarms : a year, as simulated while the risks are right
    months_to_find : the median from the beginning of a chart, where the rate is wrong by the factor; infinite beyond 40 years
    """

    factor: float
    limit: float
    values: Array
    alarms: NDArray[np.bool_]
    false_alarms: float
    months_to_find: float


def chart(observed: Array, expected: Array, factor: float, a_year: float, volume: float | None = None) -> Cusum:
    """Return the chart of monthly counts, with a limit that gives at most so many false alarms a year.

    Parameters
    ----------
    observed, expected : arrays (months,)
    factor : float
        Above 1 looks for too many, below 1 for too few.
    volume : float, optional
        Events expected a month, for the months to find it. Default: their mean.
    """
    limit, false_alarms = limit_of(expected, factor, a_year)
    values, alarms = sums(steps(observed, expected, factor), limit)
    wanted = np.full(_MONTHS, expected.mean() if volume is None else volume)
    return Cusum(factor, limit, values, alarms, false_alarms, _median_to_find(wanted, factor, limit))


def steps(observed: Array, expected: Array, factor: float) -> Array:
    """Return what each month adds (see the module)."""
    found: Array = np.log(factor) * observed - (factor - 1.0) * expected
    return found


def sums(added: Array, limit: float) -> tuple[Array, NDArray[np.bool_]]:
    """Return the sum at the end of each month, and whether it reached the limit, after which it begins again.

    Parameters
    ----------
    added : array (months,) or (months, streams)
    """
    values, current = np.empty_like(added), np.zeros(added.shape[1:])
    for month, step in enumerate(added):
        values[month] = np.maximum(current + step, 0.0)
        current = np.where(values[month] >= limit, 0.0, values[month])
    return values, values >= limit


def limit_of(expected: Array, factor: float, a_year: float) -> tuple[float, float]:
    """Return the least limit with at most so many false alarms a year, and how many there are.

    The months are repeated in their order as often as it takes.
    """
    rate = np.resize(expected, _MONTHS)[:, None]
    added = steps(np.random.default_rng(_SEED).poisson(rate, (_MONTHS, _STREAMS)).astype(float), rate, factor)
    too_low, enough = 0.0, _MOST
    for _ in range(_HALVINGS):
        limit = (too_low + enough) / 2.0
        too_low, enough = (limit, enough) if _alarms_a_year(added, limit) > a_year else (too_low, limit)
    return enough, _alarms_a_year(added, enough)


def _alarms_a_year(added: Array, limit: float) -> float:
    return float(sums(added, limit)[1].mean()) * MONTHS_A_YEAR


def _median_to_find(expected: Array, factor: float, limit: float) -> float:
    observed = np.random.default_rng(_SEED + 1).poisson(factor * expected[:, None], (len(expected), _STREAMS))
    alarms = sums(steps(observed.astype(float), expected[:, None], factor), limit)[1]
    return float(np.median(np.where(alarms.any(axis=0), alarms.argmax(axis=0) + 1.0, np.inf)))
