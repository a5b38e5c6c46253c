"""Tables as received become the arrays that the checks take, and what the checks keep becomes the tables of the cohort."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.cohort.lines import drug_codes
from features.cohort.schema import EVENT_KINDS, OPERATORS, PROGRESSIONS, SCHEMAS, columns_of
from features.cohort.times import instant_of, is_utc
from features.intake import rules
from features.intake.items import item_of, note_of_version
from features.intake.measured import Results, Taken, divisor_of, names_with, rank_of
from features.intake.people import (
    Described,
    Known,
    Occurrences,
    Persons,
    age_at,
    category_of,
    event_kind,
    fish_code,
    line_code,
    lines_where_treated,
    progression_word,
)
from features.intake.several_rows import merged
from features.intake.words import KINDS, kinds_in, with_words, words_of
from features.sources.cells import Cells, Days, as_dates, cells_of, days_of, numbers_of
from features.sources.parsing import is_blank, years_of
from features.sources.units import values_without_units
from myeloma import catalogue
from myeloma.calendar import NEVER, NO_DAY
from myeloma.fish import FINDINGS

DIFFER = "; a cell on which they differ is taken as unknown"


@dataclass(frozen=True)
class People:
    """The identifiers of patients and events, and what is known of each; days after `today` lie in the future."""

    ids: pd.Index
    known: Known
    today: int


def identifiers(patients: pd.DataFrame, events: pd.DataFrame) -> tuple[pd.Index, NDArray[np.intp], NDArray[np.intp]]:
    """Return the identifiers of both tables, each once, and the place of each row's among them."""
    cells = [cells_of(frame["patient_id"]) for frame in (patients, events)]
    places, ids = pd.factorize(np.concatenate([each.texts for each in cells]))
    first, second = np.split(places, [len(cells[0].texts)])
    return pd.Index(ids, dtype=object), cells[0].of(first), cells[1].of(second)


def persons_of(patients: pd.DataFrame, ids: pd.Index, person: NDArray[np.intp], file: str) -> tuple[Persons, pd.DataFrame, list[str]]:
    """Return the patients as arrays, as the table of the cohort with all rows, and notes."""
    index_day, birth_day = days_of(patients["index_date"]), days_of(patients["birth_date"])
    age, fish = cells_of(patients["age_at_index"]), cells_of(patients["fish"])
    written = age.each(years_of, float)
    coded = {column: category_of(accepted) for column, accepted in rules.CATEGORIES.items()} | {"fish": fish_code}
    categories, unknown = {}, []
    for column, code in coded.items():
        categories[column], said_of = without_unknown_words(cells_of(patients[column]), code, column, file)
        unknown += said_of
    needed = {"index_date": index_day.day, "birth_date": birth_day.day, "age_at_index": age_at(index_day.day, birth_day.day, written)}
    texts = {"fish": fish.each(lambda text: text if fish_code(text) == 1 else ""), "site": cells_of(patients["site"]).rows()}
    repeats, columns, unknown_of = _of_several_rows(person, needed, categories, texts, file)
    said = Described(
        index_day=index_day.day,
        birth_day=birth_day.day,
        age=needed["age_at_index"],
        age_is_text=np.isnan(written) & ~age.each(is_blank, bool),
        categories=categories,
    )
    who = Persons(person, (ids == "")[person], _same_rows(patients, ids.to_numpy()[person]), repeats, said)
    columns |= {"patient_id": ids.to_numpy()[person], "birth_date": as_dates(birth_day.day), "index_date": as_dates(index_day.day)}
    columns |= {"age_at_index": said.age, "source_row": patients["source_row"].to_numpy("int64")}
    notes = [*unknown, *unknown_of, *_zone_notes(file, {"index_date": index_day, "birth_date": birth_day})]
    return who, pd.DataFrame({name: columns[name] for name in SCHEMAS["patients"].columns}), notes


def _of_several_rows(
    person: NDArray[np.intp],
    needed: dict[str, NDArray[Any]],
    categories: dict[str, NDArray[np.int8]],
    texts: dict[str, NDArray[np.object_]],
    file: str,
) -> tuple[NDArray[np.bool_], dict[str, NDArray[Any]], list[str]]:
    """Return which rows an earlier one speaks for, the optional columns in words, and a note where rows of one person contradict."""
    words = {column: np.array(["", *accepted, ""], dtype=object) for column, accepted in rules.CATEGORIES.items()}
    codes: dict[str, NDArray[Any]] = {column: categories[column] for column in words}
    for column, text in texts.items():
        coded, words[column] = pd.factorize(np.append(np.array([""], dtype=object), text))
        codes[column] = coded[1:]
    repeats, cells, differ = merged(person, needed, codes)
    columns = {column: words[column][cells[column]] for column in words}
    said = ", ".join(f"{column} (of {people})" for column, people in differ.items())
    note = f"{file}: rows of one person differ in {said}{DIFFER}"
    return repeats, columns, [note] if differ else []


