"""How late after diagnosis, or after the start of the line, people could still be followed to a horizon."""

from __future__ import annotations

import numpy as np
import pandas as pd

from myeloma.calendar import DAYS_PER_MONTH, horizon_days
from training.reference.by_time import LEAST_IN_BAND
from training.rows.censoring import REACH


def followed_from(rows: pd.DataFrame, horizons: tuple[int, ...]) -> dict[str, float]:
    """Return, by horizon in months, the latest month from which at least 20 people could be followed to it; none where fewer could.

    Parameters
    ----------
    rows : DataFrame
        patient_id, index_date, landmark, study_reach.
    """
    visits = pd.DataFrame({"person": rows["patient_id"].to_numpy(), "reach": rows[REACH].to_numpy(dtype=float)})
    visits["month"] = (rows["landmark"] - rows["index_date"]).dt.days.to_numpy() / DAYS_PER_MONTH
    found = {}
    for months in horizons:
        latest = visits[visits["reach"] > horizon_days(months)].groupby("person")["month"].max().to_numpy()
        if len(latest) >= LEAST_IN_BAND:
            found[str(months)] = float(np.sort(latest)[-LEAST_IN_BAND])
    return found
