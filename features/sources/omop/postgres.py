"""OMOP tables of a PostgreSQL database: the rows that are needed are copied out, and read on like files.

Nothing of the connection string ever stands in a message: it may hold a password.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd
import psycopg
from psycopg import sql

from features.sources.omop.tables import KEYS, OmopTables, choose_schema, count_codes, identifier, quoted
from myeloma import ConfigError, DataError, StateError

_CONNECT_SECONDS = 10
_WHOLE_NUMBERS = ("smallint", "integer", "bigint")
_NUMBERS = (*_WHOLE_NUMBERS, "numeric", "real", "double precision")
_REASONS = {
    "password": "the user name or the password is refused",
    "authentication": "the user name or the password is refused",
    "role": "there is no such user",
    "does not exist": "there is no database of that name",
    "translate host": "there is no host of that name",
    "name or service": "there is no host of that name",
    "resolve host": "there is no host of that name",
    "refused": "nothing listens at that host and port",
    "no such file": "nothing listens at that place",
    "timeout": f"no answer within {_CONNECT_SECONDS} seconds",
}
_HINT = "a connection string looks like postgresql://user@host:5432/database; the password is best kept in ~/.pgpass or PGPASSWORD."


class PostgresTables(OmopTables):
    """A schema of a PostgreSQL database, read in one read-only transaction, so that all tables are of one moment."""

    def __init__(self, connection_string: str, schema: str) -> None:
        super().__init__()
        self._postgres = _connect(connection_string)
        try:
            found = self._postgres.execute(
                "SELECT table_schema, table_name, column_name, data_type FROM information_schema.columns "
                "WHERE table_schema NOT IN ('pg_catalog', 'information_schema')"
            ).fetchall()
            self.schema, self._columns = choose_schema([row[:3] for row in found], schema)
        except BaseException:
            self._postgres.close()
            raise
        own = [row[1:] for row in found if row[0] == self.schema]
        self._names = {name.lower(): name for name, *_ in own}
        self._types = {(name.lower(), column.lower()): kind for name, column, kind in own}

    def columns(self, table: str) -> dict[str, str] | None:
        return self._columns.get(table)

    def label(self, table: str) -> str:
        return table

    def is_one_of(self, table: str, column: str, numbers: list[str]) -> str:
        """Compare as the column's type wants it, so that an index is of use."""
        if self._types[table, column] in _NUMBERS:
            return f"{column} IN ({', '.join(numbers)})"
        return super().is_one_of(table, column, numbers)

    def load(self, table: str, columns: Iterable[str], only: str = "") -> None:
        path = self.scratch.folder / f"{table}.csv"
        columns, there = list(columns), self._columns[table]
        key = KEYS.get(table, "")
        by_person = sql.SQL("row_number() OVER (ORDER BY {})").format(sql.Identifier("person_id" if "person_id" in there else columns[0]))
        row = sql.Identifier(key) if self._types.get((table, key)) in _WHOLE_NUMBERS else by_person
        self._copy(sql.SQL("SELECT {} AS source_row, {}").format(row, self._cells(columns, there)) + self._from(table, only), path)
        types = {"source_row": "BIGINT", **dict.fromkeys(columns, "VARCHAR")}
        names = "{" + ", ".join(f"{quoted(name)}: '{kind}'" for name, kind in types.items()) + "}"
        texts = ", ".join(f"coalesce({identifier(name)}, '') AS {identifier(name)}" for name in columns)
        self.duckdb.execute(
            f"CREATE OR REPLACE VIEW {table} AS SELECT source_row, {texts} "
            f"FROM read_csv({quoted(str(path))}, auto_detect = false, header = true, columns = {names}) ORDER BY source_row"
        )

    def codes(self, table: str, columns: tuple[str, str, str]) -> pd.DataFrame:
        cells = self._cells([*columns, "person_id"], self._columns[table])
        relation = sql.SQL("(SELECT {}{}) AS counted").format(cells, self._from(table, ""))
        path = self.scratch.folder / "codes.csv"
        self._copy(sql.SQL(count_codes("{}", columns)).format(relation), path)
        return pd.read_csv(path, dtype=dict.fromkeys(("concept", "source_concept", "text"), str), keep_default_na=False)

    def close(self) -> None:
        super().close()
        self._postgres.close()

    def _from(self, table: str, only: str) -> sql.Composable:
        """Return the table with its columns in lower case, as `only` names them; the server takes its conditions through."""
        named = sql.SQL(", ").join(
            sql.SQL("{} AS {}").format(sql.Identifier(written), sql.Identifier(name)) for name, written in self._columns[table].items()
        )
        source = sql.SQL(" FROM (SELECT {} FROM {}) AS t").format(named, sql.Identifier(self.schema, self._names[table]))
        return source + sql.SQL(f" WHERE {only}") if only else source

    def _cells(self, columns: list[str], there: dict[str, str]) -> sql.Composable:
        cell = sql.SQL("coalesce(trim({}::text), '') AS {}")
        empty = sql.SQL("'' AS {}")
        return sql.SQL(", ").join(
            cell.format(sql.Identifier(c), sql.Identifier(c)) if c in there else empty.format(sql.Identifier(c)) for c in columns
        )

    def _copy(self, query: sql.Composable, path: Path) -> None:
        statement = sql.SQL("COPY ({}) TO STDOUT (FORMAT csv, HEADER)").format(query)
        try:
            with path.open("wb") as file, self._postgres.cursor().copy(statement) as copy:
                for block in copy:
                    file.write(block)
        except psycopg.Error as error:
            raise DataError(
                f"The PostgreSQL database refused a query ({type(error).__name__}).", "check the rights of the user.", "not_readable"
            ) from None


def _connect(connection_string: str) -> psycopg.Connection:
    try:
        connection = psycopg.connect(connection_string, connect_timeout=_CONNECT_SECONDS)
    except psycopg.ProgrammingError:
        raise ConfigError("The PostgreSQL connection string cannot be read.", _HINT) from None
    except (psycopg.Error, UnicodeError) as error:
        why = next((words for part, words in _REASONS.items() if part in str(error).lower()), "the connection failed")
        raise StateError(f"The PostgreSQL database cannot be opened: {why}.", _HINT) from None
    connection.set_read_only(True)
    connection.set_isolation_level(psycopg.IsolationLevel.REPEATABLE_READ)
    connection.execute("SET datestyle = ISO")
    connection.execute("SET timezone = 'UTC'")
    return connection