def without_unknown_words(cells: Cells, code: Callable[[str], int], column: str, file: str) -> tuple[NDArray[np.int8], list[str]]:
    """Return the codes of a column of words, a word that is none as unknown, and a note of how many cells these are.

    The grain of refusal is that of the fault: of a person whose sex is written in an unknown word the sex is unknown, and nothing else.
    """
    codes = cells.each(code, np.int8)
    wrong = codes == rules.NOT_ACCEPTED
    if not wrong.any():
        return codes, []
    accepted = rules.CATEGORIES.get(column, tuple(FINDINGS))
    texts = cells.texts[np.unique(cells.codes[wrong])]
    near = Counter(close[0] for text in texts if (close := get_close_matches(text.casefold(), [word.casefold() for word in accepted], n=1)))
    likely = f"; near to {', '.join(sorted(near))}" if near else ""
    words = "1 word that is not accepted" if len(texts) == 1 else f"{len(texts)} words that are not accepted"
    said = f"{file}: {wrong.sum()} of {len(wrong)} cells of {column} hold {words}, and are taken as unknown{likely}"
    return np.where(wrong, np.int8(rules.UNKNOWN), codes), [f"{said}; a mapping can say what they mean"]


def _same_rows(patients: pd.DataFrame, person: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Return which rows stand above already."""
    cells = patients.drop(columns=["source_row", "source_file", "id"], errors="ignore").astype(str)  # the same person in two files
    # An age beside a birth date is computed from it: a row that was in the cohort before has one, its twin in quarantine has not.
    cells["age_at_index"] = cells["age_at_index"].where(cells["birth_date"].str.len() < len("YYYY-M-D"), "")
    return cells.assign(patient_id=person).duplicated().to_numpy()


def occurrences_of(events: pd.DataFrame, ids: pd.Index, person: NDArray[np.intp], file: str) -> tuple[Occurrences, pd.DataFrame, list[str]]:
    """Return the events as arrays, as the table of the cohort with all rows, and notes."""
    kinds, detail, days = category_of(EVENT_KINDS), cells_of(events["detail"]), days_of(events["occurred_at"])
    kind = cells_of(events["kind"]).each(lambda text: event_kind(kinds, text), np.int8)
    detail, notes = _in_words_of_progression(detail, kind == rules.PROGRESSION, file)
    columns = {
        "patient_id": ids.to_numpy()[person],
        "occurred_at": as_dates(days.day),
        "kind": np.array(["", *EVENT_KINDS, "", ""], dtype=object)[kind],
        "detail": detail.rows(),
        "source_row": events["source_row"].to_numpy("int64"),
    }
    line = cells_of(events["line"]).each(line_code, np.int16) if "line" in events else np.zeros(len(events), np.int16)
    line = lines_where_treated(line, kind)
    if (line > 0).any():
        columns["line"] = pd.array(line, dtype="Int64")
        columns["line"][line < 1] = pd.NA
    frame = pd.DataFrame({name: columns[name] for name in columns_of("events", columns)})
    drug = detail.of(drug_codes(detail.texts))
    happened = Occurrences(person, (ids == "")[person], kind, days.day, detail.codes, line, drug)
    return happened, frame, [*notes, *_zone_notes(file, {"occurred_at": days})]


def _in_words_of_progression(detail: Cells, progression: NDArray[np.bool_], file: str) -> tuple[Cells, list[str]]:
    """Return details in which those of progressions are words of ours, or unknown, and a note of how many hold another word."""
    if not progression.any() or not any(detail.texts[code] for code in np.unique(detail.codes[progression])):
        return detail, []
    words = detail.each(progression_word)
    other = progression & (words == "") & ~detail.each(is_blank, bool)
    changed = cells_of(pd.Series(np.where(progression, words, detail.rows()), dtype=object))
    if not other.any():
        return changed, []
    accepted = f"accepted: {', '.join(PROGRESSIONS)}"
    texts = [text.casefold() for text in detail.texts[np.unique(detail.codes[other])]]
    near = {close[0] for text in texts if (close := get_close_matches(text, PROGRESSIONS, n=1))}
    likely = f"; near to {', '.join(sorted(near))}" if near else ""
    said = f"{file}: {other.sum()} of {progression.sum()} progressions hold a detail that is no kind of progression, taken as unknown"
    return changed, [f"{said} ({accepted}){likely}"]


@dataclass(frozen=True)
class Texts:
    """The columns of measurements that stay text, in the words of the cohort."""

    patient_id: Cells
    biomarker: Cells
    collected_time: Cells
    original_value: Cells
    original_unit: Cells


def results_of(measurements: pd.DataFrame, people: People, file: str) -> tuple[Results, Texts, list[str]]:
    """Return the measurements as arrays, the columns that stay text, and notes."""
    patient, biomarker, unit = (cells_of(measurements[column]) for column in ("patient_id", "biomarker", "unit"))
    collected, available = days_of(measurements["collected_at"]), days_of(measurements["available_at"])
    received = cells_of(measurements["value"])
    biomarker, numbers = biomarker.mapped(catalogue().key_of), numbers_of(values_without_units(biomarker, measurements["value"], unit))
    names, place = names_with(biomarker.texts)
    value, kind, said = with_words(names, biomarker.of(place), numbers.text.texts, numbers.text.codes, numbers.value, numbers.kind)
    known, person = people.known, people.ids.get_indexer(pd.Index(patient.texts, dtype=object))  # -1, the last: of nobody
    kinds, notes = {}, []
    for column in KINDS:
        if column in measurements:
            kinds[column], unknown = kinds_in(column, biomarker, cells_of(measurements[column]), file)
            notes += unknown
    results = Results(
        person=patient.of(rank_of(patient.texts.tolist())),
        of_nobody=patient.of(~np.append(known.kept, False)[person]),
        born=patient.of(np.append(known.born, np.int32(NO_DAY))[person]),
        died=patient.of(np.append(known.died, np.int32(NEVER))[person]),
        too_old=patient.of(np.append(known.too_old, np.int32(NEVER))[person]),
        collected=collected.day,
        available=available.day,
        time=collected.time.each(instant_of, np.int32),
        names=names,
        biomarker=biomarker.of(place),
        value=value,
        operator=numbers.operator,
        kind=kind,
        divisor=_divisors(biomarker, unit),
        row=measurements["source_row"].to_numpy(dtype=np.int64),
        **kinds,
        said=said,
    )
    notes += note_of_version(item_of(results.biomarker), value, file)
    notes += _lost_zeros(file, patient, person, people)
    notes += _zone_notes(file, {"collected_at": collected, "available_at": available})
    return results, Texts(patient, biomarker, collected.time, received, unit), notes


def _lost_zeros(file: str, patient: Cells, person: NDArray[np.intp], people: People) -> list[str]:
    """Say how many identifiers are a patient's but for zeros at their start."""
    if not (person < 0).any():
        return []
    bare = {text.lstrip("0") for text, kept in zip(people.ids, people.known.kept, strict=True) if kept}
    lost = sum(text.lstrip("0") in bare for text in patient.texts[person < 0] if text.isdigit())
    how = "a mapping gives them back by id_width, and `python -m features suggest FOLDER` writes one"
    return [f"{file}: {lost} identifiers are those of patients but for zeros at their start; {how}"] if lost else []


def _divisors(biomarker: Cells, unit: Cells) -> NDArray[np.float64]:
    pair, pairs = pd.factorize(biomarker.codes.astype(np.int64) * max(len(unit.texts), 1) + unit.codes)
    found = [divisor_of(biomarker.texts[code // len(unit.texts)], unit.texts[code % len(unit.texts)]) for code in pairs]
    return np.array(found, dtype=float)[pair]


def measurements_table(results: Results, texts: Texts, taken: Taken) -> pd.DataFrame:
    """Return the measurements kept as the cohort holds them; text columns are categoricals."""
    order = taken.order
    units = texts.biomarker.mapped(lambda name: catalogue()[name].unit if name in catalogue() else "")
    columns = {column: cells.categorical(order) for column, cells in (*vars(texts).items(), ("unit", units))}
    columns["operator"] = Cells(taken.operator, np.array(["", *OPERATORS], dtype=object)).categorical(order)
    for column in KINDS:
        if (code := getattr(results, column)) is not None:
            columns[column] = Cells(code, np.array(["", *words_of(column)], dtype=object)).categorical(order)
    columns |= {"collected_at": as_dates(results.collected[order]), "available_at": as_dates(taken.available[order])}
    columns |= {"value": taken.value[order], "unit_divisor": results.divisor[order], "source_row": results.row[order]}
    if taken.scale is not None:
        columns |= _as_scales(columns, results, taken)
    return pd.DataFrame({name: columns[name] for name in columns_of("measurements", columns)}, copy=False)


def _as_scales(columns: dict[str, Any], results: Results, taken: Taken) -> dict[str, pd.Categorical]:
    """Return the columns of text in which rows that were answers say what their scale is, as if it had been received."""
    assert taken.scale is not None
    rows = taken.scale[taken.order]
    names = np.array(results.names, dtype=object)[taken.biomarker[taken.order][rows]]
    said = {
        "biomarker": names,
        "unit": np.array([catalogue()[name].unit for name in names], dtype=object),
        "original_value": np.array([repr(float(value)) for value in taken.value[taken.order][rows]], dtype=object),
        "original_unit": np.full(len(names), "", dtype=object),
    }
    changed = {}
    for column, texts in said.items():
        every = np.asarray(columns[column], dtype=object)
        every[rows] = texts
        changed[column] = pd.Categorical(every)
    return changed


def _zone_notes(file: str, parsed: dict[str, Days]) -> list[str]:
    """Say where the zones of times could mislead."""
    notes = []
    for column, days in parsed.items():
        zones, where = days.zones, f"{file}: {column}"
        if zones and all(map(is_utc, zones)):
            notes.append(f"{where} is stored in UTC, so its days are days in UTC; a local evening may be the next day there")
        elif len(zones) > 1:
            names = ", ".join(zone or "none" for zone in zones[:6]) + (", ..." if len(zones) > 6 else "")
            notes.append(f"{where} holds times in {len(zones)} zones ({names}); the calendar day is taken as written in each")
    return notes
