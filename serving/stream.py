"""A cohort folder in, a file of scores out, block of people by block of people: memory is bounded, and a killed run goes on.

Finished blocks wait beside the file, each written whole before its record; the same command goes on behind the last of them, unless
cohort, model, what is asked, the day or the program has changed. The file is put together from the blocks and appears whole.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as parquet
from numpy.typing import NDArray

from features.cohort.files import code_hash, removed_when_full, whole_file
from features.cohort.locks import only_writer
from features.cohort.private import for_spreadsheets
from features.cohort.schema import SCHEMAS, require_cohort
from features.history.arrays import Histories
from features.history.layout import Days
from features.table.landmarks import last_visits, visits
from features.table.stream import Block, cohort_blocks
from myeloma import calendar
from myeloma.calendar import EPOCH
from serving.artifact import Artifact
from serving.batch import Told, score_histories

ROWS_OF_BLOCK = 1 << 18  # measurements: some 8,000 people, or at every visit some 60,000 rows of scores
_ROOMS = ("myeloma", "features/cohort", "features/history", "features/table", "serving")
_DAYS = {"measurements": ("collected_at", "available_at"), "events": ("occurred_at",)}


@dataclass(frozen=True)
class Asked:
    """At which days people are scored: at the last visit, at every visit, or all on one day (days since 1970)."""

    every_visit: bool = False
    day: int | None = None

    def landmarks(self, histories: Histories) -> tuple[NDArray[np.int32], Days]:
        """Return person and day of each row, in the order of the people."""
        if self.every_visit:
            return visits(histories.results, histories.people.index_day)
        everybody = np.arange(len(histories.people), dtype=np.int32)
        return everybody, last_visits(histories) if self.day is None else np.full(len(everybody), self.day, np.int32)


def score_file(artifact: Artifact, folder: Path, out: Path, asked: Asked, progress: Callable[[int, int], None]) -> Told:
    """Score a cohort folder into a file, and return what there is to say of it.

    Parameters
    ----------
    out : Path
        .parquet or .csv.
    progress : callable
        Called with the measurements done and their number.

    Raises
    ------
    StateError
        There is no cohort, or another process writes the file.
    DataError
        A file of the cohort is missing, damaged or not sorted.
    """
    require_cohort(folder)
    total = parquet.read_metadata(folder / "measurements.parquet").num_rows
    today = _day_of_scoring(folder) if asked.day is None else asked.day
    work = out.with_name(f".{out.name}.work")
    with only_writer(out), removed_when_full(work):
        records = _all_blocks(artifact, folder, asked, today, work, lambda done: progress(done, total))
        parts = [work / f"{number:06d}.parquet" for number in range(len(records))]
        with whole_file(out) as unfinished:
            (_as_csv if out.suffix == ".csv" else _as_parquet)(parts, unfinished)
        told = Told.of(pd.concat([pd.read_parquet(part, columns=list(Told.COLUMNS)) for part in parts], ignore_index=True))
        shutil.rmtree(work)
    return told


def _all_blocks(
    artifact: Artifact, folder: Path, asked: Asked, today: int, work: Path, done: Callable[[int], None]
) -> list[dict[str, Any]]:
    """Return the records of all blocks, of which those are made that no earlier run finished."""
    records = _finished(work, _key(artifact, folder, asked, today))
    done(records[-1]["after"]["measurements"] if records else 0)
    for block in cohort_blocks(folder, ROWS_OF_BLOCK, records[-1]["after"] if records else None, operators=True):
        _one_block(artifact, block, asked, today, work / f"{len(records):06d}")
        records.append({"after": block.after})
        done(block.after["measurements"])
    return records


def _one_block(artifact: Artifact, block: Block, asked: Asked, today: int, path: Path) -> None:
    """Score a block and keep it; its record is written last and says that it is whole."""
    patient, day = asked.landmarks(block.histories)
    scores = score_histories(artifact, block.histories, block.patients["patient_id"].to_numpy(), (patient, day), today)
    with whole_file(path.with_suffix(".parquet")) as unfinished:
        parquet.write_table(_table(scores), unfinished, compression="zstd")
    with whole_file(path.with_suffix(".json")) as unfinished:
        unfinished.write_text(json.dumps({"after": block.after}))


def _table(scores: pd.DataFrame) -> pa.Table:
    """Return scores as Arrow holds them, of the same types in every block, also where a text has no value in it."""
    fields = [(name, pa.string() if scores[name].dtype == object else pa.from_numpy_dtype(scores[name].dtype)) for name in scores]
    return pa.Table.from_pandas(scores, schema=pa.schema(fields), preserve_index=False).replace_schema_metadata()


def _finished(work: Path, key: str) -> list[dict[str, Any]]:
    """Return the records of the blocks that an earlier run of the same input finished; anything else is thrown away."""
    if not (work / "key").is_file() or (work / "key").read_text() != key:
        shutil.rmtree(work, ignore_errors=True)
        with whole_file(work / "key") as path:
            path.write_text(key)
    records: list[dict[str, Any]] = []
    while (work / f"{len(records):06d}.json").is_file():
        records.append(json.loads((work / f"{len(records):06d}.json").read_text()))
    return records


def _key(artifact: Artifact, folder: Path, asked: Asked, today: int) -> str:
    """Return what must be the same for a later run to go on."""
    files = [(folder / f"{name}.parquet").stat() for name in SCHEMAS if (folder / f"{name}.parquet").exists()]
    about = (folder / "cohort.json").read_text(encoding="utf-8")
    model = [artifact.seal, artifact.about, artifact.origin, artifact.feature_hash]
    content = [about, [(f.st_size, f.st_mtime_ns) for f in files], model, vars(asked), today, ROWS_OF_BLOCK, code_hash(*_ROOMS)]
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


def _as_parquet(parts: list[Path], out: Path) -> None:
    with parquet.ParquetWriter(out, parquet.read_schema(parts[0]), compression="zstd") as file:
        for table in map(parquet.read_table, parts):
            file.write_table(table)


def _as_csv(parts: list[Path], out: Path) -> None:
    with out.open("w", encoding="utf-8", newline="") as file:
        for place, part in enumerate(parts):
            for_spreadsheets(pd.read_parquet(part)).to_csv(file, index=False, header=place == 0, date_format="%Y-%m-%d")


def _day_of_scoring(folder: Path) -> int:
    """Return today, in days since 1970, or the cohort's last day where that is later, as in a calendar that was shifted."""
    days = [calendar.today()]
    for name, columns in _DAYS.items():
        for batch in _columns_of(folder / f"{name}.parquet", columns):
            days += [column.max().toordinal() - EPOCH for column in map(pd.Series, batch) if len(column)]
    return max(days)


def _columns_of(path: Path, columns: tuple[str, ...]) -> Iterator[list[Any]]:
    with parquet.ParquetFile(path) as file:
        for batch in file.iter_batches(columns=list(columns)):
            yield [batch.column(name).to_pandas() for name in columns]
