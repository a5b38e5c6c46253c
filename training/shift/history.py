"""Without history: a model against itself with the latest values only."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd

from features import FeatureTable
from features.history.columns import STATE_SPACE, FeatureSpec
from features.history.windows import current_windows
from training.evaluation.differences import paired_differences
from training.fitting.held_out import HeldOut
from training.metrics import Draws
from training.plan import Plan
from training.rows.split import evaluation_folds
from training.shift.refitted import risks_of

LATEST_ONLY = "latest_values_only"


def gain_from_history(table: FeatureTable, plan: Plan, name: str, fitted: Path) -> pd.DataFrame:
    """Return model minus the same model with the latest values only (and their age), on the same held-out rows."""
    held = HeldOut.of(fitted, [name], table, plan.task)
    rows = held.rows
    spec = latest_only(table.spec)
    parts = [
        pd.DataFrame(risks_of(table.rows.iloc[fold.fit], table.rows.iloc[fold.judge], spec, plan, name)).set_axis(
            pd.MultiIndex.from_frame(table.rows.iloc[fold.judge][["patient_id", "landmark"]])
        )
        for fold in evaluation_folds(table.rows, plan.evaluation)
    ]
    latest = pd.concat(parts).loc[pd.MultiIndex.from_frame(rows[["patient_id", "landmark"]])].to_numpy()
    draws = Draws.of(rows["patient_id"], plan.evaluation.bootstrap, plan.evaluation.seed)
    return paired_differences(rows, {**held.risks, LATEST_ONLY: latest}, [name], plan.task.horizons, draws, plan.evaluation.cut_offs)


def latest_only(spec: FeatureSpec) -> FeatureSpec:
    """Return the specification without history: the latest value of each biomarker, its age, and what is static but tells no course."""
    window = "ever" if "ever" in spec.look_backs else current_windows(spec.look_backs)[-1]
    statistics = tuple(name for name in spec.statistics if name in ("last", "age_days"))
    static = tuple(name for name in spec.static if name not in STATE_SPACE)
    return replace(spec, look_backs=(window,), statistics=statistics, static=static, burden=None)
