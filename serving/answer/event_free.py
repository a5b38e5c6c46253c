"""How long 19 of 20 such people are free of the event at least, in words."""

from __future__ import annotations

from math import isfinite

from serving.answer.record import AsOf, EventFreeTime
from serving.artifact import Artifact


def event_free_time(artifact: Artifact, months: float, when: AsOf) -> EventFreeTime:
    """Return the statement for one person; of results that are old in the past tense.

    Parameters
    ----------
    months : float
        As `serving.predict.event_free` gives it; NaN where the model does not keep it.
    """
    event = artifact.words.event
    if not isfinite(months):
        why = "the model keeps no such bound, as one of few events or of an earlier version"
        return EventFreeTime(None, False, f"how long such people have no {event} at least cannot be said: {why}")
    last = months >= artifact.horizons[-1]
    who = "19 of 20 such people or more" if last else "19 of 20 such people"
    had, since = ("had", f" from {when.landmark} on") if when.is_past else ("have", "")
    return EventFreeTime(months, last, f"{who} {had} no {event} for at least {months:g} months{since}")
