"""Every rule that a row must keep: a predicate on arrays, its reason code, and what is accepted. Nothing here knows a table or a file.

Days are int32 since 1970, `NO_DAY` or `BAD_DAY` where there is none (see `myeloma.calendar`). In which order the rules are
asked, `people` and `measured` say: a row is refused for its first problem only.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from features.cohort.lines import MOST_LINES
from features.cohort.schema import EVENT_KINDS, HEAVY_CHAINS, LIGHT_CHAINS, OPERATORS, SEXES, STAGES
from features.intake.refusals import Mask, Rule
from features.sources.answers import answers
from features.sources.parsing import BAD, BLANK
from myeloma import catalogue
from myeloma.calendar import BAD_DAY, FIRST_DATE, LAST_DATE, NO_DAY
from myeloma.errors import nearest
from myeloma.fish import FINDINGS
from myeloma.units import accepted_units

CATEGORIES = {"sex": SEXES, "stage": STAGES, "heavy_chain": HEAVY_CHAINS, "light_chain": LIGHT_CHAINS}
UNKNOWN, NOT_ACCEPTED, BIRTH, OTHER_SPECIMEN = 0, -1, -2, -3  # what a category holds; those accepted count from 1
# What the catalogue accepts in these columns of measurements, of a biomarker.
ACCEPTED_WORDS = {"method": "methods", "specimen": "possible_specimens"}
PROGRESSION, DEATH, TREATMENT_START, TREATMENT_STOP, LAST_CONTACT = (
    EVENT_KINDS.index(kind) + 1 for kind in ("progression", "death", "treatment_start", "treatment_stop", "last_contact")
)
OLDEST = 120  # years
RULES: dict[str, list[Rule]] = {"patients": [], "events": [], "measurements": []}  # filled below, in the order of asking


def _rule(table: str, reason: str, column: str, accepted: str | Callable[[str], str], wrong: Callable[..., Mask]) -> Rule:
    rule = Rule(reason, column, accepted, wrong)
    RULES[table].append(rule)
    return rule


def is_one_of(code: NDArray[np.int8], *codes: int) -> Mask:
    """Return which rows hold one of a few categories."""
    wanted: Mask = code == codes[0]
    for other in codes[1:]:
        wanted |= code == other
    return wanted


def _so(wrong: Mask) -> Mask:
    """Take a mask that was found by looking at other rows, or at other tables."""
    return wrong


def _before(day: NDArray[np.int32], other: NDArray[np.int32]) -> Mask:
    earlier: Mask = (day < other) & (day > BAD_DAY)
    return earlier


def _after(day: NDArray[np.int32], other: NDArray[np.int32] | int) -> Mask:
    later: Mask = day > other
    return later


def _not_accepted(code: NDArray[np.int8]) -> Mask:
    other: Mask = code == NOT_ACCEPTED
    return other


def _day_rules(table: str, column: str, required: bool) -> tuple[Rule, ...]:
    """Return the rules of a column of days; each takes the days, and today."""
    dates = f"dates are written YYYY-MM-DD, from {FIRST_DATE} to {LAST_DATE}; times HH:MM, HH:MM:SS, with a zone Z or +HH:MM"
    bad = _rule(table, "bad_date", column, dates, lambda day, today: day == BAD_DAY)
    none = (_rule(table, "missing_value", column, dates, lambda day, today: day == NO_DAY),) if required else ()
    return bad, *none, _rule(table, "future_date", column, "the day lies in the future", _after)


NAMELESS = _rule("patients", "missing_value", "patient_id", "every patient needs an identifier", _so)
SAME_ROW = _rule("patients", "duplicate_row", "patient_id", "the same row stands above", _so)
SAME_PERSON = _rule(
    "patients",
    "duplicate_row",
    "patient_id",
    "a row of this person stands above, of the same index date, birth date and age, and stands for both: what only one of them says "
    "counts, and what they say differently is unknown",
    _so,
)
REPEATED_PATIENT = _rule("patients", "repeated_patient", "patient_id", "one row per patient; these rows contradict each other", _so)
INDEX_DATE = _day_rules("patients", "index_date", required=True)
BIRTH_DATE = _day_rules("patients", "birth_date", required=False)
INDEX_BEFORE_BIRTH = _rule("patients", "before_birth", "index_date", "the index date lies before the birth date", _before)
AGE_NO_NUMBER = _rule("patients", "not_a_number", "age_at_index", "age in years", _so)
AGE_OUT_OF_RANGE = _rule("patients", "out_of_range", "age_at_index", f"age in years, 0 to {OLDEST}", lambda age: (age < 0) | (age > OLDEST))
CATEGORY = {
    column: _rule("patients", "unknown_category", column, accepted, _not_accepted)
    for column, accepted in (
        *((column, f"accepted: {', '.join(words)}") for column, words in CATEGORIES.items()),
        ("fish", f"findings joined by |; accepted: {', '.join(sorted(FINDINGS))}"),
    )
}
ENDED_BEFORE_INDEX = _rule("patients", "event_before_index", "index_date", "progression or death lies before the index date", _so)
OUTCOME_UNKNOWN = _rule(
    "patients",
    "event_refused",
    "patient_id",
    "a progression, death or treatment of this person was refused, so what happened to them is not known",
    _so,
)

_NOBODY = "no usable row of patients has this identifier"
EVENT_NAMELESS = _rule("events", "missing_value", "patient_id", "every event needs a patient", _so)
EVENT_IS_BIRTH = _rule(
    "events",
    "unknown_category",
    "kind",
    "a birth is no event of the disease; give it as birth_date of patients",
    lambda kind: kind == BIRTH,
)
EVENT_KIND = _rule("events", "unknown_category", "kind", f"accepted: {', '.join(EVENT_KINDS)}", _not_accepted)
EVENT_WITHOUT_KIND = _rule("events", "missing_value", "kind", f"accepted: {', '.join(EVENT_KINDS)}", lambda kind: kind == UNKNOWN)
OCCURRED_AT = _day_rules("events", "occurred_at", required=True)
NO_LINE = _rule("events", "bad_line", "line", f"a line of therapy is a whole number from 1 to {MOST_LINES}", _not_accepted)
SAME_EVENT = _rule("events", "duplicate_row", "kind", "the same event stands above", _so)
REPEATED_DEATH = _rule("events", "repeated_death", "occurred_at", "a second death with a later date; the earliest is kept", _so)
END_BEFORE_INDEX = _rule(
    "events",
    "event_before_index",
    "occurred_at",
    "the event lies before the patient's index date",
    lambda day, index_day, kind: _before(day, index_day) & is_one_of(kind, PROGRESSION, DEATH, LAST_CONTACT),
)
EVENT_OF_NOBODY = _rule("events", "patient_not_in_cohort", "patient_id", _NOBODY, _so)
_UNBORN = "the birth date, or before every one that the age leaves"
EVENT_BEFORE_BIRTH = _rule("events", "before_birth", "occurred_at", f"the event lies before {_UNBORN}", _before)
EVENT_AFTER_DEATH = _rule("events", "after_death", "occurred_at", "the event lies after the patient's death", _after)
LINE_BACKWARDS = _rule("events", "line_backwards", "line", "a higher line of therapy had begun before; is the line right, or the day?", _so)
STOP_WITHOUT_START = _rule(
    "events", "stop_without_start", "detail", "no start of what is stopped (the same drug, or line) is among the person's events", _so
)
STOP_BEFORE_START = _rule("events", "stop_before_start", "occurred_at", "the stop lies before the start of what is stopped", _so)
EVENT_SET_ASIDE = _rule("events", "patient_not_in_cohort", "patient_id", "the person was set aside", _so)


def _units_of(name: str) -> str:
    if name in answers():
        return "an answer has no unit"
    return f"{name} is accepted in {', '.join(accepted_units(catalogue()[name]))}"


def in_unit(name: str, divisor: float) -> str:
    """Return a biomarker and what its value is divided by, as the rule of limits takes them."""
    return f"{name}\t{divisor!r}"


def _limits_of(named: str) -> str:
    """Say the limits in the unit that was received, and in the others, so that the one in which the number is possible is seen.

    Examples
    --------
    >>> _limits_of(in_unit("hemoglobin", 10.0))
    'hemoglobin lies between 30 and 220 g/L (3 and 22 g/dL, 1.86 and 13.6532 mmol/L); is the unit right?'
    """
    name, _, divisor = named.partition("\t")
    entry, received = catalogue()[name], float(divisor or 1)
    if entry.unit == "1":  # of shares the unit is part of how they are written
        return f"{name} lies between {entry.lower:g} and {entry.upper:g}; is the unit right?"
    units = {1.0: entry.unit}
    for unit, each in entry.units.items():
        units.setdefault(each, unit)
    said = {each: f"{entry.lower * each:.3g} and {entry.upper * each:.6g} {unit}" for each, unit in units.items()}
    first, others = said.pop(received, said[1.0]), ", ".join(said.values())
    return f"{name} lies between {first}{f' ({others})' if others else ''}; is the unit right?"


def _least_of(name: str) -> str:
    return "; ".join(f"{name} in {unit} is {least:g} at the least: {hint}" for unit, (least, hint) in catalogue()[name].least_in.items())


def _answers_of(name: str) -> str:
    return f"{name} is answered by a whole number from 1 to {answers()[name].highest}; leave the row out where it was not answered"


def _words_of(words: str, name: str) -> str:
    return f"accepted: {', '.join(getattr(catalogue()[name], words))}"


def _other_specimen_of(name: str) -> str:
    *others, last = catalogue()[name].possible_specimens
    possible = f"{', '.join(others)} or {last}" if others else last
    return f"{name} is measured in {possible}, and of another specimen it is another test: leave the row out, or correct the specimen"


def _words_near(said: str) -> str:
    """Return what is accepted of a biomarker whose results are words; `said` is the biomarker, a tab, and what was received."""
    name, _, text = said.partition("\t")
    words = catalogue()[name].words
    return f"{nearest(text, words)} Or {' or '.join(f'{number:g}' for number in sorted(set(words.values())))}"


RESULT_OF_NOBODY = _rule("measurements", "patient_not_in_cohort", "patient_id", _NOBODY, _so)
COLLECTED_AT = _day_rules("measurements", "collected_at", required=True)
AVAILABLE_AT = _day_rules("measurements", "available_at", required=False)
AVAILABLE_EARLY = _rule(
    "measurements", "available_before_collected", "available_at", "a result cannot be known before it is collected", _before
)
BEFORE_BIRTH = _rule("measurements", "before_birth", "collected_at", f"collected before {_UNBORN}", _before)
AFTER_DEATH = _rule("measurements", "after_death", "collected_at", "collected after the patient's death", _after)
TOO_OLD = _rule(
    "measurements",
    "too_old",
    "collected_at",
    f"the person would be older than {OLDEST} years on this day; is the index date right, the birth date, or the age?",
    _after,
)
UNKNOWN_BIOMARKER = _rule(
    "measurements",
    "unknown_biomarker",
    "biomarker",
    lambda name: nearest(name, catalogue().keys()),
    lambda code, known: code >= known,
)
NO_VALUE = _rule(
    "measurements",
    "missing_value",
    "value",
    "a result needs a value; leave the row out when there is none",
    lambda kind: kind == BLANK,
)
LIMIT_INCLUDED = _rule(
    "measurements",
    "not_a_number",
    "value",
    "a number is a finding, and a limit with < one that nothing was found: a limit that may itself be reached says neither",
    lambda limit_needed, operator: limit_needed & (operator > len(OPERATORS)),
)
NO_LIMIT = _rule(
    "measurements",
    "limit_needed",
    "value",
    'a number is a finding; where nothing was found, the limit down to which one could see, as in "<1e-5": "negative" or 0 does not say it',
    lambda limit_needed, kind, operator, value: limit_needed & ((kind == BAD) | ((value == 0) & (operator == 0))),
)
CENSORED_SCORE = _rule(
    "measurements",
    "censored_score",
    "value",
    "a score of 0 to 100, without < or >: its change from the person's own baseline is read, and a bound has none",
    lambda score, operator: score & (operator != 0),
)
NO_WORD = _rule("measurements", "unknown_word", "value", _words_near, _so)
NO_ANSWER = _rule("measurements", "bad_answer", "value", _answers_of, _so)
SCALE_SPOILT = _rule(
    "measurements",
    "answers_incomplete",
    "value",
    "another answer of this scale and day was refused; correct that one, and mend takes all of them",
    _so,
)
SCALE_INCOMPLETE = _rule(
    "measurements", "answers_incomplete", "value", "fewer than half of the items of this scale are answered on that day", _so
)
SCALE_CONFLICT = _rule(
    "measurements",
    "scale_conflict",
    "value",
    "the scale that is given for the day and that of the answers differ by more than half a point; leave out the one that is wrong",
    _so,
)
NO_KIND = {
    column: _rule("measurements", "unknown_category", column, partial(_words_of, words), _not_accepted)
    for column, words in ACCEPTED_WORDS.items()
}
WRONG_SPECIMEN = _rule("measurements", "wrong_specimen", "specimen", _other_specimen_of, lambda code: code == OTHER_SPECIMEN)
NO_NUMBER = _rule(
    "measurements",
    "not_a_number",
    "value",
    "a number with a decimal point and no mark between thousands (1250 or 1.25, not 1,250), with <, >, <= or >= before it if need be, "
    'as in "<0.1"',
    lambda kind: kind == BAD,
)
NOT_FINITE = _rule("measurements", "missing_value", "value", "a finite number", lambda value: ~np.isfinite(value))
UNKNOWN_UNIT = _rule("measurements", "unknown_unit", "unit", _units_of, np.isnan)
OUT_OF_RANGE = _rule(
    "measurements", "out_of_range", "value", _limits_of, lambda value, low, high: (value < low) | (value > high) | np.isinf(value)
)
BELOW_LEAST = _rule("measurements", "out_of_range", "value", _least_of, lambda value, least: value < least)
SAME_RESULT = _rule("measurements", "duplicate_row", "value", "the same result stands above", _so)
OTHER_RESULT = _rule(
    "measurements",
    "conflicting_duplicate",
    "value",
    "another value of that time is kept: that of the later row, or one that says its time of day",
    _so,
)
FINDINGS_CONFLICT = _rule(
    "measurements",
    "conflicting_findings",
    "value",
    "one result of one method and specimen at one time; of two that differ, such as a level and none found, none is taken: leave out the "
    "wrong one, or say by available_at or a time of day which is the later",
    _so,
)
PERHAPS_CLONES = _rule(
    "measurements",
    "conflicting_components",
    "value",
    "one total of all monoclonal components; of two values at one time none is taken: add up two components, or say by available_at "
    "or a time of day which value is the later",
    _so,
)
