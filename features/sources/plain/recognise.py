"""What names and cells of an export mean, as far as they can mean one thing only."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, NamedTuple

import pandas as pd

from features.sources.answers import divisor_of, measurable
from features.sources.cells import Cells, cells_of
from features.sources.parsing import BAD, is_blank, result_of
from features.sources.plain.files import stem_of
from features.sources.plain.layout import COLUMNS, DECIDE
from features.sources.plain.names import common_names, key, table_of
from features.sources.plain.places import Place
from features.sources.plain.written import DATE_FORMS, EITHER, filled_id, fits, only_in, plain_number, thousand_or_fraction
from features.sources.received import REQUIRED
from features.sources.units import without_unit
from myeloma import catalogue
from myeloma.units import accepted_units

_YEAR = re.compile(r"\d{4}(-\d{2}|\.0+)?")
_UNIT = re.compile(r"^(.*?)\s*[\[(](.+)[\])]\s*$")
_FLAG = re.compile(r"^(?:[<>]=?|[≤≥])?\s*[+-]?\d[\d.,]*\s?(H|L|HH|LL|\*|\+|!)$")
_COMMA, _POINT = re.compile(r"^[<>≤≥]?=?\s*[+-]?\d+(\.\d{3})*,\d+$"), re.compile(r"^[<>≤≥]?=?\s*[+-]?\d+(,\d{3})*\.\d+$")
_FEW = 0.05  # numbers with the other decimal mark, days in the other order: slips, not a way of writing


def tables(places: list[Place]) -> dict[str, Place]:
    """Return the place of each table: by its own name, else by one that is common, else the only file there is.

    A workbook of several sheets of which none is called as a table stands for its first.
    """
    known = table_of(common_names()["tables"], REQUIRED)
    found: dict[str, Place] = {}
    for place in sorted(places, key=lambda place: place.stem not in REQUIRED):
        if (name := _table_in(place.stem, known)) and name not in found:
            found[name] = place
    unnamed = {place.path: place for place in reversed(places) if place.sheet and place.path not in {one.path for one in found.values()}}
    for path, first in reversed(unnamed.items()):
        if (name := _table_in(stem_of(path), known)) and name not in found:
            found[name] = first
    alone = len({place.path for place in places}) == 1
    return found or ({"patients": places[0], "measurements": places[0]} if alone else {})


def _table_in(stem: str, known: dict[str, str]) -> str | None:
    """Return the table that a name stands for, whole or by one of its words."""
    return known.get(key(stem)) or next((known[word] for word in key(stem).split() if word in known), None)


def columns(name: str, given: list[str]) -> tuple[dict[str, str], dict[str, Any], dict[str, str]]:
    """Return ours -> theirs of the columns with other names, a wide table's columns, and what is near to a column of ours."""
    known = table_of(common_names()["columns"][name], COLUMNS[name])
    ours = {column: known[key(column)] for column in given if key(column) in known}
    plain = {column.strip().casefold() for column in given}
    found: dict[str, str] = {}
    for theirs, mine in ours.items():
        if mine not in plain and mine not in found:
            found[mine] = theirs
    rest = [column for column in given if column not in ours]
    wide: dict[str, Any] = {}
    if name == "measurements" and "value" not in {*found, *plain}:
        wide = _wide(rest)
    likely = {}
    for column in COLUMNS[name]:
        near = get_close_matches(column, [one.casefold() for one in rest], n=1, cutoff=0.65)
        part = [one for one in rest if key(one) and key(one) in key(column).split()]
        if column not in {*found, *plain} and (near or part) and not wide:
            likely[column] = next((one for one in rest if one.casefold() in near), part[0] if part else "")
    return found, wide, likely


def _wide(given: list[str]) -> dict[str, Any]:
    known = table_of(common_names()["biomarkers"], measurable())
    wide = {}
    for column in given:
        parts = _UNIT.match(column)
        name = known.get(key(parts[1] if parts else column))
        if name is not None:
            unit = parts[2] if parts and _is_unit(name, parts[2]) else ""
            wide[name] = {"column": column, "unit": unit} if _is_unit(name, unit) else {"column": column, "unit": DECIDE}
    return wide


def _is_unit(biomarker: str, unit: str) -> bool:
    return divisor_of(biomarker, unit) is not None


