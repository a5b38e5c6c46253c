"""Measurements under inspection: days, values and units of one block of patients, as whole columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from features.cohort.schema import OPERATORS, SCHEMAS
from features.intake.duplicates import duplicates
from features.intake.people import check_days
from features.intake.quarantine import Inspection
from features.sources.cells import Cells, Numbers, cells_of, numbers_of
from myeloma import DataError, canonical_divisor, catalogue
from myeloma.errors import nearest
from myeloma.units import accepted_units


@dataclass(frozen=True)
class People:
    """What the check of measurements needs to know of the patients that are kept: day of birth and of death, by patient."""

    born: pd.Series
    died: pd.Series
    today: pd.Timestamp


def check_measurements(table: Inspection, people: People) -> tuple[pd.DataFrame, list[str]]:
    """Refuse what cannot be used and return the rest, converted, in the columns and the order of the cohort, and notes.

    Text columns of the result are categoricals. The order is patient_id, biomarker, collected_at, available_at,
    which no two rows share.
    """
    received = table.received
    patient = cells_of(received["patient_id"])
    known = people.born.index.get_indexer(patient.texts) >= 0
    table.reject(~patient.of(known), "patient_not_in_cohort", "patient_id", "no usable row of patients has this identifier")
    collected, notes = check_days(table, "collected_at", True, people.today)
    available, more = check_days(table, "available_at", False, people.today)
    available_day = np.where(np.isnat(available.day), collected.day, available.day)
    _check_order(table, patient, collected.day, available_day, people)
    biomarker = _check_biomarkers(table)
    numbers = numbers_of(received["value"])
    _check_values(table, numbers)
    unit = cells_of(received["unit"])
    value, divisor = _convert(table, biomarker, unit, numbers.value)
    series = {"patient_id": _rank(patient), "biomarker": _rank(biomarker), "collected_at": collected.day, "available_at": available_day}
    row = received["source_row"].to_numpy(dtype=np.int64)
    result = {"value": value, "operator": numbers.operator, "source_row": row, "time": collected.time}
    order = _resolve(table, series, result)
    texts = {"patient_id": patient, "biomarker": biomarker, "collected_time": collected.time}
    texts |= {"original_value": numbers.text, "original_unit": unit}
    texts["unit"] = biomarker.mapped(lambda name: catalogue()[name].unit if name in catalogue() else "")
    kept = {name: cells.categorical(order) for name, cells in texts.items()}
    kept["operator"] = pd.Categorical.from_codes(numbers.operator[order], ["", *OPERATORS])
    kept |= {name: days[order] for name, days in series.items() if name not in kept}
    kept |= {"value": value[order], "unit_divisor": divisor[order], "source_row": row[order]}
    return pd.DataFrame({name: kept[name] for name in SCHEMAS["measurements"].columns}, copy=False), [*notes, *more]


def _check_order(table: Inspection, patient: Cells, collected: np.ndarray, available: np.ndarray, people: People) -> None:
    """Refuse results out of the order of birth, collection, availability and death."""
    born, died = (patient.of(days.reindex(patient.texts).to_numpy("datetime64[ns]")) for days in (people.born, people.died))
    table.reject(available < collected, "available_before_collected", "available_at", "a result cannot be known before it is collected")
    table.reject(collected < born, "before_birth", "collected_at", "collected before the birth date")
    table.reject(collected > died, "after_death", "collected_at", "collected after the patient's death")


def _check_biomarkers(table: Inspection) -> Cells:
    cells = cells_of(table.received["biomarker"]).mapped(str.casefold)
    hints = ["" if name in catalogue() else nearest(name, catalogue().keys()) for name in cells.texts]
    table.reject_each(cells.codes, hints, "unknown_biomarker", "biomarker")
    return cells


def _check_values(table: Inspection, numbers: Numbers) -> None:
    table.reject(numbers.blank, "missing_value", "value", "a result needs a value; leave the row out when there is none")
    accepted = 'a number with a decimal point, with < or > before it if need be, as in "<0.1"'
    table.reject(numbers.bad, "not_a_number", "value", accepted)
    table.reject(~np.isfinite(numbers.value), "missing_value", "value", "a finite number")


def _convert(table: Inspection, biomarker: Cells, unit: Cells, value: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the values in canonical units and the divisors; refuse units that are not known and values beyond hard limits."""
    pair, pairs = pd.factorize(biomarker.codes.astype(np.int64) * max(len(unit.texts), 1) + unit.codes)
    divisors, hints = np.ones(len(pairs)), [""] * len(pairs)
    lower, upper, limits = np.full(len(pairs), -np.inf), np.full(len(pairs), np.inf), [""] * len(pairs)
    for number, code in enumerate(pairs):
        name, written = biomarker.texts[code // len(unit.texts)], unit.texts[code % len(unit.texts)]
        if name not in catalogue():
            continue
        entry = catalogue()[name]
        lower[number], upper[number] = entry.lower, entry.upper
        limits[number] = f"{name} lies between {entry.lower:g} and {entry.upper:g} {entry.unit}; is the unit right?"
        try:
            divisors[number] = canonical_divisor(name, written)
        except DataError:
            hints[number] = f"{name} is accepted in {', '.join(accepted_units(entry))}"
    table.reject_each(pair, hints, "unknown_unit", "unit")
    divisor = divisors[pair]
    converted = value / divisor
    outside = (converted < lower[pair]) | (converted > upper[pair])
    if outside.any():
        table.reject_each(np.where(outside, pair, len(pairs)), limits, "out_of_range", "value")
    return converted, divisor


def _rank(cells: Cells) -> np.ndarray:
    """Return for every row the place of its text in the order of the texts."""
    place = np.empty(len(cells.texts), dtype=np.int64)
    place[np.argsort(cells.texts.astype(object), kind="stable")] = np.arange(len(cells.texts))
    return cells.of(place)


def _resolve(table: Inspection, series: dict[str, np.ndarray], result: dict[str, Any]) -> np.ndarray:
    """Refuse repeated results and return the places of the rows kept, in order."""
    kept = np.flatnonzero(table.keep)
    order = kept[_sorted([column[kept] for column in series.values()])]
    again = np.ones(max(len(order) - 1, 0), dtype=bool)
    for column in series.values():
        values = column[order]
        again &= values[1:] == values[:-1]
    if not again.any():
        return order
    several = np.zeros(len(order), dtype=bool)
    several[1:] |= again
    several[:-1] |= again
    doubtful = np.sort(order[several])
    time = {"time": result["time"].texts[result["time"].codes[doubtful]]}
    columns = {name: column[doubtful] for name, column in (series | result).items() if name != "time"}
    same, conflicting = duplicates(pd.DataFrame(columns | time), list(series))
    for places, reason, accepted in (
        (same, "duplicate_row", "the same result stands above"),
        (conflicting, "conflicting_duplicate", "another value of that day is kept: the later time of day, or else the later row, counts"),
    ):
        wrong = np.zeros(len(table.problem), dtype=bool)
        wrong[doubtful[places]] = True
        table.reject(wrong, reason, "value", accepted)
    return order[table.problem[order] == 0]


def _sorted(columns: list[np.ndarray]) -> np.ndarray:
    """Return the order of the rows by the columns, the first most; packed into one number where that fits, which is quicker."""
    packed, size = np.zeros(len(columns[0]), dtype=np.int64), 1
    if not len(packed):
        return np.empty(0, dtype=np.int64)
    for column in columns:
        if column.dtype.kind == "M":
            column = column.astype("datetime64[D]").astype(np.int64)
        low, span = int(column.min()), int(column.max()) - int(column.min()) + 1
        size *= span
        if size < 2**63:
            packed = packed * span + (column - low)
    return np.argsort(packed, kind="stable") if size < 2**63 else np.lexsort(columns[::-1])
