"""Three pandas frames, as a notebook has them, handed over as every other source hands over its tables."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

import pandas as pd

from features.sources.received import OPTIONAL, REQUIRED, WHERE_GIVEN, Received, received
from myeloma import DataError


def read_frames(patients: pd.DataFrame, measurements: pd.DataFrame, events: pd.DataFrame | None = None) -> Received:
    """Return three frames as received; a row is named by its place, counted from 0 as `iloc` does.

    Dates may be datetimes, dates or text, identifiers numbers or text, and None, NaN, NaT, `pd.NA` and "" are all unknown. The
    frames stay as they are.

    Raises
    ------
    DataError
        Something is no frame, a column is missing (all of them are named at once) or there twice, or there is no patient.
    """
    if events is None:
        events = pd.DataFrame(columns=list(REQUIRED["events"]))
    tables = {"patients": patients, "measurements": measurements, "events": events}
    return received("frames", {name: _read(name, frame) for name, frame in tables.items()}, {name: name for name in tables})


def _read(name: str, frame: Any) -> pd.DataFrame:
    if not isinstance(frame, pd.DataFrame):
        columns = ", ".join((*REQUIRED[name], *OPTIONAL[name], *WHERE_GIVEN[name]))
        raise DataError(f"{name} is a {type(frame).__name__}.", f"a pandas DataFrame is accepted, with the columns {columns}.", "no_frame")
    unnamed = isinstance(frame.index, pd.RangeIndex) or frame.index.names == [None]
    frame = frame.reset_index(drop=unnamed)  # an index with a name holds a column
    frame.columns = [str(column).strip() for column in frame.columns]
    if twice := sorted(set(frame.columns[frame.columns.duplicated()])):
        known = [column for column in twice if column in (*REQUIRED[name], *OPTIONAL[name], *WHERE_GIVEN[name])]
        said = f" ({', '.join(known)})" if known else ""  # any other name may be a person's data
        raise DataError(f"{name} has {len(twice)} column name(s) twice{said}.", "each column needs a name of its own.", "repeated_column")
    plain = pd.DataFrame({column: plain_column(frame[column]) for column in frame.columns}, index=frame.index)
    return plain.assign(source_row=range(len(frame)))


def plain_column(column: pd.Series) -> pd.Series:
    """Return a column whose datetimes, whatever holds them, are columns of datetimes or text without a midnight."""
    categories = column.cat.categories if isinstance(column.dtype, pd.CategoricalDtype) else None
    if isinstance(column.dtype, pd.ArrowDtype) or (categories is not None and categories.dtype.kind == "M"):
        column = column.astype(object)
    if column.dtype == object and pd.api.types.infer_dtype(column, skipna=True) in ("datetime", "datetime64", "mixed"):
        return pd.Series([_written(cell) for cell in column], index=column.index, dtype=object)
    return column


def _written(cell: Any) -> Any:
    """Return a datetime as text; at midnight it is a day: nobody wrote a time."""
    if not isinstance(cell, datetime) or cell is pd.NaT:
        return cell
    return str(cell.date()) if cell.time() == time() else cell.isoformat(" ")
