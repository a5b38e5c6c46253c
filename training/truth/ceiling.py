"""How far the columns of a simulated cohort lead: what trees that learn from the true risks themselves come to.

For judging only, as `against_truth`. A candidate learns from who progressed. Here trees get the same columns of the same people,
and their true risks in place of outcomes: what they leave of the gap asks for other columns or more people, not another model.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import xgboost as xgb

from features import FeatureTable
from serving.models import logit
from training.metrics import Draws, judged_at
from training.plan import Plan
from training.rows.split import evaluation_folds
from training.truth.against_truth import JudgedWithTruth, expected_auc, gap_closed, true_risks

# Chosen beside three others on one cohort, where they gave 31 to 33 %; nothing a candidate learns depends on it.
_OPTIONS = {"max_depth": 5, "eta": 0.05, "subsample": 0.5, "colsample_bynode": 0.5, "min_child_weight": 30, "seed": 1, "nthread": 2}
_ROUNDS = 300
_LEARNED = "learned from the truth"


@dataclass(frozen=True)
class Ceiling:
    """How far the columns lead at the primary horizon, expected over outcomes: (estimate, lo, hi), from drawing the people judged.

    Attributes
    ----------
    closed : share of the way from the reference to the truth that trees fitted to true risks come
    of_it : by candidate, the share of that way, from the reference to these trees
    """

    closed: tuple[float, ...]
    of_it: dict[str, tuple[float, ...]]


def ceiling(judged: JudgedWithTruth, table: FeatureTable, plan: Plan, truth_path: Path) -> Ceiling:
    """Return how far the columns lead, and how much of that each candidate reaches."""
    at = plan.task.horizons.index(plan.primary_horizon)
    rows, columns = table.rows, plan.task.features.columns()
    x, target = rows[columns].to_numpy(dtype=float), logit(true_risks(rows, pd.read_parquet(truth_path), plan.task)[:, at])
    learned = np.full(len(rows), np.nan)
    for fold in evaluation_folds(rows, plan.evaluation):
        known = fold.fit[np.isfinite(target[fold.fit])]
        trees = xgb.train(_OPTIONS, xgb.QuantileDMatrix(x[known], label=target[known]), num_boost_round=_ROUNDS)
        learned[fold.judge] = trees.predict(xgb.DMatrix(x[fold.judge]))
    visits = rows[["patient_id", "landmark"]].assign(learned=learned)
    of_judged = judged.rows[["patient_id", "landmark"]].merge(visits, how="left", validate="one_to_one")["learned"].to_numpy()
    draws = Draws.of(judged.rows["patient_id"], plan.evaluation.bootstrap, plan.evaluation.seed)
    counts, true = judged_at(judged.rows, plan.primary_horizon, draws).sample.counts, judged.true[:, at]
    orders = {name: judged.risks[name][:, at] for name in judged.names} | {_LEARNED: of_judged, "truth": true}
    auc, start = {name: expected_auc(counts, order, true) for name, order in orders.items()}, judged.reference
    return Ceiling(
        gap_closed(auc, _LEARNED, start), {name: gap_closed(auc, name, start, _LEARNED) for name in judged.names if name != start}
    )