def date_forms(texts: dict[str, Any]) -> tuple[list[str], tuple[str, ...], list[str]]:
    """Return the forms beside ISO, the two that could be either, and faults, of the distinct cells of each column."""
    forms: list[str] = []
    unclear: tuple[str, ...] = ()
    faults = []
    left: dict[str, set[str]] = {}
    for column, cells in texts.items():
        days = [text for text in map(str, cells) if not is_blank(text) and not (column.endswith("birth_date") and _YEAR.fullmatch(text))]
        if not days or all(fits(day, "YYYY-MM-DD") for day in days):
            continue
        share = {form: sum(fits(day, form) for day in days) / len(days) for form in DATE_FORMS}
        best = max(share.values())
        if best < 0.5:
            faults.append(f"{column}: most dates are in no form that is known ({', '.join(DATE_FORMS)})")
            continue
        if mixed := _mixed(column, days):
            faults.append(mixed)
            continue
        left[column] = {form for form, part in share.items() if part == best}
    for pair in EITHER:
        mine = {column: candidates & set(pair) for column, candidates in left.items() if candidates & set(pair)}
        agreed = set.intersection(*mine.values()) if mine else set()
        if len(agreed) == 1:
            forms += sorted(agreed)
        elif agreed:
            unclear = pair
        elif mine:
            faults.append(_disagreeing(mine, pair))
    forms += sorted({form for candidates in left.values() for form in candidates if not any(form in pair for pair in EITHER)})
    return [form for form in dict.fromkeys(forms) if form != "YYYY-MM-DD"], unclear, faults


def _mixed(column: str, days: list[str]) -> str:
    """Return in words that a column is written in two orders of day and month; empty where it is not, but for slips."""
    for pair in EITHER:
        first, second = only_in(days, pair)
        if min(len(first), len(second)) > _FEW * (len(first) + len(second)):
            either = sum(fits(day, pair[0]) and fits(day, pair[1]) for day in days)
            of_each = f"{len(first)} can only be {pair[0]}, {len(second)} only {pair[1]}, and {either} could be either"
            return f"{column} mixes two orders: of its different dates {of_each}; ask its source, and have it written as YYYY-MM-DD"
    return ""


def _disagreeing(mine: dict[str, set[str]], pair: tuple[str, str]) -> str:
    listed = " and ".join(f"{', '.join(column for column, forms in mine.items() if forms == {form})} as {form}" for form in pair)
    return f"dates are written in two orders: {listed}; a mapping names one for all, so have one of them written as YYYY-MM-DD"


def lost_zeros(ids: dict[str, set[str]]) -> int:
    """Return how many digits identifiers have where some of them lost leading zeros, 0 where none did."""
    digits = {one for every in ids.values() for one in every if one.isascii() and one.isdigit()}
    padded = {one for one in digits if one.startswith("0")}
    widths = {len(one) for one in padded}
    if len(widths) != 1 or all(len(one) in widths for one in digits):
        return 0
    (width,) = widths
    whole = {one for one in ids["patients"] if one}
    return width if len({filled_id(one, width) for one in whole}) == len(whole) else 0


def words(column: str, given: list[str], accepted: Iterable[str]) -> tuple[dict[str, list[str]], list[str]]:
    """Return our word -> theirs, and those that could mean anything."""
    known = table_of(common_names()["words"].get(column, {}), accepted)
    meaning = catalogue().specimen_of if column == "specimen" else lambda word: known.get(key(word), "")
    own = {word.casefold() for word in accepted}
    found: dict[str, list[str]] = {}
    unknown = []
    for word in given:
        if is_blank(word) or word.casefold() in own:
            continue
        if ours := meaning(word):
            if word.casefold() not in map(str.casefold, found.get(ours, [])):
                found.setdefault(ours, []).append(word)
        else:
            unknown.append(word)
    return found, unknown


def biomarkers(received: Cells) -> tuple[dict[str, str], dict[str, tuple[int, str]]]:
    """Return theirs -> ours, and of each name that is not known how many rows have it and which of ours is near."""
    known = table_of(common_names()["biomarkers"], measurable()) | _by_loinc()
    rows = pd.Series(received.codes).value_counts()
    found, unknown = {}, {}
    for code, theirs in enumerate(map(str, received.texts)):
        if (ours := known.get(key(theirs))) is not None:
            found[theirs] = theirs if theirs.casefold() == ours else ours
        elif theirs:
            near = get_close_matches(key(theirs), known, n=1, cutoff=0.75)
            unknown[theirs] = int(rows.get(code, 0)), f", perhaps {known[near[0]]}" if near else ""
    return found, unknown


