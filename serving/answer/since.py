"""What a reader of a risk must know beside it: how old the visit is, what happened since, and which criterion is met."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.history.arrays import Histories, dates_of
from features.history.layout import Days
from myeloma import calendar
from myeloma.calendar import NEVER, NO_DAY
from myeloma.criteria import CRITERIA, CRITERIA_INPUTS, statuses

SINCE = {"progression_since": "progression", "death_since": "death", "treatment_since": "treatment_start"}
AGE = "visit_age_days"


def happened_since(histories: Histories, patient: NDArray[np.int32], landmark: Days, today: int) -> dict[str, Any]:
    """Return the age of each row's visit on a day, and the first day after the landmark of what the cohort knows to have happened.

    The visit is the latest day up to the landmark on which a result became available.

    Returns
    -------
    dict
        `visit_age_days` (NaN where there was no visit), and a date a kind of event, missing where there was none since.
    """
    visit = _latest_visit(histories, patient, landmark)
    age = np.where(visit == NO_DAY, np.nan, float(today) - visit)
    found: dict[str, Any] = {AGE: age}
    for name, kind in SINCE.items():
        first = histories.happened.first[kind][patient]
        since = (first < NEVER) & (first > landmark) & (landmark != NO_DAY)
        found[name] = pd.Series(dates_of(np.where(since, first, 0).astype(np.int32))).where(since)
    return found


def day_of_scoring(histories: Histories) -> int:
    """Return today, in days since 1970, or the cohort's last day where that is later, as in a calendar that was shifted."""
    today = calendar.today()
    return max(today, int(histories.results.available.max(initial=today)), int(histories.happened.last.max(initial=today)))


def _latest_visit(histories: Histories, patient: NDArray[np.int32], landmark: Days) -> NDArray[np.int64]:
    """Return the last day up to each landmark on which a result of the person became available, `NO_DAY` where there is none."""
    results = histories.results
    order = np.lexsort((results.available, results.patient))
    known = (results.patient[order].astype(np.int64) << 32) + (results.available[order].astype(np.int64) - NO_DAY)
    place = np.searchsorted(known, (patient.astype(np.int64) << 32) + (landmark.astype(np.int64) - NO_DAY), side="right") - 1
    if not len(known):
        return np.full(len(patient), NO_DAY, np.int64)
    found = order[np.maximum(place, 0)]
    own = (place >= 0) & (results.patient[found] == patient)
    return np.where(own, results.available[found], NO_DAY)


def met_criteria(inputs: dict[str, NDArray[np.float64]]) -> list[str]:
    """Return the myeloma-defining criteria that each row meets, joined by a bar; empty where none is known to be met."""
    status = statuses({name: inputs[name] for name in CRITERIA_INPUTS if name in inputs})
    met = np.column_stack([status[one.key] == 1 for one in CRITERIA])
    return ["|".join(one.key for one, is_met in zip(CRITERIA, row, strict=True) if is_met) for row in met]
