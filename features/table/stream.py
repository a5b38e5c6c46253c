"""A cohort's files, read in blocks of whole patients: row groups in, blocks out, never the whole in memory.

`patients` is sorted by patient_id, `measurements` by patient_id, then biomarker, collection, availability; a block is cut
between two patients, wherever the row groups end. Inside a block a person is a number, which is quicker than a name.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as parquet
from numpy.typing import NDArray

from features.cohort.schema import SCHEMAS, following_schema
from features.cohort.times import instant_of
from features.history.arrays import REPORTED, Histories, Results, happened_of, of_first_specimen, people_of
from features.history.layout import Days
from myeloma import DataError, catalogue

_BATCH = 1 << 17
_FIELDS = ("collected_at", "available_at", "value")
_WHERE_GIVEN = ("collected_time", "method", "specimen")
_LABELS = ("patient_id", "biomarker", *_WHERE_GIVEN)
_UNSORTED = "ingest the cohort again."


@dataclass(frozen=True)
class Rows:
    """Measurements of whole patients: their ids, where the rows of each begin, and the columns; days count from 1970."""

    ids: NDArray[np.object_]
    starts: NDArray[np.int64]
    biomarker: NDArray[np.int16]
    collected: NDArray[np.int32]
    available: NDArray[np.int32]
    value: NDArray[np.float64]
    operator: NDArray[np.int8] | None = None
    instant: NDArray[np.int32] | None = None
    method: NDArray[np.int8] | None = None

    def __len__(self) -> int:
        return len(self.value)

    def patient(self) -> NDArray[np.int32]:
        """Return each row's person, as a position in `ids`."""
        return np.repeat(np.arange(len(self.ids), dtype=np.int32), np.diff(self.starts, append=len(self)))

    def slice(self, first: int, stop: int) -> Rows:
        """Return the rows of the people first:stop."""
        begin = self.starts[first] if first < len(self.ids) else len(self)
        end = self.starts[stop] if stop < len(self.ids) else len(self)
        part = slice(begin, end)
        return Rows(
            self.ids[first:stop],
            self.starts[first:stop] - begin,
            self.biomarker[part],
            self.collected[part],
            self.available[part],
            self.value[part],
            None if self.operator is None else self.operator[part],
            None if self.instant is None else self.instant[part],
            None if self.method is None else self.method[part],
        )

    def in_order(self, order: NDArray[np.intp]) -> Rows:
        """Return the rows in another order, in which those of each person still stand where they stood."""
        columns = (self.biomarker[order], self.collected[order], self.available[order], self.value[order])
        operator, method = (None if column is None else column[order] for column in (self.operator, self.method))
        return Rows(self.ids, self.starts, *columns, operator, None if self.instant is None else self.instant[order], method)


def measurement_blocks(path: Path, biomarkers: tuple[str, ...], about: int, skip: int = 0, operators: bool = False) -> Iterator[Rows]:
    """Yield the measurements as blocks of whole patients, each of about so many rows; one person is never divided.

    Parameters
    ----------
    biomarkers : tuple of str
        A row's code is its place here, -1 for any other.
    skip : int
        Rows to pass over, up to the start of a patient.
    operators : bool
        Whether the rows say how results were reported.

    Raises
    ------
    DataError
        The file is not sorted by patient, or a cell is empty.
    """
    held: list[Rows] = []
    columns = ["patient_id", "biomarker", *_FIELDS, *_WHERE_GIVEN, *(["operator"] if operators else [])]
    for batch in _ahead(file_batches(path, columns, skip, min(_BATCH, about))):
        rows = rows_of(batch, biomarkers, path)
        if held and rows.ids[0] < held[-1].ids[-1]:
            raise DataError(f"{path} is not sorted by patient_id.", _UNSORTED, "not_sorted")
        held.append(rows)
        if sum(map(len, held)) > about and held[0].ids[0] != rows.ids[-1]:
            block = _joined(held)
            last = len(block.ids) - 1  # more of the last person may follow
            yield block.slice(0, last)
            held = [block.slice(last, last + 1)]
    if held:
        yield _joined(held)


def file_batches(path: Path, columns: list[str], skip: int = 0, size: int = _BATCH) -> Iterator[pa.RecordBatch]:
    """Yield a file's rows in batches, from row `skip` on; row groups before it are not read."""
    try:
        there = parquet.read_schema(path).names
        columns = [c for c in columns if c not in _WHERE_GIVEN or c in there]
        file = parquet.ParquetFile(path, read_dictionary=[c for c in _LABELS if c in columns], buffer_size=1 << 20)
    except FileNotFoundError:
        raise DataError(f"{path} is missing.", _UNSORTED) from None
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError(f"{path} cannot be read as Parquet ({type(error).__name__}).", _UNSORTED) from None
    with file:
        sizes = [file.metadata.row_group(k).num_rows for k in range(file.metadata.num_row_groups)]
        groups = list(range(len(sizes)))
        while groups and skip >= sizes[groups[0]]:
            skip -= sizes[groups.pop(0)]
        for batch in file.iter_batches(size, row_groups=groups, columns=columns) if groups else ():
            if skip < batch.num_rows:
                yield batch.slice(skip)
            skip = max(0, skip - batch.num_rows)


