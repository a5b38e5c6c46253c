"""A job over a cohort's folder, block of patients by block of patients, that goes on behind the last finished block after a kill.

A block's own files are written whole before its record, and the record says that they are. What finished stays only while cohort, what
is asked, the program and the catalogue are the same.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as parquet

from features.cohort.files import rules_hash, whole_file
from features.cohort.schema import SCHEMAS, require_cohort
from features.table.stream import Block, cohort_blocks
from myeloma import DataError

Record = dict[str, Any]


@dataclass(frozen=True)
class Job:
    """What is done to which cohort, and where its blocks wait.

    Attributes
    ----------
    work : Path
        The folder of the blocks, `000000.json` and what `make` wrote beside it.
    rows : int
        Measurements of a block, about.
    asked : anything that JSON tells apart: with another, nothing that is there is used
    rooms : whose code decides what a block holds
    """

    folder: Path
    work: Path
    rows: int
    asked: Any
    rooms: tuple[str, ...]

    def run(self, make: Callable[[Block, Path], Record], done: Callable[[int], None]) -> list[Record]:
        """Return the records of all blocks, of which those are made that no earlier run finished.

        Parameters
        ----------
        make : callable
            Writes a block's files at a path without an ending, and returns what its record says.
        done : callable
            Called with the measurements that are done.
        """
        records = self._finished()
        after = records[-1]["after"] if records else None
        done(after["measurements"] if after else 0)
        for block in cohort_blocks(self.folder, self.rows, after, operators=True):
            path = self.path(len(records))
            record = {"after": block.after, **make(block, path)}
            with whole_file(path.with_suffix(".json")) as unfinished:
                unfinished.write_text(json.dumps(record))
            records.append(record)
            done(block.after["measurements"])
        return records

    def path(self, number: int) -> Path:
        """Return where the files of a block lie, without their ending."""
        return self.work / f"{number:06d}"

    def _finished(self) -> list[Record]:
        key = self._key()
        if not (self.work / "key").is_file() or (self.work / "key").read_text() != key:
            shutil.rmtree(self.work, ignore_errors=True)
            with whole_file(self.work / "key") as path:
                path.write_text(key)
        records: list[Record] = []
        while (record := self.path(len(records)).with_suffix(".json")).is_file():
            records.append(json.loads(record.read_text()))
        return records

    def _key(self) -> str:
        files = [(self.folder / f"{name}.parquet").stat() for name in SCHEMAS if (self.folder / f"{name}.parquet").exists()]
        about = (self.folder / "cohort.json").read_text(encoding="utf-8")
        content = [about, [(f.st_size, f.st_mtime_ns) for f in files], self.asked, self.rows, rules_hash(*self.rooms)]
        return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


def about_cohort(folder: Path) -> tuple[dict[str, Any], int]:
    """Return what a cohort says of itself, and how many measurements it has.

    Raises
    ------
    StateError
        There is no cohort.
    DataError
        A file is missing or damaged.
    """
    require_cohort(folder)
    try:
        about = json.loads((folder / "cohort.json").read_text(encoding="utf-8"))
        total = parquet.read_metadata(folder / "measurements.parquet").num_rows
    except FileNotFoundError:
        raise DataError(f"{folder / 'measurements.parquet'} is missing.", "ingest the cohort again.") from None
    except (ValueError, pa.ArrowInvalid, OSError):
        raise DataError(f"{folder} holds a damaged file.", "ingest the cohort again.") from None
    return about, total
