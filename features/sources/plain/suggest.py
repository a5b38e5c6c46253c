"""Look at an export and write the layout that fits it: what is recognised is filled in, what could be two things is left to a person.

Nothing is taken over by itself: the layout is a file that a person reads, completes and hands to `ingest`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from features.cohort.files import whole_file
from features.sources.cells import cells_of
from features.sources.plain import recognise
from features.sources.plain.beside import events_beside, holds_days, results_beside
from features.sources.plain.files import SUFFIXES, encoding_of, read_file, separator_in, stem_of
from features.sources.plain.layout import COLUMNS, DECIDE, WORDS, Column, Layout, Table
from features.sources.plain.places import Place, places_in
from features.sources.plain.tables import DATES, as_rows, named
from features.sources.plain.written import filled_id
from features.sources.received import REQUIRED
from myeloma import DataError, StateError, UserError
from myeloma.echo import echo


@dataclass
class Suggestion:
    """A layout as it would stand in a file, and what was found: recognised, left to decide, wrong, and not read, each in words."""

    layout: dict[str, Any] = field(default_factory=dict)
    recognised: list[str] = field(default_factory=list)
    decide: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)

    def lines(self) -> dict[str, list[str]]:
        """Return what was found, by what it means for a person."""
        return {"recognised": self.recognised, "to decide": self.decide, "fault": self.faults, "not read": self.unread}


_OF_SOME = {"method": "methods", "specimen": "possible_specimens"}  # said of some biomarkers alone
_RECEIVED = re.compile(r'"([^"]*)"')


def told(line: str) -> str:
    """Return a line with what was received, which stands in quotation marks, left out where it could name a person.

    Examples
    --------
    >>> told('"Meier" (3 rows) is no biomarker that is known'), told('is "m_protein" meant?')
    ('"..." (3 rows) is no biomarker that is known', 'is "m_protein" meant?')
    """
    return _RECEIVED.sub(lambda found: f'"{echo(found[1]) or "..."}"', line)


def suggest(folder: Path) -> Suggestion:
    """Return the layout of an export.

    Raises
    ------
    StateError
        There is no such folder.
    DataError
        It holds no table.
    """
    if not folder.is_dir():
        raise StateError(f"No folder {folder}.", f"a folder with tables ({', '.join(SUFFIXES)}) is looked at.")
    files = [path for path in sorted(folder.iterdir()) if path.is_file() and stem_of(path)]
    if not files:
        raise DataError(f"{folder} holds no table.", f"tables end in {', '.join(SUFFIXES)}.", "missing_file")
    found = Suggestion()
    places = places_in(files)
    chosen = recognise.tables(places)
    readable = _how_written(found, files)
    frames = _frames(found, [place for place in places if place.path in readable], set(chosen.values()))
    tables = _tables(found, frames, chosen)
    _beside(found, frames, chosen)
    _dates(found, tables)
    _identifiers(found, tables)
    for name, frame in tables.items():
        _words(found, name, frame)
    if "measurements" in tables:
        _measured(found, tables["measurements"])
    return found


def _how_written(found: Suggestion, files: list[Path]) -> list[Path]:
    """Say separator and encoding of the text files, and return the files that can be read; files that differ are a fault."""
    said: dict[str, dict[str, str]] = {"encoding": {}, "separator": {}}
    readable = []
    for path in files:
        try:
            if path.suffix.lower() not in (".parquet", ".xlsx"):
                said["encoding"][path.name], said["separator"][path.name] = encoding_of(path), separator_in(path)
            readable.append(path)
        except DataError as error:
            found.faults.append(f"{error.what} {error.hint}")
    for key, default in (("encoding", "utf-8-sig"), ("separator", ",")):
        kinds = sorted(set(said[key].values()) - {"ascii"})  # which is the same in every other encoding
        if len(kinds) > 1:
            found.faults.append(f"files differ in their {key}: " + ", ".join(f"{name} {kind!r}" for name, kind in said[key].items()))
        if kinds and kinds[0] != default:
            found.layout[key] = kinds[0]
            found.recognised.append(f"{key} {kinds[0]!r}")
    return readable


def _frames(found: Suggestion, places: list[Place], chosen: set[Place]) -> dict[Place, pd.DataFrame]:
    """Return what stands at each place; a sheet that is no table, as one with remarks, is no fault."""
    layout = Layout.model_validate({key: found.layout[key] for key in ("encoding", "separator") if key in found.layout})
    frames = {}
    for place in places:
        try:
            frames[place] = read_file(place.path, layout.separator, layout.encoding, place.sheet)
        except UserError as error:
            if place.sheet and place not in chosen:
                found.unread.append(f"{place.called} is no table, and is not read")
            else:
                found.faults.append(f"{error.what} {error.hint}")
    return frames


def _tables(found: Suggestion, frames: dict[Place, pd.DataFrame], places: dict[str, Place]) -> dict[str, pd.DataFrame]:
    """Return the frame of each table in our names of columns, and write where it stands."""
    tables: dict[str, pd.DataFrame] = {}
    for name in REQUIRED:
        place = places.get(name)
        if place is None:
            found.layout.setdefault("tables", {})[name] = DECIDE
            found.decide.append(f"tables.{name}: no file looks like it; name one as {{file: ...}}, or write none")
            continue
        if place in frames:  # else it is among the faults
            tables[name] = _one_table(found, name, place, frames[place])
    return tables


def _one_table(found: Suggestion, name: str, place: Place, frame: pd.DataFrame) -> pd.DataFrame:
    columns, wide, likely = recognise.columns(name, [str(c) for c in frame.columns if c != "source_row"])
    entry: dict[str, Any] = {"file": place.path.name} if stem_of(place.path) != name else {}
    entry |= {"sheet": place.sheet} if place.sheet else {}
    if columns or likely:
        entry["columns"] = columns | dict.fromkeys(likely, DECIDE)
    for ours, theirs in likely.items():
        found.decide.append(f'tables.{name}.columns.{ours}: is "{theirs}" meant? Else take the line out')
    if columns or "file" in entry:
        said = ", ".join(f'{ours} is "{theirs}"' for ours, theirs in columns.items())
        found.recognised.append(f"{place.called} is {name}" + (f": {said}" if said else ""))
    if wide:
        entry["wide"] = wide
        found.recognised.append(f"{place.called}: one column for each of {', '.join(wide)}")
        found.decide += [f"tables.{name}.wide.{n}.unit: in which unit?" for n, one in wide.items() if one["unit"] == DECIDE]
    if entry:
        found.layout.setdefault("tables", {})[name] = entry
    missing = [c for c in REQUIRED[name] if c not in columns and c not in likely and c not in map(_folded, frame.columns)]
    if missing and not wide:
        found.faults.append(f"{place.called} has no column that looks like {', '.join(missing)}")
    frame = named(frame, name, Table(columns=columns), place.called)
    if not wide:
        return frame
    for theirs, but in results_beside(frame, name, wide).items():
        line = f'tables.{name}.wide: is "{theirs}" a result? It is not read; name it with its unit, or leave it'
        found.decide.append(line + (f". {but}" if but else ""))
    return as_rows(frame, name, {ours: Column.model_validate(one) for ours, one in wide.items()})


def _beside(found: Suggestion, frames: dict[Place, pd.DataFrame], chosen: dict[str, Place]) -> None:
    """Say what is not read: places that are no table, columns of those that are, and first of all columns with days of events."""
    layout = found.layout.get("tables", {})
    for place, frame in frames.items():
        mine = [name for name, other in chosen.items() if other == place]
        if not mine:
            found.unread.append(f"{place.called} is taken for no table")
        read = {theirs for name in mine for theirs in _theirs(frame, name, layout.get(name, {}))}
        if "events" not in mine:
            _events_at(found, place, frame, read, "events" in chosen)
        left = [f'"{column}"' for column in map(str, frame.columns) if column not in {*read, "source_row"}]
        if mine and left:
            found.unread.append(f"{place.called}: {', '.join(left)}")


def _theirs(frame: pd.DataFrame, name: str, entry: dict[str, Any]) -> set[str]:
    """Return the columns of a place that a table reads, as they are called there."""
    own = {str(column) for column in frame.columns if _folded(column) in COLUMNS[name]}
    return own | {*entry.get("columns", {}).values()} | {one["column"] for one in entry.get("wide", {}).values()}


def _events_at(found: Suggestion, place: Place, frame: pd.DataFrame, read: set[str], others: bool) -> None:
    """Ask about columns that are called as an event is: whoever died or was treated must not pass as alive and untreated."""
    called = events_beside(frame, read)
    if not called:
        return
    said = ", ".join(f'"{theirs}" ({kind})' for theirs, kind in called.items())
    days = {kind: theirs for theirs, kind in reversed(called.items()) if holds_days(frame[theirs])}
    wide = ", ".join(f'{kind}: "{theirs}"' for kind, theirs in reversed(days.items()))
    ids = found.layout.get("tables", {}).get("patients", {}).get("columns", {}).get("patient_id", "patient_id")
    where = f"file: {place.path.name}" + (f', sheet: "{place.sheet}"' if place.sheet else "")
    if others:
        how = "put what they say into the table of events, or leave it"
    elif wide:
        how = f'name them as {{{where}, columns: {{patient_id: "{ids}"}}, wide: {{{wide}}}}}, or leave them'
    else:
        how = "make a table of events of it, or leave it"
    found.decide.append(f"tables.events: columns of {place.called} are called as events are, and are not read: {said}; {how}")


def _folded(name: object) -> str:
    return str(name).strip().casefold()


def _dates(found: Suggestion, tables: dict[str, pd.DataFrame]) -> None:
    """Name the form of dates; where day and month could be either throughout, leave it to a person."""
    texts = {f"{name}.{c}": cells_of(t[c]).texts for name, t in tables.items() for c in DATES if c in t and t[c].dtype.kind != "M"}
    forms, unclear, faults = recognise.date_forms(texts)
    if forms:
        found.layout["dates"] = forms
        found.recognised.append(f"dates {', '.join(forms)}")
    if unclear:
        found.layout["dates"] = [*forms, DECIDE]
        found.decide.append(f"dates: {' or '.join(unclear)}? All of them could be either")
    found.faults += faults


def _identifiers(found: Suggestion, tables: dict[str, pd.DataFrame]) -> None:
    ids = {name: {str(text) for text in cells_of(t["patient_id"]).texts} for name, t in tables.items() if "patient_id" in t}
    if "patients" not in ids:
        return
    if width := recognise.lost_zeros(ids):
        found.layout["id_width"] = width
        found.recognised.append(f"identifiers that lost their leading zeros: {width} digits")
    for name, known in ids.items():
        lost = {filled_id(one, width) for one in known} - {filled_id(one, width) for one in ids["patients"]} - {""}
        if lost:
            found.faults.append(f"{len(lost)} of {len(known)} identifiers of {name} are not among the patients")


def _words(found: Suggestion, name: str, frame: pd.DataFrame) -> None:
    for column, accepted in WORDS.items():
        if column not in frame or column not in COLUMNS[name]:
            continue
        said = frame.loc[recognise.has(frame, _OF_SOME[column]), column] if column in _OF_SOME else frame[column]
        words, unknown = recognise.words(column, [str(text) for text in cells_of(said).texts], accepted)
        if words:
            found.layout.setdefault("words", {})[column] = words
            found.recognised.append(f"{column}: {sum(map(len, words.values()))} other words")
        if column == "method":
            continue  # an unknown method is unknown, and `ingest` counts it: a laboratory has many
        for word in unknown:
            found.layout.setdefault("words", {}).setdefault(column, {}).setdefault(DECIDE, []).append(word)
        if unknown:
            ours = ", ".join(accepted)
            found.decide.append(f"words.{column}: {len(unknown)} words are not known; put each under one of {ours}, or take it out")


def _measured(found: Suggestion, frame: pd.DataFrame) -> None:
    if "biomarker" not in frame:
        return
    if wide := found.layout.get("tables", {}).get("measurements", {}).get("wide"):
        _values(found, frame, {ours: ours for ours in wide})
        return
    names, unknown = recognise.biomarkers(cells_of(frame["biomarker"]))
    entries: dict[str, Any] = {theirs: ours for theirs, ours in names.items() if theirs != ours}
    if entries:
        found.recognised.append("biomarkers: " + ", ".join(f'"{theirs}" is {ours}' for theirs, ours in entries.items()))
    for theirs, (rows, near) in unknown.items():
        found.faults.append(f'"{theirs}" ({rows} rows) is no biomarker that is known{near}; name it under biomarkers if it is one')
    units, blank = recognise.units(frame, names)
    for theirs in blank:
        entries[theirs] = {"biomarker": names[theirs], "unit": DECIDE}
        found.decide.append(f'biomarkers."{theirs}".unit: in which unit? {names[theirs]} has none in some rows')
    for theirs, of in units.items():
        found.layout.setdefault("units", {})[theirs] = DECIDE
        found.decide.append(f'units."{theirs}": which unit is it? It stands beside {", ".join(of)}')
    if entries:
        found.layout["biomarkers"] = entries
    if "value" in frame:
        _values(found, frame, names)


def _values(found: Suggestion, frame: pd.DataFrame, names: dict[str, str]) -> None:
    said = recognise.values(frame, names)
    if said.decimal == DECIDE:
        found.decide.append("decimal: points and commas both stand in numbers, or only before three digits; which is the decimal mark?")
    elif said.decimal == ",":
        found.recognised.append("decimal commas")
    if said.decimal != ".":
        found.layout["decimal"] = said.decimal
    if said.flags:
        found.layout["flags"] = said.flags
        found.recognised.append(f"flags after numbers: {' '.join(said.flags)}")
    for biomarker, meant in said.meant.items():
        found.layout.setdefault("results", {})[biomarker] = dict(meant)
        found.recognised.append(f"results.{biomarker}: {len(meant)} other words")
    for biomarker, odd in said.odd.items() if said.decimal != DECIDE else ():
        rows, first = sum(odd.values()), next(iter(odd))
        found.decide.append(
            f'results.{biomarker}: {rows} results are no numbers, as "{first}", and will be refused; say there what each means, or leave it'
        )
    for biomarker, words in said.words.items():
        found.layout.setdefault("results", {}).setdefault(biomarker, {}).update(dict.fromkeys(words, DECIDE))
        rows = sum(words.values())
        found.decide.append(f'results.{biomarker}: {rows} results are words; a limit as "<0.1" in the unit of the row, or missing')


def write_layout(found: Suggestion, path: Path) -> None:
    """Write a layout as YAML, with what is left to decide above it.

    Raises
    ------
    DataError
        The file is there already: it may hold decisions.
    """
    if path.exists():
        raise DataError(f"{path} is there already.", "name another file with --out, or remove it.", "file_exists")
    lines = ["# How this export is written, for: python -m features ingest --source tabular FOLDER COHORT --mapping THIS_FILE"]
    lines += [f"# To decide: {line}" for line in found.decide]
    lines += [f"# Fault in the export: {line}" for line in found.faults]
    lines += [f"# Not read: {line}" for line in found.unread]
    body = yaml.safe_dump(found.layout, sort_keys=False, allow_unicode=True, width=120) if found.layout else "{}\n"
    with whole_file(path) as work:
        work.write_text("\n".join(map(_as_comment, lines)) + "\n" + body, encoding="utf-8")


def _as_comment(line: str) -> str:
    """Return a line as YAML holds it in a comment: what was received may break lines, or hold what no YAML may."""
    return "".join(sign if sign.isprintable() else " " for sign in line)
