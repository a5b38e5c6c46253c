"""Patients and events under inspection: who can be used, and what is known to have happened to them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.cohort.lines import MOST_LINES, Therapy, goes_backwards, start_of_stops
from features.cohort.order import order_of
from features.cohort.schema import PROGRESSIONS
from features.intake import rules
from features.intake.duplicates import stand_above
from features.intake.refusals import Mask, OneRow, Refusals, Rule
from features.sources.parsing import is_blank
from myeloma.calendar import BAD_DAY, DAYS_PER_YEAR, NEVER, NO_DAY
from myeloma.fish import FINDINGS, split_findings

Days = NDArray[np.int32]


@dataclass(frozen=True)
class Described:
    """What patients are said to be, parsed: arrays with one entry a row; or plain values, of a single person.

    Attributes
    ----------
    index_day, birth_day : int32, see `features.sources.parsing`
    age : years at the index date, see `age_at`
    age_is_text : an age is written that is no number
    categories : codes of `rules.CATEGORIES`, and of fish, by column
    """

    index_day: Any
    birth_day: Any
    age: Any
    age_is_text: Any
    categories: dict[str, Any]


@dataclass(frozen=True)
class Persons:
    """Rows of patients.

    Attributes
    ----------
    person : position of the identifier among all identifiers of patients and events
    nameless, same_row, same_person : the identifier is empty; the very same row stands above; one stands above that speaks for it
    """

    person: NDArray[Any]
    nameless: Mask
    same_row: Mask
    same_person: Mask
    said: Described


@dataclass(frozen=True)
class Occurrences:
    """Columns of events, parsed: arrays with one entry a row.

    Attributes
    ----------
    kind : counts `EVENT_KINDS` from 1
    detail : a code for the text
    line : the line of therapy, 0 where none is recorded, `rules.NOT_ACCEPTED`
    drug : a code for the text whatever its letter case, 0 where there is none
    """

    person: NDArray[Any]
    nameless: Mask
    kind: NDArray[np.int8]
    day: Days
    detail: NDArray[Any]
    line: NDArray[np.int16]
    drug: NDArray[np.int32]

    def therapy(self, kind: int, among: Mask) -> tuple[NDArray[np.intp], Therapy]:
        """Return the rows of a kind, among some, and what they say of therapy."""
        rows = np.flatnonzero(among & (self.kind == kind))
        return rows, Therapy(self.person[rows].astype(np.int32), self.day[rows], self.line[rows], self.drug[rows])


@dataclass(frozen=True)
class Known:
    """What is known of each person kept, by position of the identifier: days of index date, birth and death, and of becoming too old.

    Where the birth date is not known, `born` is the earliest that the age leaves.
    """

    kept: Mask
    index_day: Days
    born: Days
    died: Days
    too_old: Days


def age_at(index_day: Any, birth_day: Any, written: Any) -> Any:
    """Return years at the index date: computed from the birth date where there is one, otherwise as written.

    Examples
    --------
    >>> age_at(np.array([16436, 16436]), np.array([-7306, NO_DAY]), np.array([60.0, 60.0])).round(1).tolist()
    [65.0, 60.0]
    """
    days = np.subtract(index_day, birth_day, dtype=np.int64)
    return np.where((index_day > BAD_DAY) & (birth_day > BAD_DAY), days / DAYS_PER_YEAR, written)


def too_old_after(index_day: Any, age: Any) -> Any:
    """Return the day after which a person of that age at the index date is older than people become, `NEVER` where it is not known.

    Examples
    --------
    >>> (too_old_after(np.array([0, 0]), np.array([119.0, np.nan])) == [365, NEVER]).tolist()
    [True, True]
    """
    age = np.asarray(age, dtype=np.float64)
    left = np.floor((rules.OLDEST - np.where(np.isnan(age), 0.0, age)) * DAYS_PER_YEAR)
    return np.where(np.isnan(age), NEVER, np.clip(index_day + left, BAD_DAY, NEVER)).astype(np.int32)


def born_from(birth_day: Any, index_day: Any, age: Any) -> Any:
    """Return the birth date, or where there is none the first day on which a person of that age at the index date may have been born.

    An age in whole years may be a year more but for a day, and one that is counted from the middle of a year half a year more.

    Examples
    --------
    >>> born_from(np.array([5, NO_DAY, NO_DAY]), np.array([0, 0, 0]), np.array([60.0, 3.0, np.nan])).tolist() == [5, -1461, NO_DAY]
    True
    """
    age = np.asarray(age, dtype=np.float64)
    first = np.floor(index_day - (np.where(np.isnan(age), 0.0, age) + 1) * DAYS_PER_YEAR)
    by_age = np.where(np.isnan(age), NO_DAY, np.clip(first, NO_DAY, NEVER))
    return np.where(np.asarray(birth_day) > BAD_DAY, birth_day, by_age).astype(np.int32)


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


_WHOLE = re.compile(r"([0-9]{1,3})(?:\.0+)?")


def line_code(text: str) -> int:
    """Return the line of therapy that a cell holds: UNKNOWN, NOT_ACCEPTED or the line.

    Examples
    --------
    >>> [line_code(text) for text in ("2", "2.0", "", "second", "0")]
    [2, 2, 0, -1, -1]
    """
    if is_blank(text):
        return rules.UNKNOWN
    whole = _WHOLE.fullmatch(text)  # a column with blanks becomes one of decimals on its way through a table program
    line = int(whole[1]) if whole else 0
    return line if 1 <= line <= MOST_LINES else rules.NOT_ACCEPTED


def progression_word(text: str) -> str:
    """Return the kind of progression that a cell says, nothing where it says none or a word that is none.

    Examples
    --------
    >>> [progression_word(text) for text in ("Clinical", "CRAB", "")]
    ['clinical', '', '']
    """
    return text.casefold() if text.casefold() in PROGRESSIONS else ""


def lines_where_treated(line: NDArray[np.int16], kind: NDArray[np.int8]) -> NDArray[np.int16]:
    """Return the lines of starts and stops of treatment; on any other event a line says nothing, and costs nobody anything."""
    return np.where(rules.is_one_of(kind, rules.TREATMENT_START, rules.TREATMENT_STOP), line, np.int16(rules.UNKNOWN))


def fish_code(text: str) -> int:
    """Return whether the findings of a cell are known words: UNKNOWN, NOT_ACCEPTED or 1."""
    if is_blank(text):
        return rules.UNKNOWN
    return 1 if all(finding in FINDINGS for finding in split_findings(text)) else rules.NOT_ACCEPTED


def check_days(table: Refusals | OneRow, of_column: tuple[Rule, ...], day: Any, today: int) -> None:
    """Refuse what is no day, and what lies after today."""
    for rule in of_column:
        table.check(rule, day, today)


def check_described(table: Refusals | OneRow, said: Described, today: int) -> None:
    """Refuse patients of whom something is said that cannot be."""
    check_days(table, rules.INDEX_DATE, said.index_day, today)
    check_days(table, rules.BIRTH_DATE, said.birth_day, today)
    table.check(rules.INDEX_BEFORE_BIRTH, said.index_day, said.birth_day)
    table.check(rules.AGE_NO_NUMBER, said.age_is_text)
    table.check(rules.AGE_OUT_OF_RANGE, said.age)
    for column, rule in rules.CATEGORY.items():
        table.check(rule, said.categories[column])


def check_people(patients: Refusals, who: Persons, events: Refusals, happened: Occurrences, people: int, today: int) -> Known:
    """Refuse what cannot be used of patients and events, and return what is known of each person.

    Parameters
    ----------
    people : int
        Number of identifiers.
    today : int
        Days after it lie in the future.
    """
    patients.check(rules.NAMELESS, who.nameless)
    patients.check(rules.SAME_ROW, who.same_row)
    patients.check(rules.SAME_PERSON, who.same_person)
    patients.check(rules.REPEATED_PATIENT, _several(who.person, patients.keep))
    check_described(patients, who.said, today)
    keep = patients.keep
    row = who.person[keep]
    kept = np.zeros(people, dtype=bool)
    index_day, born = (np.full(people, NO_DAY, dtype=np.int32) for _ in range(2))
    kept[row], index_day[row] = True, who.said.index_day[keep]
    born[row] = born_from(who.said.birth_day[keep], index_day[row], who.said.age[keep])
    died, too_old = (np.full(people, NEVER, dtype=np.int32) for _ in range(2))
    too_old[row] = too_old_after(index_day[row], who.said.age[keep])
    known = Known(kept, index_day, born, died, too_old)
    ended, unclear = check_events(events, happened, known, today)
    patients.check(rules.ENDED_BEFORE_INDEX, ended[who.person])
    patients.check(rules.OUTCOME_UNKNOWN, unclear[who.person])
    return known


def _several(person: NDArray[Any], keep: Mask) -> Mask:
    """Return the rows kept whose person has several of them."""
    rows = np.bincount(person[keep], minlength=int(person.max(initial=0)) + 1)
    several: Mask = keep & (rows[person] > 1)
    return several


def check_events(table: Refusals, happened: Occurrences, known: Known, today: int) -> tuple[Mask, Mask]:
    """Refuse events that cannot be used, and set people aside because of them.

    Parameters
    ----------
    known : Known
        Of the people whose rows of patients are kept; those set aside here are struck out, and days of death are entered.

    Returns
    -------
    ended, unclear : mask by person
        Who had progressed or died before the index date, so was never at risk; and of whom a decisive event was refused: without
        it they would be taken to be free of it.
    """
    nothing_new = _check_each_event(table, happened, today)
    person = happened.person
    early = table.check(rules.END_BEFORE_INDEX, happened.day, known.index_day[person], happened.kind)
    ended = _people_of(person[early & rules.is_one_of(happened.kind, rules.PROGRESSION, rules.DEATH)], len(known.kept))
    known.kept[ended] = False
    table.check(rules.EVENT_OF_NOBODY, ~known.kept[person])
    table.check(rules.EVENT_BEFORE_BIRTH, happened.day, known.born[person])
    deaths = table.keep & (happened.kind == rules.DEATH)  # of one person there is but one
    known.died[person[deaths]] = happened.day[deaths]
    table.check(rules.EVENT_AFTER_DEATH, happened.day, known.died[person])
    _check_lines(table, happened)
    minor = rules.is_one_of(happened.kind, rules.LAST_CONTACT, rules.BIRTH)
    minor |= (happened.kind == rules.TREATMENT_STOP) & _people_of(person[happened.kind == rules.TREATMENT_START], len(known.kept))[person]
    unclear = _people_of(person[~(table.keep | nothing_new | minor)], len(known.kept))
    known.kept[unclear] = False
    table.check(rules.EVENT_SET_ASIDE, ~known.kept[person])
    return ended, unclear


def _check_lines(table: Refusals, happened: Occurrences) -> None:
    """Refuse starts whose line goes backwards, and stops of what was not begun."""
    rows, starts = happened.therapy(rules.TREATMENT_START, table.keep)
    wrong = np.zeros(len(table.keep), dtype=bool)
    wrong[rows] = goes_backwards(starts)
    table.check(rules.LINE_BACKWARDS, wrong)
    rows, stops = happened.therapy(rules.TREATMENT_STOP, table.keep)
    if len(rows):
        closed, ever = start_of_stops(happened.therapy(rules.TREATMENT_START, table.keep)[1], stops)
        for rule, unmatched in ((rules.STOP_WITHOUT_START, ~ever), (rules.STOP_BEFORE_START, closed < 0)):
            wrong = np.zeros(len(table.keep), dtype=bool)
            wrong[rows] = unmatched
            table.check(rule, wrong)


def _check_each_event(table: Refusals, happened: Occurrences, today: int) -> Mask:
    """Return the rows refused that say nothing new: repeated events, and later deaths of one person."""
    table.check(rules.EVENT_NAMELESS, happened.nameless)
    table.check(rules.EVENT_IS_BIRTH, happened.kind)
    table.check(rules.EVENT_KIND, happened.kind)
    table.check(rules.EVENT_WITHOUT_KIND, happened.kind)
    check_days(table, rules.OCCURRED_AT, happened.day, today)
    table.check(rules.NO_LINE, happened.line)
    said = happened.person, happened.kind, happened.day, happened.detail, happened.line
    same = table.check(rules.SAME_EVENT, stand_above(said))
    return same | table.check(rules.REPEATED_DEATH, _later_deaths(happened, table.keep))


def _later_deaths(happened: Occurrences, keep: Mask) -> Mask:
    deaths = np.flatnonzero(keep & (happened.kind == rules.DEATH))
    deaths = deaths[order_of((happened.person[deaths], happened.day[deaths]))]
    later = np.zeros(len(keep), dtype=bool)
    later[deaths[1:][happened.person[deaths[1:]] == happened.person[deaths[:-1]]]] = True
    return later


def _people_of(person: NDArray[Any], people: int) -> Mask:
    among = np.zeros(people, dtype=bool)
    among[person] = True
    return among
