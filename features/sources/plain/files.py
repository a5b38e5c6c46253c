"""One table of a folder: CSV, plain or .gz, Parquet, or a sheet of an XLSX workbook. Every cell of CSV stays text: nothing is guessed."""

from __future__ import annotations

import csv
import gzip
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, TextIO, cast

import numpy as np
import pandas as pd
import pyarrow
import pyarrow.parquet as parquet

from features.sources.folders import DAMAGED_GZIP, files_below, no_permission, separator_of
from features.sources.frames import plain_column
from features.sources.received import COLUMNS
from myeloma import DataError

SUFFIXES = (".csv", ".csv.gz", ".tsv", ".txt", ".parquet", ".xlsx")


def stem_of(path: Path) -> str:
    """Return the name of a file without its ending, in lower case; empty where the ending is none that is read."""
    name = path.name.lower()
    suffix = next((suffix for suffix in sorted(SUFFIXES, key=len, reverse=True) if name.endswith(suffix)), None)
    return "" if suffix is None else name.removesuffix(suffix)


def find(folder: Path, name: str) -> Path | None:
    """Return the file of a table, by its name in any letter case; None where there is none.

    Raises
    ------
    DataError
        There are several.
    """
    found = [path for path in sorted(folder.iterdir()) if path.is_file() and stem_of(path) == name]
    if len(found) > 1:
        raise DataError(f"{folder} holds both {' and '.join(path.name for path in found)}.", "keep the one that counts.", "two_files")
    return found[0] if found else None


def unread(folder: Path, read: set[Path]) -> list[str]:
    """Return the files below a folder that are not read, by name."""
    return [path.relative_to(folder).as_posix() for path in files_below(folder) if path not in read and not path.name.startswith(".")]


def read_file(path: Path, separator: str = ",", encoding: str = "utf-8-sig", sheet: str = "") -> pd.DataFrame:
    """Return a table as received; a row of CSV or XLSX is named by its line (the header is line 1), one of Parquet by its number from 1.

    Raises
    ------
    DataError
        It is not what its ending says, or cannot be read.
    """
    if path.suffix.lower() == ".parquet":
        return _read_parquet(path)
    if path.suffix.lower() == ".xlsx":
        return _read_xlsx(path, sheet)
    return _read_csv(path, separator, encoding)


def open_text(path: Path, encoding: str) -> TextIO:
    """Open a text file, packed or not, for reading."""
    file = (gzip.open if path.suffix.lower() == ".gz" else open)(path, "rt", encoding=encoding, newline="")
    return cast(TextIO, file)


def encoding_of(path: Path) -> str:
    """Return ascii, utf-8-sig, or cp1252: what exports are in, in Europe and the Americas, that are no UTF-8."""
    for encoding in ("ascii", "utf-8-sig"):
        with reading(path), open_text(path, encoding) as file:
            try:
                while file.read(1 << 20):
                    pass
                return encoding
            except UnicodeDecodeError:
                continue
    return "cp1252"


