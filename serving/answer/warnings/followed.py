"""Whether a risk reaches beyond what was followed: so late after diagnosis that nobody of training could be seen to its horizon."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from features.history.arrays import Histories
from features.history.layout import Days
from features.table.outcomes import origin_day
from myeloma.calendar import DAYS_PER_MONTH
from serving.artifact import Artifact

Bools = NDArray[np.bool_]
FOLLOWED_FROM = "followed_from"  # in `about`: by horizon, the latest month from which 20 people of training could be followed to it
_MONTH_OF_GRACE = 1.0  # a table of first visits holds month 0 alone, and a first visit may be some days late


def beyond_what_was_followed(artifact: Artifact, histories: Histories, patient: NDArray[np.int32], landmark: Days) -> Bools:
    """Return to which horizons nobody could be followed from so late a visit (rows, horizons): the study ended before.

    What a model says there is drawn from earlier visits.
    """
    followed = artifact.about.get(FOLLOWED_FROM)
    if followed is None:  # of an earlier version
        return np.zeros((len(patient), len(artifact.horizons)), bool)
    latest = np.array([followed.get(str(months), -np.inf) for months in artifact.horizons])
    found: Bools = _months(artifact, histories, patient, landmark)[:, None] > latest + _MONTH_OF_GRACE
    return found


def beyond_in_words(artifact: Artifact, known: Histories, landmark: int) -> list[str]:
    """Return the horizons to which nobody could be followed from so late a visit of one person, in words."""
    about = np.zeros(1, np.int32), np.array([landmark], np.int32)
    is_beyond, said = beyond_what_was_followed(artifact, known, *about)[0], []
    since = "the line of therapy began" if artifact.rules.line else "diagnosis"
    for h in np.flatnonzero(is_beyond).tolist():
        months = artifact.horizons[h]
        what = f"beyond what was followed: the risk at {months} months"
        if (latest := artifact.about[FOLLOWED_FROM].get(str(months))) is None:
            said.append(f"{what}; hardly anybody of training could be followed so long")
        else:
            when = f"{_months(artifact, known, *about)[0]:.0f} months after {since}"
            said.append(f"{what}, {when}; people could be followed so long only from visits up to {latest:.0f} months after it")
    return said


def _months(artifact: Artifact, histories: Histories, patient: NDArray[np.int32], landmark: Days) -> NDArray[np.float64]:
    months: NDArray[np.float64] = (landmark.astype(np.float64) - origin_day(histories, artifact.rules)[patient]) / DAYS_PER_MONTH
    return months
