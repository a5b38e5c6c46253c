"""Cause-specific Cox models of progression and of death on the same landmark rows."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
import pandas as pd
from pydantic import Field, NonNegativeFloat

from features.table.outcomes import COMPETING, EVENT
from myeloma import ConfigError, DataError
from myeloma.calendar import DAYS_PER_MONTH
from myeloma.errors import nearest
from serving.models.base import Array
from serving.models.cox import CauseSpecificCox
from serving.models.shapley import MOST_PLAYERS
from training.estimators.design import fit_design
from training.estimators.hazards import converged
from training.estimators.imputation import ImputedDesign, most_know_all
from training.estimators.kind import Kind
from training.estimators.stacking import Weighting, shares
from training.rows.draw import row_weights


def fit_cox(  # noqa: PLR0913 - the options of params.yaml, by name
    x: Array,
    rows: pd.DataFrame,
    columns: list[str],
    horizons: tuple[int, ...],
    *,
    covariates: Annotated[tuple[str, ...], Field(min_length=1)],
    penalty: NonNegativeFloat = 0.0,
    splines: bool = False,
    impute: bool = True,
    weighting: Weighting = "patients",
) -> CauseSpecificCox:
    """Return both cause-specific models, time counted from the landmark.

    Parameters
    ----------
    covariates : tuple of str
        Feature columns, at most 12 (their Shapley values are computed exactly).
    penalty : float
        Ridge penalty, as `training.estimators.hazards.converged` takes it; raised tenfold, at most three times, where the fit does not
        converge (few events: a covariate that separates them has no finite coefficient).
    splines : bool
        Whether latest values and static columns enter as restricted cubic splines.
    impute : bool
        Whether an unknown biomarker takes, while the model is fitted, the mean that is conditional on the others, not that of everybody.
        Where fewer than half of a candidate's rows know every biomarker, it does not (see `_settled`).

    Raises
    ------
    ConfigError
        A covariate is not a feature of the task, or there are too many.
    """
    design = fit_design(x, columns, list(checked_covariates(covariates, columns)), indicate=False, curve=splines)
    z = (ImputedDesign.of(design, x, columns) if impute else design).transform(x, columns)
    time, share = rows["time_to_event"].to_numpy(dtype=float), shares(rows, weighting) * row_weights(rows)
    months = np.arange(horizons[-1] + 1) * DAYS_PER_MONTH
    coefficients, hazards = [], []
    for cause in (EVENT, COMPETING):
        observed = (rows["event"] == cause).to_numpy()
        if not observed.any():  # nobody has it: it cannot compete
            coefficients.append(np.zeros(z.shape[1]))
            hazards.append(np.zeros(horizons[-1]))
            continue
        fitter = converged(z, time, observed, share, penalty)
        if fitter is None:
            raise DataError(
                "The Cox model does not converge on these rows.",
                "take covariates out of training.TASK.models.cox, or take the model out.",
                "no_convergence",
            )
        reached = np.searchsorted(fitter.times, np.round(months), side="right")
        coefficients.append(fitter.coefficients)
        hazards.append(np.diff(np.concatenate([[0.0], fitter.cumulative])[reached]))
    return CauseSpecificCox(design, np.array(coefficients), np.array(hazards), columns, horizons)


def checked_covariates(covariates: tuple[str, ...], columns: list[str]) -> tuple[str, ...]:
    """Return the covariates.

    Raises
    ------
    ConfigError
        One is not a feature of the task, or there are too many.
    """
    if unknown := [name for name in covariates if name not in columns]:
        raise ConfigError(f'The Cox model names the covariate "{unknown[0]}", which the task has not.', nearest(unknown[0], columns))
    if len(covariates) > MOST_PLAYERS:
        raise ConfigError(f"The Cox model takes at most {MOST_PLAYERS} covariates, not {len(covariates)}.")
    return covariates


def _settled(x: Array, rows: pd.DataFrame, columns: list[str], horizons: tuple[int, ...], **options: Any) -> dict[str, Any]:
    """Return the options without imputation where most rows lack a biomarker: the recalibration is then by all, as they are answered."""
    return options | {"impute": options["impute"] and most_know_all(x, columns)}


KIND = Kind(
    name="cox",
    fit=fit_cox,
    example={"covariates": ["m_protein__last__ever", "age"], "penalty": 0.01},
    missing="The mean of those fitted on stands in. While it is fitted, an unknown biomarker is imputed from the rest, "
    "unless `impute` is false or most visits lack one.",
    fitted_to="to the times of the event and of what competes with it, each visit at risk until its observation ends",
    settle=_settled,
    check=lambda options, where, columns, others: checked_covariates(options["covariates"], columns),
    space=lambda trial: {"penalty": trial.suggest_float("penalty", 1e-5, 1.0, log=True)},
)
