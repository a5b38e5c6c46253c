"""The tables of an export, by its layout, become tables in the columns and words of the product; cells that the layout leaves out stay."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from features.sources.births import with_ages
from features.sources.cells import Cells, cells_of
from features.sources.plain.files import find, read_file, sheets_of, unread
from features.sources.plain.layout import COLUMNS, MISSING, Column, Layout, Table
from features.sources.plain.written import EITHER, filled_id, is_year, iso_date, only_in, plain_number
from features.sources.received import REQUIRED
from features.sources.units import values_without_units
from myeloma import DataError

DATES = ("index_date", "birth_date", "collected_at", "available_at", "occurred_at")
_SAYING = {
    "patients": (),
    "measurements": ("biomarker", "value"),
    "events": ("occurred_at", "kind"),
}  # without them a row says nothing of a table
_MOST_NAMED = 5


def read_tables(folder: Path, layout: Layout) -> tuple[dict[str, pd.DataFrame], dict[str, str], list[str]]:
    """Return the three tables, what stands behind each, and notes.

    Raises
    ------
    DataError
        A file or a column that the layout names is not there, or a file cannot be read.
    """
    paths = {name: _path(folder, name, layout) for name in REQUIRED if layout.has(name)}
    tables, notes = {}, []
    for name in REQUIRED:
        path = paths.get(name)
        if path is None:
            tables[name] = pd.DataFrame(columns=[*REQUIRED[name], "source_row"]).astype({"source_row": "int64"})
            continue
        table = layout.table(name)
        frame = named(read_file(path, layout.separator, layout.encoding, table.sheet), name, table, path.name)
        places = [(other, layout.table(one).sheet) for one, other in paths.items()]
        shared = places.count((path, table.sheet)) > 1  # of a workbook each table has a sheet to itself
        frame = _of_one_table(frame, name, table, shared)
        notes += [*_in_the_other_order(frame, name, layout), *_years_or_serials(frame, name, layout)]
        tables[name] = in_our_words(frame, name, layout)
    tables["patients"], aged = with_ages(tables["patients"])
    if aged:
        notes.append(f"{aged} people are born in a known year or month, not on a known day: their age is counted from its middle")
    if others := unread(folder, set(paths.values())):
        listed = ", ".join(others[:_MOST_NAMED]) + (", ..." if len(others) > _MOST_NAMED else "")
        notes.append(f"{len(others)} files of the folder are not read: {listed}; are they parts of a table?")
    notes += _sheets_left(paths, layout)
    return tables, {name: paths[name].name if name in paths else f"no {name}" for name in REQUIRED}, notes


def _in_the_other_order(frame: pd.DataFrame, name: str, layout: Layout) -> list[str]:
    """Return a note for each column with dates that are days only with day and month the other way round: it may mix two orders."""
    notes = []
    for form, other in (pair[::way] for pair in EITHER for way in (1, -1) if pair[::way][0] in layout.dates):
        for column in DATES:
            texts = cells_of(frame[column]).texts if column in frame and _is_text(frame[column]) else ()
            if turned := only_in(map(str, texts), (form, other))[1]:
                refused = f"{len(turned)} different dates of {column} in {name} are days as {other} alone, not as {form}, and are refused"
                notes.append(f"{refused}; if the column mixes two orders, others are misread: ask its source")
    return notes


def _years_or_serials(frame: pd.DataFrame, name: str, layout: Layout) -> list[str]:
    """Return a note for each column of days with numbers that are years or serial numbers: they are refused, of a birth they are years."""
    notes = []
    for column in (column for column in DATES if column in frame and column != "birth_date" and "EXCEL" in layout.dates):
        if years := int(cells_of(frame[column]).each(is_year, bool).sum()):
            what = f"{years} of {len(frame)} cells of {column} in {name} hold a number such as 2012: a year, or as EXCEL a day of 1905"
            notes.append(f"{what}. They are refused; write the whole day as YYYY-MM-DD, or as the serial number of a day")
    return notes


def _sheets_left(paths: Mapping[str, Path], layout: Layout) -> list[str]:
    """Say which sheets of the workbooks that are read are not: what they are called may be free text, so they are counted."""
    notes = []
    for path in dict.fromkeys(path for path in paths.values() if path.suffix.lower() == ".xlsx"):
        sheets = sheets_of(path)
        read = {layout.table(name).sheet or sheets[0] for name, other in paths.items() if other == path}
        if left := len(set(sheets) - read):
            notes.append(f"{path.name}: {left} of {len(sheets)} sheets are not read; a mapping names one as {{file: ..., sheet: ...}}")
    return notes


def _path(folder: Path, name: str, layout: Layout) -> Path:
    if file := layout.table(name).file:
        path = folder / file
        if not path.resolve().is_relative_to(folder.resolve()) or not path.is_file():
            raise DataError(f"{folder} holds no {file}.", f"the mapping names it as the table {name}.", "missing_file")
        return path
    path_found = find(folder, name)
    if path_found is None:
        hint = f"name the file {name}.csv or {name}.parquet, or name it in a mapping: `python -m features suggest FOLDER` writes one."
        if name == "events":
            hint = "a file with only the header is accepted; a mapping may say `tables: {events: none}`: then nobody is known to progress."
        raise DataError(f"{folder} holds neither {name}.csv nor {name}.parquet.", hint, "missing_file")
    return path_found


def named(frame: pd.DataFrame, name: str, table: Table, file: str) -> pd.DataFrame:
    """Return a table with our names of columns: those of the layout, else the same name in any letter case."""
    there = (*table.columns.values(), *(one.column for one in table.wide.values()))
    if lacking := [theirs for theirs in there if theirs not in frame.columns]:
        raise DataError(
            f'{file} has no column "{lacking[0]}".', f"the mapping names it; {len(frame.columns) - 1} columns are there.", "missing_column"
        )
    names = {theirs: ours for ours, theirs in table.columns.items()}
    taken = {*names.values(), *(column for column in frame.columns if column in COLUMNS[name])}
    for column in frame.columns:
        ours = str(column).strip().casefold()
        if column not in names and ours in COLUMNS[name] and ours not in taken:
            names[column] = ours
            taken.add(ours)
    return frame.rename(columns=names)


def as_rows(frame: pd.DataFrame, name: str, wide: Mapping[str, Column]) -> pd.DataFrame:
    """Return the filled cells of a wide table, a row each, in the order of its rows."""
    value, kind = ("value", "biomarker") if name == "measurements" else ("occurred_at", "kind")
    every, parts = {one.column for one in wide.values()}, []
    for ours, one in wide.items():
        part = frame.drop(columns=every - {one.column}).rename(columns={one.column: value}).assign(**{kind: ours})
        part = part.assign(unit=one.unit) if name == "measurements" else part
        parts.append(part[cells_of(part[value]).rows() != ""])
    rows: pd.DataFrame = pd.concat(parts, ignore_index=True).sort_values("source_row", kind="stable", ignore_index=True)
    return rows


def _of_one_table(frame: pd.DataFrame, name: str, table: Table, shared: bool) -> pd.DataFrame:
    """Return a wide table as rows; and of a file that holds several tables the rows that say something of this one, each once."""
    if table.wide:
        frame = as_rows(frame, name, table.wide)
    if shared:
        mine = [column for column in frame.columns if column in COLUMNS[name]]
        said = np.ones(len(frame), dtype=bool)
        for column in _SAYING[name]:
            said &= cells_of(frame[column]).rows() != "" if column in frame else True
        frame = frame[said]
        frame = frame.loc[~frame[mine].astype(str).duplicated(), [*mine, "source_row"]]
    return frame


def in_our_words(frame: pd.DataFrame, name: str, layout: Layout) -> pd.DataFrame:
    """Return a table whose cells are written as the checks read them; without a layout they stay."""
    if layout == Layout():
        return frame
    frame = frame.copy()
    missing = {word.casefold() for word in layout.missing}
    for column in frame.columns if missing else ():
        if _is_text(frame[column]):
            frame[column] = _each(frame[column], lambda text: "" if text.casefold() in missing else text)
    for column in DATES:
        if column in frame and layout.dates:
            frame[column] = _each(frame[column], lambda text: iso_date(text, layout.dates), always="EXCEL" in layout.dates)
    if layout.id_width and "patient_id" in frame:
        frame["patient_id"] = _each(frame["patient_id"], lambda text: filled_id(text, layout.id_width), always=True)
    for column, words in layout.words.items():
        if column in frame:
            ours = {theirs.casefold(): word for word, every in words.items() for theirs in every}
            frame[column] = _each(frame[column], partial(_meant, ours), always=True)
    return _measured(frame, layout) if name == "measurements" else frame


def _meant(words: Mapping[str, str], text: str) -> str:
    return words.get(text.casefold(), text)


def _is_text(column: pd.Series) -> bool:
    return column.dtype == object or isinstance(column.dtype, pd.CategoricalDtype) or pd.api.types.is_string_dtype(column)


def _each(column: pd.Series, function: Callable[[str], str], always: bool = False) -> pd.Series:
    """Return a column with a function applied to each distinct text; numbers and dates with a type of their own stay, unless `always`."""
    if not (always or _is_text(column)) or column.dtype.kind == "M":
        return column
    return pd.Series(cells_of(column).mapped(function).categorical(), index=column.index)


def _measured(frame: pd.DataFrame, layout: Layout) -> pd.DataFrame:
    """Return measurements with our biomarkers, units and numbers."""
    if "biomarker" in frame and layout.biomarkers:
        known = {name.casefold(): meant for name, meant in layout.biomarkers.items()}
        received = cells_of(frame["biomarker"])
        frame["biomarker"] = _each(frame["biomarker"], lambda text: known[text.casefold()].biomarker if text.casefold() in known else text)
        units = received.of(np.array([known[t.casefold()].unit if t.casefold() in known else "" for t in received.texts], dtype=object))
        written = cells_of(frame["unit"]).rows() if "unit" in frame else np.full(len(frame), "", dtype=object)
        frame["unit"] = np.where(written == "", units, written)
    if "unit" in frame and layout.units:
        frame["unit"] = _each(frame["unit"], lambda text: layout.units.get(text, text))
    if "value" in frame and "biomarker" in frame and _is_text(frame["value"]):
        name = cells_of(frame["biomarker"])
        bare = values_without_units(name, frame["value"], cells_of(frame["unit"])) if "unit" in frame else frame["value"]
        frame["value"] = _values(name, cells_of(bare), layout)
    return frame


def _values(biomarker: Cells, value: Cells, layout: Layout) -> np.ndarray:
    words: dict[str, Mapping[str, str]] = {n: {w.casefold(): r for w, r in results.items()} for n, results in layout.results.items()}
    pair, pairs = pd.factorize(biomarker.codes.astype(np.int64) * max(len(value.texts), 1) + value.codes)
    texts = []
    for code in pairs:
        name, text = biomarker.texts[code // len(value.texts)].casefold(), value.texts[code % len(value.texts)]
        meant = words.get(name, {}).get(text.casefold())
        texts.append(plain_number(text, layout.decimal, layout.flags) if meant is None else "" if meant == MISSING else meant)
    return np.array(texts, dtype=object)[pair]
