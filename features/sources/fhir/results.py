"""FHIR Observation resources: results, with their components, units and times."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime

import pandas as pd
from pydantic import ValidationError

from features.sources.fhir.bundles import EFFECTIVE, Found, is_group
from features.sources.fhir.codes import FhirCodes, codings
from features.sources.fhir.contacts import Contacts
from features.sources.fhir.elements import Observation, Valued
from features.sources.fhir.focus import Foci
from features.sources.fhir.modifiers import modified
from features.sources.fhir.references import Targets, name_of, reference_from
from features.sources.fhir.reports import times_by_report
from features.sources.mapping import BiomarkerCode
from features.sources.refused import note_of_refused
from features.sources.unmapped import note_of
from myeloma import catalogue

_NOT_RESULTS = ("entered-in-error", "cancelled", "registered")
_COLUMNS = [
    *("reference", "collected_at", "available_at", "biomarker", "value", "unit", "component", "method", "specimen"),
    *("source_file", "source_row", "refusal"),
]
_TOP = 5  # time zones
_DAY = len("2000-01-01")
_ZONE = re.compile(r"[+-][0-9]{2}:[0-9]{2}")


class Results:
    """Collects the results, and per person the last day on which there is one, whatever it measures."""

    def __init__(self, codes: FhirCodes, contacts: Contacts) -> None:
        self.foci = Foci()
        self._contacts = contacts
        self._codes = codes
        self._rows: list[tuple[str, str, str, str, str, str, str, str, str, str, int, str]] = []
        self._untimed: list[tuple[Found, str]] = []  # results that do not say when they were collected, until all reports are read
        self._specimens: Targets[str] = Targets()
        self._in_specimen: dict[int, tuple[str, str]] = {}  # place among the rows -> reference of the specimen, and what it is called
        self._others: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()
        self._offsets: Counter[str] = Counter()
        self._withdrawn = self._undated = self._nowhere = 0

    def take(self, found: Found) -> None:
        """Read one Observation; one of which no code is mapped is only counted."""
        resource = found.resource
        if resource is None:
            self._refuse(found, "", found.refusal)
            return
        subject = reference_from(found, resource.get("subject"))
        if resource.get("status") in _NOT_RESULTS:
            self._withdrawn += 1
            return
        if is_group(resource):
            self._contacts.note(found, subject, resource.get("effectiveDateTime") or resource.get("issued"))
            return
        concept, components = resource.get("code"), resource.get("component", ())
        parts = [part.get("code") for part in components if isinstance(part, dict)] if isinstance(components, list) else []
        self._refused.update(filter(None, map(self._codes.refused, (concept, *parts))))
        known = self._codes.biomarker(concept) or any(map(self._codes.biomarker, parts))
        if not known:
            listed = codings(concept)
            if not isinstance(concept, dict) or (not listed and "coding" in concept):
                self._refuse(found, subject, found.refusal or "broken_resource")
            else:
                self._others[listed[0][1] if listed else "no code"] += 1
                self._contacts.note(found, subject, resource.get("effectiveDateTime") or resource.get("issued"))
            return
        if why := found.refusal or modified(resource):
            self._refuse(found, subject, why)
            return
        try:
            observation = Observation.model_validate(resource)
        except ValidationError:
            self._refuse(found, subject, "broken_resource")
            return
        if any(resource.get(key) for key in EFFECTIVE):
            self._read(observation, subject, found)
        else:
            self._untimed.append((found, subject))

    def resolve_times(self, again: Callable[[], Iterable[Found]]) -> None:
        """Read the results that do not say when they were collected, at the time of the report that lists them."""
        said = times_by_report([found for found, _ in self._untimed], again() if self._untimed else ())
        for (found, subject), times in zip(self._untimed, said, strict=True):
            own = {key: content for key, content in (found.resource or {}).items() if key not in EFFECTIVE and content is not None}
            try:
                observation = Observation.model_validate(times | own)
            except ValidationError:  # the report is broken: the result itself was validated
                observation = Observation.model_validate(own)
            self._read(observation, subject, found)

    def take_specimen(self, found: Found) -> None:
        """Read one Specimen."""
        if found.resource is not None:
            self._specimens.add(name_of(found.resource), found.full_url, self._codes.specimen(found.resource.get("type")))

    def frame(self) -> pd.DataFrame:
        """Return one row per value, and one per Observation that could not be read."""
        rows = pd.DataFrame(self._rows, columns=_COLUMNS)
        said = [self._specimens.find(reference) or named for reference, named in self._in_specimen.values()]
        rows.loc[list(self._in_specimen), "specimen"] = said
        asked = rows.loc[list(self._in_specimen), "biomarker"].map(_is_told_where)
        self._nowhere = sum(is_asked and not word for is_asked, word in zip(asked, said, strict=True))
        return rows

    def withheld(self) -> list[str]:
        """Return the codes that are not mapped and may be free text."""
        return note_of("", self._others.most_common())[1]

    def notes(self) -> list[str]:
        """Return what was not used, and what a person should know about times."""
        notes = note_of_refused(self._refused)
        if self._others:
            notes += note_of(f"{self._others.total()} Observations have a code that is not mapped", self._others.most_common())[0]
        if self._withdrawn:
            notes.append(f"{self._withdrawn} Observations are cancelled, entered in error or not done yet, and not read")
        if self._nowhere:
            taken = "taken for the one that the biomarker is measured in; `specimens` of a mapping says what codes mean"
            notes.append(f"{self._nowhere} results are of a specimen that is not there, or whose type is not known, and are {taken}")
        if self._undated:
            notes.append(f"{self._undated} results do not say when they were collected; the day on which they were issued is taken")
        if len(self._offsets) > 1:
            zones = ", ".join(f"{zone} {n}" for zone, n in self._offsets.most_common(_TOP))
            notes.append(f"time stamps are of {len(self._offsets)} time zones ({zones}); the calendar day as written counts")
        return notes

    def _read(self, observation: Observation, subject: str, found: Found) -> None:
        period = observation.effectivePeriod
        collected = observation.effectiveDateTime or observation.effectiveInstant or (period and (period.end or period.start)) or ""
        if not collected and observation.issued:
            self._undated += 1
            collected = observation.issued
        self._contacts.note(found, subject, collected)
        self._offsets[_offset(collected)] += 1
        available = _in_zone_of(observation.issued or "", collected)
        whole = self._codes.biomarker(observation.code.model_dump())
        coded = [(n, part, self._codes.biomarker(part.code.model_dump())) for n, part in enumerate(observation.component, start=1)]
        values: list[tuple[str, Valued, BiomarkerCode]] = [(f"component {n}", part, entry) for n, part, entry in coded if entry]
        if whole and (observation.has_value or not values):
            values.insert(0, (whole.component, observation, whole))
        method = self._codes.method(observation.method.model_dump()) if observation.method else ""
        referred = (found.resource or {}).get("specimen") if observation.specimen else None
        reference = reference_from(found, referred)
        specimen = self._contained(found, reference)
        other = self.foci.take(found, range(len(self._rows), len(self._rows) + len(values)))
        for component, valued, entry in values:
            value, unit = self._value(valued, entry)
            refusal = other or ("absent_value" if valued.has_value and valued.dataAbsentReason is not None else "")
            said = (entry.biomarker, value, unit, component, method or entry.method, specimen or entry.specimen)
            if referred and not specimen and not entry.specimen:
                self._in_specimen[len(self._rows)] = reference, self._codes.specimen({"coding": [referred]})  # its display alone
            self._rows.append((subject, collected, available, *said, found.file, found.row, refusal))

    def _contained(self, found: Found, reference: str) -> str:
        """Return what the specimen is that an Observation brings with it, empty where it brings none."""
        inside = (found.resource or {}).get("contained", ()) if reference.startswith("#") else ()
        listed = [one for one in inside if isinstance(one, dict)] if isinstance(inside, list) else []
        return next((self._codes.specimen(one.get("type")) for one in listed if reference == f"#{one.get('id')}"), "")

    def _value(self, valued: Valued, entry: BiomarkerCode) -> tuple[str, str]:
        quantity = valued.valueQuantity
        if quantity is None and valued.valueCodeableConcept is not None:
            result = self._codes.result(valued.valueCodeableConcept.model_dump(), valued.valueCodeableConcept.text)
            return result, self._codes.unit(entry.biomarker, None, None, None, entry.unit)
        if quantity is None:
            number = valued.valueInteger if valued.valueInteger is not None else valued.valueString or ""
            return str(number), self._codes.unit(entry.biomarker, None, None, None, entry.unit)
        number = "" if quantity.value is None else f"{quantity.comparator or ''}{quantity.value!r}"
        return number, self._codes.unit(entry.biomarker, quantity.code, quantity.system, quantity.unit, entry.unit)

    def _refuse(self, found: Found, subject: str, why: str) -> None:
        self._rows.append((subject, "", "", "", "", "", "", "", "", found.file, found.row, why))


def _is_told_where(biomarker: str) -> bool:
    """Return whether it matters in which specimen a biomarker is measured."""
    return biomarker in catalogue() and bool(catalogue()[biomarker].possible_specimens)


def _offset(stamp: str) -> str:
    """Return the time zone of a time stamp as written, `none` where it has none, `day` where it is a day."""
    clock = stamp[_DAY:]
    if not clock:
        return "day"
    return "+00:00" if clock.endswith("Z") else clock[-6:] if _ZONE.fullmatch(clock[-6:]) else "none"


def _in_zone_of(issued: str, collected: str) -> str:
    """Return when a result was issued in the zone it was collected in, so that midnight does not put it a day before."""
    zones = _offset(issued), _offset(collected)
    if not issued or zones[0] == zones[1] or {"day", "none"} & set(zones):
        return issued
    try:
        return datetime.fromisoformat(issued).astimezone(datetime.fromisoformat(collected).tzinfo).isoformat()
    except ValueError:
        return issued
