"""Files with records of people: nobody but their owner may read them, and no cell of a CSV is run by a spreadsheet."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

OWN_FILE, OWN_FOLDER = 0o600, 0o700
_RUN = re.compile(r"'*[=+\-@\t\r]")  # how a cell begins that a spreadsheet takes for a formula, or that was escaped before
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_ESCAPED = re.compile(r"'+[=+\-@\t\r]")


def take_over(folder: Path) -> None:
    """Take everybody else's rights away from a folder and what is in it."""
    folder.chmod(OWN_FOLDER)
    for path in folder.rglob("*"):
        if not path.is_symlink():
            path.chmod(OWN_FOLDER if path.is_dir() else OWN_FILE)


def as_cell(text: str) -> str:
    """Return a text as it stands in a CSV for people: an apostrophe goes before what a spreadsheet would run; numbers stay.

    Examples
    --------
    >>> as_cell('=HYPERLINK("x")'), as_cell("-5.2"), as_cell("P1")
    ('\\'=HYPERLINK("x")', '-5.2', 'P1')
    """
    return f"'{text}" if _RUN.match(text) and not _NUMBER.fullmatch(text) else text


def from_cell(cell: str) -> str:
    """Return the text that `as_cell` made a cell of.

    Examples
    --------
    >>> from_cell(as_cell("@SUM(A1)")), from_cell(as_cell("'=1")), from_cell("'s-Hertogenbosch")
    ('@SUM(A1)', "'=1", "'s-Hertogenbosch")
    """
    return cell[1:] if _ESCAPED.match(cell) else cell


def for_spreadsheets(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose texts no spreadsheet runs."""

    def escaped(column: pd.Series) -> pd.Series:
        if column.dtype.kind != "O":  # texts, and categories of them
            return column
        return column.astype(object).map(lambda cell: as_cell(cell) if isinstance(cell, str) else cell)

    return table.apply(escaped) if len(table) else table
