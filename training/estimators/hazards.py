"""A Cox model that converges: its penalty is raised where few events leave a coefficient without a finite value.

The partial likelihood with Efron's ties and case weights (Efron, J Am Stat Assoc 1977;72:557; Therneau and Grambsch 2000, 3.3), compiled:
lifelines, which the tests hold it against, takes some thirty times as long (38,000 rows, two covariates), and an interval needs ten fits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cho_factor, cho_solve

Array = NDArray[np.float64]
_LEAST_RAISED = 0.001
_MOST_STEPS, _MOST_HALVINGS, _SMALL = 50, 20, 1e-8


@dataclass(frozen=True)
class ProportionalHazards:
    """A fitted Cox model.

    Attributes
    ----------
    coefficients : array (covariates,)
    times, cumulative : arrays
        The distinct times, rising, and the baseline cumulative hazard up to each (Breslow), at covariates of 0.
    """

    coefficients: Array
    times: Array
    cumulative: Array

    def until(self, days: Array) -> Array:
        """Return the baseline cumulative hazard up to some times, each included."""
        before: Array = np.concatenate([[0.0], self.cumulative])[np.searchsorted(self.times, days, side="right")]
        return before


def converged(z: Array, time: Array, observed: NDArray[np.bool_], share: Array, penalty: float) -> ProportionalHazards | None:
    """Return a Cox model of `observed` after `time`, its penalty raised until it converges; None if it does not.

    Parameters
    ----------
    z : array (rows, covariates)
    share : array (rows,)
        What each row counts for.
    penalty : float
        Ridge: rows x penalty / 2 x the squared coefficients of the standardised covariates, as lifelines has it.
    """
    counts = share > 0
    z, time, observed, share = z[counts], time[counts], observed[counts], share[counts]
    order = np.argsort(time, kind="stable")
    sorted_time, event, weight = time[order], observed[order], share[order].astype(float)
    scale = z.std(axis=0, ddof=1)
    scale = np.where(scale > 0, scale, 1.0)
    x = np.ascontiguousarray(((z - z.mean(axis=0)) / scale)[order])
    for raised in (penalty, *(max(penalty, _LEAST_RAISED) * 10.0**k for k in range(1, 4))):
        beta = _maximum(x, sorted_time, event, weight, raised * len(x))
        if beta is not None:
            coefficients = beta / scale
            times, at_mean = _baseline(sorted_time, event, weight, weight * np.exp(x @ beta))
            return ProportionalHazards(coefficients, times, at_mean * np.exp(-z.mean(axis=0) @ coefficients))
    return None


def _maximum(x: Array, time: Array, event: NDArray[np.bool_], weight: Array, ridge: float) -> Array | None:
    """Return the coefficients at which the penalised likelihood is largest (Newton, steps halved where one leads down), None without."""
    beta = np.zeros(x.shape[1])
    likelihood, gradient, information = _efron(x, time, event, weight, beta)
    for _ in range(_MOST_STEPS):
        information[np.diag_indices(len(beta))] += ridge
        try:
            step = cho_solve(cho_factor(information), gradient - ridge * beta)
        except (LinAlgError, ValueError):  # not positive definite, or not finite
            return None
        if np.abs(step).max(initial=0.0) < _SMALL:
            found: Array = beta + step
            return found
        before = likelihood - 0.5 * ridge * beta @ beta
        for _ in range(_MOST_HALVINGS):
            tried = beta + step
            likelihood, gradient, information = _efron(x, time, event, weight, tried)
            if likelihood - 0.5 * ridge * tried @ tried >= before - 1e-9 * abs(before):
                break
            step = step / 2.0
        else:
            return None
        beta = tried
    return None


def _baseline(time: Array, event: NDArray[np.bool_], weight: Array, relative: Array) -> tuple[Array, Array]:
    times, position = np.unique(time, return_inverse=True)
    happened, at_risk = np.bincount(position, weights=weight * event), np.bincount(position, weights=relative)
    return times, np.cumsum(happened / at_risk[::-1].cumsum()[::-1])


@njit(cache=True, nogil=True)
def _efron(x: Array, time: Array, event: NDArray[np.bool_], weight: Array, beta: Array) -> tuple[float, Array, Array]:
    """Return the log partial likelihood, its gradient and its information (minus the Hessian); rows in order of time.

    Element by element, since what is written for whole arrays (outer, tril) takes numba seconds to compile.
    """
    n, d = x.shape
    likelihood, gradient, information = 0.0, np.zeros(d), np.zeros((d, d))
    risk, risk_x, risk_xx = 0.0, np.zeros(d), np.zeros((d, d))
    tie_x, tie_xx, mean = np.zeros(d), np.zeros((d, d)), np.zeros(d)
    score = x @ beta
    phi = weight * np.exp(score)
    i = n - 1
    while i >= 0:
        tied, deaths, weights = 0.0, 0, 0.0
        tie_x[:] = 0.0
        tie_xx[:] = 0.0
        now = time[i]
        while i >= 0 and time[i] == now:
            risk += phi[i]
            _add(phi[i], x[i], risk_x, risk_xx)
            if event[i]:
                deaths, tied, weights = deaths + 1, tied + phi[i], weights + weight[i]
                likelihood += weight[i] * score[i]
                for j in range(d):
                    gradient[j] += weight[i] * x[i, j]
                _add(phi[i], x[i], tie_x, tie_xx)
            i -= 1
        for death in range(deaths):  # of those who leave together, each is taken out by degrees
            part, each = death / deaths, weights / deaths
            total = risk - part * tied
            likelihood -= each * np.log(total)
            for j in range(d):
                mean[j] = (risk_x[j] - part * tie_x[j]) / total
                gradient[j] -= each * mean[j]
                for k in range(j + 1):
                    information[j, k] += each * ((risk_xx[j, k] - part * tie_xx[j, k]) / total - mean[j] * mean[k])
    for j in range(d):
        for k in range(j):
            information[k, j] = information[j, k]
    return likelihood, gradient, information


@njit(cache=True, nogil=True)
def _add(phi: float, x: Array, sum_x: Array, sum_xx: Array) -> None:
    """Add a row to the sums of phi x and, below the diagonal, of phi x x'."""
    for j in range(len(x)):
        by = phi * x[j]
        sum_x[j] += by
        for k in range(j + 1):
            sum_xx[j, k] += by * x[k]
