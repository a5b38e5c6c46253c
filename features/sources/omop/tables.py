"""OMOP tables wherever they are: a folder of CSV or Parquet files, or a DuckDB database. All of them become views of one
DuckDB connection, with lower-case names, text cells and a `source_row`.
"""

from __future__ import annotations

import csv
import errno
import gzip
import os
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

import duckdb
import pandas as pd
import pyarrow
import pyarrow.parquet as parquet

from features.cohort.scratch import Scratch
from features.sources.folders import DAMAGED_GZIP, no_permission, separator_of
from features.sources.omop.zones import as_written, check_zones, zone_of
from myeloma import ConfigError, DataError, StateError

# The key that names a row of a database; a person finds it again by it. Files are named by line or row.
KEYS = {
    "measurement": "measurement_id",
    "condition_occurrence": "condition_occurrence_id",
    "drug_exposure": "drug_exposure_id",
    "observation_period": "observation_period_id",
}
# The tables of OMOP CDM 5.4 and of its vocabularies.
_CDM = {
    *("person", "observation_period", "visit_occurrence", "visit_detail", "condition_occurrence", "drug_exposure", "measurement"),
    *("procedure_occurrence", "device_exposure", "observation", "death", "note", "note_nlp", "specimen", "fact_relationship", "location"),
    *("care_site", "provider", "payer_plan_period", "cost", "drug_era", "dose_era", "condition_era", "episode", "episode_event"),
    *("metadata", "cdm_source", "concept", "vocabulary", "domain", "concept_class", "concept_relationship", "relationship"),
    *("concept_synonym", "concept_ancestor", "source_to_concept_map", "drug_strength", "cohort", "cohort_definition"),
}
_SUFFIXES = (".csv", ".csv.gz", ".parquet")
_NULLS = ["", "NULL", "null", "NA", "\\N"]


def connect(scratch: Path) -> duckdb.DuckDBPyConnection:
    """Return a DuckDB connection of its own, which fetches nothing from elsewhere and knows one time zone.

    What does not fit into memory goes to the folder `scratch`; by itself DuckDB would write it where the command is run.
    """
    alone = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
    connection = duckdb.connect(config={**alone, "temp_directory": str(scratch / "duckdb")})
    connection.execute("SET TimeZone = 'UTC'")
    return connection


class OmopTables(ABC):
    """OMOP tables as views of a DuckDB connection.

    Subclasses say which columns a table has and what to select it from; `load` makes the view.
    """

    def __init__(self) -> None:
        self.scratch = Scratch("omop")
        self.duckdb = connect(self.scratch.folder)
        self.unread: list[str] = []  # names of what lies beside the tables and is none

    @abstractmethod
    def columns(self, table: str) -> dict[str, str] | None:
        """Return a table's columns, lower case -> as written, or None where there is no such table."""

    @abstractmethod
    def label(self, table: str) -> str:
        """Return how messages name the table."""

    @abstractmethod
    def load(self, table: str, columns: Iterable[str], only: str = "") -> None:
        """Make the view `table` with these columns; those the source lacks are empty.

        Parameters
        ----------
        only : str
            Condition in SQL on the columns as they are; a database that is far away sends only these rows.
        """

    def is_one_of(self, table: str, column: str, numbers: list[str]) -> str:
        """Return the condition in SQL that a column, of numbers or of text, holds one of some whole numbers."""
        return f"{column} IN ({', '.join(map(quoted, numbers))})"

    def codes(self, table: str, columns: tuple[str, str, str]) -> pd.DataFrame:
        """Return concept, source concept, source text, rows and people of each code of a table, in these columns."""
        return self.query(count_codes(table, columns), table)

    def query(self, sql: str, table: str) -> pd.DataFrame:
        """Run SQL over the views; `table` is named where a file turns out to be damaged."""
        with reading(self.label(table)):
            return self.duckdb.execute(sql).df()

    def close(self) -> None:
        """Give back the connection and what it kept on the disk."""
        self.duckdb.close()
        self.scratch.remove()


def count_codes(relation: str, columns: tuple[str, str, str]) -> str:
    """Return the SQL that counts rows and people of each code."""
    named = ", ".join(f"{column} AS {name}" for column, name in zip(columns, ("concept", "source_concept", "text"), strict=True))
    return f"SELECT {named}, count(*) AS n, count(DISTINCT person_id) AS people FROM {relation} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"


