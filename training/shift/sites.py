"""Elsewhere: each site judged by a model that saw none of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from features import FeatureTable
from myeloma import DataError
from training.evaluation.subgroups import UNKNOWN, suppressed
from training.metrics import Draws
from training.metrics.figures import figures
from training.metrics.names import left_out_subsets
from training.plan import Plan
from training.rows.site_names import called
from training.rows.small_cells import only
from training.rows.split import LEAST_EVENTS, Fold
from training.shift.refitted import progressing, refitted_figures


def by_site(table: FeatureTable, plan: Plan, name: str, fitted: Path) -> pd.DataFrame:
    """Return the figures at each site, by a model fitted to all other sites; none, and why, where too few progress at these."""
    site = table.rows["site"].fillna("").to_numpy()
    sites = sorted(set(site) - {""})
    if len(sites) < 2:
        raise DataError(
            f"Leaving one site out needs two sites, the table has {len(sites)}.",
            "fill the column `site` of the patients table.",
            "one_site",
        )
    folds = {one: Fold(np.flatnonzero(site != one), np.flatnonzero(site == one)) for one in sites}
    names = called(sites)
    subset = dict(zip(sites, left_out_subsets(names[one] for one in sites).values(), strict=True))
    parts = [_judge_site(table, plan, name, fold, subset[one]) for one, fold in folds.items()]
    without = table.rows[site == ""]  # no model judges them, but the whole less the sites would tell how many they are
    parts.append(_counts(without, plan, name, UNKNOWN))
    return suppressed(pd.concat(parts, ignore_index=True), "subset").query("subset != @UNKNOWN")


def _judge_site(table: FeatureTable, plan: Plan, name: str, fold: Fold, subset: str) -> pd.DataFrame:
    events = progressing(table.rows.iloc[fold.fit])
    if events >= LEAST_EVENTS:
        return refitted_figures(table, plan, name, fold, subset)
    why = f"{only(events)} people progress at all other sites, at least {LEAST_EVENTS} are needed to fit."
    found = _counts(table.rows.iloc[fold.judge], plan, name, subset)
    unjudged = [{"model": name, "subset": subset, "horizon": months, "measure": "auc", "why": why} for months in plan.task.horizons]
    return pd.concat([found, pd.DataFrame(unjudged)], ignore_index=True)


def _counts(rows: pd.DataFrame, plan: Plan, name: str, subset: str) -> pd.DataFrame:
    """Return how many are there and progress, of people whom no model judges."""
    nothing, draws = np.zeros((len(rows), len(plan.task.horizons))), Draws.of(rows["patient_id"], 0, plan.evaluation.seed)
    found = figures(rows.reset_index(drop=True), {name: nothing}, plan.task.horizons, draws, lambda sample, risk: {}, subset)
    return found[found["measure"].isin(["patients", "rows", "events"])]
