"""Some people of a cohort, as an engine that divides it hands them over, made the blocks that a cohort's files are read in.

A row holds `patient_id` and the row of one table in the column of that table's name: `patients`, `events` or `measurements`; the
other two are empty. The rows of a person stand together, in any order; people stand in the order of their ids.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as compute

from features.cohort.order import order_of
from features.cohort.schema import SCHEMAS, columns_of
from features.cohort.storage import arrow_schema
from features.table.stream import Block, Rows, as_the_schema_has_them, block_of, no_rows, rows_of
from myeloma import DataError, catalogue

READ = {name: list(SCHEMAS[name].columns) for name in ("patients", "events")}
READ["measurements"] = ["collected_at", "available_at", "biomarker", "value", "operator", "collected_time", "method", "specimen"]
_LABELS = ("patient_id", "biomarker", "collected_time", "method", "specimen")
_EVENTS_ORDER = ["patient_id", "occurred_at", "kind", "source_row"]  # that of a cohort's file


def blocks_of(batches: Iterable[pa.RecordBatch], about: int) -> Iterator[Block]:
    """Yield the people of a partition as blocks of about so many rows each; one person is never divided.

    Raises
    ------
    DataError
        A row does not follow the cohort's schema, or belongs to nobody.
    """
    return map(_block, _whole_people(batches, about))


def nobody() -> Block:
    """Return a block of no people: it says which columns a block gives."""
    frames = {name: arrow_schema(name, SCHEMAS[name].columns).empty_table().to_pandas() for name in ("patients", "events")}
    return block_of(no_rows(), frames["patients"], frames["events"], {})


def _whole_people(batches: Iterable[pa.RecordBatch], about: int) -> Iterator[pa.Table]:
    held: list[pa.RecordBatch] = []
    for batch in batches:
        if not batch.num_rows:
            continue
        if batch.column("patient_id").null_count:
            raise DataError("A row of the cohort has no patient_id.", "ingest the cohort again.", "missing_value")
        held.append(batch)
        if sum(part.num_rows for part in held) > about:
            rows = pa.Table.from_batches(held)
            begins = compute.index(rows["patient_id"], rows["patient_id"][-1]).as_py()  # more of the last person may follow
            if begins:
                yield rows.slice(0, begins)
                held = rows.slice(begins).to_batches()
    if held:
        yield pa.Table.from_batches(held)


def _block(rows: pa.Table) -> Block:
    patients, events = (_frame(rows, name) for name in ("patients", "events"))
    return block_of(_measurements(rows), patients, events.sort_values(_EVENTS_ORDER, kind="stable", ignore_index=True), {})


def _of_table(rows: pa.Table, name: str) -> pa.Table:
    """Return the rows of one of the tables, its columns in their order."""
    own = rows.select(["patient_id", name]).filter(compute.is_valid(rows[name])).flatten()
    return own.rename_columns([column.removeprefix(f"{name}.") for column in own.column_names])


def _frame(rows: pa.Table, name: str) -> pd.DataFrame:
    table = _of_table(rows, name)
    table = table.select(columns_of(name, table.column_names))
    table = table.cast(arrow_schema(name, table.column_names))
    return as_the_schema_has_them(name, table.to_pandas(), Path(f"{name}.parquet"))


def _measurements(rows: pa.Table) -> Rows:
    """Return the measurements in the order of a cohort's file: who, biomarker by name, collected, available, how, when of the day."""
    table = _of_table(rows, "measurements").combine_chunks()
    if not table.num_rows:
        return no_rows()
    columns = {name: table[name].combine_chunks() for name in table.column_names}
    columns |= {name: columns[name].dictionary_encode() for name in _LABELS if name in columns}
    names = tuple(catalogue().keys())
    found = rows_of(pa.RecordBatch.from_pydict(columns), names, Path("measurements.parquet"))
    rank = np.append(np.argsort(np.argsort(names)), len(names))  # the last stands for what the catalogue does not hold
    keys = [found.patient(), rank[found.biomarker], found.collected, found.available, found.method, found.instant]
    return found.in_order(order_of([key for key in keys if key is not None]))
