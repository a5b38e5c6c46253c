"""Gradient boosting on horizon-stacked rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xgboost as xgb

from serving.models import Boosted
from serving.models.base import Array
from training.estimators.stacking import stack


def fit_boosting(  # noqa: PLR0913 - the options of params.yaml, by name
    x: Array,
    rows: pd.DataFrame,
    columns: list[str],
    horizons: tuple[int, ...],
    *,
    rounds: int,
    depth: int,
    eta: float,
    min_child_weight: float,
    subsample: float,
    l2: float,
    seed: int,
    colsample: float = 0.5,
    device: str = "cpu",
) -> Boosted:
    """Return trees fitted to IPCW-weighted stacked rows; the risk cannot fall as the horizon grows.

    Parameters
    ----------
    x : array (rows, features)
    rows : DataFrame
        event and time_to_event of the same rows.
    """
    stacked = stack(rows, horizons)
    months = np.array(horizons, dtype=float)[stacked.horizon]
    matrix = xgb.QuantileDMatrix(np.hstack([x[stacked.row], months[:, None]]), label=stacked.y, weight=stacked.weight)
    options = {
        "objective": "binary:logistic",
        "base_score": float(np.average(stacked.y, weights=stacked.weight)),
        "max_depth": depth,
        "eta": eta,
        "min_child_weight": min_child_weight,
        "subsample": subsample,
        "colsample_bynode": colsample,
        "lambda": l2,
        "monotone_constraints": "(" + ",".join(["0"] * len(columns) + ["1"]) + ")",
        "tree_method": "hist",
        "device": device,
        "seed": seed,
    }
    return Boosted(xgb.train(options, matrix, num_boost_round=rounds), columns, horizons)
