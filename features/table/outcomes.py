"""What happened after each landmark, kept whole: time, kind, and follow-up. Never only a 0/1 label."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.cohort.lines import START, Lines
from features.cohort.schema import STAGES, Cohort
from features.history.arrays import TRANSPLANT, Happened, Histories
from features.history.course.progression import confirmed_progression
from features.history.layout import Days
from features.history.rows import positions
from features.tasks import LineRules, Rules
from myeloma.calendar import NEVER, NO_DAY

# What a table says came first: nothing, the event that the task is about, or what competes with it. People read the task's own words.
NONE, EVENT, COMPETING = EVENTS = ("none", "event", "competing")
_FORMER_WORDS = {EVENT: "progression", COMPETING: "death"}  # in tables that former versions wrote, whatever the task was about
CRITERIA_MET = "criteria_met"


@dataclass(frozen=True)
class Milestones:
    """Days of each person, `NEVER` where there is none.

    Attributes
    ----------
    begins : the first day at risk, `NO_DAY` where only the index date bounds it
    event, competing : the first of each
    treatment : by when treatment is known of (`treated_from`); of a task about a line of therapy, the start of a later line
    follow_up_end : the last sign of the person
    """

    begins: Days
    event: Days
    competing: Days
    treatment: Days
    follow_up_end: Days


@dataclass(frozen=True)
class Outcomes:
    """What came after each landmark, one element a landmark.

    Attributes
    ----------
    not_at_risk : "", no_visit, other_stage, before_index, before_line, progressed, dead, treated, later_line, after_follow_up
        Why a landmark is not at risk; empty where it is. Before a line: it has not begun, or fewer days ago than the rules say.
    event : none, event, competing
        What came first: the event that the task is about, what competes with it, or neither. Where both share a day, the event
        counts.
    time_to_event : days, to the first event or the end of observation
    follow_up : days, to the end of observation whatever happened
    censored_by : "", treatment, last_contact
        What ended observation where no event did.
    """

    not_at_risk: NDArray[np.object_]
    event: NDArray[np.object_]
    time_to_event: NDArray[np.float64]
    follow_up: NDArray[np.float64]
    censored_by: NDArray[np.object_]

    def frame(self) -> pd.DataFrame:
        """Return the same as a table."""
        return pd.DataFrame({field.name: getattr(self, field.name) for field in fields(self)})


def in_present_words(event: pd.Series) -> pd.Series:
    """Return a table's column `event`; one that a former version wrote, in the words of this."""
    return event.replace({former: now for now, former in _FORMER_WORDS.items()})


