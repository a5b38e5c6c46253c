"""What a person of training was like at the last visit of a period, since a watch looks at each person's last visit of one.

A visit is a day on which anything became known, so results of one visit that come in on several days make several of them: the last
has every result, the earlier ones have not. Over all visits more would be missing than a watch can find at last ones.

Which visit is the last depends on when the period ends. A visit is it on as many last days of a period as lie before the next visit,
before the period would begin after it, and before the end of the study. So each visit counts for that many days: then these are the
visits that periods of this length, that end on any day of the study, would have looked at.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from training.reference.by_time import reference_of_bands
from training.rows.study_end import study_reach

Array = NDArray[np.float64]
OF_LAST_VISITS = "reference_of_last_visits"  # what a model keeps of it, in `about`: a list, one entry for each length of period
DAYS = (7, 30, 91, 183, 365, 1096)  # lengths of a period; between two of them what counts changes little


def references_of_last_visits(rows: pd.DataFrame, figures: dict[str, Array]) -> list[dict[str, Any]]:
    """Return the reference by time since diagnosis (see `reference_of_bands`) of the last visits of periods, by the days they last.

    Parameters
    ----------
    rows : DataFrame
        Every visit at risk: patient_id, index_date, landmark, event, censored_by, follow_up.
    figures : dict
        Of these rows, as `reference_of_bands` takes them.
    """
    lasting = _days_as_the_last(rows)
    return [{"days": days} | reference_of_bands(rows, figures, np.minimum(lasting, days)) for days in DAYS]


def reference_of_period(about: dict[str, Any], days: int) -> dict[str, Any]:
    """Return what a model remembers of the last visits of periods about so long; one of before remembers all visits."""
    if not about.get(OF_LAST_VISITS):
        of_all: dict[str, Any] = about["reference_by_time"]
        return of_all
    closest: dict[str, Any] = min(about[OF_LAST_VISITS], key=lambda one: abs(np.log(one["days"] / max(days, 1))))
    return closest


def _days_as_the_last(rows: pd.DataFrame) -> Array:
    """Return the days from each visit until the person's next, or until the study's end; one at the least.

    After a person's last row there is no visit at risk where an event or a treatment ended that. Where contact ended, there may be one
    on that very day, of which nothing came after: it is no row. Where each person has one row, all count alike.
    """
    if not rows["patient_id"].duplicated().any():
        return np.full(len(rows), np.inf)
    person, day = pd.factorize(rows["patient_id"])[0], rows["landmark"].to_numpy().astype("datetime64[D]").astype(float)
    order = np.lexsort((day, person))
    until_next = np.full(len(rows), np.inf)
    same = np.diff(person[order]) == 0
    until_next[order[:-1][same]] = np.diff(day[order])[same]
    final = np.isinf(until_next) & (rows["censored_by"] == "last_contact").to_numpy()
    until_next[final] = rows["follow_up"].to_numpy(dtype=float)[final]
    lasting: Array = np.maximum(np.minimum(until_next, study_reach(rows)), 1.0)
    return lasting