def separator_in(path: Path) -> str:
    """Return what separates the columns of a CSV file."""
    with reading(path), open_text(path, "latin-1") as file:
        return separator_of(file.readline())


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn what is wrong with a file into words."""
    try:
        yield
    except DAMAGED_GZIP:
        raise DataError(f"{path.name} is cut short, or not what .gz says.", "pack it again.", "not_readable") from None
    except PermissionError:
        raise no_permission(path.name) from None


def _read_csv(path: Path, separator: str, encoding: str) -> pd.DataFrame:
    packed: Literal["gzip"] | None = "gzip" if path.suffix.lower() == ".gz" else None
    try:
        with reading(path):
            frame = pd.read_csv(
                path, sep=separator, dtype="category", keep_default_na=False, encoding=encoding, skip_blank_lines=False, compression=packed
            )
    except pd.errors.EmptyDataError:
        raise DataError(f"{path.name} is empty.", "the first line must name the columns.", "not_csv") from None
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path.name} is not a {'UTF-8' if encoding == 'utf-8-sig' else encoding} text file (byte {error.start}).",
            "save it as CSV in UTF-8, name its encoding in a mapping, or give it the ending it deserves.",
            "not_csv",
        ) from None
    except pd.errors.ParserError as error:
        raise DataError(f"{path.name} is not a well-formed CSV file: {str(error).strip()}.", "check that line.", "not_csv") from None
    if not isinstance(frame.index, pd.RangeIndex):
        raise DataError(
            f"{path.name}: the rows have more fields than the header.",
            "check the separators; a comma inside a cell needs quotes.",
            "not_csv",
        )
    frame.columns = [str(column).strip() for column in frame.columns]
    _check_layout(path, frame, separator, encoding)
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


def _check_layout(path: Path, frame: pd.DataFrame, separator: str, encoding: str) -> None:
    """Refuse a file whose separators, quotes or header would be misread without a word."""
    if len(frame.columns) == 1 and any(mark in frame.columns[0] for mark in ",;\t|"):
        wrong = "commas" if separator == "," else repr(separator)
        hint = "save it with commas between the cells, or name the separator in a mapping: `python -m features suggest FOLDER` writes one."
        raise DataError(f"{path.name} is not separated by {wrong}.", hint, "not_csv")
    with open_text(path, encoding) as file:
        header = [cell.strip() for cell in next(csv.reader(file, delimiter=separator), [])]
    if twice := sorted({name for name in header if header.count(name) > 1}):
        raise DataError(f"{path.name} has {len(twice)} column name(s) twice.", "each column needs a name of its own.", "not_csv")
    for place, column in enumerate(frame.columns, start=1):
        broken = np.array(["\n" in cell for cell in frame[column].cat.categories], dtype=bool)
        if broken.any():
            called = column if column in COLUMNS else place  # any other name may be a person's data, in a file without a header
            line = int(np.isin(frame[column].cat.codes, np.flatnonzero(broken)).argmax()) + 2
            raise DataError(
                f"{path.name}, line {line}, column {called}: a cell holds a line break; a quotation mark may be missing or too many.",
                "remove the quotation mark or the line break; otherwise the rows that follow would be swallowed.",
                "not_csv",
            )


def _read_parquet(path: Path) -> pd.DataFrame:
    try:
        texts = [field.name for field in parquet.read_schema(path) if pyarrow.types.is_string(field.type)]
        frame: pd.DataFrame = parquet.read_table(path, read_dictionary=texts).to_pandas()
    except PermissionError:
        raise no_permission(path.name) from None
    except (pyarrow.ArrowInvalid, OSError):
        raise DataError(
            f"{path.name} is not a Parquet file, or it is cut short.", "write it again, or name a CSV file .csv.", "not_parquet"
        ) from None
    frame = frame.reset_index(drop=isinstance(frame.index, pd.RangeIndex) or frame.index.names == [None])
    frame["source_row"] = frame.index + 1
    return frame


def sheets_of(path: Path) -> list[str]:
    """Return the names of the sheets of a workbook, in their order; charts are none.

    Raises
    ------
    DataError
        It is no workbook, or cannot be read.
    """
    with _workbook(path) as book:
        return [sheet.title for sheet in book.worksheets]


@contextmanager
def _workbook(path: Path) -> Iterator[Any]:
    import openpyxl  # only who reads a workbook needs it

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        try:
            yield book
        finally:
            book.close()
    except PermissionError:
        raise no_permission(path.name) from None
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, *DAMAGED_GZIP):
        raise DataError(f"{path.name} is not an XLSX workbook, or it is damaged.", "save it again.", "not_readable") from None


def _read_xlsx(path: Path, sheet: str) -> pd.DataFrame:
    """Return a sheet, the first where none is named; dates stay dates, and a number that was typed as text stays text."""
    with _workbook(path) as book:
        sheets = [one.title for one in book.worksheets]
        if not sheets or (sheet and sheet not in sheets):
            raise DataError(f'{path.name} has no sheet "{sheet}".', f"it has {len(sheets)} sheets.", "missing_table")
        table = book[sheet or sheets[0]]
        table.reset_dimensions()  # the size that a sheet declares may be old, or missing: what lies beyond it would be lost in silence
        rows = list(table.iter_rows(values_only=True))
    names = ["" if cell is None else str(cell).strip() for cell in (rows[0] if rows else ())]
    kept = [number for number, name in enumerate(names) if name]
    if not kept:
        raise DataError(f"{path.name} is empty.", "the first line must name the columns.", "not_csv")
    if len({names[number] for number in kept}) < len(kept):
        raise DataError(f"{path.name} has a column name twice.", "each column needs a name of its own.", "not_csv")
    said = [line for line, row in enumerate(rows[1:], start=2) if any(cell is not None and str(cell).strip() for cell in row)]
    cells = [[*rows[line - 1], *[None] * (len(names) - len(rows[line - 1]))] for line in said]  # a row may end before the header does
    columns = {names[number]: plain_column(pd.Series([row[number] for row in cells], dtype=object)) for number in kept}
    return pd.DataFrame(columns).assign(source_row=said)
