"""FHIR R4: Patient, Observation, Condition, Encounter and what says which drugs were given, from Bundles or Bulk Data.

A resource is checked where it is used, that is where a code of it is mapped; a broken one becomes a row with a `refusal`,
so that it is counted and can be found. A time stamp counts for the calendar day it is written with.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import pandas as pd

from features.sources.fhir.bundles import Found, with_contained
from features.sources.fhir.codes import FhirCodes
from features.sources.fhir.contacts import Contacts
from features.sources.fhir.events import Events
from features.sources.fhir.files import fhir_files, read_resources
from features.sources.fhir.medications import KINDS
from features.sources.fhir.people import People
from features.sources.fhir.references import Persons
from features.sources.fhir.results import Results
from features.sources.fhir.twice import REPEATED
from features.sources.fhir.versions import Versions
from features.sources.folders import unread_below
from features.sources.histories import Histories, as_sex, as_site, assemble, said
from features.sources.mapping import Mapping
from features.sources.received import Received
from myeloma import ConfigError, calendar

_EVENTS = ("Condition", "Encounter", "MedicationAdministration", "MedicationDispense", "MedicationRequest", "MedicationStatement")
# What has versions: all that is read, and reports, of which what they contain is read.
_VERSIONED = ("Patient", "Observation", *_EVENTS, *KINDS, "Specimen", "DiagnosticReport")
_FILES = {"patients": "Patient", "measurements": "Observation", "events": "Condition, Medication*, Encounter, Patient"}

# Types of FHIR R4 that exports of records hold beside those that are read.
_OTHER_TYPES = re.compile(
    "AllergyIntolerance|CarePlan|CareTeam|Claim|Coverage|Device|DiagnosticReport|DocumentReference|EpisodeOfCare|ExplanationOfBenefit|"
    "FamilyMemberHistory|Goal|Group|ImagingStudy|Immunization|Location|Media|OperationOutcome|Organization|"
    "Practitioner|PractitionerRole|Procedure|Provenance|QuestionnaireResponse|RelatedPerson|ServiceRequest|SupplyDelivery|Task"
)


def read_fhir(place: str, mapping: Mapping, today: int | None = None) -> Received:
    """Return the cohort of a FHIR file, or of all FHIR files of a folder, as received.

    The last contact is the last day on which an Observation, Condition, Encounter or drug given is dated.

    Parameters
    ----------
    today : int, optional
        Days since 1970; what happened after it lies in the future. The day of the call where left out.

    Raises
    ------
    StateError
        There is no such folder or file.
    DataError
        There is no FHIR file, one cannot be read, or nobody has an index code.
    """
    path = Path(place)
    files, folder = fhir_files(path), path if path.is_dir() else path.parent
    today = calendar.today() if today is None else today
    histories = histories_of(lambda: read_resources(files, folder), mapping, today)
    histories.notes[:0] = unread_below(path, len(files))
    return assemble(histories, mapping.stage, today)


def histories_of(resources: Callable[[], Iterable[Found]], mapping: Mapping, today: int) -> Histories:
    """Return what FHIR resources hold, from files or from a request, as text and before anybody is left out.

    Parameters
    ----------
    resources : function
        Returns the resources from the first one on, whenever it is called: they are looked at more than once.
    today : int
        Days since 1970; what happened after it lies in the future.
    """
    if mapping.site.read_from not in ("", "managingOrganization"):
        raise ConfigError("FHIR has the site in managingOrganization only.", "leave site.read_from out, or give one site.value for all.")
    codes, noted = FhirCodes(mapping), Contacts(today)
    people, results, events = People(mapping), Results(codes, noted), Events(codes, noted, codes.follows_drugs)
    readers = {"Patient": people.take, "Observation": results.take, "Specimen": results.take_specimen}
    readers |= dict.fromkeys((*_EVENTS, *KINDS), events.take)
    others: Counter[str] = Counter()
    twice = 0
    versions = Versions(_VERSIONED, resources())
    for found in (each for whole in versions.current(resources()) for each in with_contained(whole)):
        kind = found.resource["resourceType"] if found.resource is not None else found.expected
        reader = readers.get(kind)
        twice += found.refusal == REPEATED
        if reader is not None:
            reader(found)
        elif found.resource is not None:
            others[kind] += 1
        else:
            results.take(found)  # nothing says what it was
    events.resolve_drugs()
    results.resolve_times(lambda: versions.current(resources()))
    tables = {"people": people.frame(), "events": events.frame(), "deaths": people.deaths(), "measurements": results.frame()}
    contacts = noted.frame()
    notes = [*people.notes(), *results.notes(), *events.notes(), *noted.notes(), *_other_types(others), *versions.notes()]
    notes += said(twice, "resources hold a name twice in one object of the JSON: what is read of their kind is refused (repeated_name)")
    notes += _resolve(tables, contacts, people.persons, lambda: versions.current(resources()))
    results.foci.settle(tables["measurements"], people.persons, resources)
    return _histories(tables, contacts, mapping, notes, [*results.withheld(), *_others_withheld(others)])


def current_of(resources: Sequence[Found]) -> tuple[list[Found], list[str]]:
    """Return which of the resources count, and what to say of the others; what is looked at before all are read, looks at these."""
    versions = Versions(_VERSIONED, resources)
    return list(versions.current(resources)), versions.notes()


def _resolve(tables: dict[str, pd.DataFrame], contacts: pd.DataFrame, persons: Persons, again: Callable[[], Iterator[Found]]) -> list[str]:
    """Put the person's identifier in the place of each reference, or the reason why it leads nowhere; return notes."""
    asked = [frame for name, frame in tables.items() if name not in ("people", "deaths")]
    references = set().union(*(frame["reference"] for frame in asked), contacts["reference"])
    notes = persons.heed(references)
    answers = {reference: persons.resolve(reference) for reference in references}
    if any(refusal and reference for reference, (_, refusal) in answers.items()):
        persons.add_subjects(again())  # a second look, only where it is needed
        answers = {reference: persons.resolve(reference) for reference in references}
    for frame in [*asked, contacts]:
        frame["patient_id"] = [answers[reference][0] for reference in frame["reference"]]
        if "refusal" in frame:
            why = pd.Series([answers[reference][1] for reference in frame["reference"]], frame.index, dtype=object)
            frame["refusal"] = frame["refusal"].where(frame["refusal"] != "", why)
    return notes


