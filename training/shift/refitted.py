"""A model fitted again to some rows, and its figures on others."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features import FeatureTable
from features.history.columns import FeatureSpec
from features.table.outcomes import EVENT
from myeloma import DataError
from serving.artifact import feature_matrix
from serving.predict import predict_risk
from training.estimators import fit_candidate
from training.estimators.censoring_strata import with_censoring_strata
from training.metrics import Draws, all_measures
from training.metrics.figures import figures
from training.plan import Plan
from training.rows.small_cells import only
from training.rows.split import LEAST_EVENTS, Fold

Array = NDArray[np.float64]


def refitted_figures(table: FeatureTable, plan: Plan, name: str, fold: Fold, subset: str) -> pd.DataFrame:
    """Return the figures of a model on the rows of a fold that judge, fitted again to its other rows."""
    fit, judged = table.rows.iloc[fold.fit], with_censoring_strata(table.rows.iloc[fold.judge], table.spec, plan.task.horizons)
    return figures_of(judged, risks_of(fit, judged, table.spec, plan, name), plan, subset).assign(model=name)


def figures_of(rows: pd.DataFrame, risks: Array, plan: Plan, subset: str) -> pd.DataFrame:
    """Return all figures of risks on rows, at every horizon."""
    draws = Draws.of(rows["patient_id"], plan.evaluation.bootstrap, plan.evaluation.seed)
    everything = partial(all_measures, cut_offs=plan.evaluation.cut_offs)
    return figures(rows.reset_index(drop=True), {"": risks}, plan.task.horizons, draws, everything, subset)


def risks_of(fit: pd.DataFrame, judged: pd.DataFrame, spec: FeatureSpec, plan: Plan, name: str) -> Array:
    """Return the risks of some rows by a model fitted to others.

    Raises
    ------
    DataError
        Too few people progress among those that are fitted on.
    """
    people = progressing(fit)
    if people < LEAST_EVENTS:
        what = f"{only(people).capitalize()} people progress in the part that is fitted on; at least {LEAST_EVENTS} are needed."
        raise DataError(what, "add people.")
    artifact = fit_candidate(fit, spec, replace(plan, models=_with_columns(plan.models, spec)), name, {}).artifact
    return predict_risk(artifact, feature_matrix(artifact, judged))


def _with_columns(models: dict[str, dict[str, Any]], spec: FeatureSpec) -> dict[str, dict[str, Any]]:
    """Return the models' options; one that names its covariates keeps those that the specification has."""
    return {
        name: {key: [c for c in value if c in spec.columns()] if key == "covariates" else value for key, value in options.items()}
        for name, options in models.items()
    }


def progressing(rows: pd.DataFrame) -> int:
    """Return how many people progress at any time."""
    return rows.loc[rows["event"] == EVENT, "patient_id"].nunique()
