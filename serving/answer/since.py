"""What a reader of a risk must know beside it: how old the visit is, what happened since, and which criterion is met."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.history.arrays import Histories, dates_of, newest_by
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
    newest = newest_by(histories.results, patient, landmark)
    visit = np.where(newest < 0, NO_DAY, np.append(histories.results.available, NO_DAY)[newest])
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


def met_criteria(inputs: dict[str, NDArray[np.float64]]) -> list[str]:
    """Return the myeloma-defining criteria that each row meets, joined by a bar; empty where none is known to be met."""
    status = statuses({name: inputs[name] for name in CRITERIA_INPUTS if name in inputs})
    met = np.column_stack([status[one.key] == 1 for one in CRITERIA])
    return ["|".join(one.key for one, is_met in zip(CRITERIA, row, strict=True) if is_met) for row in met]
