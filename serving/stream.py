"""A cohort folder in, scores out, block of people by block of people: memory is bounded, and a killed run goes on.

The same command goes on behind the last finished block, unless cohort, model, what is asked, the day or the program has changed. The
file is put together from the blocks, or the folder of them, and appears whole.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as compute
import pyarrow.parquet as parquet
from numpy.typing import NDArray

from features.cohort.files import removed_when_full, whole_file
from features.cohort.locks import only_writer
from features.cohort.private import for_spreadsheets
from features.history.arrays import Histories
from features.history.layout import Days
from features.table.blocks import Job, about_cohort
from features.table.landmarks import last_visits, visits
from features.table.stream import Block, file_batches
from myeloma import calendar
from myeloma.calendar import EPOCH
from myeloma.version import VERSION
from serving.answer.columns import identity
from serving.artifact import Artifact
from serving.batch import Told, score_histories
from serving.parts import write_parts

ROWS_OF_BLOCK = 1 << 18  # measurements: some 8,000 people, or at every visit some 60,000 rows of scores
_ROOMS = ("myeloma", "features/cohort", "features/history", "features/table", "serving")


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
    """Score a cohort folder into a file or a folder, and return what there is to say of it.

    Parameters
    ----------
    out : Path
        .parquet or .csv; a name without an ending is that of a folder of parts (`serving.parts`).
    progress : callable
        Called with the measurements done and their number.

    Raises
    ------
    StateError
        There is no cohort, or another process writes the file.
    DataError
        A file of the cohort is missing, damaged or not sorted.
    """
    about, total = about_cohort(folder)
    today = _day_of_scoring(folder) if asked.day is None else asked.day
    model = [artifact.seal, artifact.about, artifact.origin, artifact.feature_hash]
    work = out.with_name(f".{out.name}.work")
    with only_writer(out), removed_when_full(work):
        job = Job(folder, work, ROWS_OF_BLOCK, [model, vars(asked), today], _ROOMS)
        records = job.run(lambda block, path: _one_block(artifact, block, asked, today, path), lambda done: progress(done, total))
        parts = [job.path(number).with_suffix(".parquet") for number in range(len(records))]
        told = Told.of(pd.concat([pd.read_parquet(part, columns=list(Told.COLUMNS)) for part in parts], ignore_index=True))
        if out.suffix:
            with whole_file(out) as unfinished:
                (_as_csv if out.suffix == ".csv" else _as_parquet)(parts, unfinished)
        else:
            write_parts(parts, out, _said(artifact, about, asked, today, told))
        shutil.rmtree(work)
    return told


def _said(artifact: Artifact, about: dict[str, Any], asked: Asked, today: int, told: Told) -> dict[str, Any]:
    """Return what a manifest says of the scores: by which model and program, of whom, at which days, and who was scored."""
    when = {
        "every_visit": asked.every_visit,
        "at": None if asked.day is None else calendar.date_of(asked.day),
        "scored_on": calendar.date_of(today),
    }
    by = {**identity(artifact), "model_seal": artifact.seal, "program": VERSION}
    return {"by": by, "cohort_hash": about.get("hash"), **when, "status": told.status}


def _one_block(artifact: Artifact, block: Block, asked: Asked, today: int, path: Path) -> dict[str, Any]:
    """Score a block and keep it; its record has nothing to add."""
    with whole_file(path.with_suffix(".parquet")) as unfinished:
        parquet.write_table(scores_of_block(artifact, block, asked, today), unfinished, compression="zstd")
    return {}


def scores_of_block(artifact: Artifact, block: Block, asked: Asked, today: int) -> pa.Table:
    """Return the scores of a block of people.

    Parameters
    ----------
    today : days since 1970, to which the age of a visit counts
    """
    landmarks = asked.landmarks(block.histories)
    return _table(score_histories(artifact, block.histories, block.patients["patient_id"].to_numpy(), landmarks, today))


def _table(scores: pd.DataFrame) -> pa.Table:
    """Return scores as Arrow holds them, of the same types in every block, also where a text has no value in it."""
    fields = [(name, pa.string() if scores[name].dtype == object else pa.from_numpy_dtype(scores[name].dtype)) for name in scores]
    return pa.Table.from_pandas(scores, schema=pa.schema(fields), preserve_index=False).replace_schema_metadata()


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
    newest = [calendar.today()]
    for name, column in (("measurements", "available_at"), ("events", "occurred_at")):
        days = (compute.max(batch.column(0)).as_py() for batch in file_batches(folder / f"{name}.parquet", [column]))
        newest += [day.toordinal() - EPOCH for day in days if day is not None]
    return max(newest)
