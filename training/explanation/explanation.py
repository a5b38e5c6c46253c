"""The explanation of a model as a whole: tables and pictures of its contributions over a sample of the visits it is judged on."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.cohort.files import write_csv
from serving.artifact import Artifact
from serving.predict import by_biomarker, explain
from training.explanation.importance import Weights, latest_value, sample
from training.explanation.informative_presence import availability
from training.metrics.names import Metric
from training.places import AVAILABILITY, STABILITY, explained_at
from training.plan import Plan
from training.plots import contributions as shap_plots

Array = NDArray[np.float64]
_DEPENDENCE_OF = 4  # the weightiest biomarkers: two rows of two panels
_NO_DIFFERENCE = 1e-9  # log-odds; contributions of two horizons that are nearer are the same


def explain_model(artifact: Artifact, judged: pd.DataFrame, plan: Plan, folder: Path) -> dict[str, float]:
    """Write tables and pictures of what drives a model, and return its figures at the primary horizon by their names in MLflow.

    `folder/` gets stability.csv and availability.json, `folder/24m/` the pictures of a horizon: the primary one's in every
    run, the others' where the contributions differ by horizon at all.
    """
    x = sample(artifact, judged)
    contributions = explain(artifact, x).contributions
    primary = plan.task.horizons.index(plan.primary_horizon)
    weights = Weights.of(artifact, x, contributions)
    table = weights.table(plan.task.horizons)
    write_csv(table, folder / STABILITY)
    pictured = horizons_to_show(contributions, primary)
    for h in pictured:
        months, values = plan.task.horizons[h], contributions[:, h]
        when = f"at {months} months" if len(pictured) > 1 or len(plan.task.horizons) == 1 else "at every horizon alike"
        title = f"{plan.task.name} {artifact.kind}, {len(x)} visits: contributions to the log-odds of the risk {when}"
        place = folder / explained_at(months)
        place.mkdir(parents=True, exist_ok=True)
        of_horizon = table[table["horizon"] == months]
        shap_plots.beeswarm(values, x, artifact.columns, title, place / "shap_beeswarm.png")
        shap_plots.biomarker_bar(of_horizon, title, place / "biomarker_importance.png")
        points = dependence(artifact, x, values, list(of_horizon.loc[of_horizon["log_odds"] > 0, "biomarker"]))
        if points:
            shap_plots.dependence(points, title, place / "dependence.png")
    audit = availability(contributions[:, primary], x, artifact.columns)
    (folder / AVAILABILITY).write_text(json.dumps(audit, indent=1), encoding="utf-8")
    figures = {f"availability_{share}": audit[share] for share in ("absolute_share", "variance_share") if audit[share] is not None}
    agreement = weights.rank_correlation(primary)
    figures |= {"shap_rank_correlation": agreement} if np.isfinite(agreement) else {}
    return {Metric(name, plan.primary_horizon).name: value for name, value in figures.items()}


def horizons_to_show(contributions: Array, primary: int) -> list[int]:
    """Return the positions of the horizons that need a picture: all, or the primary one where contributions are the same at each.

    A model whose horizons differ by a constant (one slope per column, an intercept per horizon, the time since diagnosis no
    column) has that constant in its base.
    """
    same = np.ptp(contributions, axis=1).max(initial=0.0) <= _NO_DIFFERENCE
    return [primary] if same else list(range(contributions.shape[1]))


def dependence(artifact: Artifact, x: Array, values: Array, ranked: list[str]) -> dict[str, tuple[Array, Array]]:
    """Return latest value and contribution of all columns together, of the first few biomarkers of a ranking that have a value.

    Parameters
    ----------
    values : array (rows, features)
        Contributions at one horizon.
    """
    together = by_biomarker(artifact, values[:, None, :])
    found = {name: latest_value(artifact.columns, x, name) for name in ranked}
    kept = [(name, value) for name, value in found.items() if value is not None and np.isfinite(value).any()]
    return {name: (value, together[name][:, 0]) for name, value in kept[:_DEPENDENCE_OF]}