class FolderTables(OmopTables):
    """A folder with one file a table, in any letter case: .csv, .csv.gz or .parquet."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._files: dict[str, Path] = {}
        for path in sorted(folder.iterdir()):
            table = path.name.lower().partition(".")[0]
            if path.is_file() and path.name.lower().endswith(_SUFFIXES):
                if table in self._files:
                    raise DataError(
                        f"The folder holds {self._files[table].name} and {path.name}.", "keep the one that counts.", "two_files"
                    )
                self._files[table] = path
            if table not in _CDM or not path.name.lower().endswith(_SUFFIXES):
                self.unread.append(path.name)

    def columns(self, table: str) -> dict[str, str] | None:
        path = self._files.get(table)
        if path is None:
            return None
        names = _parquet_schema(path).names if path.suffix.lower() == ".parquet" else _header(path)[0]
        return {name.strip().lower(): name for name in names}

    def label(self, table: str) -> str:
        return self._files[table].name if table in self._files else table

    def load(self, table: str, columns: Iterable[str], only: str = "") -> None:
        path, there = self._files[table], self.columns(table) or {}
        place, zones = quoted(str(path)), {}
        if path.suffix.lower() == ".parquet":
            scan, first = f"read_parquet({place})", 1
            zones = {field.name: zone for field in _parquet_schema(path) if (zone := zone_of(field.type))}
            check_zones(self.duckdb, self.label(table), zones)
        else:
            names, separator = _header(path)
            quote = "" if separator == "\t" else '"'  # vocabulary downloads have tabs, and bare quotation marks
            typed = "{" + ", ".join(f"{quoted(name)}: 'VARCHAR'" for name in names) + "}"
            nulls = "[" + ", ".join(map(quoted, _NULLS)) + "]"
            scan, first = (
                f"read_csv({place}, auto_detect = false, header = true, delim = {quoted(separator)}, quote = {quoted(quote)}, "
                f"escape = {quoted(quote)}, columns = {typed}, nullstr = {nulls})",
                2,
            )
        cells = [f"row_number() OVER () + {first - 1} AS source_row", *_cells(columns, there, zones)]
        with reading(self.label(table)):
            self.duckdb.execute(f"CREATE OR REPLACE VIEW {table} AS SELECT {', '.join(cells)} FROM {scan}")


class DuckdbTables(OmopTables):
    """A schema of a DuckDB database, opened for reading only."""

    def __init__(self, path: Path, schema: str) -> None:
        super().__init__()
        if not path.is_file():
            raise StateError(f"No DuckDB file {path.name} there.", "a connection string looks like duckdb:///folder/file.duckdb.")
        if not os.access(path, os.R_OK):
            raise no_permission(path.name)
        with reading(path.name, "it is not a DuckDB database, it is damaged, or another program writes to it"):
            self.duckdb.execute(f"ATTACH {quoted(str(path))} AS cdm (READ_ONLY, TYPE duckdb)")
        found = self.duckdb.execute(
            "SELECT table_schema, table_name, column_name FROM information_schema.columns WHERE table_catalog = 'cdm'"
        ).fetchall()
        self.schema, self._columns = choose_schema(found, schema)

    def columns(self, table: str) -> dict[str, str] | None:
        return self._columns.get(table)

    def label(self, table: str) -> str:
        return table

    def load(self, table: str, columns: Iterable[str], only: str = "") -> None:
        there = self._columns[table]
        key = KEYS.get(table)
        # a key that is no whole number of 64 bits (a UUID, an unsigned one) names no row: its place does
        row = f"coalesce(TRY_CAST({identifier(there[key])} AS BIGINT), row_number() OVER ())" if key in there else "row_number() OVER ()"
        cells = [f"{row} AS source_row", *_cells(columns, there)]
        with reading(table):
            self.duckdb.execute(
                f"CREATE OR REPLACE VIEW {table} AS SELECT {', '.join(cells)} FROM cdm.{identifier(self.schema)}.{identifier(table)}"
            )


def choose_schema(found: list[tuple[str, str, str]], wanted: str) -> tuple[str, dict[str, dict[str, str]]]:
    """Return the schema that holds the OMOP tables, and its tables' columns, from rows of `information_schema.columns`."""
    schemas = sorted({schema for schema, table, _ in found if table.lower() == "person"})
    if wanted and wanted not in schemas:
        raise DataError(
            f'The schema "{wanted}" holds no table person.', f"schemas that do: {', '.join(schemas) or 'none'}.", "missing_table"
        )
    if not schemas:
        raise DataError("The database holds no table person.", "the omop source reads OMOP CDM 5.4; is this the database?", "missing_table")
    if len(schemas) > 1 and not wanted:
        raise ConfigError(f"{len(schemas)} schemas hold a table person.", f"name one in the mapping, as in schema: {schemas[0]}")
    chosen = wanted or schemas[0]
    for known in ("person", "death", "concept", *KEYS):
        if len(twice := sorted({table for schema, table, _ in found if schema == chosen and table.lower() == known})) > 1:
            raise DataError(f"The database holds the tables {' and '.join(twice)}.", "keep the one that counts.", "two_files")
    tables: dict[str, dict[str, str]] = {}
    for schema, table, column in found:
        if schema == chosen:
            tables.setdefault(table.lower(), {})[column.lower()] = column
    return chosen, tables


