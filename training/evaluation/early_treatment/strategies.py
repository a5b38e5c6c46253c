"""Whom each strategy would treat at one landmark: nobody, everybody, 20/2/20 high, AQUILA-eligible, and the model at a threshold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from features import Cohort
from features.table.eligibility_inputs import eligibility_inputs_of
from features.table.score_inputs import score_inputs_of
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

    Who cannot be judged is not treated: that is how a rule works where a result is missing. The performance status, which no cohort
    holds, is taken to be 0 or 1.

    Parameters
    ----------
    rows : DataFrame
        patient_id, landmark, age_days: from the landmark to the day on which people are judged.
    """
    keys = rows[["patient_id"]].assign(landmark=rows["landmark"] + pd.to_timedelta(rows["age_days"], unit="D"))
    inputs = score_inputs_of(cohort, keys)
    possible = _MAYO_2018.evaluate_arrays(**{name: inputs[name].to_numpy() for name in _MAYO_2018.inputs}).possible
    bit = 1 << _MAYO_2018.categories.index(_HIGH)
    high = np.select([possible == bit, (possible & bit) == 0], [1.0, 0.0], np.nan)
    values: Mapping[str, ArrayLike] = eligibility_inputs_of(cohort, keys) | {"performance_status": np.zeros(len(keys))}
    found = {MAYO: high, AQUILA: eligible(values)}
    every = Strategy(EVERYBODY, np.ones(len(keys), dtype=bool))
    return [every, *(Strategy(name, said == 1, int(np.isnan(said).sum())) for name, said in found.items())], high


def by_model(name: str, risk: Array, threshold: float) -> Strategy:
    """Return the strategy that treats from the least risk on whose absolute reduction, by the trial's effect, comes to the threshold.

    The reduction falls again above a risk of 75 %, since most of those progress with treatment too: they are treated all the same.
    """
    return Strategy(name, risk >= least_risk(threshold), threshold=threshold)