def _histories(
    tables: dict[str, pd.DataFrame], contacts: pd.DataFrame, mapping: Mapping, notes: list[str], withheld: list[str]
) -> Histories:
    people, deaths = tables["people"], tables["deaths"]
    sex, said = as_sex(people["sex"], ("female", "F", *mapping.sex.female), ("male", "M", *mapping.sex.male))
    people = people.assign(sex=sex, site=as_site(people["site"], mapping.site.codes, mapping.site.value))
    living = contacts[contacts["patient_id"].isin(people["patient_id"]) & ~contacts["patient_id"].isin(deaths["patient_id"])]
    last = living.assign(kind="last_contact", detail="", refusal="")
    occurrences = pd.concat([tables["events"], deaths, last], ignore_index=True)
    return Histories("fhir", people, occurrences, tables["measurements"], _FILES, [*said, *notes], withheld)


def _other_types(others: Counter[str]) -> list[str]:
    """Say how many resources of other types there are; what is no type of FHIR's may be free text, and is only counted."""
    known = Counter({kind: n for kind, n in others.items() if _OTHER_TYPES.fullmatch(kind)})
    unknown = others.total() - known.total()
    listed = ", ".join([*(f"{kind} {n}" for kind, n in known.most_common(5)), *([f"of other names {unknown}"] if unknown else [])])
    return [f"{others.total()} resources of other types are not read ({listed})"] if others else []


def _others_withheld(others: Counter[str]) -> list[str]:
    return [f"resourceType {kind}: {n}" for kind, n in others.most_common(50) if not _OTHER_TYPES.fullmatch(kind)]
