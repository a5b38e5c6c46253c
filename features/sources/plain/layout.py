"""How a plain export is written: a small YAML file, checked key by key. What is left out is as docs/own_cohort.md has it.

A value `decide` is what `python -m features suggest` leaves for a person; a layout that holds one is not read.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from features.cohort.schema import EVENT_KINDS, HEAVY_CHAINS, LIGHT_CHAINS, SEXES, STAGES
from features.sources.answers import answers, divisor_of, measurable
from features.sources.mapping import read_yaml
from features.sources.parsing import NUMBER, result_of
from features.sources.plain.written import DATE_FORMS, EITHER
from features.sources.received import OPTIONAL, REQUIRED, WHERE_GIVEN
from myeloma import ConfigError, DataError, canonical_divisor, catalogue
from myeloma.errors import nearest

DECIDE = "decide"
NO_TABLE = "none"
MISSING = "missing"
WORDS = {"sex": SEXES, "stage": STAGES, "heavy_chain": HEAVY_CHAINS, "light_chain": LIGHT_CHAINS, "kind": EVENT_KINDS}
WORDS |= {"method": catalogue().methods, "specimen": tuple(catalogue().known_specimens)}
COLUMNS = {name: (*REQUIRED[name], *OPTIONAL[name], *WHERE_GIVEN[name]) for name in REQUIRED}

# What YAML reads as a number or a truth is the text that stands there: 1 and "1", no and "no".
Text = Annotated[
    str, BeforeValidator(lambda value: str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value)
]
Texts = Annotated[tuple[Text, ...], BeforeValidator(lambda value: [value] if isinstance(value, str | int | float) else value)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Named(_Part):
    """A biomarker that a name of the export means, and the unit of its values where a row gives none."""

    biomarker: str
    unit: Text = ""


class Column(_Part):
    """A column of a wide table, and the unit of its values; written as the name alone where there is no unit."""

    column: Text
    unit: Text = ""


Wide = Annotated[Column, BeforeValidator(lambda value: {"column": value} if isinstance(value, str | int | float) else value)]


class Table(_Part):
    """Where a table stands, and what its columns are called.

    `wide` is for a table with a column for each biomarker (name -> column and unit) or kind of event (kind -> column of dates).
    """

    file: str = ""
    sheet: str = ""
    columns: dict[str, Text] = {}
    wide: dict[str, Wide] = {}


class Layout(_Part):
    """A layout.

    Attributes
    ----------
    separator, encoding, decimal : of CSV files
    dates : how they are written, as `DD.MM.YYYY`; ISO dates are always read
    id_width : digits of patient_id; numbers that lost their leading zeros get them back
    missing : texts that say that nothing is known, in any column
    flags : texts after a number that are cut off, as H and L for high and low
    tables : by table; a name without a table is looked for in files of its own name
    words : by column, our word -> the words of the export
    biomarkers : name of the export -> ours
    units : unit of the export -> ours
    results : by biomarker, word -> the result that it stands for, as `negative: "<0.1"`, in the unit of the row; or `missing`
    """

    separator: Literal[",", ";", "\t", "|"] = ","
    encoding: str = "utf-8-sig"
    decimal: Literal[".", ","] = "."
    dates: Texts = ()
    id_width: Annotated[int, Field(ge=0, le=40)] = 0
    missing: Texts = ()
    flags: Texts = ()
    tables: dict[str, Table | Literal["none"]] = {}
    words: dict[str, dict[str, Texts]] = {}
    biomarkers: dict[Text, Named] = {}
    units: dict[Text, str] = {}
    results: dict[str, dict[Text, Text]] = {}

    def table(self, name: str) -> Table:
        """Return where a table stands; of one that the layout does not name, nothing."""
        found = dict(self.tables).get(name)
        return found if isinstance(found, Table) else Table()

    def has(self, name: str) -> bool:
        """Return whether there is such a table."""
        return dict(self.tables).get(name) != NO_TABLE


def read_layout(path: Path) -> Layout:
    """Return the layout that a YAML file holds.

    Raises
    ------
    StateError
        There is no such file.
    ConfigError
        It is not YAML, something is still to be decided, a key is unknown, or a value has another shape than is accepted.
    """
    return parse_layout(read_yaml(path, "`python -m features suggest FOLDER` writes one."), path.name)


def parse_layout(content: Any, where: str) -> Layout:
    """Return a layout from what a YAML file holds; `where` names it in errors."""
    if not isinstance(content, dict):
        raise ConfigError(f"{where} is empty, or is not a section.", f"Accepted keys: {', '.join(Layout.model_fields)}.")
    if "index" in content:
        raise ConfigError(
            f"The source tabular takes no mapping of codes, and {where} is one.",
            "codes are for omop, fhir and meds; `python -m features suggest FOLDER` writes a mapping for tables.",
        )
    if open_ := _undecided(content):
        raise ConfigError(f"{where}: still to be decided: {'; '.join(open_)}.", f"put your choice in the place of `{DECIDE}`.")
    biomarkers = content.get("biomarkers")
    if isinstance(biomarkers, dict):
        content = {**content, "biomarkers": {k: {"biomarker": v} if isinstance(v, str) else v for k, v in biomarkers.items()}}
    try:
        layout = Layout.model_validate(content)
    except ValidationError as error:
        raise ConfigError(
            f"{where}: {'; '.join(map(_said, error.errors()))}.", "docs/own_cohort.md shows a mapping of each kind."
        ) from None
    _check_names(layout, where)
    return layout


def _undecided(content: Any, place: str = "") -> list[str]:
    if isinstance(content, dict):
        inside = [each for key, value in content.items() for each in _undecided(value, f"{place}.{key}" if place else str(key))]
        return [*([place] if DECIDE in content else []), *inside]
    if isinstance(content, list):
        return [each for value in content for each in _undecided(value, place)]
    return [place] if content == DECIDE else []


def _said(error: Any) -> str:
    place = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        keys = [key for part in (Layout, Table, Named, Column) for key in part.model_fields]
        return f'unknown key "{place}" ({nearest(str(error["loc"][-1]), keys)})'
    return f"{place}: {error['msg']}"


def _check_names(layout: Layout, where: str) -> None:
    """Refuse names of ours that are none, and units that a biomarker is not accepted in."""
    _check(layout.tables, COLUMNS, f"{where}, tables")
    _check(layout.words, WORDS, f"{where}, words")
    for name, columns in COLUMNS.items():
        _check(layout.table(name).columns, columns, f"{where}, tables.{name}.columns")
    for column, words in layout.words.items():
        _check(words, WORDS[column], f"{where}, words.{column}")
    _check(layout.dates, DATE_FORMS, f"{where}, dates")
    for pair in EITHER:
        if set(pair) <= set(layout.dates):
            what = f"{where}, dates: {' and '.join(pair)} are both named: most cells are days of both, and then of two days."
            raise ConfigError(what, "name the one that the export is written in; a column that mixes the two is for its source to mend.")
    _check(layout.results, catalogue().keys(), f"{where}, results")
    _check_results(layout, where)
    _check(layout.table("events").wide, EVENT_KINDS, f"{where}, tables.events.wide")
    wide = layout.table("measurements").wide
    _check(wide, measurable(), f"{where}, tables.measurements.wide")
    if unitless := [name for name, one in wide.items() if divisor_of(name, one.unit) is None and not one.unit]:
        what = f"{where}, tables.measurements.wide.{unitless[0]}: a column and a unit are needed."
        raise ConfigError(what, "as {column: Hb, unit: g/dL}.")
    units = [(name, one.unit) for name, one in wide.items()]
    _check_units([*units, *((named.biomarker, named.unit) for named in layout.biomarkers.values())], where)
    try:
        "".encode(layout.encoding)
    except LookupError:
        raise ConfigError(f'{where}, encoding: "{layout.encoding}" is not known.', "utf-8, cp1252 and latin-1 are common.") from None


def _check_results(layout: Layout, where: str) -> None:
    """Refuse what a word is said to stand for where it is no result."""
    for name, results in layout.results.items():
        words = catalogue()[name].words
        for word, meant in results.items():
            if meant != MISSING and meant.casefold() not in words and result_of(meant).kind != NUMBER:
                accepted = f'a number with a decimal point, as "<0.1"; {MISSING}{"; " * bool(words)}{" or ".join(words)}.'
                raise ConfigError(f'{where}, results.{name}."{word}": "{meant}" is no result.', accepted)


def _check_units(units: list[tuple[str, str]], where: str) -> None:
    for name, unit in units:
        try:
            if name in answers():
                continue
            catalogue()[name]
            if unit:
                canonical_divisor(name, unit)
        except (DataError, ConfigError) as error:
            raise ConfigError(f"{where}: {error.what}", error.hint, error.code) from None


def _check(given: Any, accepted: Any, where: str) -> None:
    if unknown := [str(name) for name in given if name not in accepted]:
        raise ConfigError(f'{where}: "{unknown[0]}" is not known.', nearest(unknown[0], accepted))
