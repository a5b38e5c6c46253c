"""The diagnosis that a history starts with: its Condition, its day, and where that day stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from features.intake.one_person import OnePerson
from features.sources.fhir.bundles import Found
from features.sources.histories import Histories as Tables
from features.sources.parsing import day_of
from myeloma.calendar import BAD_DAY, date_of
from serving.http.fhir.subjects import reference_to

RECORDED = "recordedDate"
_ONSETS = ("onsetDateTime", "onsetPeriod")  # of Condition.onset[x] (FHIR R4) those that hold a day; without them that of the record counts


@dataclass(frozen=True)
class Diagnosis:
    """The diagnosis that a history starts with.

    Attributes
    ----------
    reference : to its Condition; empty where that has no name
    day, element : the day of diagnosis, as YYYY-MM-DD, and the element of the Condition in which it stands
    place : of the Condition, as it is told
    """

    reference: str
    day: str
    element: str
    place: str


def other_days(tables: Tables, kept: OnePerson) -> list[str]:
    """Return a note where Conditions of the diagnosis say several days: which one is taken, and what the others are."""
    starts = tables.occurrences[(tables.occurrences["kind"] == "index") & (tables.occurrences["refusal"] == "")]
    index = kept.patient["index_date"] if kept.patient is not None else None
    others = sorted({day_of(day).day for day in starts["occurred_at"]} - {index, BAD_DAY})
    if index is None or not others:
        return []
    listed = ", ".join(f"{date_of(day)}" for day in others)
    return [
        f"Conditions of the diagnosis that the history starts with say several days: the earliest, {date_of(index)}, is taken as the "
        f"day of diagnosis; others: {listed}"
    ]


def diagnosis_in(tables: Tables, kept: OnePerson, resources: Sequence[Found], where: Sequence[str]) -> Diagnosis | None:
    """Return the diagnosis that a checked history starts with: the first Condition of an index code whose day is the index date."""
    starts = tables.occurrences[tables.occurrences["kind"] == "index"]
    index = kept.patient["index_date"] if kept.patient is not None else None
    first = [row - 1 for row, day in zip(starts["source_row"], starts["occurred_at"], strict=True) if day_of(day).day == index]
    if index is None or not first:
        return None
    found = resources[first[0]]
    element = next((name for name in _ONSETS if (found.resource or {}).get(name)), RECORDED)
    return Diagnosis(reference_to(found), f"{date_of(index)}", element, where[first[0]])
