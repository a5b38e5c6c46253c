"""Whether a risk reaches beyond what was followed: so late after diagnosis that nobody of training could be seen to its horizon."""

from __future__ import annotations

import numpy as np

from features.history.arrays import Histories
from features.table.outcomes import origin_day
from myeloma.calendar import DAYS_PER_MONTH
from serving.artifact import Artifact

FOLLOWED_FROM = "followed_from"  # in `about`: by horizon, the latest month from which people of training could be followed to it
_MONTH_OF_GRACE = 1.0  # a table of first visits holds month 0 alone, and a first visit may be some days late


def beyond_what_was_followed(artifact: Artifact, known: Histories, landmark: int) -> list[str]:
    """Return, in words, the horizons to which nobody could be followed from so late a visit: the study ended before.

    What a model says there is drawn from earlier visits.
    """
    followed, month = artifact.about.get(FOLLOWED_FROM, {}), (landmark - origin_day(known, artifact.rules).item(0)) / DAYS_PER_MONTH
    late = {months: followed[str(months)] for months in artifact.horizons if month > followed.get(str(months), np.inf) + _MONTH_OF_GRACE}
    since = "the line of therapy began" if artifact.rules.line else "diagnosis"
    return [
        f"beyond what was followed: the risk at {months} months, {month:.0f} months after {since}; people could be followed so long "
        f"only from visits up to {latest:.0f} months after it"
        for months, latest in late.items()
    ]