@contextmanager
def reading(name: str, why: str = "it is damaged, cut short, or not what its ending says") -> Iterator[None]:
    """Turn DuckDB's errors, which quote the data, into ones that do not."""
    try:
        yield
    except duckdb.OutOfMemoryException:
        raise MemoryError from None
    except duckdb.Error as error:
        if os.strerror(errno.ENOSPC) in str(error):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from None
        line = re.search(r"on Line: (\d+)", str(error))
        place = f", line {line[1]}" if line else ""
        raise DataError(f"{name}{place} cannot be read: {why}.", "export it again.", "not_readable") from None


def _cells(columns: Iterable[str], there: dict[str, str], zones: Mapping[str, str] = MappingProxyType({})) -> list[str]:
    """Return each column as text, empty where there is none; a whole number that passed through a float loses its point.

    `zones` says in which time zone a column of time stamps was written, by its name as written.
    """
    cells = []
    for column in columns:
        name, alias = identifier(there[column]) if column in there else "", identifier(column)
        text = f"coalesce(trim({as_written(name, zones.get(there[column], ''))}), '')" if name else "''"
        cells.append(
            f"regexp_replace({text}, '^(\\d+)\\.0+$', '\\1') AS {alias}" if name and column.endswith("_id") else f"{text} AS {alias}"
        )
    return cells


def comparator(column: str) -> str:
    """Return, in SQL, the comparator before the number that a column of text begins with; empty where there is none."""
    return f"regexp_extract(replace(replace({column}, '≤', '<='), '≥', '>='), '^\\s*([<>]=?)\\s*[+-]?\\.?[0-9]', 1)"


def compared_number(column: str) -> str:
    """Return, in SQL, a column of text where it is a comparator and a number and nothing else, as in `<0.2`; else empty."""
    number = "[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?"
    return f"regexp_extract(replace(replace(trim({column}), '≤', '<='), '≥', '>='), '^[<>]=?\\s*{number}$')"


def identifier(name: str) -> str:
    """Return a name of a schema, table or column as SQL has it, whatever characters are in it."""
    return '"' + name.replace('"', '""') + '"'


def quoted(text: str) -> str:
    """Return a text as SQL has it."""
    return "'" + text.replace("'", "''") + "'"


def _header(path: Path) -> tuple[list[str], str]:
    """Return the names of a CSV file's columns, and what separates them."""
    try:
        with (gzip.open if path.suffix.lower() == ".gz" else open)(path, "rt", encoding="utf-8-sig", newline="") as file:
            line = file.readline()
    except PermissionError:
        raise no_permission(path.name) from None
    except (UnicodeDecodeError, OSError, *DAMAGED_GZIP):
        raise DataError(f"{path.name} is not a CSV file in UTF-8.", "export it again.", "not_csv") from None
    separator = separator_of(line)
    names = next(csv.reader([line.rstrip("\r\n")], delimiter=separator), [])
    if not names:
        raise DataError(f"{path.name} is empty.", "the first line must name the columns.", "not_csv")
    if len({name.strip().lower() for name in names}) < len(names):
        raise DataError(f"{path.name} has a column name twice.", "each column needs a name of its own.", "not_csv")
    return names, separator


def _parquet_schema(path: Path) -> pyarrow.Schema:
    try:
        return parquet.read_schema(path)
    except PermissionError:
        raise no_permission(path.name) from None
    except (pyarrow.ArrowInvalid, OSError):
        raise DataError(f"{path.name} is not a Parquet file, or it is cut short.", "write it again.", "not_parquet") from None
