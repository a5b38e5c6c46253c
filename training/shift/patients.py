"""With fewer people: the learning curve."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from features import FeatureTable
from training.evaluation.performance import without_small_cells
from training.plan import Plan
from training.rows.small_cells import only
from training.rows.split import LEAST_EVENTS, Fold, evaluation_folds
from training.shift.refitted import progressing, refitted_figures

CURVE = (0.125, 0.25, 0.5, 1.0)  # shares of the people fitted on, for the learning curve


def learning_curve(table: FeatureTable, plan: Plan, name: str, fitted: Path) -> pd.DataFrame:
    """Return the figures by how many people the model was fitted to, all on the same held-out rows of the first fold."""
    fold = evaluation_folds(table.rows, plan.evaluation)[0]
    ids = table.rows.iloc[fold.fit]["patient_id"].unique()
    order = np.random.default_rng(plan.evaluation.seed).permutation(ids)
    patient = table.rows["patient_id"].to_numpy()
    parts = []
    for share in CURVE:
        some = fold.fit[np.isin(patient[fold.fit], order[: round(share * len(order))])]
        people = len(np.unique(patient[some]))
        subset, events = f"fitted_on_{people}", progressing(table.rows.iloc[some])
        if events < LEAST_EVENTS:
            why = f"{only(events)} of these people progress, at least {LEAST_EVENTS} are needed to fit."
            found = pd.DataFrame({"model": [name], "subset": subset, "horizon": plan.primary_horizon, "measure": "auc", "why": why})
        else:
            found = without_small_cells(refitted_figures(table, plan, name, Fold(some, fold.judge), subset))
        parts.append(found.assign(people_fitted_on=people))
    return pd.concat(parts, ignore_index=True)
