"""Later: people diagnosed late, judged by a model that saw the early ones as they were known then."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from features import FeatureTable
from features.table.outcomes import NONE
from training.estimators.censoring_strata import with_censoring_strata
from training.evaluation.performance import without_small_cells
from training.plan import Plan
from training.shift.refitted import figures_of, risks_of

EARLY_SHARE = 0.7  # of people, by index date: fitted on


def over_time(table: FeatureTable, plan: Plan, name: str, fitted: Path) -> pd.DataFrame:
    """Return the figures on people diagnosed late, by a model fitted to early ones as they were known at the cut.

    The cut is the index date before which 70 % of people were diagnosed: nothing that was seen after it is fitted on.
    """
    rows = table.rows
    index_date = rows.groupby("patient_id")["index_date"].first()
    cut = index_date.sort_values().iloc[int(EARLY_SHARE * (len(index_date) - 1))]
    early = known_at(rows[rows["index_date"] <= cut], cut)
    late = with_censoring_strata(rows[rows["index_date"] > cut], table.spec, plan.task.horizons)
    found = without_small_cells(figures_of(late, risks_of(early, late, table.spec, plan, name), plan, "late"))
    return found.assign(cut=cut.date().isoformat(), people_fitted_on=early["patient_id"].nunique())


def known_at(rows: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    """Return the rows before a day as they were known on it: whatever happened later is censored then."""
    earlier = rows[rows["landmark"] < day]
    seen = (day - earlier["landmark"]).dt.days.astype(float)
    later = earlier["time_to_event"] > seen
    return earlier.assign(
        event=earlier["event"].mask(later, NONE),
        time_to_event=earlier["time_to_event"].where(~later, seen),
        follow_up=np.minimum(earlier["follow_up"], seen),
        censored_by=earlier["censored_by"].mask(later, "last_contact"),
    )
