"""What was read of resources as the rows of one person, through the checks of every cohort; each refusal has the place of its resource."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pandas as pd

from features.intake.one_person import OnePerson, check_person
from features.intake.quarantine import SHOWN_COLUMNS
from features.sources.histories import Histories as Tables
from features.sources.parsing import day_of
from features.sources.received import REFUSALS
from myeloma.calendar import BAD_DAY
from myeloma.echo import echo
from serving.http.fhir.absent import NOT_OBTAINED
from serving.http.request import MOST_EVENTS, MOST_MEASUREMENTS, HistoryError, problems_of, shown_day
from serving.http.response import MOST_LISTED, Problem

# What a sender calls what a column holds.
_ELEMENTS = {
    "collected_at": "effective[x] of the Observation, or of the group or DiagnosticReport that lists it",
    "available_at": "issued",
    "value": "value[x]",
    "unit": "valueQuantity.code (or unit)",
    "occurred_at": "the day of what happened (onset, recordedDate, authoredOn, effective[x], whenHandedOver)",
    "birth_date": "birthDate",
    "sex": "gender",
}
_NO_VALUE = (
    "a result needs a value of a type that is read (valueQuantity, valueInteger, valueString, valueCodeableConcept), or a dataAbsentReason "
    f"by which none was obtained: {', '.join(NOT_OBTAINED)} (http://terminology.hl7.org/CodeSystem/data-absent-reason). Of another reason, "
    "or one in words, there may be a result: send it, or ask the laboratory"
)

_AS_QUANTITY = "; send a valueQuantity with value and unit, and with comparator where the result is below or above a limit"


def undated_death(tables: Tables, where: dict[int, str]) -> Iterator[Problem]:
    """Yield that the person has died on a day that is not known: then there is no day of which it is known that there was a risk."""
    deaths = tables.occurrences[tables.occurrences["refusal"] == "undated_death"]
    for row in deaths["source_row"].head(1):
        message = (
            "the Patient has died, and nobody knows on which day (deceasedBoolean, or a deceasedDateTime without its day): of no day is it "
            "known that there was a risk. Send deceasedDateTime as YYYY-MM-DD to ask of a day before"
        )
        yield Problem("dead", where[row], message)


def unread(tables: Tables, where: dict[int, str]) -> Iterator[Problem]:
    """Yield the resources that could not be read, and the diagnoses that start a history on a day that cannot be used."""
    for frame in (tables.people, tables.occurrences, tables.measurements):
        yield from _refused(frame, where)
    starts = tables.occurrences[(tables.occurrences["kind"] == "index") & (tables.occurrences["refusal"] == "")]
    for row, day in zip(starts["source_row"], starts["occurred_at"], strict=True):
        if day_of(day).day <= BAD_DAY or not day:
            message = "the day of the diagnosis that the history starts with (onset, or recordedDate) is needed, as YYYY-MM-DD"
            yield Problem("bad_date", where[row], message, shown_day("index_date", day))


def _refused(frame: pd.DataFrame, where: dict[int, str]) -> Iterator[Problem]:
    for row, why in zip(frame["source_row"], frame["refusal"], strict=True):
        if why:
            yield Problem(why, where[row], f"needed: {REFUSALS[why]}")


def checked_rows(tables: dict[str, pd.DataFrame], where: dict[int, str], today: int) -> tuple[OnePerson, list[int]]:
    """Return what the checks of every cohort keep, which is all, and the place of each measurement's resource."""
    patients = tables["patients"].drop_duplicates(["birth_date", "age_at_index", "sex"])
    if len(patients) > 1:
        raise HistoryError([Problem("repeated_patient", "Bundle", "the Patient stands there twice, with different birth dates or sexes")])
    measured, happened = tables["measurements"], tables["events"]
    raise_any(_refused(measured, where))  # a band of a protein, known for a part only now that bands are added up
    happened = happened[happened["kind"] != "last_contact"]  # it ends follow-up, which scoring does not look at
    for name, frame, most in (("results", measured, MOST_MEASUREMENTS), ("events", happened, MOST_EVENTS)):
        if len(frame) > most:
            raise HistoryError([Problem("too_long", "Bundle", f"at most {most} {name} are accepted")])
    columns = ["collected_at", "available_at", "biomarker", "value", "unit", "method", "specimen"]
    rows = measured.reindex(columns=columns, fill_value="").itertuples(index=False, name=None)
    events = happened[["occurred_at", "kind", "detail"]].itertuples(index=False, name=None)
    about = {str(column): cell for column, cell in patients.iloc[0].items()}
    kept = check_person(about, list(rows), list(events), today)
    frames = {"patients": patients, "measurements": measured, "events": happened}
    if own := problems_of(kept):
        told = [_problem(frames[one.table], one, where) for one in own[:MOST_LISTED]]
        raise HistoryError(told, max(0, len(own) - MOST_LISTED))
    return kept, (measured["source_row"] - 1).tolist()


def _problem(frame: pd.DataFrame, problem: Any, where: dict[int, str]) -> Problem:
    """Return a refused row as it is told; a cell is shown only where what it holds cannot say who the person is."""
    row = frame.iloc[problem.row]
    text = str(row.get(problem.column, ""))
    received = echo(text) if problem.column in SHOWN_COLUMNS else ""
    empty = (problem.column, problem.reason) == ("value", "missing_value")
    element = "the day of death (deceasedDateTime)" if row.get("kind") == "death" else _ELEMENTS.get(problem.column, problem.column)
    message = f"{element}: {_NO_VALUE if empty else problem.accepted}"
    if (problem.column, text) == ("unit", "") or (problem.column == "value" and problem.reason == "not_a_number"):
        message += _AS_QUANTITY
    return Problem(problem.reason, where[int(row["source_row"])], message, received or shown_day(problem.column, text))


def raise_any(problems: Iterable[Problem]) -> None:
    """Refuse the request where there are problems.

    Raises
    ------
    HistoryError
        There are.
    """
    found = list(problems)
    if found:
        raise HistoryError(found[:MOST_LISTED], max(0, len(found) - MOST_LISTED))
