"""A folder with `patients`, `measurements` and `events`, each as CSV or Parquet: the way other people's cohorts come in."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow
import pyarrow.parquet as parquet

from features.sources.cells import cells_of
from features.sources.received import COLUMNS, REQUIRED, Received, received
from myeloma import DataError, StateError


def read_tabular(folder: Path) -> Received:
    """Return the three tables of a folder, as received.

    CSV cells stay text, so that nothing is guessed on the way; a CSV row is named by its line in the
    file (the header is line 1), a Parquet row by its number from 1.

    Raises
    ------
    StateError
        The folder is not there.
    DataError
        A table is missing, there twice, or is not what its ending says.
    """
    if not folder.is_dir():
        raise StateError(
            f"No folder {folder}.", "the tabular source reads a folder with patients, measurements and events as .csv or .parquet."
        )
    paths = {name: _find(folder, name) for name in REQUIRED}
    tables = {name: _read_csv(path) if path.suffix == ".csv" else _read_parquet(path) for name, path in paths.items()}
    return received("tabular", tables, {name: path.name for name, path in paths.items()})


def read_any(path: Path) -> pd.DataFrame:
    """Return a CSV or Parquet file with every cell as text, blanks stripped.

    Raises
    ------
    StateError
        The file is not there.
    DataError
        It is not what its ending says.
    """
    if not path.is_file():
        raise StateError(f"No file {path}.", "name a .csv or .parquet file.")
    frame = _read_csv(path) if path.suffix == ".csv" else _read_parquet(path)
    return pd.DataFrame({column: cells_of(frame[column]).rows() for column in frame.columns if column != "source_row"})


def _find(folder: Path, name: str) -> Path:
    found = [path for path in (folder / f"{name}.csv", folder / f"{name}.parquet") if path.is_file()]
    if len(found) == 1:
        return found[0]
    if found:
        raise DataError(f"{folder} holds both {name}.csv and {name}.parquet.", "keep the one that counts.", "two_files")
    hint = "a file with only the header is accepted." if name == "events" else f"name the file {name}.csv or {name}.parquet."
    raise DataError(f"{folder} holds neither {name}.csv nor {name}.parquet.", hint, "missing_file")


def _read_csv(path: Path) -> pd.DataFrame:
    try:
        frame = pd.read_csv(path, dtype="category", keep_default_na=False, encoding="utf-8-sig", skip_blank_lines=False)
    except pd.errors.EmptyDataError:
        raise DataError(f"{path.name} is empty.", "the first line must name the columns.", "not_csv") from None
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path.name} is not a UTF-8 text file (byte {error.start}).",
            "save it as CSV in UTF-8, or give it the ending it deserves.",
            "not_csv",
        ) from None
    except pd.errors.ParserError as error:
        raise DataError(f"{path.name} is not a well-formed CSV file: {str(error).strip()}.", "check that line.", "not_csv") from None
    except PermissionError:
        raise DataError(f"{path.name} cannot be read: no permission.", "ask for read access.", "no_permission") from None
    if not isinstance(frame.index, pd.RangeIndex):
        raise DataError(
            f"{path.name}: the rows have more fields than the header.",
            "check the separators; a comma inside a cell needs quotes.",
            "not_csv",
        )
    frame.columns = [str(column).strip() for column in frame.columns]
    _check_layout(path, frame)
    frame = frame.apply(_without_gaps)
    frame["source_row"] = frame.index + 2
    said = np.zeros(len(frame), dtype=bool)
    for column in frame.columns.drop("source_row"):
        said |= (frame[column] != "").to_numpy()
    return frame[said]


def _without_gaps(column: pd.Series) -> pd.Series:
    """Return a column in which the cells of rows that end early are empty, not missing."""
    if not column.hasnans:
        return column
    return (column if "" in column.cat.categories else column.cat.add_categories("")).fillna("")


def _check_layout(path: Path, frame: pd.DataFrame) -> None:
    """Refuse a file whose separators, quotes or header would be misread without a word."""
    if len(frame.columns) == 1 and any(mark in frame.columns[0] for mark in ";\t|"):
        raise DataError(f"{path.name} is not separated by commas.", "save it with commas between the cells.", "not_csv")
    with path.open(encoding="utf-8-sig", newline="") as file:
        header = [cell.strip() for cell in next(csv.reader(file), [])]
    if twice := sorted({name for name in header if header.count(name) > 1}):
        raise DataError(f"{path.name} has {len(twice)} column name(s) twice.", "each column needs a name of its own.", "not_csv")
    for place, column in enumerate(frame.columns, start=1):
        broken = np.array(["\n" in cell for cell in frame[column].cat.categories], dtype=bool)
        if broken.any():
            named = column if column in COLUMNS else place  # any other name may be a person's data, in a file without a header
            line = int(np.isin(frame[column].cat.codes, np.flatnonzero(broken)).argmax()) + 2
            raise DataError(
                f"{path.name}, line {line}, column {named}: a cell holds a line break; a quotation mark may be missing or too many.",
                "remove the quotation mark or the line break; otherwise the rows that follow would be swallowed.",
                "not_csv",
            )


def _read_parquet(path: Path) -> pd.DataFrame:
    try:
        texts = [field.name for field in parquet.read_schema(path) if pyarrow.types.is_string(field.type)]
        frame: pd.DataFrame = parquet.read_table(path, read_dictionary=texts).to_pandas()
    except PermissionError:
        raise DataError(f"{path.name} cannot be read: no permission.", "ask for read access.", "no_permission") from None
    except (pyarrow.ArrowInvalid, OSError):
        raise DataError(
            f"{path.name} is not a Parquet file, or it is cut short.", "write it again, or name a CSV file .csv.", "not_parquet"
        ) from None
    frame = frame.reset_index(drop=isinstance(frame.index, pd.RangeIndex) or frame.index.names == [None])
    frame["source_row"] = frame.index + 1
    return frame
