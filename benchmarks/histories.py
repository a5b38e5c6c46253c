"""The data of the feature benchmark: irregular visits, eight biomarkers, a landmark at every visit after the first."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet

from features.cohort.storage import arrow_schema

BIOMARKERS = ("albumin", "b2m", "calcium", "creatinine", "hemoglobin", "ldh", "m_protein", "platelets")
MISSING = (0.0, 0.0, 0.02, 0.03, 0.05, 0.1, 0.2, 0.25)  # share of visits without the test
_CHUNK = 20_000  # patients made at a time
_ROW_GROUP = 200_000
_PEOPLE, _EVENTS = (arrow_schema(name, ()) for name in ("patients", "events"))


def write_histories(folder: Path, patients: int) -> None:
    """Write a cohort as `ingest` leaves it, and landmarks.parquet for those who are given them: sorted by patient and day.

    Everybody is followed for a year after the last visit, so every visit after the first is a landmark of `build` too.
    `person` is the patient as a number, for the peers: they need not handle text.
    """
    folder.mkdir(parents=True, exist_ok=True)
    texts, numbers = pa.dictionary(pa.int32(), pa.string()), pa.int32()
    day = pa.timestamp("ns")
    rows = pa.schema([("patient_id", texts), ("biomarker", texts), ("collected_at", day), ("available_at", day), ("value", pa.float64())])
    rows = rows.append(pa.field("person", numbers)).append(pa.field("code", pa.int8()))
    landmarks = pa.schema([("patient_id", texts), ("landmark", day), ("person", numbers)])
    schemas = {"measurements": rows, "landmarks": landmarks, "patients": _PEOPLE, "events": _EVENTS}
    with ExitStack() as stack:
        files = {
            name: stack.enter_context(parquet.ParquetWriter(folder / f"{name}.parquet", schema, compression="zstd"))
            for name, schema in schemas.items()
        }
        for first in range(0, patients, _CHUNK):
            for name, table in _chunk(first, min(_CHUNK, patients - first)).items():
                files[name].write_table(pa.table(table).cast(schemas[name]), _ROW_GROUP)
    (folder / "cohort.json").write_text(json.dumps({"hash": "benchmark", "source": "simulated"}))


def _chunk(first: int, patients: int) -> dict[str, dict[str, pa.Array]]:
    rng = np.random.default_rng(first)
    visits = rng.integers(4, 23, patients)
    person = np.repeat(np.arange(patients), visits)
    begins = np.cumsum(visits) - visits
    gaps = np.round(rng.gamma(2.0, 75.0, len(person))).astype(np.int64) + 1
    gaps[begins] = rng.integers(9_000, 18_000, patients)
    days = np.cumsum(gaps)
    days -= np.repeat(days[begins] - gaps[begins], visits)
    level = rng.gamma(4.0, 1.0, (len(BIOMARKERS), patients))
    taken = rng.random((len(BIOMARKERS), len(person))) >= np.array(MISSING)[:, None]
    value = np.round(level[:, person] * np.exp(rng.normal(0, 0.1, taken.shape)), 2)
    code, row = np.nonzero(taken)
    order = np.lexsort((row, code, person[row]))
    code, row = code[order], row[order]
    after_first = np.setdiff1d(np.arange(len(person)), begins)
    measured = {
        "patient_id": _names(first + person[row]),
        "biomarker": pa.DictionaryArray.from_arrays(pa.array(code.astype(np.int32)), pa.array(BIOMARKERS)),
        "collected_at": _dates(days[row]),
        "available_at": _dates(days[row]),
        "value": pa.array(value[code, row]),
        "person": pa.array((first + person[row]).astype(np.int32)),
        "code": pa.array(code.astype(np.int8)),
    }
    asked = {"patient_id": _names(first + person[after_first]), "landmark": _dates(days[after_first])}
    asked |= {"person": pa.array((first + person[after_first]).astype(np.int32))}
    ids, nobody = _names(first + np.arange(patients)), pa.array([""] * patients)
    people = dict.fromkeys(_PEOPLE.names, nobody) | {"patient_id": ids, "index_date": _dates(days[begins] + 1)}
    people |= {
        "birth_date": pa.nulls(patients),
        "age_at_index": pa.array(np.full(patients, 60.0)),
        "source_row": pa.array(np.arange(patients)),
    }
    ends = {"patient_id": ids, "occurred_at": _dates(days[begins + visits - 1] + 365), "kind": pa.array(["last_contact"] * patients)}
    ends |= {"detail": nobody, "source_row": people["source_row"]}
    return {"measurements": measured, "landmarks": asked, "patients": people, "events": ends}


def _names(person: np.ndarray) -> pa.DictionaryArray:
    known, code = np.unique(person, return_inverse=True)
    return pa.DictionaryArray.from_arrays(pa.array(code.astype(np.int32)), pa.array([f"P{k:08d}" for k in known]))


def _dates(days: np.ndarray) -> pa.Array:
    return pa.array(days.astype("datetime64[D]").astype("datetime64[ns]"))
