"""A feature table by Spark: the rows that `features.table.build` makes, of each person the same bits, as a folder of Parquet files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

import pyarrow as pa
from pyspark import Accumulator, TaskContext
from pyspark.accumulators import AccumulatorParam

from features.spark.session import guarded, spark_session
from features.spark.tables import about_cohort, columns_in_spark, in_spark, new_folder, people_of, write, write_text
from features.table.build import measurements_within, rows_of_block, summary_of
from features.table.partition import blocks_of, nobody
from features.table.table import ABOUT, about_table, add_up
from features.tasks import Task

Records = dict[tuple[int, int], dict[str, Any]]


class Gathered(AccumulatorParam[Records]):
    """Records by partition and block: a partition that is worked on twice counts once."""

    def zero(self, value: Records) -> Records:
        return {}

    def addInPlace(self, value1: Records, value2: Records) -> Records:  # noqa: N802 - Spark's name
        return value1 | value2


def build_with_spark(place: str, out: str, task: Task, memory: int) -> dict[str, Any]:
    """Build a task's feature table from a cohort and return a summary of it, as `features.table.build.build_file` does.

    Parameters
    ----------
    place, out : str
        Folders that every worker sees, or addresses.
    memory : int
        Bytes that each worker's Python should stay under.

    Raises
    ------
    ConfigError
        Spark does not start, or `out` is something else.
    StateError
        There is no cohort, something stands at the address, or Spark could not finish.
    DataError
        A file is damaged or does not follow the schema, or not one landmark is at risk.
    """
    with new_folder(out) as (address, mode), spark_session() as session:
        about_folder = about_cohort(session, place)
        records = session.sparkContext.accumulator({}, Gathered())
        work = partial(_rows, task=task, about=measurements_within(memory, task), records=records)
        columns = columns_in_spark(rows_of_block(nobody(), task)[0])
        write(people_of(session, place).mapInArrow(guarded(work), columns), out, address, mode)
        parts = list(records.value.values())
        attrition = add_up([part["attrition"] for part in parts], task)
        write_text(session, f"{address}/{ABOUT}", json.dumps(about_table(task, about_folder["hash"], about_folder, attrition)))
    return summary_of(parts, attrition, task)


def _rows(batches: Iterator[pa.RecordBatch], task: Task, about: int, records: Accumulator[Records]) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a partition, and leave the record of each block."""
    context = TaskContext.get()
    assert context is not None
    for number, block in enumerate(blocks_of(batches, about)):
        rows, record = rows_of_block(block, task)
        records.add({(context.partitionId(), number): record})
        yield from in_spark(rows).to_batches()
