"""What somebody pastes into the page, made the history that `POST /v1/risk` takes: CSV with a row a result, JSON, or a FHIR Bundle.

Whatever is refused is refused by the checks of every request, and named by the row and column in which it stands.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Mapping as ByName
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from features.cohort.schema import EVENT_KINDS
from features.intake.measured import divisor_of
from features.sources.folders import separator_of
from features.sources.mapping import Mapping
from features.sources.parsing import NUMBER, day_of, result_of
from features.sources.plain.names import key
from features.sources.plain.recognise import columns
from features.sources.plain.written import thousand_or_fraction
from myeloma import catalogue
from myeloma.calendar import BAD_DAY, date_of, today
from serving.http.body import RefusedError, read, refuse_twice
from serving.http.fhir.canonical import history_in
from serving.http.request import MOST_TEXT, History, HistoryError, Patient, checked
from serving.http.response import MOST_LISTED, Problem, Refusal

Mappings = ByName[str, Mapping]
_NEEDED = ("biomarker", "value", "unit", "collected_at")
_MEASURED = (*_NEEDED, "available_at", "method", "specimen")
_LINE = "line"  # of therapy, of a start or stop of treatment: a later one without it would pass for the first
_MOST_COLUMNS = 200  # what is not read is left out by its number, so an export may be wide
_OF_PATIENT = {"age": "age_at_index", **{name: name for name in Patient.model_fields}}
_COMMA = re.compile(r"[<>]?\s*[+-]?\d+,\d+")
_THREE_DECIMALS = re.compile(r"[<>]?\s*[+-]?(?:0|[1-9]\d{3,})\.\d{3}", re.ASCII)
_PLACE = re.compile(r"(measurements|events)\[(\d+)\]")
_ACCEPTED_IN = " is accepted in "


class Pasted(BaseModel):
    """What was pasted or dropped: a history as CSV or JSON."""

    model_config = ConfigDict(extra="forbid")
    text: Annotated[str, Field(min_length=1)]


@dataclass(frozen=True)
class PastedProblem(Problem):
    """A problem with the row it stands in (of CSV its line, of JSON its number in the list), its column, and all of it as a sentence."""

    row: int | None = None
    column: str = ""
    text: str = ""


@dataclass(frozen=True)
class ReadRefusal(Refusal):
    """Why a text is not read."""

    errors: list[PastedProblem]  # type: ignore[assignment]  # each is a problem, and more


@dataclass
class Table:
    """A history read from CSV, as JSON would hold it; `rows` has the line of each entry; `told` says what was taken for granted."""

    content: dict[str, Any]
    rows: dict[str, int] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)


def history_from(body: bytes, mappings: Mappings) -> tuple[History, list[str]]:
    """Return the history that was pasted, checked, and what was taken for granted or not read.

    Parameters
    ----------
    mappings : by stage, what a Bundle of FHIR is read with

    Raises
    ------
    RefusedError
        It is not read, or a row of it is refused.
    """
    text = read(body, Pasted).text.lstrip("\ufeff").strip()
    if (bundle := _bundle(text)) is not None:
        refuse_twice(text, "Bundle")
        return history_in(bundle, mappings)
    table = Table({}) if text.startswith("{") else _table(text)
    _refuse_ambiguous(table)
    try:
        history = read(json.dumps(table.content) if table.content else text, History)
        checked(history)
    except (RefusedError, HistoryError) as error:
        raise RefusedError(422, [_placed(one, table, text) for one in error.problems], error.more) from None
    return history, table.told


def _bundle(text: str) -> Any:
    """Return the Bundle, or another resource of FHIR, that a text is; None where it is something else."""
    try:
        content = json.loads(text) if text.startswith("{") else None
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) and "resourceType" in content else None


def _table(text: str) -> Table:
    """Return the history of a table with a row a result; a row may also hold a field of the patient, or an event."""
    lines = text.splitlines()
    separator = separator_of(lines[0]) if lines else ","
    reader = csv.reader(lines, delimiter=separator)
    try:
        header = [cell.strip() for cell in next(reader, [])]
        cells = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error:
        raise _refused("bad_row", "a row cannot be split into cells; a quotation mark opens one and nothing closes it") from None
    _refuse_wide(header)
    measured, of_patient = _places("measurements", _MEASURED, header), _places("patients", (*_OF_PATIENT, "patient_id"), header)
    if missing := [name for name in _NEEDED if name not in measured]:
        raise _refused("missing_column", f"the first line has to name {', '.join(_NEEDED)}; missing: {', '.join(missing)}")
    if not cells:
        raise _refused("missing_value", "there is no row below the first line")
    if wrong := [problem for line, row in cells if (problem := _ragged(line, row, header, measured))]:
        raise RefusedError(422, wrong[:MOST_LISTED], max(0, len(wrong) - MOST_LISTED))
    full = [(line, dict(enumerate(row))) for line, row in cells]
    of_event = {name: place for name, place in _places("events", (_LINE,), header).items() if place not in measured.values()}
    table = _filled(Table({"patient": {}, "measurements": [], "events": []}), full, measured | of_event)
    for name, place in of_patient.items():
        _told_in_each_row(table, name, [(line, row[place]) for line, row in full if row.get(place)])
    _first_day(table)
    unread = [str(k + 1) for k in range(len(header)) if k not in {*measured.values(), *of_patient.values(), *of_event.values()}]
    table.told += [f"Not read: column {', '.join(unread)}."] if unread else []
    return table


def _refuse_wide(header: list[str]) -> None:
    """Refuse a first line that is none of a table before its cells are compared with names of columns, which takes long of many."""
    if len(header) > _MOST_COLUMNS or max(map(len, header), default=0) > MOST_TEXT:
        found = f"{len(header)} cells, the longest of {max(map(len, header))} characters"
        said = f"the first line has {found}; at most {_MOST_COLUMNS} of {MOST_TEXT} are read: it has to name the columns"
        raise _refused("bad_row", said)


def _places(kind: str, names: Sequence[str], header: list[str]) -> dict[str, int]:
    """Return where each column stands, by its own name in any letter case or by one that exports have for it."""
    own = {key(name): name for name in names}
    found = {own[key(cell)]: place for place, cell in reversed(list(enumerate(header))) if key(cell) in own}
    others, _, _ = columns(kind, header)
    return {**{name: header.index(theirs) for name, theirs in others.items() if name in names}, **found}


def _ragged(line: int, row: list[str], header: list[str], measured: dict[str, int]) -> PastedProblem | None:
    """Return what is wrong with a row that has more cells than the header: most often a decimal comma between commas."""
    if len(row) <= len(header):
        return None
    at = measured["value"]
    number = ",".join(row[at : at + 2])
    if len(row) == len(header) + 1 and _COMMA.fullmatch(number):
        return PastedProblem("not_a_number", f"row {line}", "a decimal point", number, line, "value", _comma(f"Row {line}", number))
    said = f"Row {line} has {len(row)} cells, the first line names {len(header)}."
    return PastedProblem("bad_row", f"row {line}", said, "", line, "", said)


def _refuse_ambiguous(table: Table) -> None:
    """Refuse a point before three digits where a thousand and a fraction are both possible, unless the table shows what such points are.

    A number that shows it is any of the biomarker whose point stands before a fraction, or one of any biomarker with three decimals.
    """
    rows, found = table.content.get("measurements", []), []
    if any(_THREE_DECIMALS.fullmatch(one["value"]) for one in rows):
        return
    shown = {_name(one) for one in rows if _shows_point(one["value"])}
    for number, one in enumerate(rows):
        meant = thousand_or_fraction(one["value"])
        if meant and "." in one["value"] and _name(one) not in shown and all(_is_possible(one, reading) for reading in meant):
            said = f"a number that can be read in one way only: {meant[0]}, or {meant[1]}"
            found.append(_placed(Problem("not_a_number", f"measurements[{number}].value", said, one["value"]), table, ""))
    if found:
        raise RefusedError(422, found[:MOST_LISTED], max(0, len(found) - MOST_LISTED))


def _name(row: ByName[str, str]) -> str:
    return catalogue().key_of(row["biomarker"])


def _shows_point(number: str) -> bool:
    """Return whether the point of a number can only stand before a fraction."""
    return "." in number and result_of(number).kind == NUMBER and thousand_or_fraction(number) is None


def _is_possible(row: ByName[str, str], number: str) -> bool:
    """Return whether a number is a value of the row's biomarker in its unit."""
    name = _name(row)
    if name not in catalogue():
        return False
    entry = catalogue()[name]
    return bool(entry.lower <= result_of(number).value / divisor_of(name, row["unit"]) <= entry.upper)


