"""The canonical cohort: three tables with one schema, kept as a folder of Parquet files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from shlex import quote
from typing import Any, Final, Literal, get_args

import pandas as pd
import pandera.pandas as pa
import pyarrow
import pyarrow.parquet as parquet

from features.cohort.lines import MOST_LINES
from myeloma import DataError, StateError

Sex = Literal["female", "male"]
Stage = Literal["mgus", "smm", "mm"]
HeavyChain = Literal["IgG", "IgA", "IgM", "IgD", "IgE", "light_chain"]
LightChain = Literal["kappa", "lambda"]
Kind = Literal["progression", "death", "transplant", "treatment_start", "treatment_stop", "last_contact"]
SEXES: tuple[str, ...] = get_args(Sex)
STAGES: tuple[str, ...] = get_args(Stage)
HEAVY_CHAINS: tuple[str, ...] = get_args(HeavyChain)
LIGHT_CHAINS: tuple[str, ...] = get_args(LightChain)
EVENT_KINDS: tuple[str, ...] = get_args(Kind)
PROGRESSIONS = ("biochemical", "clinical", "extramedullary")  # what the detail of a progression says, or nothing
OPERATORS = ("<", ">")
QUARANTINE_COLUMNS = ("id", "table", "file", "row", "reason", "column", "received", "accepted", "record")

_DATE: Final = "datetime64[ns]"


def _text(**options: Any) -> pa.Column:
    return pa.Column(str, nullable=False, coerce=True, **options)


def _repeated(**options: Any) -> pa.Column:
    """Return a text column that is checked as a categorical: millions of rows, few distinct texts."""
    return pa.Column(pa.Category, nullable=False, **options)


def _one_of(values: tuple[str, ...]) -> pa.Column:
    return _text(checks=pa.Check.isin([*values, ""]))


SCHEMAS = {
    "patients": pa.DataFrameSchema(
        {
            "patient_id": _text(unique=True, checks=pa.Check.str_length(min_value=1)),
            "birth_date": pa.Column(_DATE, nullable=True),
            "age_at_index": pa.Column(float, nullable=True),
            "sex": _one_of(SEXES),
            "site": _text(),
            "index_date": pa.Column(_DATE),
            "stage": _one_of(STAGES),
            "heavy_chain": _one_of(HEAVY_CHAINS),
            "light_chain": _one_of(LIGHT_CHAINS),
            "fish": _text(),
            "source_row": pa.Column("int64"),
        },
        strict=True,
        ordered=True,
    ),
    "measurements": pa.DataFrameSchema(
        {
            "patient_id": _repeated(),
            "collected_at": pa.Column(_DATE),
            "available_at": pa.Column(_DATE),
            "biomarker": _repeated(),
            "value": pa.Column(float, checks=pa.Check(lambda v: v.notna() & (v.abs() < float("inf")))),
            "operator": _repeated(checks=pa.Check.isin([*OPERATORS, ""])),
            "unit": _repeated(),
            "original_value": _repeated(),
            "original_unit": _repeated(),
            "unit_divisor": pa.Column(float),
            "collected_time": _repeated(),
            "method": _repeated(required=False),
            "specimen": _repeated(required=False),
            "source_row": pa.Column("int64"),
        },
        checks=pa.Check(lambda frame: frame["available_at"] >= frame["collected_at"]),
        strict=True,
        ordered=True,
    ),
    "events": pa.DataFrameSchema(
        {
            "patient_id": _text(),
            "occurred_at": pa.Column(_DATE),
            "kind": _text(checks=pa.Check.isin(EVENT_KINDS)),
            "detail": _text(),
            "line": pa.Column("Int64", checks=pa.Check.in_range(1, MOST_LINES), nullable=True, coerce=True, required=False),
            "source_row": pa.Column("int64"),
        },
        strict=True,
        ordered=True,
    ),
}

# What every reader of a cohort relies on; where a row came from, and how it was written, need not be known.
OPTIONAL = {name: [column for column, c in schema.columns.items() if not c.required] for name, schema in SCHEMAS.items()}
_NEEDED = {name: [column for column in schema.columns if column not in ("source_row", *OPTIONAL[name])] for name, schema in SCHEMAS.items()}
_NEEDED["measurements"] = ["patient_id", "collected_at", "available_at", "biomarker", "value"]
_BY_HAND = "Frames of your own become a cohort by features.cohort_of_frames, which checks and converts them."


@dataclass(frozen=True)
class Cohort:
    """Patients, measurements and events, each as its schema says. Dates have the resolution of a day.

    Events have a column `line`, and measurements columns `method` and `specimen`, only where a source gave one.

    `about` holds what the folder's `cohort.json` does: source, counts, attrition, catalogue version.

    Raises
    ------
    DataError
        A table is no frame, or lacks columns: all of them are named.
    """

    patients: pd.DataFrame
    measurements: pd.DataFrame
    events: pd.DataFrame
    about: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, frame in self.tables().items():
            if not isinstance(frame, pd.DataFrame):
                raise DataError(
                    f"{name} of a cohort is a {type(frame).__name__}.", f"a pandas DataFrame is accepted. {_BY_HAND}", "no_frame"
                )
            if missing := [column for column in _NEEDED[name] if column not in frame.columns]:
                needed = f"{name} needs {', '.join(_NEEDED[name])}"
                raise DataError(f"{name} of a cohort has no column {', '.join(missing)}.", f"{needed}. {_BY_HAND}", "missing_column")

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return the three tables by name."""
        return {"patients": self.patients, "measurements": self.measurements, "events": self.events}

    def content_hash(self) -> str:
        """Return a hash of the values of all three tables, whatever the files they came in."""
        digest = hashlib.sha256()
        for frame in self.tables().values():
            digest.update(row_hashes(frame))
        return digest.hexdigest()[:16]


