"""The contestants of the feature benchmark: each makes the same columns from the same two files, and says what it made."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as parquet

from benchmarks.histories import BIOMARKERS
from features.history.columns import FeatureSpec
from features.history.plan import write_history
from features.table.stream import measurement_blocks

WINDOWS = (182, 365, 730)
STATISTICS = ("last", "count", "mean", "min", "max", "slope")
SPEC = FeatureSpec(BIOMARKERS, tuple(f"{days}d" for days in WINDOWS), STATISTICS, ())
COLUMNS = SPEC.columns()
BLOCK = 1 << 18
Part = Callable[[np.ndarray], None]


def ours(folder: Path, take: Part) -> int:
    """The product: blocks of patients, one matrix each, in memory that is used again."""
    file = parquet.read_table(folder / "landmarks.parquet", columns=["patient_id", "landmark"], read_dictionary=["patient_id"])
    asked = file.unify_dictionaries().combine_chunks()
    who = asked["patient_id"].combine_chunks()
    day = asked["landmark"].combine_chunks().cast(pa.date32()).view(pa.int32()).to_numpy()
    code, names = who.indices.to_numpy(), who.dictionary.to_numpy(zero_copy_only=False)
    begins = np.searchsorted(code, np.arange(len(names) + 1))
    out, done = np.empty((0, len(COLUMNS))), 0
    for block in measurement_blocks(folder / "measurements.parquet", BIOMARKERS, BLOCK):
        first = np.searchsorted(names, block.ids[0])
        if not np.array_equal(names[first : first + len(block.ids)], block.ids):
            raise ValueError("here every patient has a landmark")
        rows = slice(begins[first], begins[first + len(block.ids)])
        landmark, patient = day[rows], (code[rows] - first).astype(np.int32)
        if len(out) < len(landmark):
            out = np.empty((round(1.1 * len(landmark)), len(COLUMNS)))
        write_history(block.series(BIOMARKERS), patient, landmark, SPEC, out[: len(landmark)])
        take(out[: len(landmark)])
        done += len(landmark)
    return done


def reading(folder: Path, take: Part) -> int:
    """No features: read what they are made from, and pass over it once."""
    columns = ["patient_id", "biomarker", "collected_at", "available_at", "value"]
    table = parquet.read_table(folder / "measurements.parquet", columns=columns, read_dictionary=["patient_id", "biomarker"])
    asked = parquet.read_table(folder / "landmarks.parquet", columns=["patient_id", "landmark"], read_dictionary=["patient_id"])
    for one in (table, asked):
        for column in one.columns:
            for chunk in column.chunks:
                pc.min_max(chunk.indices if pa.types.is_dictionary(chunk.type) else chunk)
    return asked.num_rows
