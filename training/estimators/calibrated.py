"""Fit, then recalibrate on patients the fit has not seen."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from typing import Any, get_type_hints

import numpy as np
import pandas as pd
from pydantic import ValidationError, create_model
from scipy.optimize import minimize

from features.columns import FeatureSpec
from features.tasks import Task
from myeloma import ConfigError
from myeloma.errors import nearest
from serving.artifact import Artifact, Calibration
from serving.models import Model, logistic
from serving.models.base import Array
from training.estimators.boosting import fit_boosting
from training.estimators.cox import fit_cox
from training.estimators.linear import fit_logistic
from training.estimators.stacking import stack
from training.split import patient_folds

_CALIBRATION_FOLDS = 5
_SEED = 1


def fitters() -> dict[str, Callable[..., Model]]:
    """Return the fitting function of each model kind."""
    return {"boosting": fit_boosting, "logistic": fit_logistic, "cox": fit_cox}


def fit_artifact(rows: pd.DataFrame, spec: FeatureSpec, task: Task, kind: str, about: dict[str, Any]) -> Artifact:
    """Return a fitted and recalibrated model of one kind.

    Parameters
    ----------
    rows : DataFrame
        Feature table rows to fit on: patient_id, the feature columns, event, time_to_event.

    Raises
    ------
    ConfigError
        The kind, or one of its options in `params.yaml`, is not known.
    """
    if kind not in fitters():
        raise ConfigError(f'Unknown model "{kind}".', nearest(kind, fitters()))
    fit, columns = fitters()[kind], spec.columns()
    options = checked_options(fit, task.models.get(kind, {}), f"tasks.{task.name}.models.{kind}")
    x = rows[columns].to_numpy(dtype=float)

    def fit_on(positions: np.ndarray) -> Model:
        return fit(x[positions], rows.iloc[positions], columns, task.horizons, **options)

    left_out = np.full((len(rows), len(task.horizons)), np.nan)
    for fold in patient_folds(rows, _CALIBRATION_FOLDS, _SEED):
        left_out[fold.judge] = fit_on(fold.fit).margins(x[fold.judge])
    model = fit_on(np.arange(len(rows)))
    calibration = fit_calibration(left_out, rows, task.horizons)
    return Artifact(kind, model, spec, task.horizons, calibration, about | {"reference": reference_ranges(x, columns)})


def checked_options(fit: Callable[..., Model], options: dict[str, Any], where: str) -> dict[str, Any]:
    """Return the options of a model as its fitting function annotates them.

    Raises
    ------
    ConfigError
        An option is unknown (the nearest is named), missing, or not what the function takes.
    """
    hints = get_type_hints(fit, include_extras=True)
    parameters = {name: p for name, p in signature(fit).parameters.items() if p.kind is p.KEYWORD_ONLY}
    if unknown := sorted(options.keys() - parameters.keys()):
        raise ConfigError(f'{where}: unknown option "{unknown[0]}".', nearest(unknown[0], parameters))
    fields = {name: (hints[name], ... if p.default is p.empty else p.default) for name, p in parameters.items()}
    try:
        accepted = create_model("Options", **fields)(**options)
    except ValidationError as error:
        problems = "; ".join(f"{e['loc'][0]}: {e['msg']}" for e in error.errors())
        raise ConfigError(f"{where}: {problems}.", "see params.yaml in the repository.") from None
    return {name: getattr(accepted, name) for name in parameters}


def fit_calibration(margins: Array, rows: pd.DataFrame, horizons: tuple[int, ...]) -> Calibration:
    """Return the logistic recalibration with the least weighted log loss, order of the horizons kept.

    Parameters
    ----------
    margins : array (rows, horizons)
        Log-odds predicted for patients who were left out of the fit.
    """
    stacked = stack(rows, horizons)
    m = margins[stacked.row, stacked.horizon]
    weight = stacked.weight / stacked.weight.sum()

    def loss(theta: Array) -> tuple[float, Array]:
        slope, intercepts = theta[0], np.cumsum(theta[1:])
        eta = intercepts[stacked.horizon] + slope * m
        residual = weight * (logistic(eta) - stacked.y)
        by_horizon = np.bincount(stacked.horizon, weights=residual, minlength=len(horizons))
        gradient = np.concatenate([[residual @ m], by_horizon[::-1].cumsum()[::-1]])
        return float(weight @ (np.logaddexp(0.0, eta) - stacked.y * eta)), gradient

    start = np.concatenate([[1.0], np.zeros(len(horizons))])
    bounds = [(0.05, 5.0), (None, None), *[(0.0, None)] * (len(horizons) - 1)]
    theta = minimize(loss, start, jac=True, bounds=bounds, method="L-BFGS-B").x
    return Calibration(float(theta[0]), tuple(float(v) for v in np.maximum.accumulate(np.cumsum(theta[1:]))))


def reference_ranges(x: Array, columns: list[str]) -> dict[str, dict[str, float]]:
    """Return, per feature, the share missing and the 1st, 50th and 99th percentile of the rows fitted on."""
    out = {}
    for j, name in enumerate(columns):
        values = x[~np.isnan(x[:, j]), j]
        quantiles = dict(zip(("p01", "p50", "p99"), np.percentile(values, [1, 50, 99]).tolist(), strict=True)) if len(values) else {}
        out[name] = {"missing": float(np.isnan(x[:, j]).mean()), **quantiles}
    return out