def row_hashes(frame: pd.DataFrame) -> bytes:
    """Return the hash of each row's values, whatever the types that hold them."""
    return pd.util.hash_pandas_object(frame, index=False).to_numpy().tobytes()


def validated(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table as its schema wants it; repeated texts become categoricals.

    Raises
    ------
    pandera.errors.SchemaErrors
        It does not follow the schema.
    """
    labels = [column for column in labels_of(name) if column in frame and not isinstance(frame[column].dtype, pd.CategoricalDtype)]
    return SCHEMAS[name].validate(frame.astype(dict.fromkeys(labels, "category")), lazy=True)


def columns_of(name: str, given: Iterable[str]) -> list[str]:
    """Return the columns of a table in their order; of the optional ones those that are among the given."""
    here = set(given)
    return [column for column in SCHEMAS[name].columns if column not in OPTIONAL[name] or column in here]


def labels_of(name: str) -> list[str]:
    """Return the columns of a table that are checked as categoricals."""
    return [column for column, schema in SCHEMAS[name].columns.items() if str(schema.dtype) == "category"]


def as_objects(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table with plain text in place of categoricals, which group and compare in ways of their own."""
    return frame.astype({column: object for column in frame.columns if isinstance(frame[column].dtype, pd.CategoricalDtype)})


def require_cohort(folder: Path) -> None:
    """Refuse a folder that is not there, or was not made by this product.

    Raises
    ------
    StateError
        It is neither; the message says how to make one.
    """
    if not folder.is_dir():
        raise StateError(
            f"No cohort folder {folder}.", "make one with: python -m features ingest --source tabular INPUT COHORT", "no_cohort"
        )
    if not (folder / "cohort.json").is_file():
        raise StateError(
            f"{folder} is a folder, but not a canonical cohort (it has no cohort.json).",
            f"ingest it first: python -m features ingest --source tabular {quote(str(folder))} COHORT",
            "no_cohort",
        )


def read_cohort(folder: Path) -> Cohort:
    """Return the cohort of a folder that `ingest` or `simulate` made.

    Raises
    ------
    StateError
        The folder is not there or was not made by this product.
    DataError
        A file is damaged.
    """
    require_cohort(folder)
    frames = {name: _read_table(folder / f"{name}.parquet", labels_of(name)) for name in SCHEMAS}
    frames = {name: following_schema(name, frame, folder / f"{name}.parquet") for name, frame in frames.items()}
    try:
        about = json.loads((folder / "cohort.json").read_text(encoding="utf-8"))
    except ValueError:
        raise DataError(f"{folder / 'cohort.json'} is damaged.", "ingest the cohort again.") from None
    return Cohort(**frames, about=about)


def following_schema(name: str, frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Return rows of a cohort's file as the program takes them.

    Raises
    ------
    DataError
        They do not follow the schema.
    """
    for column in frame.columns[frame.dtypes.astype(str).str.startswith("datetime64")]:
        frame[column] = frame[column].astype(_DATE)
    try:
        return as_objects(validated(name, frame))
    except pa.errors.SchemaErrors as error:
        columns = ", ".join(sorted({str(c) for c in error.failure_cases["column"].dropna()})) or "table"
        raise DataError(f"{path} does not follow the cohort's schema ({columns}).", "ingest it again.") from None


def _read_table(path: Path, labels: list[str]) -> pd.DataFrame:
    try:
        frame: pd.DataFrame = parquet.read_table(path, read_dictionary=labels).to_pandas()
    except FileNotFoundError:
        raise DataError(f"{path} is missing.", "ingest the cohort again.") from None
    except (pyarrow.ArrowInvalid, OSError) as error:
        raise DataError(f"{path} cannot be read as Parquet ({type(error).__name__}).", "ingest the cohort again.") from None
    return frame