def _filled(table: Table, rows: list[tuple[int, dict[int, str]]], measured: dict[str, int]) -> Table:
    content, of_patient = table.content, {key(name): ours for name, ours in _OF_PATIENT.items()}
    without_line = False
    for line, row in rows:
        cells = {name: row.get(place, "") for name, place in measured.items()}
        what = key(cells["biomarker"])
        if what in of_patient:
            _told_in_each_row(table, of_patient[what], [(line, cells["value"])])
        elif what.replace(" ", "_") in EVENT_KINDS:
            table.rows[f"events[{len(content['events'])}]"] = line
            event = {"occurred_at": cells["collected_at"], "kind": what.replace(" ", "_"), "detail": cells["value"]}
            content["events"].append(event | ({_LINE: _line(cells[_LINE])} if cells.get(_LINE) else {}))
        else:
            of_result = cells.pop(_LINE, "")
            without_line = without_line or bool(of_result)
            table.rows[f"measurements[{len(content['measurements'])}]"] = line
            content["measurements"].append({name: cell for name, cell in cells.items() if cell or name in _NEEDED})
    table.told += ["A line of therapy in the row of a result is not read: it is of a start or a stop of treatment."] if without_line else []
    return table


def _told_in_each_row(table: Table, name: str, said: list[tuple[int, str]]) -> None:
    """Take a field of the patient from the rows that hold it; they have to agree."""
    name, patient = _OF_PATIENT.get(name, name), table.content["patient"]
    for line, cell in said:
        if name in patient and patient[name] != cell:
            two = name == "patient_id"
            what = "two people; send one at a time" if two else f"{name} differs from row {table.rows[f'patient.{name}']}"
            code, text = "two_people" if two else "two_values", f"Row {line}: {what}."
            raise RefusedError(422, [PastedProblem(code, f"row {line}", what, "", line, name, text)])
        patient[name] = cell
        table.rows.setdefault(f"patient.{name}", line)
    if name == "patient_id":
        patient.pop(name, None)
    elif name == "age_at_index" and name in patient:
        patient[name] = _number(patient[name])


