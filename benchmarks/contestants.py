"""The product in the feature benchmark: the road that `build` takes, and the kernel's own, which does nothing else."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as parquet

from benchmarks.histories import BIOMARKERS
from features import Task, load_task
from features.history.arrays import Results, places
from features.history.columns import FeatureSpec
from features.history.derived import series_of
from features.history.plan import plan_of, write_history
from features.params import DEFAULT_PARAMS
from features.table.build import build_file
from features.table.stream import cohort_blocks, measurement_blocks
from features.table.table import make_rows

WINDOWS = (182, 365, 730)
STATISTICS = ("last", "count", "mean", "min", "max", "slope")
SPEC = FeatureSpec(BIOMARKERS, tuple(f"{days}d" for days in WINDOWS), STATISTICS, ())
COLUMNS = SPEC.columns()
BLOCK = 1 << 18
Part = Callable[[np.ndarray], None]


@cache
def task() -> Task:
    """Return a question whose table has the columns of the benchmark; made-up values meet criteria by chance, so nothing guards."""
    smm = load_task("smm", DEFAULT_PARAMS)
    return replace(smm, features=SPEC, rules=replace(smm.rules, criteria_guard=False))


def ours(folder: Path, take: Part | None = None) -> int:
    """The product, up to the finished rows: landmarks, outcomes, criteria, score inputs, features. What `build` does but write them."""
    done = 0
    for block in cohort_blocks(folder, BLOCK):
        made = make_rows(block.patients, block.histories, task()).columns
        done += len(made["event"])
        if take is not None:
            take(np.column_stack([made[name] for name in COLUMNS]))
    return done


def written(folder: Path, take: Part | None = None) -> int:
    """The command `build`, to the file: blocks kept on the way, so that a killed run goes on, then one compressed table."""
    with tempfile.TemporaryDirectory(dir=folder) as place:
        summary = build_file(folder, Path(place) / "table.parquet", task())
        if take is not None:
            take(parquet.read_table(Path(place) / "table.parquet", columns=COLUMNS).to_pandas().to_numpy())
    return int(summary["landmarks"])


def kernel(folder: Path, take: Part | None = None) -> int:
    """The kernel's own road: read, and fill the 144 columns at landmarks that are given. No outcome, no score, no table."""
    file = parquet.read_table(folder / "landmarks.parquet", columns=["patient_id", "landmark"], read_dictionary=["patient_id"])
    asked = file.unify_dictionaries().combine_chunks()
    who = asked["patient_id"].combine_chunks()
    day = asked["landmark"].combine_chunks().cast(pa.date32()).view(pa.int32()).to_numpy()
    code, names = who.indices.to_numpy(), who.dictionary.to_numpy(zero_copy_only=False)
    begins, plan = np.searchsorted(code, np.arange(len(names) + 1)), plan_of(tuple(COLUMNS))
    coded = places(BIOMARKERS)
    done = 0
    for block in measurement_blocks(folder / "measurements.parquet", BIOMARKERS, BLOCK):
        first = np.searchsorted(names, block.ids[0])
        if not np.array_equal(names[first : first + len(block.ids)], block.ids):
            raise ValueError("here every patient has a landmark")
        rows = slice(begins[first], begins[first + len(block.ids)])
        landmark, patient = np.array(day[rows]), (code[rows] - first).astype(np.int32)
        results = Results(block.patient(), coded[block.biomarker], block.collected, block.available, block.value)
        out = np.empty((plan.width, len(landmark)))
        write_history(series_of(results, len(block.ids), BIOMARKERS), patient, landmark, plan, out)
        if take is not None:
            take(np.ascontiguousarray(out.T))
        done += len(landmark)
    return done


def reading(folder: Path, take: Part | None = None) -> int:
    """No features: read what they are made from, and pass over it once."""
    columns = ["patient_id", "biomarker", "collected_at", "available_at", "value"]
    table = parquet.read_table(folder / "measurements.parquet", columns=columns, read_dictionary=["patient_id", "biomarker"])
    asked = parquet.read_table(folder / "landmarks.parquet", columns=["patient_id", "landmark"], read_dictionary=["patient_id"])
    for one in (table, asked):
        for column in one.columns:
            for chunk in column.chunks:
                pc.min_max(chunk.indices if pa.types.is_dictionary(chunk.type) else chunk)
    rows: int = asked.num_rows
    return rows
