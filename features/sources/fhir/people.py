"""FHIR Patient resources: who, born when, dead when, and whose record replaces whose."""

from __future__ import annotations

import re

import pandas as pd
from pydantic import ValidationError

from features.sources.fhir.bundles import Found
from features.sources.fhir.elements import Patient
from features.sources.fhir.modifiers import modified
from features.sources.fhir.references import Persons
from features.sources.mapping import Mapping

_ROUGHLY = re.compile(r"([0-9]{4}(-[0-9]{2})?)?")  # a year or a month, as a dateTime of FHIR may be, or nothing
_COLUMNS = ["patient_id", "birth", "sex", "site", "source_file", "source_row", "refusal"]


class People:
    """Collects the patients, as `Histories` wants them, and learns what references to them look like."""

    def __init__(self, mapping: Mapping) -> None:
        self.persons = Persons()
        self._sex_in = mapping.sex.read_from or "gender"
        self._rows: list[tuple[str, str, str, str, str, int, str]] = []
        self._deaths: list[tuple[str, str, str, str, str, int, str]] = []
        self._merged = 0

    def take(self, found: Found) -> None:
        """Read one Patient."""
        resource = found.resource or {}
        why = found.refusal or modified(resource)
        try:
            patient = None if found.resource is None or why else Patient.model_validate(resource)
        except ValidationError:
            patient = None
        name = resource.get("id") or found.full_url
        patient_id = name if isinstance(name, str) else ""
        place = (found.file, found.row)
        if patient is None:
            self._rows.append((patient_id, "", "", "", *place, why or "broken_resource"))
            return
        replaced_by = next((link.other.reference for link in patient.link if link.type == "replaced-by"), None) or ""
        self.persons.add(patient_id, found.full_url, replaced_by)
        site = (patient.managingOrganization.reference or "").rpartition("/")[2]
        self._rows.append((patient_id, patient.birthDate or "", self._sex(patient), site, *place, ""))
        if patient.deceasedDateTime or patient.deceasedBoolean:
            day = patient.deceasedDateTime or ""
            self._deaths.append((patient_id, day, "death", "", *place, "undated_death" if _ROUGHLY.fullmatch(day) else ""))

    def frame(self) -> pd.DataFrame:
        """Return one row per patient; a record that another replaces is left out, unless the link leads nowhere."""
        frame = pd.DataFrame(self._rows, columns=_COLUMNS)
        replaced = frame["patient_id"].map(self.persons.is_replaced).astype(bool)
        refusals = frame.loc[replaced, "patient_id"].map(lambda patient_id: self.persons.resolve(f"Patient/{patient_id}")[1])
        frame.loc[refusals.index, "refusal"] = refusals
        self._merged = int((refusals == "").sum())
        return frame.drop(index=refusals.index[refusals == ""])

    def deaths(self) -> pd.DataFrame:
        """Return the deaths; one without a date keeps it empty."""
        columns = ["patient_id", "occurred_at", "kind", "detail", "source_file", "source_row", "refusal"]
        deaths = pd.DataFrame(self._deaths, columns=columns)
        deaths["patient_id"] = deaths["patient_id"].map(lambda one: self.persons.resolve(f"Patient/{one}")[0] or one)
        return deaths

    def notes(self) -> list[str]:
        """Return what a person should know; after `frame`."""
        merged = f"{self._merged} Patient records are replaced by another one; what refers to them counts for that one"
        return [merged] if self._merged else []

    def _sex(self, patient: Patient) -> str:
        if self._sex_in == "gender":
            return patient.gender or ""
        return next((e.valueCode or "" for e in patient.extension if e.url.rpartition("/")[2] == self._sex_in), "")
