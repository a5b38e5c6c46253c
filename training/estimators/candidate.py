"""Fit a candidate, recalibrate it on patients its fit has not seen, and fit it again to halves of the patients."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from features.history.columns import FeatureSpec
from features.tasks import Task
from myeloma import ConfigError
from myeloma.errors import nearest
from serving.artifact import Artifact
from serving.models import Ensemble, Model
from serving.models.base import Array
from training.estimators.boosting import fit_boosting
from training.estimators.calibrated import fit_calibration
from training.estimators.cox import checked_covariates, fit_cox
from training.estimators.ensemble import checked_members, ensemble_options, member_weights
from training.estimators.linear import choose_penalty, fit_logistic
from training.estimators.options import checked_options
from training.estimators.strata import with_strata
from training.reference import reference_by_time, reference_ranges
from training.rows.censoring import STRATUM
from training.rows.split import patient_folds

_CALIBRATION_FOLDS = 5
_SEED = 1
ENSEMBLE = "ensemble"


@dataclass(frozen=True)
class Fitted:
    """A candidate, and the log-odds (rows, horizons) that fits without the person predicted for the rows fitted on."""

    artifact: Artifact
    left_out: Array


def fitters() -> dict[str, Callable[..., Any]]:
    """Return the fitting function of each model kind, or what takes the options of one made of others."""
    return {"boosting": fit_boosting, "logistic": fit_logistic, "cox": fit_cox, ENSEMBLE: ensemble_options}


def check_models(task: Task) -> None:
    """Refuse a task of which any model is unknown or has a wrong option, before hours are spent on the others."""
    for kind in task.models:
        if kind not in fitters():
            raise ConfigError(f'Unknown model "{kind}".', nearest(kind, fitters()))
        options = checked_options(fitters()[kind], task.models[kind], f"tasks.{task.name}.models.{kind}")
        if kind == ENSEMBLE:
            checked_members(options["members"], task)
        if "covariates" in options:
            checked_covariates(options["covariates"], task.features.columns())


def fit_candidate(
    rows: pd.DataFrame,
    spec: FeatureSpec,
    task: Task,
    kind: str,
    about: dict[str, Any],
    others: dict[str, Fitted] | None = None,
    halves: int = 0,
) -> Fitted:
    """Return a fitted and recalibrated model of one kind.

    Parameters
    ----------
    rows : DataFrame
        Feature table rows to fit on: patient_id, landmark, index_date, the feature columns, event, time_to_event, censored_by;
        and censoring_stratum, where the groups of censoring are known already.
    others : dict of Fitted, optional
        Candidates fitted to the same rows, which an ensemble takes its members from. Members that are missing are
        fitted and put there.
    halves : int
        How many fits to halves of the patients the artifact keeps, for intervals; an even number.

    Raises
    ------
    ConfigError
        The kind, or one of its options in `params.yaml`, is not known.
    """
    if kind not in fitters():
        raise ConfigError(f'Unknown model "{kind}".', nearest(kind, fitters()))
    options = checked_options(fitters()[kind], task.models.get(kind, {}), f"tasks.{task.name}.models.{kind}")
    x, rows = rows[spec.columns()].to_numpy(dtype=float), rows if STRATUM in rows else with_strata(rows, spec)
    if kind == ENSEMBLE:
        model, left_out, resampled = _combined(rows, spec, task, about, checked_members(options["members"], task), others or {}, halves)
    else:
        model, left_out, resampled = _fitted(x, rows, spec.columns(), task.horizons, kind, options, halves)
    calibration = fit_calibration(left_out, rows, task.horizons)
    about = about | {
        "reference": reference_ranges(x, spec.columns()),
        "reference_by_time": reference_by_time(rows, spec, left_out, calibration, task.horizons),
    }
    return Fitted(Artifact(kind, model, spec, task.horizons, calibration, about, resampled=resampled), left_out)


def _fitted(
    x: Array, rows: pd.DataFrame, columns: list[str], horizons: tuple[int, ...], kind: str, options: dict[str, Any], halves: int
) -> tuple[Model, Array, tuple[Model, ...]]:
    if kind == "logistic":  # once, and not again in each fold
        options = {**options, "penalties": (choose_penalty(x, rows, columns, horizons, **options),)}

    def fit_on(positions: np.ndarray) -> Model:
        return fitters()[kind](x[positions], rows.iloc[positions], columns, horizons, **options)

    left_out = np.full((len(rows), len(horizons)), np.nan)
    for fold in patient_folds(rows, _CALIBRATION_FOLDS, _SEED):
        left_out[fold.judge] = fit_on(fold.fit).margins(x[fold.judge])
    pairs = [patient_folds(rows, 2, _SEED + pair) for pair in range(halves // 2)]
    resampled = tuple(fit_on(half.fit) for pair in pairs for half in pair)
    return fit_on(np.arange(len(rows))), left_out, resampled


def _combined(
    rows: pd.DataFrame,
    spec: FeatureSpec,
    task: Task,
    about: dict[str, Any],
    members: tuple[str, ...],
    others: dict[str, Fitted],
    halves: int,
) -> tuple[Model, Array, tuple[Model, ...]]:
    for name in members:
        if name not in others:
            others[name] = fit_candidate(rows, spec, task, name, about, others, halves)
    chosen = {name: others[name] for name in members}
    weights = member_weights({name: fitted.left_out for name, fitted in chosen.items()}, rows, task.horizons)
    left_out = np.sum([weights[name] * fitted.left_out for name, fitted in chosen.items()], axis=0)
    model = Ensemble({name: fitted.artifact.model for name, fitted in chosen.items()}, weights)
    resampled = tuple(
        Ensemble({name: fitted.artifact.resampled[k] for name, fitted in chosen.items()}, weights) for k in range(halves // 2 * 2)
    )
    return model, left_out, resampled
