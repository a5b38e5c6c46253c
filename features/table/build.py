"""A cohort folder in, a feature table out, block of patients by block of patients: memory is bounded, a killed run goes on."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as parquet

from features.cohort.files import removed_when_full, whole_file
from features.cohort.locks import only_writer
from features.table.blocks import Job, about_cohort
from features.table.outcomes import EVENTS, NONE
from features.table.stream import Block
from features.table.table import ROW_GROUP, about_table, add_up, make_rows, to_arrow, write_parts
from features.tasks import Task
from myeloma import DataError
from myeloma.calendar import horizon_days

_PROGRAM = 450 * 10**6  # bytes that the program and its libraries take before the first row
_MOST_ROWS = 1 << 19  # larger blocks are no faster
_DEFAULT = 2 * 10**9
_ROOMS = ("myeloma", "features/cohort", "features/history", "features/table")  # whose code decides what a table holds


def build_file(
    folder: Path, table: Path, task: Task, memory: int = _DEFAULT, progress: Callable[[int, int], None] = lambda done, rows: None
) -> dict[str, Any]:
    """Build a task's feature table from a cohort folder and return a summary of it.

    Finished blocks wait in a folder beside the table; a run that was killed goes on after the last of them, provided that
    cohort, task, bound and program are the same. The table's bytes do not depend on the blocks. Where the disk is full, the
    blocks are removed.

    Parameters
    ----------
    memory : int
        Bytes the process should stay under. One person's rows are never divided, so a person of millions of rows may pass it.
    progress : callable
        Called with the measurements done and their number.

    Raises
    ------
    StateError
        There is no cohort, or another process is building the table.
    DataError
        A file is damaged or not sorted, or not one landmark is at risk.
    """
    if table.is_dir():
        raise IsADirectoryError(21, "Is a folder", str(table))
    about_folder, total = about_cohort(folder)
    work = table.with_name(f".{table.name}.work")
    with only_writer(table), removed_when_full(work):
        job = Job(folder, work, measurements_within(memory, task), [asdict(task), task.features.feature_hash()], _ROOMS)
        parts = job.run(lambda block, path: _one_block(block, task, path), lambda rows: progress(rows, total))
        try:
            attrition = add_up([part["attrition"] for part in parts], task)
        except DataError:
            shutil.rmtree(work)
            raise
        about = about_table(task, about_folder["hash"], about_folder, attrition)
        write_parts(_read_back(job, len(parts)), about, table)
        shutil.rmtree(work)
    return summary_of(parts, attrition, task)


def measurements_within(memory: int, task: Task) -> int:
    """Return how many measurements fit into so many bytes, were each a visit of its own: a row held four times over, and itself."""
    each = 300 + 4 * 8 * (len(task.features.columns()) + 40)
    return min(_MOST_ROWS, (memory - _PROGRAM) // each)


def rows_of_block(block: Block, task: Task) -> tuple[pa.Table, dict[str, Any]]:
    """Return the rows of a block, and what its record says."""
    made = make_rows(block.patients, block.histories, task)
    event, after = made.columns["event"], made.columns["time_to_event"]
    lost = {f"{h}m": int(((event == NONE) & (after < horizon_days(h))).sum()) for h in task.horizons}
    names = (NONE, task.rules.event, task.rules.competing_event)
    return to_arrow(made.columns), {
        "attrition": made.attrition,
        "patients_with": {name: int((event[made.begins] == kind).sum()) for kind, name in zip(EVENTS, names, strict=True)},
        "censored_before_horizon": lost,
    }


def _one_block(block: Block, task: Task, path: Path) -> dict[str, Any]:
    """Make and keep the rows of a block, and return what its record says."""
    rows, record = rows_of_block(block, task)
    with whole_file(path.with_suffix(".parquet")) as unfinished:
        parquet.write_table(rows, unfinished, compression="lz4", use_dictionary=False, row_group_size=ROW_GROUP)
    return record


def _read_back(job: Job, blocks: int) -> Iterator[pa.Table]:
    for number in range(blocks):
        with parquet.ParquetFile(job.path(number).with_suffix(".parquet")) as file:
            for group in range(file.num_row_groups):
                yield file.read_row_group(group)


def summary_of(parts: list[dict[str, Any]], attrition: dict[str, Any], task: Task) -> dict[str, Any]:
    """Return what there is to say of a table whose blocks left these records."""

    def added(name: str) -> dict[str, int]:
        return {key: sum(part[name][key] for part in parts) for key in parts[0][name]}

    return {
        **attrition,
        "columns": len(task.features.columns()),
        "feature_hash": task.features.feature_hash(),
        "patients_with": added("patients_with"),
        "censored_before_horizon": added("censored_before_horizon"),
    }
