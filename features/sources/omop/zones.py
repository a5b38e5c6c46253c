"""Time stamps of a Parquet file in SQL, as the file says them: in its own time zone, where DuckDB would read all of them in UTC."""

from __future__ import annotations

import re

import duckdb
import pyarrow

from myeloma import DataError

_INSTANT = "TIMESTAMPTZ '2000-01-01 00:00:00+00'"
_FIXED = re.compile(r"([+-])(\d{2}):?(\d{2})")


def zone_of(kind: pyarrow.DataType) -> str:
    """Return the time zone of a column of time stamps; nothing where it has none, or holds something else.

    Examples
    --------
    >>> zone_of(pyarrow.timestamp("us", "Europe/Berlin")), zone_of(pyarrow.timestamp("us")), zone_of(pyarrow.string())
    ('Europe/Berlin', '', '')
    """
    return (kind.tz or "") if pyarrow.types.is_timestamp(kind) else ""


def as_written(column: str, zone: str) -> str:
    """Return, in SQL, the text of a column: of a time stamp with a zone the day and time there, how far they are from UTC, and the zone.

    DuckDB keeps instants, and the session's zone is UTC. A midnight in Berlin would be the evening of the day before.
    """
    if zone in ("", "UTC"):
        return f"CAST({column} AS VARCHAR)"
    utc = f"timezone('UTC', CAST({column} AS TIMESTAMPTZ))"
    name = zone.replace("'", "''")
    if fixed := _FIXED.fullmatch(zone):
        name = ""
        local = f"{utc} + INTERVAL ({fixed[1]}{60 * int(fixed[2]) + int(fixed[3])}) MINUTE"
    else:
        local = f"timezone('{name}', CAST({column} AS TIMESTAMPTZ))"
    away = f"datediff('minute', {utc}, {local})"
    sign = f"CASE WHEN {away} < 0 THEN '-' ELSE '+' END"
    named = f" || '[{name}]'" if name else ""
    return f"CAST({local} AS VARCHAR) || {sign} || printf('%02d:%02d', abs({away}) // 60, abs({away}) % 60){named}"


def check_zones(connection: duckdb.DuckDBPyConnection, file: str, zones: dict[str, str]) -> None:
    """Refuse a zone, by column, that nobody knows: what is the day there cannot be told."""
    for column, zone in zones.items():
        try:
            connection.execute(f"SELECT {as_written(_INSTANT, zone)}")
        except duckdb.Error:
            raise DataError(
                f'{file}: the time zone "{zone}" of {column} is not known.',
                "a name such as Europe/Berlin, an offset such as +02:00, or no zone is accepted; write the column again.",
                "not_readable",
            ) from None
