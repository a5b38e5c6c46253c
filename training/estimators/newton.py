"""Logistic regression that is drawn towards a start, by Newton's method: few columns, any outcome from 0 to 1."""

from __future__ import annotations

import numpy as np

from serving.models.background import above
from serving.models.base import Array, logistic

_MOST_STEPS, _SMALL, _LEAST_VARIANCE = 50, 1e-6, 1e-4


def drawn_to(
    start: Array,
    z: Array,
    y: Array,
    weight: Array,
    ridge: Array,
    offset: Array | float = 0.0,
    guess: Array | None = None,
    background: Array | None = None,
) -> Array:
    """Return the coefficients with the least weighted log loss + ridge / 2 x squares of their distances from the start.

    Parameters
    ----------
    start : array (columns,)
    z : array (rows, columns)
    y : array (rows,), outcomes or risks
    weight : array (rows,); the loss is their sum's, which is to be 1
    ridge : array (columns,), how strongly each coefficient is drawn
    offset : array (rows,), optional, what is added to each row's log-odds
    guess : array (columns,), optional, from where fewer steps lead there than from the start
    background : array (rows,), optional
        Odds that are added to each row's (`serving.models.background`).
    """
    least = np.zeros(1) if background is None else background

    def at(beta: Array) -> tuple[Array, Array, float]:
        """Return the log-odds without and with the background, and the loss: where a step ends, the next begins."""
        own = offset + z @ beta
        eta = above(own, least)
        return own, eta, float(weight @ (np.logaddexp(0.0, eta) - y * eta) + 0.5 * ridge @ (beta - start) ** 2)

    beta = start if guess is None else guess
    own, eta, now = at(beta)
    for _ in range(_MOST_STEPS):
        p, told = logistic(eta), np.exp(own - eta)
        gradient = z.T @ (weight * told * (p - y)) + ridge * (beta - start)
        information = (z * (weight * np.maximum(told * told * p * (1.0 - p), _LEAST_VARIANCE))[:, None]).T @ z + np.diag(ridge)
        step = -np.linalg.solve(information, gradient)
        while (tried := at(beta + step))[-1] > now and np.abs(step).max() > _SMALL:
            step = step / 2.0
        beta, (own, eta, now) = beta + step, tried
        if np.abs(step).max() <= _SMALL:
            break
    return beta
