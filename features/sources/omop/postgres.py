"""OMOP tables of a PostgreSQL database: the rows that are needed are copied out, and read on like files.

Nothing of the connection string ever stands in a message: it may hold a password.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
import psycopg
from psycopg import sql

from features.sources.omop.tables import KEYS, OmopTables, choose_schema, count_codes
from myeloma import ConfigError, DataError, StateError

_CONNECT_SECONDS = 10
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
                "SELECT table_schema, table_name, column_name FROM information_schema.columns "
                "WHERE table_schema NOT IN ('pg_catalog', 'information_schema')"
            ).fetchall()
            self.schema, self._columns = choose_schema(found, schema)
        except BaseException:
            self._postgres.close()
            raise
        self._names = {name.lower(): name for owner, name, _ in found if owner == self.schema}
        self._folder = tempfile.TemporaryDirectory(prefix="omop-")

    def columns(self, table: str) -> dict[str, str] | None:
        return self._columns.get(table)

    def label(self, table: str) -> str:
        return table

    def load(self, table: str, columns: Iterable[str], only: str = "") -> None:
        path = Path(self._folder.name) / f"{table}.csv"
        columns, there = list(columns), self._columns[table]
        key = KEYS.get(table, "")
        by_person = sql.SQL("row_number() OVER (ORDER BY {})").format(
            sql.Identifier(there["person_id" if "person_id" in there else columns[0]])
        )
        row = sql.Identifier(there[key]) if key in there else by_person
        self._copy(sql.SQL("SELECT {} AS source_row, {}").format(row, self._cells(columns, there)) + self._from(table, only), path)
        names = "{" + ", ".join(f"'{name}': '{'BIGINT' if name == 'source_row' else 'VARCHAR'}'" for name in ("source_row", *columns)) + "}"
        texts = ", ".join(f"coalesce({name}, '') AS {name}" for name in columns)
        self.duckdb.execute(
            f"CREATE OR REPLACE VIEW {table} AS SELECT source_row, {texts} "
            f"FROM read_csv('{path}', auto_detect = false, header = true, columns = {names}) ORDER BY source_row"
        )

    def codes(self, table: str, columns: tuple[str, str, str]) -> pd.DataFrame:
        cells = self._cells([*columns, "person_id"], self._columns[table])
        relation = sql.SQL("(SELECT {}{}) AS t").format(cells, self._from(table, ""))
        path = Path(self._folder.name) / "codes.csv"
        self._copy(sql.SQL(count_codes("{}", columns)).format(relation), path)
        return pd.read_csv(path, dtype=dict.fromkeys(("concept", "source_concept", "text"), str), keep_default_na=False)

    def close(self) -> None:
        super().close()
        self._postgres.close()
        self._folder.cleanup()

    def _from(self, table: str, only: str) -> sql.Composable:
        source = sql.SQL(" FROM {}").format(sql.Identifier(self.schema, self._names[table]))
        return source + sql.SQL(f" WHERE {only}") if only else source

    def _cells(self, columns: list[str], there: dict[str, str]) -> sql.Composable:
        cell = sql.SQL("coalesce(trim({}::text), '') AS {}")
        empty = sql.SQL("'' AS {}")
        return sql.SQL(", ").join(
            cell.format(sql.Identifier(there[c]), sql.Identifier(c)) if c in there else empty.format(sql.Identifier(c)) for c in columns
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
