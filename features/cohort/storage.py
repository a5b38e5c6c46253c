"""How a cohort lies on disk: sorted Parquet in row groups of one size, the same bytes for the same rows.

measurements.parquet is sorted by patient_id, biomarker, collected_at, available_at, which no two rows share; patients.parquet by
patient_id. Texts are dictionary-encoded, everything is compressed with zstd.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import pandas as pd
import pyarrow
import pyarrow.parquet as parquet

from features.cohort.files import COHORT, OF_COHORT, whole_folder
from features.cohort.locks import only_writer
from features.cohort.schema import QUARANTINE_COLUMNS, SCHEMAS, Cohort, columns_of, row_hashes, validated
from myeloma import DataError, catalogue

ROW_GROUP = 200_000
_TYPES = {"str": pyarrow.string(), "category": pyarrow.string(), "datetime64[ns]": pyarrow.timestamp("ns")}
_TYPES |= {"float64": pyarrow.float64(), "int64": pyarrow.int64(), "Int64": pyarrow.int64()}
ARROW = {name: pyarrow.schema([(c, _TYPES[str(column.dtype)]) for c, column in s.columns.items()]) for name, s in SCHEMAS.items()}
_RECEIVED = {"table": pyarrow.string(), "row": pyarrow.int64(), "stands": pyarrow.bool_(), "record": pyarrow.string()}
ARROW["received"] = pyarrow.schema(_RECEIVED)
ARROW["quarantine"] = pyarrow.schema([(c, pyarrow.int64() if c == "row" else pyarrow.string()) for c in QUARANTINE_COLUMNS])


def in_schema(frame: pd.DataFrame, name: str) -> pyarrow.Table:
    """Return rows of one of a cohort's tables as Arrow keeps them."""
    schema = arrow_schema(name, frame.columns)
    return pyarrow.Table.from_pandas(frame, preserve_index=False).select(schema.names).cast(schema)


def arrow_schema(name: str, given: Iterable[str]) -> pyarrow.Schema:
    """Return what Arrow keeps of a table; of the optional columns those that are given."""
    return pyarrow.schema([ARROW[name].field(column) for column in columns_of(name, given)]) if name in SCHEMAS else ARROW[name]


class TableWriter:
    """Writes a table of the cohort piece by piece; row groups are cut at one size, wherever the pieces end.

    The first piece says which of the optional columns there are.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._path, self._name = folder / f"{name}.parquet", name
        self._begin(arrow_schema(name, ()))

    def _begin(self, schema: pyarrow.Schema) -> None:
        self._writer = parquet.ParquetWriter(self._path, schema, compression="zstd")
        self._rest, self._empty = schema.empty_table(), True

    def write(self, piece: pd.DataFrame | pyarrow.Table) -> None:
        """Append rows."""
        rows = piece if isinstance(piece, pyarrow.Table) else in_schema(piece, self._name)
        if self._empty and rows.schema.names != self._rest.schema.names:
            self._writer.close()
            self._begin(rows.schema)
        self._empty = False
        self._rest = pyarrow.concat_tables([self._rest, rows])
        while self._rest.num_rows >= ROW_GROUP:
            self._cut(ROW_GROUP)

    def _cut(self, rows: int) -> None:
        # One chunk a column: where chunks end would show in the bytes.
        self._writer.write_table(self._rest.slice(0, rows).combine_chunks(), row_group_size=ROW_GROUP)
        self._rest = self._rest.slice(rows)

    def __enter__(self) -> TableWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if kind is None and self._rest.num_rows:
                self._cut(self._rest.num_rows)
        finally:
            self._writer.close()


def check_place(folder: Path) -> None:
    """Refuse to write a cohort over something else.

    Raises
    ------
    DataError
        The folder holds something else.
    """
    if folder.exists() and not (folder / COHORT).is_file() and (not folder.is_dir() or any(folder.iterdir())):
        raise DataError(f"{folder} exists and is not a cohort.", "name a new folder; nothing was written.")
    if folder.exists() and (others := [path.name for path in folder.iterdir() if path.name not in OF_COHORT]):
        raise DataError(
            f"{folder} holds {len(others)} file(s) that are no part of a cohort.", "move them, or name a new folder; nothing was written."
        )


def read_aside(folder: Path, name: str) -> pd.DataFrame:
    """Return what a cohort folder holds beside its tables: `quarantine`, the rows refused, or `received`, see `write_tables`.

    Raises
    ------
    DataError
        The file is missing, damaged or of another version.
    """
    path = folder / f"{name}.parquet"
    try:
        rows: pd.DataFrame = parquet.read_table(path).select(ARROW[name].names).to_pandas()
        return rows
    except (OSError, pyarrow.ArrowInvalid, KeyError) as error:
        raise DataError(f"{path} cannot be read ({type(error).__name__}).", "ingest the cohort again.") from None


def write_tables(
    folder: Path,
    tables: Mapping[str, Iterable[pd.DataFrame]],
    quarantine: Iterable[pd.DataFrame | pyarrow.Table],
    about: dict[str, Any],
    received: Iterable[pd.DataFrame | pyarrow.Table] = (),
) -> dict[str, Any]:
    """Write the files of a cohort to a new folder, piece by piece, and return what cohort.json says.

    Parameters
    ----------
    tables : mapping
        Patients, measurements and events, in this order, each as pieces that are validated and in the order of the cohort.
    about : dict
        What cohort.json says beside the hash of the rows and the version of the catalogue.
    received : tables
        Rows kept whose cells the tables do not hold as they were received.
    """
    digest = hashlib.sha256()
    for name, pieces in tables.items():
        with TableWriter(folder, name) as writer:
            for piece in pieces:
                digest.update(row_hashes(piece))
                writer.write(piece)
    for name, rows in (("quarantine", quarantine), ("received", received)):
        with TableWriter(folder, name) as writer:
            for piece in rows:
                writer.write(piece)
    said = {"hash": digest.hexdigest()[:16], "catalogue_version": catalogue().version, **about}
    (folder / COHORT).write_text(json.dumps(said, indent=1), encoding="utf-8")  # written last: the cohort is whole
    return said


def write_cohort(cohort: Cohort, folder: Path, quarantine: pd.DataFrame) -> None:
    """Write a cohort folder whole or not at all; an older cohort in the same place is replaced.

    Raises
    ------
    DataError
        The folder holds something else.
    """
    check_place(folder)
    tables = {name: [validated(name, frame)] for name, frame in cohort.tables().items()}
    with only_writer(folder), whole_folder(folder, folder.with_name(f".{folder.name}-work")) as work:
        write_tables(work, tables, [quarantine], cohort.about)