def _first_day(table: Table) -> None:
    """Take the day of the first result for the index date where none is given, and say so."""
    days = sorted(one["collected_at"][:10] for one in table.content["measurements"] if day_of(one["collected_at"]).day > BAD_DAY)
    if "index_date" not in table.content["patient"]:
        # Without one day that is written as it should be, every row is refused for its own: that is what has to be said.
        table.content["patient"]["index_date"] = days[0] if days else date_of(today())
        table.told.append("No index_date is given: the day of the first result is taken for it.")


def _placed(problem: Problem, table: Table, text: str) -> PastedProblem:
    """Return a problem with its row and column, and as a sentence."""
    if isinstance(problem, PastedProblem):
        return problem
    part, column = _PLACE.match(problem.where), problem.where.rpartition(".")[2]
    row = table.rows.get(part[0] if part else problem.where, int(part[2]) + 1 if part and not table.content else None)
    place = f"{'Event' if part[1] == 'events' and not table.content else 'Row'} {row}" if part and row else f"Row {row}" if row else ""
    name = _biomarker_at(part, table, text) if part and part[1] == "measurements" else ""
    said = ", ".join(filter(None, (place, name)))
    sentence = _sentence(problem, place, said, column)
    return PastedProblem(**asdict(problem), row=row, column=column if part or row else "", text=sentence)


def _sentence(problem: Problem, place: str, said: str, column: str) -> str:
    if problem.code == "not_a_number" and (_COMMA.fullmatch(problem.received) or thousand_or_fraction(problem.received)):
        return _comma(said if "." in problem.received else place, problem.received)
    if problem.code == "unknown_unit" and _ACCEPTED_IN in problem.message:
        accepted = problem.message.partition(_ACCEPTED_IN)[2]
        return f"{said}: {problem.received or 'the unit'} is not accepted here; accepted: {accepted}."
    if problem.code == "unknown_biomarker":
        near = problem.message.partition("?")
        return f"{place}: this biomarker is not known; {near[0]}{near[1]}" if near[1] else f"{place}: this biomarker is not known."
    received = f"{problem.received} is not accepted: " if problem.received else ""
    where = ", ".join(filter(None, (said, column if column not in ("body", "request") else "")))
    return f"{where}: {received}{problem.message}".removeprefix(": ").rstrip(".") + "."


def _comma(place: str, number: str) -> str:
    """Say what to write: both numbers where a mark could stand between thousands as well as before a fraction."""
    if meant := thousand_or_fraction(number):
        return f"{place}: {number} can be read as {meant[0]} and as {meant[1]}. Write the one that is meant, as it stands here."
    return f"{place}: {number} is not read. Write {number.replace(',', '.')}."


def _biomarker_at(part: re.Match[str], table: Table, text: str) -> str:
    """Return the biomarker of a row, where it is one of the catalogue: what somebody else wrote is not repeated."""
    content: Any = table.content or json.loads(text)
    try:
        name = catalogue().key_of(str(content["measurements"][int(part[2])]["biomarker"]))
    except (LookupError, TypeError):
        return ""
    return name if name in catalogue() else ""


def _number(cell: str) -> float | str:
    try:
        return float(cell)
    except ValueError:
        return cell


def _line(cell: str) -> float | str:
    return int(cell) if cell.isdecimal() else _number(cell)


def _refused(code: str, message: str) -> RefusedError:
    return RefusedError(422, [PastedProblem(code, "text", message, text=f"{message[0].upper()}{message[1:]}.")])
