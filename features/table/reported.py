"""The filtration rate as a laboratory reported it, apart from the one that is computed here from creatinine."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from features.history.arrays import REPORTED, Results, places
from features.history.derived import series_of
from features.history.plan import plan_of, write_history
from features.history.rows import View
from myeloma.criteria import CLEARANCE_BELOW_ML_MIN

Array = NDArray[np.float64]
_COLUMNS = ("egfr__last__ever", "egfr__age_days__ever")


def reported_egfr(view: View) -> dict[str, Array]:
    """Return `egfr_reported` and `egfr_reported__age_days`: the latest reported rate at each landmark, NaN where there is none.

    A rate reported as a limit counts where it tells on which side of the renal criterion's 40 mL/min it lies: `>60` and `<15` do, `<60`
    does not. Where the results do not say how they were reported (`Results.operator`), every one is taken for a number.
    """
    own = view.reported.biomarker == places(["egfr"])[0]
    rates = _telling(view.reported.at(own)) if own.any() else ()
    values = np.full((len(_COLUMNS), len(view.patient)), np.nan)
    if rates:
        plan = plan_of(_COLUMNS)
        write_history(series_of(rates, len(view.people), ("egfr",)), view.patient, view.landmark, plan, values)
    return {"egfr_reported": values[0], "egfr_reported__age_days": values[1]}


def _telling(rates: Results) -> Results:
    if rates.operator is None:
        return rates
    below, above = (rates.operator == REPORTED.index(sign) for sign in "<>")
    least = np.nextafter(rates.value, np.inf)
    at_least = above & (rates.value < CLEARANCE_BELOW_ML_MIN) & (least >= CLEARANCE_BELOW_ML_MIN)  # `>=40` is not below 40
    value = np.where(below, np.nextafter(rates.value, 0.0), np.where(at_least, least, rates.value))  # `<40` is below 40
    tells = ~(below & (value >= CLEARANCE_BELOW_ML_MIN)) & ~(above & (value < CLEARANCE_BELOW_ML_MIN))
    return Results(rates.patient, rates.biomarker, rates.collected, rates.available, value).at(tells)
