"""One person's history as plain lists becomes canonical arrays, by the very checks that whole cohorts go through. No frame is made.

What is kept and what is refused, and why, is the same as for the same rows in a cohort of one; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import isnan
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.cohort.lines import drug_codes
from features.cohort.order import order_of
from features.cohort.schema import EVENT_KINDS
from features.cohort.times import instant_of
from features.intake import rules
from features.intake.measured import Results, Taken, check_results, divisor_of, names_with, rank_of
from features.intake.people import (
    Described,
    Known,
    Occurrences,
    age_at,
    born_from,
    category_of,
    check_described,
    check_events,
    event_kind,
    fish_code,
    line_code,
    lines_where_treated,
    progression_word,
    too_old_after,
)
from features.intake.plausibility import Kept, describe_kept
from features.intake.refusals import OneRow, Refusals
from features.intake.words import KINDS, kind_code, with_words
from features.sources.parsing import day_of, is_blank, result_of, text_of, years_of
from features.sources.units import without_unit
from myeloma import calendar, catalogue
from myeloma.calendar import BAD_DAY, NEVER, NO_DAY

_LEAST, _MOST = -(2.0**53), 2.0**53  # whole numbers between them are the same as floats
_CATEGORY = {column: category_of(accepted) for column, accepted in rules.CATEGORIES.items()}
_KIND = category_of(EVENT_KINDS)
_BY_NAME = rank_of(("", *EVENT_KINDS))


class Problem(NamedTuple):
    """A row that is refused: its table and place in the list, reason code, column, and what is accepted there."""

    table: str
    row: int
    reason: str
    column: str
    accepted: str


@dataclass(frozen=True)
class OnePerson:
    """What is kept of one person, and the problems of what is not.

    Attributes
    ----------
    patient : column of the cohort's patients -> value; days since 1970, None where not known; categories in their canonical
        spelling, empty where not known. None where the person was refused.
    biomarker, collected, available, instant, value, operator, method, specimen : arrays with one entry a result kept
        int16 place in the catalogue, int32 days, int32 instant within the day of collection, float64 in the canonical unit, int8
        place in `("", *OPERATORS)`, int8 codes as `features.intake.words` has them; in the order of the biomarkers' names, collection,
        availability, method, specimen, instant.
    divisor, row : arrays likewise
        received = canonical x divisor; the place in the list of measurements.
    event, occurred, line : arrays with one entry an event kept, in the order of their days
        int8 place in `("", *EVENT_KINDS)`, int32 days, int16 line of therapy, 0 where none is recorded.
    detail : the events' details
    problems : every row refused, of the patient first, then of events, then of measurements
    """

    patient: dict[str, Any] | None
    biomarker: NDArray[np.int16]
    collected: NDArray[np.int32]
    available: NDArray[np.int32]
    instant: NDArray[np.int32]
    value: NDArray[np.float64]
    operator: NDArray[np.int8]
    method: NDArray[np.int8]
    specimen: NDArray[np.int8]
    divisor: NDArray[np.float64]
    row: NDArray[np.intp]
    event: NDArray[np.int8]
    occurred: NDArray[np.int32]
    line: NDArray[np.int16]
    detail: list[str]
    problems: list[Problem]


def check_person(
    patient: Mapping[str, Any], measurements: Sequence[Sequence[Any]], events: Sequence[Sequence[Any]] = (), today: int | None = None
) -> OnePerson:
    """Check one person's history.

    Parameters
    ----------
    patient : mapping
        Columns of the table of patients; index_date is needed, what is left out is not known. No identifier is needed.
    measurements : sequence of (collected_at, available_at, biomarker, value, unit, method, specimen)
        Cells as received: text, number, date, or None. The last two may be left out.
    events : sequence of (occurred_at, kind, detail, line)
        Where no line is recorded it may be left out.
    today : int, optional
        Days since 1970; days after it are refused. The day of the call where left out.

    Examples
    --------
    >>> results = [("2015-02-01", None, "m_protein", "<15", "g/L"), ("soon", None, "bmpc", 12, "%")]
    >>> kept = check_person({"index_date": "2015-01-01"}, results)
    >>> kept.value.tolist(), kept.problems[0].reason, kept.problems[0].row
    ([1.5], 'bad_date', 1)
    """
    today = calendar.today() if today is None else today
    said, about = _described(patient)
    row = OneRow()
    check_described(row, said, today)
    table, known, happened = Refusals(len(events)), _known(said, row), _events(events)
    if events:
        ended, unclear = check_events(table, happened, known, today)
        row.check(rules.ENDED_BEFORE_INDEX, ended[0])
        row.check(rules.OUTCOME_UNKNOWN, unclear[0])
    results = Refusals(len(measurements))
    columns = _results(measurements, known)
    taken = check_results(results, columns, today)
    kept = np.flatnonzero(table.keep)
    if len(kept) > 1:
        kept = kept[order_of((happened.day[kept], _BY_NAME[happened.kind[kept]]))]
    return OnePerson(
        patient=None if row.found else about,
        **_kept_results(columns, taken),
        event=happened.kind[kept],
        occurred=happened.day[kept],
        line=happened.line[kept],
        detail=[_detail(events[place]) for place in kept],
        problems=[
            *([Problem("patients", 0, *row.found)] if row.found else []),
            *_problems("events", table),
            *_problems("measurements", results),
        ],
    )


def suspicions_by(person: OnePerson, landmark: int) -> list[str]:
    """Return what is suspected of the results kept that were available by a day, in the words of `plausibility`."""
    by = person.available <= landmark
    chain = _CATEGORY["light_chain"](person.patient["light_chain"]) if person.patient else rules.UNKNOWN
    nobody = np.zeros(int(by.sum()), dtype=np.intp)
    columns = person.biomarker[by], person.collected[by], person.value[by]
    begun = person.occurred[person.event == rules.TREATMENT_START].min(initial=NEVER)
    return describe_kept(Kept(nobody, *columns, nobody + chain, person.row[by], person.collected[by] > begun))


def _problems(name: str, table: Refusals) -> list[Problem]:
    return [Problem(name, int(row), *table.problems[table.problem[row]]) for row in np.flatnonzero(table.problem)]


def _described(patient: Mapping[str, Any]) -> tuple[Described, dict[str, Any]]:
    """Return what is said of the person, as the rules take it, and as the cohort keeps it."""
    index_day, birth_day = (day_of(text_of(patient.get(column))).day for column in ("index_date", "birth_date"))
    written, fish, site = (text_of(patient.get(column)) for column in ("age_at_index", "fish", "site"))
    years = years_of(written)
    age = float(age_at(index_day, birth_day, years))
    codes = {column: code(text_of(patient.get(column))) for column, code in _CATEGORY.items()}
    words = {column: ("", *accepted, "")[codes[column]] for column, accepted in rules.CATEGORIES.items()}
    said = Described(index_day, birth_day, age, isnan(years) and not is_blank(written), {**codes, "fish": fish_code(fish)})
    about = {"index_date": index_day, "birth_date": birth_day if birth_day > BAD_DAY else None, "age_at_index": age, **words}
    return said, {**about, "site": site, "fish": "" if is_blank(fish) else fish}


def _known(said: Described, row: OneRow) -> Known:
    days = [NO_DAY, NO_DAY, NEVER, NEVER]
    if row.found is None:
        born = int(born_from(said.birth_day, said.index_day, said.age))
        days = [said.index_day, born, NEVER, int(too_old_after(said.index_day, said.age))]
    return Known(np.array([row.found is None]), *(np.array([day], dtype=np.int32) for day in days))


@cache
def _no_events() -> Occurrences:
    return _read_events(())


def _events(events: Sequence[Sequence[Any]]) -> Occurrences:
    return _read_events(events) if events else _no_events()


def _read_events(events: Sequence[Sequence[Any]]) -> Occurrences:
    texts = [[*map(text_of, (*event[:2], _detail(event), *event[3:])), ""][:4] for event in events]
    details: dict[str, int] = {}
    kinds = np.array([event_kind(_KIND, kind) for _, kind, _, _ in texts], dtype=np.int8)
    return Occurrences(
        person=np.zeros(len(texts), dtype=np.intp),
        nameless=np.zeros(len(texts), dtype=bool),
        kind=kinds,
        day=np.array([day_of(day).day for day, _, _, _ in texts], dtype=np.int32),
        detail=np.array([details.setdefault(detail, len(details)) for _, _, detail, _ in texts], dtype=np.intp),
        line=lines_where_treated(np.array([line_code(line) for *_, line in texts], dtype=np.int16), kinds),
        drug=drug_codes(detail for _, _, detail, _ in texts),
    )


def _detail(event: Sequence[Any]) -> str:
    """Return the detail of an event; of a progression only a word of ours."""
    detail = text_of(event[2])
    return progression_word(detail) if text_of(event[1]).casefold() == "progression" else detail


def _results(measurements: Sequence[Sequence[Any]], known: Known) -> Results:
    seven = [row if len(row) == 7 else (*row, None, None)[:7] for row in measurements]
    collected_at, available_at, biomarkers, values, units, *kinds = zip(*seven, strict=True) if seven else ((),) * 7
    rows = len(measurements)
    parsed = {cell: day_of(text_of(cell)) for cell in dict.fromkeys((*collected_at, *available_at))}
    days, instants = {cell: one.day for cell, one in parsed.items()}, {cell: instant_of(one.time) for cell, one in parsed.items()}
    collected, available = (np.array(list(map(days.__getitem__, cells)), dtype=np.int32) for cells in (collected_at, available_at))
    pairs = list(zip(biomarkers, units, strict=True))
    texts = {pair: (catalogue().key_of(text_of(pair[0])), text_of(pair[1])) for pair in dict.fromkeys(pairs)}
    names, places = names_with(name for name, _ in texts.values())
    of_pair = {pair: (place, divisor_of(*texts[pair])) for pair, place in zip(texts, places.tolist(), strict=True)}
    biomarker, divisor = zip(*map(of_pair.__getitem__, pairs), strict=True) if rows else ((), ())
    operator, value, kind = _values(_without_units(values, biomarkers, units))
    place = np.array(biomarker, dtype=np.int16)
    value, kind, said = with_words(names, place, values, np.arange(rows), value, kind)
    return Results(
        person=None,
        of_nobody=np.full(rows, not known.kept[0]),
        born=np.full(rows, known.born[0]),
        died=np.full(rows, known.died[0]),
        too_old=np.full(rows, known.too_old[0]),
        collected=collected,
        available=available,
        time=np.array(list(map(instants.__getitem__, collected_at)), dtype=np.int32),
        names=names,
        biomarker=place,
        value=value,
        operator=operator,
        kind=kind,
        divisor=np.array(divisor, dtype=np.float64),
        row=np.arange(rows),
        **{column: _kinds(column, names, place, cells) for column, cells in zip(KINDS, kinds, strict=True)},
        said=said,
    )


def _kinds(column: str, names: Sequence[str], biomarker: NDArray[np.int16], cells: Sequence[Any]) -> NDArray[np.int8]:
    """Return the codes of methods or specimens."""
    if not any(cells):
        return np.zeros(len(cells), dtype=np.int8)
    return np.array([kind_code(column, names[b], text_of(cell)) for b, cell in zip(biomarker, cells, strict=True)], dtype=np.int8)


def _without_units(cells: Sequence[Any], biomarkers: Sequence[Any], units: Sequence[Any]) -> Sequence[Any]:
    if not any(isinstance(cell, str) for cell in cells):
        return cells
    rows = zip(cells, biomarkers, units, strict=True)
    return [without_unit(cell.strip(), text_of(name), text_of(unit)) if isinstance(cell, str) else cell for cell, name, unit in rows]


def _values(cells: Sequence[Any]) -> tuple[NDArray[np.int8], NDArray[np.float64], NDArray[np.int8]]:
    """Return operator, value and kind of each cell, as `features.sources.parsing.Result` has them."""
    numbers = {float, int}.issuperset(map(type, cells))
    if numbers and all(map(_LEAST.__lt__, cells)) and all(map(_MOST.__gt__, cells)):  # they say what their texts would
        none = np.zeros(len(cells), dtype=np.int8)
        return none, np.array(cells, dtype=np.float64), none
    operator, value, kind = zip(*(result_of(text_of(cell)) for cell in cells), strict=True)
    return np.array(operator, dtype=np.int8), np.array(value), np.array(kind, dtype=np.int8)


def _kept_results(results: Results, taken: Taken) -> dict[str, NDArray[Any]]:
    order = taken.order
    assert results.method is not None and results.specimen is not None
    return {
        "method": results.method[order],
        "specimen": results.specimen[order],
        "biomarker": taken.biomarker[order],
        "collected": results.collected[order],
        "available": taken.available[order],
        "instant": results.time[order],
        "value": taken.value[order],
        "operator": taken.operator[order],
        "divisor": results.divisor[order],
        "row": results.row[order],
    }
