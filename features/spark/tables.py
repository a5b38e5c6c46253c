"""A cohort as Spark reads it, and the folders that Spark writes. A place is a folder of this machine, or an address such as s3a://."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import reduce
from pathlib import Path
from typing import Any

import pyarrow as pa
from py4j.protocol import Py4JError
from pyspark.errors import AnalysisException, PySparkException
from pyspark.sql import DataFrame, SparkSession

from features.cohort.files import whole_folder
from features.cohort.locks import only_writer
from features.cohort.schema import OPTIONAL, SCHEMAS, require_cohort
from features.table.partition import READ
from myeloma import ConfigError, DataError, StateError

_AGAIN = "ingest the cohort again."
_NS_A_DAY = 86_400 * 10**9
_DONE = "_SUCCESS"  # Spark's own mark of a folder that is whole
_KINDS = {"string": "string", "double": "double", "timestamp[us]": "timestamp_ntz"}


def about_cohort(session: SparkSession, place: str) -> dict[str, Any]:
    """Return what a cohort says of itself.

    Raises
    ------
    StateError
        There is no cohort.
    DataError
        Its `cohort.json` is damaged.
    """
    if not _is_address(place):
        require_cohort(Path(place))
    try:
        text = session.read.text(f"{_address(place)}/cohort.json", wholetext=True).first()
        about: dict[str, Any] = json.loads(text[0] if text else "")
    except AnalysisException:
        raise StateError(f"There is no cohort at {place} (no cohort.json).", "ingest one, and copy its folder there.") from None
    except ValueError:
        raise DataError(f"{place}/cohort.json is damaged.", _AGAIN) from None
    return about


def people_of(session: SparkSession, place: str) -> DataFrame:
    """Return a cohort's rows as `features.table.partition` takes them: each person's in one partition, people in order there."""
    tables = [_read(session, place, name) for name in SCHEMAS]
    rows = reduce(lambda some, others: some.unionByName(others, allowMissingColumns=True), tables)
    return rows.repartition("patient_id").sortWithinPartitions("patient_id")


def newest_day(session: SparkSession, place: str) -> int | None:
    """Return the last day on which a result became available or something happened, in days since 1970; None where there is none."""
    days = [
        _read(session, place, name).selectExpr(f"unix_date(max({name}.{column}))").first()
        for name, column in (("measurements", "available_at"), ("events", "occurred_at"))
    ]
    return max((row[0] for row in days if row and row[0] is not None), default=None)


def _read(session: SparkSession, place: str, name: str) -> DataFrame:
    """Return a table as two columns, `patient_id` and the rest of each row; dates are days."""
    path = f"{place}/{name}.parquet"
    session.conf.set("spark.sql.legacy.parquet.nanosAsLong", "true")  # Spark knows no nanoseconds, in which pandas writes days
    try:
        rows = session.read.parquet(f"{_address(place)}/{name}.parquet")
    except (PySparkException, Py4JError) as error:
        missing = isinstance(error, PySparkException) and error.getCondition() == "PATH_NOT_FOUND"
        raise DataError(f"{path} is missing." if missing else f"{path} cannot be read as Parquet.", _AGAIN) from None
    kinds = {field.name: field.dataType.simpleString() for field in rows.schema.fields}
    wanted = [column for column in READ[name] if column in kinds or column not in OPTIONAL[name]]
    if missing_columns := [column for column in ("patient_id", *wanted) if column not in kinds]:
        raise DataError(f"{path} does not follow the cohort's schema ({', '.join(missing_columns)}).", _AGAIN)
    cells = [_cell(column, kinds[column], SCHEMAS[name].columns[column].dtype) for column in wanted if column != "patient_id"]
    return rows.selectExpr("patient_id", f"struct({', '.join(cells)}) AS {name}")


def _cell(column: str, kind: str, wanted: Any) -> str:
    """Return how SQL says a column; of a time stamp the day."""
    if "datetime" not in str(wanted):
        return column
    whole = f"cast(({column} - pmod({column}, {_NS_A_DAY})) div {_NS_A_DAY} AS int)"
    return f"date_from_unix_date({whole}) AS {column}" if kind == "bigint" else f"cast({column} AS date) AS {column}"


def in_spark(rows: pa.Table) -> pa.Table:
    """Return rows as Spark holds them: its time stamps have microseconds."""
    fields = [field.with_type(pa.timestamp("us")) if pa.types.is_timestamp(field.type) else field for field in rows.schema]
    return rows.cast(pa.schema(fields))


def columns_in_spark(rows: pa.Table) -> str:
    """Return the columns of such rows in Spark's words."""
    return ", ".join(f"`{field.name}` {_KINDS[str(field.type)]}" for field in in_spark(rows).schema)


@contextmanager
def new_folder(place: str) -> Iterator[tuple[str, str]]:
    """Give the address that Spark writes to, and its mode; a folder of this machine appears whole or not at all, replacing an older one.

    At an address nothing is replaced. What is there is whole where it holds `_SUCCESS`.

    Raises
    ------
    ConfigError
        There is a file, or a folder that Spark has not made.
    StateError
        Another process writes the folder.
    """
    if _is_address(place):
        yield place, "errorifexists"
        return
    folder = Path(place).resolve()
    if folder.exists() and not (folder / _DONE).is_file() and (not folder.is_dir() or any(folder.iterdir())):
        what = "a folder that Spark has not made" if folder.is_dir() else "a file"
        raise ConfigError(f"The output {place} is {what}.", "Spark writes a folder of its own: name a new one.")
    with only_writer(folder), whole_folder(folder, folder.with_name(f".{folder.name}.work")) as work:
        yield work.as_uri(), "append"


def write(rows: DataFrame, place: str, address: str, mode: str) -> None:
    """Write rows as Parquet.

    Raises
    ------
    StateError
        Something is there already.
    """
    try:
        rows.write.mode(mode).parquet(address)
    except AnalysisException as error:
        if error.getCondition() != "PATH_ALREADY_EXISTS":
            raise
        raise StateError(f"There is something at {place} already.", "name another place, or remove it.", "occupied") from None


def write_text(session: SparkSession, address: str, text: str) -> None:
    """Write a small file beside the parts, wherever they are."""
    path = session.sparkContext._jvm.org.apache.hadoop.fs.Path(address)  # type: ignore[union-attr] # untyped: Java's classes
    file = path.getFileSystem(session.sparkContext._jsc.hadoopConfiguration()).create(path)
    try:
        file.write(bytearray(text.encode()))
    finally:
        file.close()


def _is_address(place: str) -> bool:
    return "://" in place


def _address(place: str) -> str:
    return place.rstrip("/") if _is_address(place) else Path(place).resolve().as_uri()
