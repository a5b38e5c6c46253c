"""Recalibration on patients that the fit has not seen."""

from __future__ import annotations

import logging

import numpy as np
import pandas as pd
from scipy.optimize import minimize

from serving.models import logistic
from serving.models.base import Array
from serving.models.calibration import Calibration
from training.estimators.stacking import stack

_LEAST_SLOPE = 0.05
_LOG = logging.getLogger("training")


def fit_calibration(margins: Array, rows: pd.DataFrame, horizons: tuple[int, ...]) -> Calibration:
    """Return the logistic recalibration with the least weighted log loss, order of the horizons kept.

    Parameters
    ----------
    margins : array (rows, horizons)
        Log-odds predicted for patients who were left out of the fit.
    """
    slopes, intercepts = fit_slopes(margins[:, :, None], rows, horizons)
    return Calibration(max(float(slopes[0]), _LEAST_SLOPE), tuple(float(v) for v in intercepts))


def fit_slopes(margins: Array, rows: pd.DataFrame, horizons: tuple[int, ...]) -> tuple[Array, Array]:
    """Return a slope, not negative, for each of several margins, and one intercept per horizon, which do not fall.

    Parameters
    ----------
    margins : array (rows, horizons, models)
        Log-odds predicted for patients who were left out of the fits.
    """
    stacked = stack(rows, horizons)
    m = margins[stacked.row, stacked.horizon]
    weight = stacked.weight / stacked.weight.sum()
    k = m.shape[1]

    def loss(theta: Array) -> tuple[float, Array]:
        eta = np.cumsum(theta[k:])[stacked.horizon] + m @ theta[:k]
        residual = weight * (logistic(eta) - stacked.y)
        by_horizon = np.bincount(stacked.horizon, weights=residual, minlength=len(horizons))
        gradient = np.concatenate([residual @ m, by_horizon[::-1].cumsum()[::-1]])
        return float(weight @ (np.logaddexp(0.0, eta) - stacked.y * eta)), gradient

    start = np.concatenate([np.full(k, 1.0 / k), np.zeros(len(horizons))])
    bounds = [*[(0.0, 5.0)] * k, (None, None), *[(0.0, None)] * (len(horizons) - 1)]
    found = minimize(loss, start, jac=True, bounds=bounds, method="L-BFGS-B")
    theta = found.x
    if not found.success:
        _LOG.warning("The recalibration of %s rows did not settle (%s): risks may be off.", len(rows), found.message)
    return theta[:k], np.maximum.accumulate(np.cumsum(theta[k:]))