def in_former_words(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows as they are hashed: so that what a former version judged, or was made from, is known to be the same."""
    return rows.assign(event=rows["event"].replace(_FORMER_WORDS))


def milestones(histories: Histories, rules: Rules) -> Milestones:
    """Return when what happened to each person.

    Follow-up ends at the last sign of the person: a recorded last contact, death, any other event or any
    result, whichever is latest. Treatment is an intercurrent event: `censor` ends follow-up at its start,
    `composite` counts its start as the event, `ignore` leaves it aside. In a task about a line of therapy, the event is the first
    after the line's start, and what is intercurrent is the start of a later line.
    """
    happened, results = histories.happened, histories.results
    first, competing, treated = happened.first[rules.event], happened.first[rules.competing_event], treated_from(happened, rules)
    begins = np.full(len(histories.people), NO_DAY, np.int32)
    if rules.line:
        start, treated = start_and_next(histories.lines, rules.line.number, len(begins))
        first = _progression(histories, rules.line, start)
        begins = np.where(start < NEVER, start + rules.line.from_days, NEVER).astype(np.int32)
    seen = np.maximum(happened.last, histories.people.index_day)
    np.maximum.at(seen, results.patient, results.collected)
    end = np.where(competing < NEVER, competing, seen)
    if rules.intercurrent == "composite":
        first = np.minimum(first, treated)
    if rules.intercurrent == "censor":
        before = treated < np.minimum(first, competing)  # at equal times events come before censorings
        first, competing = (np.where(before, NEVER, day).astype(np.int32) for day in (first, competing))
        end = np.where(before, np.minimum(treated, end), end)
    return Milestones(begins, first, competing, treated, end.astype(np.int32))


def treated_from(happened: Happened, rules: Rules) -> Days:
    """Return the first day by which each person is known to be treated: by a start, a transplant, or a stop of treatment.

    Of a task whose own event is a transplant, it is the first start.
    """
    return happened.first[START] if TRANSPLANT in (rules.event, rules.competing_event) else happened.treated


def _progression(histories: Histories, line: LineRules, start: Days) -> Days:
    """Return the day of each person's first progression after the start of the line, by what counts as one."""
    recorded = _first_after(start, *histories.happened.progressions)
    if line.progression == "recorded":
        return recorded
    derived = confirmed_progression(histories, line.number)
    return derived if line.progression == "imwg" else np.minimum(recorded, derived)


def origin_day(histories: Histories, rules: Rules) -> Days:
    """Return the day from which each person's time counts: the index date or, of a task about a line of therapy, the line's start."""
    if rules.line is None:
        return histories.people.index_day
    return start_and_next(histories.lines, rules.line.number, len(histories.people))[0]


def start_and_next(lines: Lines, number: int, people: int) -> tuple[Days, Days]:
    """Return the day on which each person's line of a number began, and the first day after it on which a later one did; `NEVER` if none.

    Examples
    --------
    >>> day, line = np.array([10, 40, 90, 20], np.int32), np.array([1, 2, 3, 2], np.int16)
    >>> lines = Lines(np.array([0, 0, 0, 1], np.int32), line, day)
    >>> [days.tolist() for days in start_and_next(lines, 2, 2)]
    [[40, 20], [90, 2147483647]]
    """
    start = np.full(people, NEVER, np.int32)
    own = lines.line == number
    start[lines.person[own]] = lines.start[own]
    later = lines.line > number
    return start, _first_after(start, lines.person[later], lines.start[later])


def _first_after(start: Days, person: NDArray[np.int32], day: Days) -> Days:
    """Return the first of some days of each person that lies after a day, `NEVER` where there is none."""
    first = np.full(len(start), NEVER, np.int32)
    after = day > start[person]
    np.minimum.at(first, person[after], day[after])
    return first


def outcomes(histories: Histories, patient: NDArray[np.int32], landmark: Days, rules: Rules) -> Outcomes:
    """Return why landmarks are not at risk, and what came after.

    Parameters
    ----------
    patient, landmark : int32 arrays, shape (landmarks,)
        Position among the people, and day; `NO_DAY` where there was no visit.
    rules : Rules
        Whose `population` is the stage at the index date that the task is about: people recorded with another are not at risk.
    """
    of_each = [day[patient].astype(np.int64) for day in vars(milestones(histories, rules)).values()]
    _, first, competing, treated, end = of_each
    censors = rules.intercurrent == "censor"
    progressed = (first < NEVER) & (competing >= first)
    died = (competing < NEVER) & ~progressed
    observed = np.where(progressed, first, end)
    since = np.where(landmark == NO_DAY, np.nan, landmark)
    return Outcomes(
        _not_at_risk(histories, patient, landmark, rules, of_each),
        _words([(progressed, EVENT), (died, COMPETING)], NONE),
        observed - since,
        end - since,
        _words([(progressed | died, ""), ((treated == end) & censors, "treatment")], "last_contact"),
    )


def not_at_risk(histories: Histories, patient: NDArray[np.int32], landmark: Days, rules: Rules) -> NDArray[np.object_]:
    """Return why landmarks are not at risk, empty where they are (see `Outcomes`)."""
    of_each = [day[patient].astype(np.int64) for day in vars(milestones(histories, rules)).values()]
    return _not_at_risk(histories, patient, landmark, rules, of_each)


def _not_at_risk(
    histories: Histories, patient: NDArray[np.int32], landmark: Days, rules: Rules, of_each: list[NDArray[np.int64]]
) -> NDArray[np.object_]:
    begins, first, competing, treated, end = of_each
    people, population, censors = histories.people, rules.population, rules.intercurrent == "censor"
    stage = people.stage[patient]
    reasons = [
        (landmark == NO_DAY, "no_visit"),
        ((stage >= 0) & (stage != STAGES.index(population)) if population else np.zeros(len(patient), bool), "other_stage"),
        (landmark < people.index_day[patient], "before_index"),
        (landmark < begins, "before_line"),
        (first <= landmark, "progressed"),
        (competing <= landmark, "dead"),
        ((treated <= landmark) & censors, "later_line" if rules.line else "treated"),
        (end <= landmark, "after_follow_up"),
    ]
    return _words(reasons, "")


def outcomes_of(cohort: Cohort, landmarks: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """Return the outcomes of the landmarks of a cohort (patient_id, landmark), row by row, as a table (see `Outcomes`)."""
    histories = Histories.of(cohort, operators=rules.line is not None)  # a value below a limit is one to the rules of response
    return outcomes(histories, *positions(cohort, landmarks), rules).frame()


def _words(conditions: list[tuple[NDArray[np.bool_], str]], otherwise: str) -> NDArray[np.object_]:
    """Return the word of the first condition that holds; the words are shared, not copied."""
    words = np.full(len(conditions[0][0]), otherwise, dtype=object)
    for condition, word in reversed(conditions):
        words[condition] = word
    return words
