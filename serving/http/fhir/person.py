"""The resources of a request as the checked history of one person: what ingest would leave out of it, refuses the request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from features.history.arrays import Histories
from features.intake.one_person import OnePerson
from features.sources.fhir.bundles import Found, found_in
from features.sources.fhir.reader import current_of, histories_of
from features.sources.fhir.references import name_and_base
from features.sources.fhir.versions import content_of
from features.sources.histories import Histories as Tables
from features.sources.histories import assemble
from features.sources.mapping import Mapping
from myeloma import DataError, calendar
from serving.http.body import RefusedError
from serving.http.fhir.absent import without_absent
from serving.http.fhir.active import no_longer_active
from serving.http.fhir.diagnosed import Diagnosis, diagnosis_in, other_days
from serving.http.fhir.diagnoses import untold_diagnoses
from serving.http.fhir.evidence.conclusions import concluded
from serving.http.fhir.evidence.happened import happened
from serving.http.fhir.evidence.interim import Interim, interim_in, is_unconfirmed
from serving.http.fhir.evidence.named import named_in
from serving.http.fhir.evidence.systems import unknown_systems
from serving.http.fhir.members import lost_members
from serving.http.fhir.rows import checked_rows, raise_any, undated_death, unread
from serving.http.fhir.subjects import others_in, subject_of
from serving.http.fhir.whole import lacks, warnings_in
from serving.http.request import HistoryError, person_of
from serving.http.response import MOST_LISTED, Problem

_SAME_TIME = ("biomarker", "collected_at", "available_at")  # results of one time may have been added up


@dataclass(frozen=True)
class Sent:
    """One person's history as it came, and what an answer to it refers to.

    Attributes
    ----------
    subject : a reference to the person
    diagnosis : that the history starts with
    notes : what was not read, in words that name nobody
    resources : one for each place in the documents; empty where it was left out
    interim : the results that only reports list which are not final
    """

    person: Histories
    kept: OnePerson
    subject: str
    diagnosis: Diagnosis | None
    notes: tuple[str, ...]
    resources: Sequence[Found]
    interim: Interim
    _rows: Sequence[tuple[tuple[str, ...], int]]  # biomarker and time of every result that was read, and the place of its resource
    _places: Sequence[int]  # of each measurement that was checked, the place of its resource

    def used_by(self, landmark: int) -> list[Found]:
        """Return the resources whose results an answer of a day rests on, in their order; those that were added up, all of them."""
        checked = {self._places[row] for row in self.kept.row[self.kept.available <= landmark].tolist()}
        times = {time for time, place in self._rows if place in checked}
        return [self.resources[place] for place in sorted(checked | {place for time, place in self._rows if time in times})]

    def is_unconfirmed(self, landmark: int) -> bool:
        """Return whether any result that an answer of a day rests on may still change."""
        return is_unconfirmed(self.used_by(landmark), self.interim)


def person_in(documents: Sequence[tuple[str, Any]], mapping: Mapping, known: Sequence[Mapping], until: str = "") -> Sent:
    """Return the person whom documents are about, each a Bundle or a resource with its place.

    Parameters
    ----------
    known : the mappings of all stages, whose diagnoses are known, whether or not they play a part here
    until : the day that is asked for; what happened after it is not told by what is not read. Empty where no day is

    Raises
    ------
    RefusedError, HistoryError
        The documents are not whole, hold another number of people than one, or anything of a history is refused.
    """
    if partial := [problem for where, document in documents for problem in lacks(document, where)]:
        raise RefusedError(422, partial[:MOST_LISTED], max(0, len(partial) - MOST_LISTED))
    listed = [(f"{where}{_entry(document, found)}", found) for where, document in documents for found in _found(where, document)]
    where, resources = [place for place, _ in listed], [replace(found, row=row) for row, (_, found) in enumerate(listed, start=1)]
    raise_any([*others_in(resources, where), *untold_diagnoses(resources, where, known), *lost_members(resources, where)])
    subject = subject_of(resources)
    current, superseded = current_of(_once_each(resources))
    resources, left_out = without_absent(current)  # a later version without a result takes the earlier one's back, so versions come first
    today = calendar.today()
    tables = histories_of(lambda: resources, mapping, today)
    everything = dict(enumerate(where, start=1))
    raise_any(undated_death(tables, everything))
    raise_any(unread(tables, everything))
    measured = tables.measurements
    rows = [((*time,), place - 1) for *time, place in zip(*(measured[name] for name in (*_SAME_TIME, "source_row")), strict=True)]
    read = _assembled(tables, mapping, today)
    by_row = {found.row: found for found in resources}
    every = [by_row.get(row, Found("", row, None)) for row in range(1, len(where) + 1)]
    kept, places = checked_rows(read.tables, everything, today)
    raise_any(no_longer_active(tables, every, where, mapping.stage))
    raise_any(happened(resources, where, mapping, until))
    raise_any([*concluded(resources, where, mapping, known), *unknown_systems(resources, where, mapping)])
    diagnosis = diagnosis_in(tables, kept, every, where)
    said = [warning for _, document in documents for warning in warnings_in(document)]
    interim = interim_in(resources)
    notes = (
        *named_in(resources, mapping.stage),
        *other_days(tables, kept),
        *interim.notes(),
        *left_out,
        *read.notes[1:],
        *superseded,
        *dict.fromkeys(said),
    )
    return Sent(person_of(kept), kept, subject, diagnosis, notes, every, interim, rows, places)


def _found(where: str, document: Any) -> Iterator[Found]:
    return found_in(document, Found(where, 1, None), numbered=True)


def _entry(document: Any, found: Found) -> str:
    return f".entry[{found.row - 1}].resource" if document.get("resourceType") == "Bundle" else ""


def _once_each(resources: Sequence[Found]) -> list[Found]:
    """Return the resources without those that stand there again word by word, as where two searches find the same."""
    seen, once = set(), []
    for found in resources:
        name, base = name_and_base(found)
        key = (name, base, content_of(found), str((found.resource or {}).get("meta"))) if name and found.resource else found.row
        if key not in seen:
            seen.add(key)
            once.append(found)
    return once


def _assembled(tables: Tables, mapping: Mapping, today: int) -> Any:
    try:
        return assemble(tables, mapping.stage, today)
    except DataError:
        codes = ", ".join(mapping.index)
        message = f"no Condition says that the person has the disease of the model ({mapping.stage}); codes that do: {codes}"
        raise HistoryError([Problem("no_index", "Bundle", message)]) from None