def _by_loinc() -> dict[str, str]:
    """Return the biomarkers by LOINC code, alone or as `LOINC:718-7`; a code of one component of several is left to a person."""
    codes = {code: name for name, entry in catalogue().biomarkers.items() for code in entry.loinc if code not in entry.loinc_components}
    return {key(written): name for code, name in codes.items() for written in (code, f"LOINC:{code}")}


def has(frame: pd.DataFrame, what: str) -> pd.Series:
    """Return which rows are of a biomarker that has methods, or specimens."""
    if "biomarker" not in frame:
        return pd.Series(False, index=frame.index)
    cells = cells_of(frame["biomarker"])
    ours = {theirs: catalogue().key_of(name) for theirs, name in biomarkers(cells)[0].items()}
    some = [theirs for theirs, name in ours.items() if name in catalogue() and getattr(catalogue()[name], what)]
    return pd.Series(cells.each(some.__contains__, bool), index=frame.index)


def units(frame: pd.DataFrame, names: dict[str, str]) -> tuple[dict[str, list[str]], list[str]]:
    """Return the units that are none, with the biomarkers beside them, and the names without a unit."""
    unit = cells_of(frame["unit"]).rows() if "unit" in frame else ""
    pairs = pd.DataFrame({"name": cells_of(frame["biomarker"]).rows(), "unit": unit}).drop_duplicates()
    unknown: dict[str, list[str]] = {}
    blank = []
    for name, written in pairs.itertuples(index=False):
        if name not in names or _is_unit(names[name].casefold(), written):
            continue
        if written:
            unknown.setdefault(written, []).append(names[name])
        else:
            blank.append(name)
    return unknown, blank


class Said(NamedTuple):
    """How results are written: the decimal mark, flags after numbers, words with their rows by biomarker, and those that are known.

    `odd` holds, by biomarker, results that are neither words nor numbers, such as 10-15, with their rows.
    """

    decimal: str
    flags: list[str]
    words: dict[str, dict[str, int]]
    meant: dict[str, dict[str, str]]
    odd: dict[str, dict[str, int]]


def _decimal(counts: pd.DataFrame) -> str:
    """Return the decimal mark of results. `1.250` and `1,250` show none: where they are all that has a mark, a person decides."""
    either = counts["text"].map(lambda text: thousand_or_fraction(text) is not None).astype(bool)
    commas, points = (int(counts["rows"][counts["text"].str.match(pattern) & ~either].sum()) for pattern in (_COMMA, _POINT))
    if not commas + points and either.any():
        return DECIDE
    return "." if commas <= _FEW * (commas + points) else "," if points <= _FEW * (commas + points) else DECIDE


def _bare(text: str, biomarker: str) -> str:
    """Return a result without a unit of its biomarker behind it: beside that unit it is read."""
    units = accepted_units(catalogue()[biomarker]) if biomarker in catalogue() else ()
    return next((bare for unit in units if (bare := without_unit(text, biomarker, unit)) != text), text)


def values(frame: pd.DataFrame, names: dict[str, str]) -> Said:
    """Return how the results of known biomarkers are written."""
    table = pd.DataFrame({"name": cells_of(frame["biomarker"]).rows(), "text": cells_of(frame["value"]).rows()})
    counts: pd.DataFrame = table[table["name"].isin(names)].value_counts().reset_index(name="rows")
    flags = sorted({found[1] for text in counts["text"] if (found := _FLAG.match(text))})
    decimal = _decimal(counts)
    mark = "," if decimal == "," else "."
    said = Said(decimal, flags, {}, {}, {})
    for name, text, rows in counts.itertuples(index=False):
        ours = catalogue().key_of(names[name])
        if result_of(plain_number(_bare(text, ours), mark, flags)).kind != BAD:
            continue
        accepted = catalogue()[ours].words if ours in catalogue() else {}
        if text.casefold() in accepted:
            continue
        if word := table_of(common_names()["results"], accepted).get(key(text)):
            said.meant.setdefault(ours, {})[text] = word
            continue
        of = (said.odd if re.search(r"\d", text) else said.words).setdefault(ours, {})
        of[text] = of.get(text, 0) + int(rows)
    return said
