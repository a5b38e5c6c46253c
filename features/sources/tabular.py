"""A folder with `patients`, `measurements` and `events`, each as CSV, XLSX or Parquet: the way other people's cohorts come in."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from features.sources.cells import cells_of
from features.sources.plain.files import read_file
from features.sources.plain.layout import Layout, read_layout
from features.sources.plain.tables import read_tables
from features.sources.received import Received, received
from myeloma import StateError


def read_tabular(folder: Path, mapping: Path | None = None) -> Received:
    """Return the three tables of a folder, as received.

    CSV cells stay text, so that nothing is guessed on the way; a CSV row is named by its line in the
    file (the header is line 1), a Parquet row by its number from 1.

    Parameters
    ----------
    mapping : Path, optional
        How the export is written (`features.sources.plain.layout`); as docs/own_cohort.md has it where left out.

    Raises
    ------
    StateError
        The folder, or the mapping, is not there.
    ConfigError
        The mapping is not understood.
    DataError
        A table is missing, there twice, or is not what its ending says.
    """
    if not folder.is_dir():
        raise StateError(
            f"No folder {folder}.", "the tabular source reads a folder with patients, measurements and events as .csv, .xlsx or .parquet."
        )
    tables, files, notes = read_tables(folder, Layout() if mapping is None else read_layout(mapping))
    found = received("tabular", tables, files)
    return Received(found.source, found.tables, found.files, [*notes, *found.notes])


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
    frame = read_file(path)
    return pd.DataFrame({column: cells_of(frame[column]).rows() for column in frame.columns if column != "source_row"})
