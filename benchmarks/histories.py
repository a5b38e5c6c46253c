"""The data of the feature benchmark: irregular visits, eight biomarkers, a landmark at every visit after the first."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet

BIOMARKERS = ("albumin", "b2m", "calcium", "creatinine", "hemoglobin", "ldh", "m_protein", "platelets")
MISSING = (0.0, 0.0, 0.02, 0.03, 0.05, 0.1, 0.2, 0.25)  # share of visits without the test
_CHUNK = 20_000  # patients made at a time
_ROW_GROUP = 200_000


def write_histories(folder: Path, patients: int) -> None:
    """Write measurements.parquet, sorted as `ingest` leaves it, and landmarks.parquet, sorted by patient and day.

    `person` is the patient as a number, for the peers: they need not handle text.
    """
    folder.mkdir(parents=True, exist_ok=True)
    texts, numbers = pa.dictionary(pa.int32(), pa.string()), pa.int32()
    day = pa.timestamp("ns")
    rows = pa.schema([("patient_id", texts), ("biomarker", texts), ("collected_at", day), ("available_at", day), ("value", pa.float64())])
    rows = rows.append(pa.field("person", numbers)).append(pa.field("code", pa.int8()))
    landmarks = pa.schema([("patient_id", texts), ("landmark", day), ("person", numbers)])
    with (
        parquet.ParquetWriter(folder / "measurements.parquet", rows, compression="zstd") as measured,
        parquet.ParquetWriter(folder / "landmarks.parquet", landmarks, compression="zstd") as asked,
    ):
        for first in range(0, patients, _CHUNK):
            one, other = _chunk(first, min(_CHUNK, patients - first))
            measured.write_table(pa.table(one).cast(rows), _ROW_GROUP)
            asked.write_table(pa.table(other).cast(landmarks), _ROW_GROUP)


def _chunk(first: int, patients: int) -> tuple[dict[str, pa.Array], dict[str, pa.Array]]:
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
    return measured, asked | {"person": pa.array((first + person[after_first]).astype(np.int32))}


def _names(person: np.ndarray) -> pa.DictionaryArray:
    known, code = np.unique(person, return_inverse=True)
    return pa.DictionaryArray.from_arrays(pa.array(code.astype(np.int32)), pa.array([f"P{k:08d}" for k in known]))


def _dates(days: np.ndarray) -> pa.Array:
    return pa.array(days.astype("datetime64[D]").astype("datetime64[ns]"))
