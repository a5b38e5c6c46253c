"""Whom each strategy would treat at one landmark: nobody, everybody, 20/2/20 high, AQUILA-eligible, and the model at a threshold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features import Cohort
from features.table.eligibility_inputs import inputs_of
from myeloma.early_treatment.benefit import least_risk
from myeloma.early_treatment.eligibility import eligible
from myeloma.scores import POINT_SCORES

Array = NDArray[np.float64]
MAYO, AQUILA, EVERYBODY = "20/2/20 high", "AQUILA-eligible", "everybody"
_MAYO_2018, _HIGH = POINT_SCORES["mayo_2018"], "high"


@dataclass(frozen=True)
class Strategy:
    """Who would be treated: `treats` is bool (people,), `unknown` how many of the others could not be judged.

    `threshold` is the absolute reduction from which the strategy treats, None where it does not depend on one.
    """

    name: str
    treats: NDArray[np.bool_]
    unknown: int = 0
    threshold: float | None = None


def rules(cohort: Cohort, rows: pd.DataFrame) -> tuple[list[Strategy], Array]:
    """Return what the published rules say of people at their landmarks, and whether each is 20/2/20 high (1, 0, NaN unknown).

    Who cannot be judged is not treated: that is how a rule works where a result is missing. Two things are taken for granted, and said:
    the performance status, which no cohort holds, is 0 or 1; and people at risk have no myeloma-defining event but one that a result shows.

    Parameters
    ----------
    rows : DataFrame
        patient_id, landmark, age_days: from the landmark to the day on which people are judged.
    """
    keys = rows[["patient_id"]].assign(landmark=rows["landmark"] + pd.to_timedelta(rows["age_days"], unit="D"))
    inputs, values = inputs_of(cohort, keys, _MAYO_2018)
    possible = _MAYO_2018.evaluate_arrays(**inputs).possible
    bit = 1 << _MAYO_2018.categories.index(_HIGH)
    high = np.select([possible == bit, (possible & bit) == 0], [1.0, 0.0], np.nan)
    at_risk = np.where(np.isnan(event := np.asarray(values["defining_event"], dtype=float)), 0.0, event)
    found = {MAYO: high, AQUILA: eligible(values | {"performance_status": np.zeros(len(keys)), "defining_event": at_risk})}
    every = Strategy(EVERYBODY, np.ones(len(keys), dtype=bool))
    return [every, *(Strategy(name, said == 1, int(np.isnan(said).sum())) for name, said in found.items())], high


def by_model(name: str, risk: Array, threshold: float) -> Strategy:
    """Return the strategy that treats from the least risk on whose absolute reduction, by the trial's effect, comes to the threshold.

    The reduction falls again above a risk of 75 %, since most of those progress with treatment too: they are treated all the same.
    """
    return Strategy(name, risk >= least_risk(threshold), threshold=threshold)
