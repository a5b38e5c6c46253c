"""Patients and events under inspection: who can be used, and what is known to have happened to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.intake import rules
from features.intake.duplicates import order_of, stand_above
from features.intake.refusals import Mask, Refusals, Rule
from features.sources.parsing import BAD_DAY, NO_DAY, is_blank
from myeloma.calendar import DAYS_PER_YEAR
from myeloma.fish import FINDINGS, split_findings

Days = NDArray[np.int32]


@dataclass(frozen=True)
class Persons:
    """Columns of patients, parsed: arrays with one entry a row.

    Attributes
    ----------
    person : position of the identifier among all identifiers of patients and events
    nameless, same_row : the identifier is empty; the very same row stands above
    index_day, birth_day : int32, see `features.sources.parsing`
    age_written : years, NaN where none is written
    age_is_text : an age is written that is no number
    categories : codes of `rules.CATEGORIES`, and of fish, by column
    """

    person: NDArray[Any]
    nameless: Mask
    same_row: Mask
    index_day: Days
    birth_day: Days
    age_written: NDArray[np.float64]
    age_is_text: Mask
    categories: dict[str, NDArray[np.int8]]

    @property
    def age(self) -> NDArray[np.float64]:
        """Years at the index date: computed from the birth date where there is one, otherwise as written."""
        known = (self.index_day > BAD_DAY) & (self.birth_day > BAD_DAY)
        return np.where(known, (self.index_day.astype(np.int64) - self.birth_day) / DAYS_PER_YEAR, self.age_written)


@dataclass(frozen=True)
class Occurrences:
    """Columns of events, parsed: arrays with one entry a row; `kind` counts `EVENT_KINDS` from 1, `detail` is a code for the text."""

    person: NDArray[Any]
    nameless: Mask
    kind: NDArray[np.int8]
    day: Days
    detail: NDArray[Any]


@dataclass(frozen=True)
class Known:
    """What is known of each person after the check, by position of the identifier: whether they are kept; days of birth and death."""

    kept: Mask
    born: Days
    died: Days


def category_of(accepted: tuple[str, ...]) -> Callable[[str], int]:
    """Return a function: text -> code of the category, whatever its letter case.

    Examples
    --------
    >>> [category_of(("female", "male"))(text) for text in ("Male", "n/a", "f")]
    [2, 0, -1]
    """
    codes = {word.casefold(): code for code, word in enumerate(accepted, 1)}
    return lambda text: codes.get(text.casefold(), rules.UNKNOWN if is_blank(text) else rules.NOT_ACCEPTED)


def event_kind(kinds: Callable[[str], int], text: str) -> int:
    """Return the code of a kind of event; a birth is none, and is told apart."""
    return rules.BIRTH if text.casefold() == "birth" else kinds(text)


def fish_code(text: str) -> int:
    """Return whether the findings of a cell are known words: UNKNOWN, NOT_ACCEPTED or 1."""
    if is_blank(text):
        return rules.UNKNOWN
    return 1 if all(finding in FINDINGS for finding in split_findings(text)) else rules.NOT_ACCEPTED


def check_days(table: Refusals, of_column: tuple[Rule, ...], day: Days, today: int) -> None:
    """Refuse what is no day, and what lies after today."""
    for rule in of_column:
        table.check(rule, day, today)


def check_people(patients: Refusals, who: Persons, events: Refusals, happened: Occurrences, people: int, today: int) -> Known:
    """Refuse what cannot be used of patients and events, and return what is known of each person.

    Parameters
    ----------
    people : int
        Number of identifiers.
    today : int
        Days after it lie in the future.
    """
    _check_patients(patients, who, today)
    same, later_death = _check_events(events, happened, today)
    _exclude_ended_before_index(patients, who, events, happened, people)
    _check_events_of_known_patients(patients, who, events, happened, people)
    _exclude_unknown_outcomes(patients, who, events, happened, same | later_death, people)
    kept = _by_person(who, patients.keep, patients.keep, people, False)
    return Known(kept, _by_person(who, who.birth_day, patients.keep, people, NO_DAY), _death_days(events, happened, people))


def _check_patients(table: Refusals, who: Persons, today: int) -> None:
    table.check(rules.NAMELESS, who.nameless)
    table.check(rules.SAME_ROW, who.same_row)
    table.check(rules.REPEATED_PATIENT, _several(who.person, table.keep))
    check_days(table, rules.INDEX_DATE, who.index_day, today)
    check_days(table, rules.BIRTH_DATE, who.birth_day, today)
    table.check(rules.INDEX_BEFORE_BIRTH, who.index_day, who.birth_day)
    table.check(rules.AGE_NO_NUMBER, who.age_is_text)
    table.check(rules.AGE_OUT_OF_RANGE, who.age)
    for column, rule in (*rules.CATEGORY.items(), ("fish", rules.FISH)):
        table.check(rule, who.categories[column])


def _several(person: NDArray[Any], keep: Mask) -> Mask:
    """Return the rows kept whose person has several of them."""
    return keep & (np.bincount(person[keep], minlength=int(person.max(initial=0)) + 1)[person] > 1)


def _check_events(table: Refusals, happened: Occurrences, today: int) -> tuple[Mask, Mask]:
    """Return the rows that say nothing new: repeated events, and later deaths of one person."""
    table.check(rules.EVENT_NAMELESS, happened.nameless)
    table.check(rules.EVENT_IS_BIRTH, happened.kind)
    table.check(rules.EVENT_KIND, happened.kind)
    table.check(rules.EVENT_WITHOUT_KIND, happened.kind)
    check_days(table, rules.OCCURRED_AT, happened.day, today)
    same = table.check(rules.SAME_EVENT, stand_above((happened.person, happened.kind, happened.day, happened.detail)))
    return same, table.check(rules.REPEATED_DEATH, _later_deaths(happened, table.keep))


def _later_deaths(happened: Occurrences, keep: Mask) -> Mask:
    deaths = np.flatnonzero(keep & (happened.kind == rules.DEATH))
    deaths = deaths[order_of((happened.person[deaths], happened.day[deaths]))]
    later = np.zeros(len(keep), dtype=bool)
    later[deaths[1:][happened.person[deaths[1:]] == happened.person[deaths[:-1]]]] = True
    return later


def _exclude_ended_before_index(patients: Refusals, who: Persons, events: Refusals, happened: Occurrences, people: int) -> None:
    """Refuse people who had progressed or died before their index date: they were never at risk."""
    index_day = _by_person(who, who.index_day, patients.keep, people, NO_DAY)[happened.person]
    early = events.check(rules.END_BEFORE_INDEX, happened.day, index_day, happened.kind)
    decisive = early & np.isin(happened.kind, (rules.PROGRESSION, rules.DEATH))
    patients.check(rules.ENDED_BEFORE_INDEX, _among(happened.person[decisive], people)[who.person])


def _check_events_of_known_patients(patients: Refusals, who: Persons, events: Refusals, happened: Occurrences, people: int) -> None:
    known = _by_person(who, patients.keep, patients.keep, people, False)
    events.check(rules.EVENT_OF_NOBODY, ~known[happened.person])
    born = _by_person(who, who.birth_day, patients.keep, people, NO_DAY)
    events.check(rules.EVENT_BEFORE_BIRTH, happened.day, born[happened.person])
    events.check(rules.EVENT_AFTER_DEATH, happened.day, _death_days(events, happened, people)[happened.person])


def _exclude_unknown_outcomes(
    patients: Refusals, who: Persons, events: Refusals, happened: Occurrences, nothing_new: Mask, people: int
) -> None:
    """Set aside people of whom a decisive event was refused: without it they would be taken to be free of it."""
    harmless = events.keep | nothing_new | np.isin(happened.kind, (rules.LAST_CONTACT, rules.TREATMENT_STOP, rules.BIRTH))
    patients.check(rules.OUTCOME_UNKNOWN, _among(happened.person[~harmless], people)[who.person])
    known = _by_person(who, patients.keep, patients.keep, people, False)
    events.check(rules.EVENT_SET_ASIDE, ~known[happened.person])


def _by_person(who: Persons, column: NDArray[Any], keep: Mask, people: int, otherwise: Any) -> NDArray[Any]:
    """Return a column of the rows kept by person, and `otherwise` for those of whom none is."""
    by_person = np.full(people, otherwise, dtype=column.dtype)
    by_person[who.person[keep]] = column[keep]
    return by_person


def _among(person: NDArray[Any], people: int) -> Mask:
    among = np.zeros(people, dtype=bool)
    among[person] = True
    return among


def _death_days(events: Refusals, happened: Occurrences, people: int) -> Days:
    """Return the day of death of those of whom one is kept; of the others it is never."""
    deaths = events.keep & (happened.kind == rules.DEATH)
    died = np.full(people, rules.NEVER, dtype=np.int32)
    np.minimum.at(died, happened.person[deaths], happened.day[deaths])
    return died
