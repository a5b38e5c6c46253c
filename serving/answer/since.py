"""What a reader of a risk must know beside it: how old the visit is, what happened since, and which criterion is met."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.history.arrays import Histories, dates_of, newest_by
from features.history.layout import Days
from features.table.outcomes import milestones, not_at_risk, treated_from
from features.tasks import Rules
from myeloma import calendar
from myeloma.calendar import NEVER, NO_DAY, date_of
from myeloma.criteria import CRITERIA
from serving.artifact import Artifact

SINCE = ("progression_since", "death_since", "treatment_since")
AGE = "visit_age_days"
# Why somebody is outside since, and the milestone that it began with (`features.table.outcomes.milestones`).
_ENDS = {"progressed": "event", "dead": "competing", "treated": "treatment", "later_line": "treatment"}


def happened_since(rules: Rules, histories: Histories, patient: NDArray[np.int32], landmark: Days, today: int) -> dict[str, Any]:
    """Return the age of each row's visit on a day, and the first day after the landmark of what the cohort knows to have happened.

    Progression is that of the task: of a line of therapy also one that results alone show, on the day on which it was confirmed.

    The visit is the latest day up to the landmark on which a result became available.

    Returns
    -------
    dict
        `visit_age_days` (NaN where there was no visit), and a date a kind of event, missing where there was none since.
    """
    newest = newest_by(histories.results, patient, landmark)
    visit = np.where(newest < 0, NO_DAY, np.append(histories.results.available, NO_DAY)[newest])
    age = np.where(visit == NO_DAY, np.nan, float(today) - visit)
    found: dict[str, Any] = {AGE: age}
    for name, days in zip(SINCE, _first_of_each(rules, histories), strict=True):
        first = np.where(days[:, patient] > landmark, days[:, patient], NEVER).min(axis=0)
        since = (first < NEVER) & (landmark != NO_DAY)
        found[name] = pd.Series(dates_of(np.where(since, first, 0).astype(np.int32))).where(since)
    return found


def _first_of_each(rules: Rules, histories: Histories) -> tuple[NDArray[np.int32], ...]:
    """Return days of progression, of death and of treatment, each (kinds, people).

    Of a task about a line of therapy, the event is the task's own, by recorded progressions or by criteria as its rules say, and
    treatment is the first of all, or a later line.
    """
    happened = histories.happened
    progression, death, treated = happened.first["progression"], happened.first["death"], treated_from(happened, rules)
    if rules.line is None:
        return progression[None], death[None], treated[None]
    of_line = milestones(histories, rules)
    return of_line.event[None], death[None], np.stack([treated, of_line.treatment])


@dataclass(frozen=True)
class Since:
    """What has happened to a person since a landmark by which a risk is meant for them no longer.

    Attributes
    ----------
    reason : as `serving.answer.population.outside_population` says it
    day : days since 1970
    """

    reason: str
    day: int


def outside_since(artifact: Artifact, histories: Histories, landmark: int) -> Since | None:
    """Return what has put one person outside the population since a landmark at which a risk was meant for them; None where nothing has."""
    last = int(histories.happened.last[0])
    if artifact.rules.line is not None:  # of which results alone may tell the event
        last = max(last, int(histories.results.available.max(initial=last)))
    if last <= landmark:
        return None
    reason = str(not_at_risk(histories, np.zeros(1, np.int32), np.array([last], np.int32), artifact.rules)[0])
    if reason not in _ENDS:
        return None
    day = int(getattr(milestones(histories, artifact.rules), _ENDS[reason])[0])
    return Since(reason, day) if day > landmark else None


def told_since(artifact: Artifact, since: Since) -> str:
    """Return in words what has happened since, and that the risk is not today's."""
    said, day = artifact.words, date_of(since.day)
    what = {"progressed": said.event, "dead": said.competing, "later_line": "a later line of therapy"}.get(since.reason, "treatment")
    return f"since this visit: {what}, on {day}: the risk is what it was before, not today's"


def day_of_scoring(histories: Histories) -> int:
    """Return today, in days since 1970, or the cohort's last day where that is later, as in a calendar that was shifted."""
    today = calendar.today()
    return max(today, int(histories.results.available.max(initial=today)), int(histories.happened.last.max(initial=today)))


def met_criteria(status: dict[str, NDArray[np.float64]]) -> list[str]:
    """Return the myeloma-defining criteria that each row meets (1), joined by a bar; empty where none is known to be met."""
    met = np.column_stack([status[one.key] == 1 for one in CRITERIA])
    return ["|".join(one.key for one, is_met in zip(CRITERIA, row, strict=True) if is_met) for row in met]