def _ahead(batches: Iterator[Any]) -> Iterator[Any]:
    """Read one batch ahead, in a thread of its own."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, batches, None)
        while (batch := coming.result()) is not None:
            coming = pool.submit(next, batches, None)
            yield batch


def rows_of(batch: pa.RecordBatch, biomarkers: tuple[str, ...], path: Path) -> Rows:
    """Return measurements, whose patients stand in order, as arrays.

    Parameters
    ----------
    batch : RecordBatch
        At least one row; who, what, how and in what it was measured are dictionaries.
    path : Path
        Where the rows are from, for messages.

    Raises
    ------
    DataError
        A patient stands twice or out of order, a cell is empty, or a value is none that a cohort holds.
    """
    if any(column.null_count for column in batch.columns):
        raise DataError(f"{path} has an empty cell.", _UNSORTED, "missing_value")
    patients, names = batch.column("patient_id"), batch.column("biomarker")
    codes = patients.indices.to_numpy()
    starts = np.flatnonzero(np.concatenate([[True], codes[1:] != codes[:-1]]))
    ids = patients.dictionary.take(pa.array(codes[starts])).to_numpy(zero_copy_only=False)
    fresh = np.concatenate([[True], ids[1:] != ids[:-1]])
    ids, starts = ids[fresh], starts[fresh]
    if not pd.Index(ids).is_monotonic_increasing:
        raise DataError(f"{path} is not sorted by patient_id.", _UNSORTED, "not_sorted")
    places = pd.Index(biomarkers).get_indexer(names.dictionary.to_pylist()).astype(np.int16)
    # Copies: compiled code takes arrays that may be written to and those that may not for two kinds, and is compiled for one.
    collected, available = (np.array(batch.column(c).cast(pa.date32(), safe=False).view(pa.int32())) for c in _FIELDS[:2])
    value = np.array(batch.column("value").cast(pa.float64()))
    operator = None
    if "operator" in batch.schema.names:
        reported = batch.column("operator").dictionary_encode()
        operator = pd.Index(REPORTED).get_indexer(reported.dictionary.to_pylist()).astype(np.int8)[reported.indices.to_numpy()]
    _check(path, value, operator, collected, available)
    instant = None
    if "collected_time" in batch.schema.names:
        times = batch.column("collected_time")
        instant = np.array([instant_of(time) for time in times.dictionary.to_pylist()], dtype=np.int32)[times.indices.to_numpy()]
    coded = places[names.indices.to_numpy()]
    if "specimen" in batch.schema.names:
        coded = of_first_specimen(coded, _words_in(batch.column("specimen"), catalogue().specimens))
    method = _words_in(batch.column("method"), catalogue().methods) if "method" in batch.schema.names else None
    return Rows(ids, starts, coded, collected, available, value, operator, instant, method)


def _check(path: Path, value: NDArray[np.float64], operator: NDArray[np.int8] | None, collected: Days, available: Days) -> None:
    """Refuse what the schema of a cohort refuses, of the columns that are read here."""
    faults = {
        "value": not np.isfinite(value).all(),
        "operator": operator is not None and (operator < 0).any(),
        "available_at": (available < collected).any(),
    }
    if found := [column for column, there in faults.items() if there]:
        raise DataError(f"{path} does not follow the cohort's schema ({', '.join(found)}).", _UNSORTED)


def _words_in(column: pa.DictionaryArray, words: tuple[str, ...]) -> NDArray[np.int8]:
    """Return the place of each word, counted from 1, 0 for any other text."""
    codes = pd.Index(["", *words]).get_indexer(column.dictionary.to_pylist()).clip(0).astype(np.int8)
    found: NDArray[np.int8] = codes[column.indices.to_numpy()]
    return found


def _joined(parts: list[Rows]) -> Rows:
    if len(parts) == 1:
        return parts[0]
    offsets = np.cumsum([0, *(len(part) for part in parts[:-1])])
    ids = np.concatenate([part.ids for part in parts])
    starts = np.concatenate([part.starts + offset for part, offset in zip(parts, offsets, strict=True)])
    fresh = np.concatenate([[True], ids[1:] != ids[:-1]])  # a patient may go on from one batch to the next
    names = ("biomarker", "collected", "available", "value")
    biomarker, collected, available, value = (np.concatenate([getattr(part, name) for part in parts]) for name in names)
    others = (_concatenated([getattr(part, name) for part in parts]) for name in ("operator", "instant", "method"))
    return Rows(ids[fresh], starts[fresh], biomarker, collected, available, value, *others)


def _concatenated(parts: list[NDArray[Any] | None]) -> NDArray[Any] | None:
    there = [part for part in parts if part is not None]
    return np.concatenate(there) if there else None


class Sorted:
    """A table sorted by patient_id, handed out up to one person at a time."""

    def __init__(self, path: Path, columns: list[str], skip: int = 0) -> None:
        self.path, self.taken = path, skip
        self._batches = file_batches(path, columns, skip, 1 << 16)
        self._held = pd.DataFrame({name: [] for name in columns})
        self._more = True

    def up_to(self, patient_id: str | None) -> pd.DataFrame:
        """Return the rows not yet taken up to a person, the person's own included; None for all that is left.

        Raises
        ------
        DataError
            The file is not sorted by patient.
        """
        parts = [self._held]
        while self._more and (patient_id is None or not len(parts[-1]) or parts[-1]["patient_id"].iloc[-1] <= patient_id):
            batch = next(self._batches, None)
            self._more = batch is not None
            if batch is not None:
                parts.append(batch.to_pandas())
        rows = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
        rows["patient_id"] = rows["patient_id"].astype(object)
        if not rows["patient_id"].is_monotonic_increasing:
            raise DataError(f"{self.path} is not sorted by patient_id.", _UNSORTED, "not_sorted")
        cut = len(rows) if patient_id is None else int(rows["patient_id"].searchsorted(patient_id, side="right"))
        self._held = rows.iloc[cut:]
        self.taken += cut
        return rows.iloc[:cut].reset_index(drop=True)


@dataclass(frozen=True)
class Block:
    """Whole patients of a cohort: their rows of the table `patients`, and their histories, in which a person is a row's position.

    `after` is how many rows of each file have been taken once this block is: where the next one starts.
    """

    patients: pd.DataFrame
    histories: Histories
    after: dict[str, int]


def cohort_blocks(folder: Path, about: int, start: dict[str, int] | None = None, operators: bool = False) -> Iterator[Block]:
    """Yield a cohort folder as blocks of whole patients, of about so many measurements each.

    Parameters
    ----------
    start : dict, optional
        `after` of the last block that is done: the blocks after it are yielded.
    operators : bool
        Whether the results say how they were reported.

    Raises
    ------
    DataError
        A file is missing, damaged, not sorted by patient, or has measurements of somebody who is no patient.
    """
    names = tuple(catalogue().keys())
    taken = dict.fromkeys(SCHEMAS, 0) | (start or {})
    tables = {name: Sorted(folder / f"{name}.parquet", list(SCHEMAS[name].columns), taken[name]) for name in ("patients", "events")}
    rows = taken["measurements"]
    coming = measurement_blocks(folder / "measurements.parquet", names, about, rows, operators)
    block = next(coming, None if start else no_rows())  # people of whom nothing was measured are people
    while block is not None:
        following = next(coming, None)
        last = block.ids[-1] if following is not None else None
        rows += len(block)
        patients, events = (as_the_schema_has_them(name, table.up_to(last), table.path) for name, table in tables.items())
        yield block_of(block, patients, events, {"measurements": rows} | {name: table.taken for name, table in tables.items()})
        block = following


def no_rows() -> Rows:
    """Return the measurements of nobody."""

    def none(kind: type[Any]) -> NDArray[Any]:
        return np.empty(0, kind)

    days = none(np.int32)
    return Rows(none(object), none(np.int64), none(np.int16), days, days, none(np.float64), none(np.int8), None, none(np.int8))


def as_the_schema_has_them(name: str, rows: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Return rows of a table as the schema wants them; none have no types that it could look at."""
    return rows if rows.empty else following_schema(name, rows, path)


def block_of(rows: Rows, patients: pd.DataFrame, events: pd.DataFrame, after: dict[str, int]) -> Block:
    """Return people as a block: their measurements, and their rows of the other tables.

    Raises
    ------
    DataError
        Somebody who was measured is no patient, or a patient stands twice.
    """
    ids = pd.Index(patients["patient_id"])
    place = ids.get_indexer(rows.ids)
    if (place < 0).any() or not ids.is_unique:
        raise DataError("The cohort has measurements of somebody who is not among its patients, or a patient twice.", _UNSORTED)
    columns = (rows.biomarker, rows.collected, rows.available, rows.value, rows.operator, rows.method)
    results = Results(place.astype(np.int32)[rows.patient()], *columns)
    if rows.instant is not None:
        results = results.one_a_day(rows.instant)
    events = events[events["patient_id"].isin(ids)]
    return Block(patients, Histories(people_of(patients), results, happened_of(events, ids)), after)
