"""Fitting the burden's state space to people's results, by maximum likelihood. No outcome is read."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from features.cohort.provenance import Provenance
from features.cohort.schema import Cohort
from features.history.arrays import Histories
from features.history.burden.filter import log_likelihood
from features.history.burden.parameters import MARKERS, MEASURE, STATES, Burden, StateSpace
from features.history.burden.since_diagnosis import since_work_up
from features.history.derived import series_of, with_derived
from features.history.like import of_one_method
from features.history.series import Series
from myeloma import DataError

Array = NDArray[np.float64]
LEAST = 200  # people whose burden is measured
_LEAST_TWICE = 50  # people with a marker twice: with fewer, nothing tells its noise from how people differ
_LEAST_DISTINCT = 2  # values of a marker: one that never varies has no spread to begin from
_K = len(MARKERS)
_BELOW = np.tril_indices(STATES - 1)
_DIAGONAL = np.flatnonzero(_BELOW[0] == _BELOW[1])
_STEP, _MOST_STEPS, _CLOSE = 1e-5, 300, 1e-7
_GROWTH, _DRIFT = (0.05, 0.2), (0.03, 0.1)  # where the search begins
_NOISE_SHARE = 0.3  # of a marker's spread among results, likewise


def fit_burden(cohort: Cohort, say: Callable[[str], None] = lambda _: None) -> Burden:
    """Return the parameters by which the results of a cohort's people are likeliest.

    Parameters
    ----------
    say : callable
        Takes what to know of the fit, in words.

    Raises
    ------
    DataError
        Fewer than 200 people have a result of M-protein, a marker's results above 0 are none or all the same, or the search does not end.
    """
    people, histories = len(cohort.patients), Histories.of(cohort)
    results = since_work_up(with_derived(histories, MARKERS), histories.people)
    series = of_one_method(series_of(results, people, MARKERS))
    measured = int((series.stops > series.starts)[:, MARKERS.index(MEASURE)].sum())
    if measured < LEAST:
        what = f"The burden's parameters cannot be fitted: {measured} of {people} people have a result of {MEASURE}."
        raise DataError(what, f"at least {LEAST} are needed; fit to another cohort (--other), or do without.", "nothing_usable")
    if alike := [name for k, name in enumerate(MARKERS) if len(np.unique(series.value[_of_marker(series, k)])) < _LEAST_DISTINCT]:
        what = f"The burden's parameters cannot be fitted: results above 0 of {', '.join(alike)} are none, or all the same."
        raise DataError(what, f"the burden is told by {', '.join(MARKERS)}, each of which has to vary.", "nothing_usable")
    for told in seldom_twice(series):
        say(told)
    rows, many = (series.collected, series.available, series.value), len(series.value)

    def loss(at: Array) -> float:
        return -log_likelihood(rows, series.starts, series.stops, _space(at)) / many

    def slope(at: Array) -> Array:
        steps = _STEP * np.eye(len(at))
        return np.array([(loss(at + step) - loss(at - step)) / (2 * _STEP) for step in steps])

    found = minimize(loss, _start(series), jac=slope, method="L-BFGS-B", options={"maxiter": _MOST_STEPS, "ftol": _CLOSE})
    space = _space(found.x)
    if not found.success:
        sd = np.sqrt(np.diag(space.cov)[2:])
        least = f"people differ least in {MARKERS[sd.argmin()]}, by a standard deviation of {sd.min():.2g} of its logarithm"
        what = f"The search for the burden's parameters did not end within {_MOST_STEPS} steps; {least}."
        raise DataError(what, "near 0, results tell no person from another; fit to more people, or more results of each.", "no_convergence")
    return Burden.of(space, Provenance.of(cohort.about).people)


def seldom_twice(series: Series) -> list[str]:
    """Return, in words, the markers that hardly anybody has a second result of."""
    twice = (series.stops - series.starts > 1).sum(axis=0)
    return [
        f"{marker}: {people} people have it twice or more, of {_LEAST_TWICE} needed: its loading and noise are little more than where the "
        "search began"
        for marker, people in zip(MARKERS, twice.tolist(), strict=True)
        if people < _LEAST_TWICE
    ]


def _start(series: Series) -> Array:
    """Return where the search begins: what single results tell of levels, and round numbers."""
    logs = [np.log(series.value[_of_marker(series, k)]) for k in range(_K)]
    sd = np.array([_GROWTH[1], *(np.std(of) for of in logs)])
    factor = np.zeros((STATES - 1, STATES - 1))
    np.fill_diagonal(factor, np.log(sd))
    loading = [1.0 if marker in ("flc_ratio", "bmpc") else 0.0 for marker in MARKERS[1:]]
    means = [_GROWTH[0], *(np.mean(of) for of in logs)]
    return np.concatenate([means, factor[_BELOW], loading, np.log(_NOISE_SHARE * sd[1:]), np.log(_DRIFT)])


def _of_marker(series: Series, k: int) -> NDArray[np.int64]:
    """Return the places of a marker's results above 0."""
    places = np.concatenate([np.arange(start, stop) for start, stop in zip(series.starts[:, k], series.stops[:, k], strict=True)])
    found: NDArray[np.int64] = places[series.value[places] > 0]
    return found


def _space(at: Array) -> StateSpace:
    """Return the state space that the numbers searched stand for: logarithms of what is positive, a triangular factor of the covariance."""
    ends = np.cumsum([STATES - 1, len(_BELOW[0]), _K - 1, _K])
    means, factors, loading, noise, drift = np.split(at, ends)
    factors = factors.copy()
    factors[_DIAGONAL] = np.exp(factors[_DIAGONAL])
    factor, cov = np.zeros((STATES - 1, STATES - 1)), np.zeros((STATES, STATES))
    factor[_BELOW] = factors
    cov[1:, 1:] = factor @ factor.T
    return StateSpace(np.array([0.0, *means]), cov, np.array([1.0, *loading]), np.exp(2 * noise), np.exp(2 * drift))
