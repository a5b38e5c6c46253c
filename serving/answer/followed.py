"""Whether a risk reaches beyond what was followed: so late after diagnosis that nobody of training could be seen to its horizon."""

from __future__ import annotations

from features.history.arrays import Histories
from features.table.outcomes import origin_day
from myeloma.calendar import DAYS_PER_MONTH
from serving.artifact import Artifact

FOLLOWED_FROM = "followed_from"  # in `about`: by horizon, the latest month from which 20 people of training could be followed to it
_MONTH_OF_GRACE = 1.0  # a table of first visits holds month 0 alone, and a first visit may be some days late


def beyond_what_was_followed(artifact: Artifact, known: Histories, landmark: int) -> list[str]:
    """Return, in words, the horizons to which nobody could be followed from so late a visit: the study ended before.

    What a model says there is drawn from earlier visits.
    """
    if FOLLOWED_FROM not in artifact.about:  # of an earlier version
        return []
    followed, month = artifact.about[FOLLOWED_FROM], (landmark - origin_day(known, artifact.rules).item(0)) / DAYS_PER_MONTH
    since = "the line of therapy began" if artifact.rules.line else "diagnosis"
    said = []
    for months in artifact.horizons:
        what = f"beyond what was followed: the risk at {months} months"
        if (latest := followed.get(str(months))) is None:
            said.append(f"{what}; hardly anybody of training could be followed so long")
        elif month > latest + _MONTH_OF_GRACE:
            when = f"{month:.0f} months after {since}"
            said.append(f"{what}, {when}; people could be followed so long only from visits up to {latest:.0f} months after it")
    return said
