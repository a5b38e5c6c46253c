"""Ridge regression on horizon-stacked rows by Newton's method: what a row shares over the horizons is summed before it is multiplied.

A row has the same columns at each horizon, and a level of its own at each. To a solver for any matrix it is as many rows, and the
information is made of all of them; here a row enters that product once, with the sum of its weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.linalg import block_diag, cho_factor, cho_solve

from serving.models.background import above
from serving.models.base import Array, logistic
from training.estimators.newton import drawn_to
from training.estimators.stacking import Stacked

_MOST_STEPS, _MOST_HALVINGS = 100, 30
_ENOUGH = 1e-10  # of mean log loss: what the last step was to gain, and a step gains the square root of what the next one does
_LEAST_STEEP = 0.1  # a horizon at which columns told the opposite of what they do at all has hardly any say of its own
_INTERCEPT, _OTHER = 1e-4, 1e-2  # shares of the penalty: levels, and what they go with, are to be found, not shrunk


class Solution(NamedTuple):
    """Slopes (columns,), and what the levels are made of (horizons, terms)."""

    slopes: Array
    levels: Array


class Steep(NamedTuple):
    """How steeply each horizon goes with what slopes and columns make (horizons,), and what its level is then made of (horizons, terms)."""

    steepness: Array
    levels: Array


@dataclass(frozen=True)
class HorizonRidge:
    """Rows to regress: log-odds at horizon h = z @ slopes + own @ levels[h], or log(background[h] + exp(these)).

    Attributes
    ----------
    z : array (rows, columns)
    own : array (rows, terms), the first of them 1: what each horizon has a coefficient of its own for
    y, weight : arrays (rows, horizons); the weights sum to 1, and are 0 where the status is unknown
    background : array (horizons,), the odds of `serving.models.background`; 0 for none
    """

    z: Array
    own: Array
    y: Array
    weight: Array
    background: Array

    @classmethod
    def of(cls, z: Array, own: Array, stacked: Stacked, horizons: int, background: Array | None = None) -> HorizonRidge:
        """Return the regression of stacked rows on the columns of the rows they come from."""
        y, weight = np.zeros((len(z), horizons)), np.zeros((len(z), horizons))
        y[stacked.row, stacked.horizon], weight[stacked.row, stacked.horizon] = stacked.y, stacked.weight / stacked.weight.sum()
        return cls(z, own, y, weight, np.zeros(horizons) if background is None else background)

    def fitted(self, penalty: float, start: Solution | None = None) -> Solution:
        """Return the solution with the least mean log loss + penalty / 2 x sum of squares of the slopes.

        Differences between intercepts, and the other terms of levels, have a small share of the penalty, so that they stay finite.

        Parameters
        ----------
        start : Solution, optional
            A guess, as of another penalty: fewer steps lead from there.
        """
        d, (horizons, terms) = self.z.shape[1], (self.y.shape[1], self.own.shape[1])
        ridge = penalty * block_diag(np.eye(d), _ridge_of_levels(horizons, terms))
        theta = np.zeros(len(ridge)) if start is None else np.concatenate([start.slopes, start.levels.ravel()])
        eta = self._eta(theta)
        now = self._loss(theta, eta, ridge)
        for _ in range(_MOST_STEPS):
            gradient, information = self._derivatives(eta)
            gradient += ridge @ theta
            step = -cho_solve(cho_factor(information + ridge), gradient)
            gain = -float(gradient @ step) / 2.0
            theta, eta, now = self._along(theta, step, now, ridge)
            if gain <= _ENOUGH:
                break
        return Solution(theta[:d], theta[d:].reshape(horizons, terms))

    @property
    def average_odds(self) -> Array:
        """Return the odds of the average outcome within each horizon (horizons,); 0 where no status is known, or nobody is free of it."""
        had = (self.weight * self.y).sum(axis=0)
        free = self.weight.sum(axis=0) - had
        odds: Array = np.divide(had, free, out=np.zeros_like(had), where=free > 0)
        return odds

    def steep(self, solution: Solution, penalty: float) -> Steep:
        """Return for each horizon the steepness and level that its own rows are likeliest by, given the slopes of all.

        What tells early events apart need not tell late ones as well: with one steepness for all horizons, high risks were too high
        within a year, and low ones too low. It is drawn towards 1 as a slope is towards 0, and is 1 where nobody progresses, or everybody.
        """
        together, found = self.z @ solution.slopes, np.column_stack([np.ones(len(solution.levels)), solution.levels])
        columns = np.column_stack([together, self.own])
        ridge = penalty * np.array([1.0, _INTERCEPT, *[_OTHER] * (self.own.shape[1] - 1)])
        for h, start in enumerate(found):
            known = self.weight[:, h].sum()
            if 0 < self.weight[:, h] @ self.y[:, h] < known:
                found[h] = drawn_to(start, columns, self.y[:, h], self.weight[:, h] / known, ridge, background=self.background[h : h + 1])
        return Steep(np.maximum(found[:, 0], _LEAST_STEEP), found[:, 1:])

    def _along(self, theta: Array, step: Array, now: float, ridge: Array) -> tuple[Array, Array, float]:
        """Return where a step leads, halved for as long as it leads up."""
        for _ in range(_MOST_HALVINGS):
            tried = theta + step
            eta = self._eta(tried)
            if (loss := self._loss(tried, eta, ridge)) <= now + 1e-12 * abs(now):
                break
            step = step / 2.0
        return tried, eta, loss

    def _eta(self, theta: Array) -> Array:
        d, (horizons, terms) = self.z.shape[1], (self.y.shape[1], self.own.shape[1])
        eta: Array = (self.z @ theta[:d])[:, None] + self.own @ theta[d:].reshape(horizons, terms).T
        return eta

    def _loss(self, theta: Array, eta: Array, ridge: Array) -> float:
        eta = above(eta, self.background)
        return float((self.weight * (np.logaddexp(0.0, eta) - self.y * eta)).sum() + 0.5 * theta @ ridge @ theta)

    def _derivatives(self, eta: Array) -> tuple[Array, Array]:
        """Return the gradient of the log loss and its expected information."""
        (rows, d), horizons, with_background = self.z.shape, self.y.shape[1], above(eta, self.background)
        p, told = logistic(with_background), np.exp(eta - with_background)
        residual, spread = self.weight * told * (p - self.y), self.weight * told * told * p * (1.0 - p)
        scaled = self.z * np.sqrt(spread.sum(axis=1))[:, None]
        each = (spread[:, :, None] * self.own[:, None, :]).reshape(rows, -1)
        information = np.empty((d + each.shape[1],) * 2)
        information[:d, :d] = scaled.T @ scaled
        information[:d, d:] = self.z.T @ each
        information[d:, :d] = information[:d, d:].T
        information[d:, d:] = block_diag(*(self.own.T @ (spread[:, h, None] * self.own) for h in range(horizons)))
        return np.concatenate([self.z.T @ residual.sum(axis=1), (residual.T @ self.own).ravel()]), information


def _ridge_of_levels(horizons: int, terms: int) -> Array:
    """Return the quadratic form of the levels: of the intercepts less the first one, which is free, and of all other terms."""
    apart = np.eye(horizons) - np.eye(horizons)[[0] * horizons]
    of_intercepts = np.diag([1.0] + [0.0] * (terms - 1))
    of_others = np.diag([0.0] + [1.0] * (terms - 1))
    form: Array = _INTERCEPT * np.kron(apart.T @ apart, of_intercepts) + _OTHER * np.kron(np.eye(horizons), of_others)
    return form
