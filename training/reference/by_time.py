"""Training remembered apart by time since diagnosis, for people of today to be compared with people as long after theirs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from myeloma.calendar import DAYS_PER_MONTH
from training.reference.quantiles import quantiles_of

Array = NDArray[np.float64]
Then = dict[str, Any]  # what training remembers of one figure at one time: people, known (people with a value), missing, quantiles
# Months since diagnosis at which a time begins. The first holds what comes in soon after; half-years, the usual time between
# visits, as long as the look-back of a year and the age of the marrow change by the month; longer ones later.
MONTHS = (0.0, 1.0, 6.0, 12.0, 18.0, 24.0, 36.0, 48.0, 60.0, 84.0, 120.0)
LEAST_THEN = 20  # people of training at a time; the quantiles of fewer are nearly single people's values


def time_of(rows: pd.DataFrame, months: Sequence[float]) -> NDArray[np.int64]:
    """Return which time since diagnosis each row of patient, index_date and landmark belongs to."""
    since = (rows["landmark"] - rows["index_date"]).dt.days.to_numpy() / DAYS_PER_MONTH
    return np.searchsorted(months, since, side="right") - 1


def remembered(rows: pd.DataFrame, figures: dict[str, Array]) -> dict[str, Any]:
    """Return the months that times begin at, and of each figure of the rows what is to be compared with, by time; None of too few."""
    time, patient = time_of(rows, MONTHS), rows["patient_id"].to_numpy()

    def at(values: Array, k: int) -> Then | None:
        here, known = time == k, (time == k) & ~np.isnan(values)
        people, with_value = len(np.unique(patient[here])), len(np.unique(patient[known]))
        if people < LEAST_THEN:
            return None
        quantiles = quantiles_of(values[known]) if with_value >= LEAST_THEN else []
        return {"people": people, "known": with_value, "missing": float(1.0 - known.sum() / here.sum()), "quantiles": quantiles}

    return {"months": list(MONTHS), "figures": {name: [at(values, k) for k in range(len(MONTHS))] for name, values in figures.items()}}
