"""Penalised logistic regression on horizon-stacked rows; the penalty is chosen on people it was not fitted to."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import Field, NonNegativeInt, PositiveFloat
from sklearn.linear_model import LogisticRegression

from serving.models import HorizonLogistic, logistic
from serving.models.base import Array
from training.estimators.design import fit_design
from training.estimators.stacking import Stacked, Weighting, stack
from training.split import patient_folds

_UNPENALISED = 100.0  # horizon columns are this large, so that the penalty on their coefficients is nothing
_INNER_FOLDS = 3


def fit_logistic(
    x: Array,
    rows: pd.DataFrame,
    columns: list[str],
    horizons: tuple[int, ...],
    *,
    penalties: Annotated[tuple[PositiveFloat, ...], Field(min_length=1)],
    splines: bool = True,
    weighting: Weighting = "patients",
    seed: NonNegativeInt = 1,
) -> HorizonLogistic:
    """Return the regression with the penalty that predicts left-out patients best (weighted log loss).

    Parameters
    ----------
    penalties : tuple of float
        Ridge penalties to choose from: the loss is the mean log loss + penalty / 2 x sum of squares.
    splines : bool
        Whether latest values and static columns enter as restricted cubic splines.
    """

    options = {"splines": splines, "weighting": weighting}
    if len(penalties) > 1:
        penalties = (choose_penalty(x, rows, columns, horizons, penalties=penalties, seed=seed, **options),)
    return _fit(x, rows, columns, horizons, penalty=penalties[0], **options)


def choose_penalty(
    x: Array,
    rows: pd.DataFrame,
    columns: list[str],
    horizons: tuple[int, ...],
    *,
    penalties: tuple[float, ...],
    splines: bool,
    weighting: Weighting,
    seed: int,
) -> float:
    """Return the penalty with the least weighted log loss on patients left out."""
    losses = dict.fromkeys(penalties, 0.0)
    for fold in patient_folds(rows, _INNER_FOLDS, seed):
        stacked = stack(rows.iloc[fold.judge], horizons, weighting)
        for penalty in penalties:
            options = {"penalty": penalty, "splines": splines, "weighting": weighting}
            model = _fit(x[fold.fit], rows.iloc[fold.fit], columns, horizons, **options)
            p = np.clip(logistic(model.margins(x[fold.judge]))[stacked.row, stacked.horizon], 1e-9, 1 - 1e-9)
            losses[penalty] -= stacked.weight @ np.where(stacked.y == 1, np.log(p), np.log1p(-p))
    return min(penalties, key=losses.__getitem__)


def _fit(
    x: Array,
    rows: pd.DataFrame,
    columns: list[str],
    horizons: tuple[int, ...],
    *,
    penalty: float,
    splines: bool,
    weighting: Weighting,
) -> HorizonLogistic:
    design = fit_design(x, columns, columns, indicate=True, curve=splines)
    stacked = stack(rows, horizons, weighting)
    matrix = np.hstack([design.transform(x, columns)[stacked.row], _UNPENALISED * _horizon_columns(stacked, len(horizons))])
    regression = LogisticRegression(C=1.0 / (penalty * stacked.weight.sum()), solver="newton-cholesky", max_iter=100)
    regression.fit(matrix, stacked.y, sample_weight=stacked.weight)
    n = matrix.shape[1] - (len(horizons) - 1)
    steps = _UNPENALISED * regression.coef_[0, n:]
    intercepts = regression.intercept_[0] + np.concatenate([[0.0], steps])
    return HorizonLogistic(design, regression.coef_[0, :n].copy(), np.maximum.accumulate(intercepts), columns)


def _horizon_columns(stacked: Stacked, n: int) -> Array:
    return (stacked.horizon[:, None] == np.arange(1, n)).astype(float)
