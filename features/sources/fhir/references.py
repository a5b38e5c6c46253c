"""Whom a reference means: `Patient/x`, `urn:uuid:...`, an absolute URL; followed through merged records, never in a circle."""

from __future__ import annotations

from collections.abc import Iterable

from features.sources.fhir.files import Found


class Persons:
    """The patients that were read, by every name a reference may use for them."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        self._elsewhere: set[str] = set()  # relative names of patients whose absolute address is known
        self._replaced: dict[str, str] = {}
        self._subjects: dict[str, str] = {}

    def add(self, patient_id: str, full_url: str, replaced_by: str) -> None:
        """Remember a patient, and the reference of the record that replaces it, if any."""
        name = f"Patient/{patient_id}"
        self._known[name] = patient_id
        if full_url:
            self._known[full_url] = patient_id
            if "://" in full_url:
                self._elsewhere.add(name)
        if replaced_by:
            self._replaced[patient_id] = replaced_by

    def add_subjects(self, resources: Iterable[Found]) -> None:
        """Remember what each other resource refers to, for references that do not lead to a patient at once."""
        for found in resources:
            resource = found.resource or {}
            subject = reference_of(resource.get("subject", resource.get("patient")))
            if subject and resource.get("resourceType") != "Patient":
                self._subjects[f"{resource.get('resourceType')}/{resource.get('id')}"] = subject
                if found.full_url:
                    self._subjects[found.full_url] = subject

    def resolve(self, reference: str) -> tuple[str, str]:
        """Return the patient's identifier and no refusal, or nothing and why the reference leads nowhere."""
        seen: set[str] = set()
        while True:
            reference = reference.partition("/_history/")[0]
            if reference in seen:
                return "", "cyclic_reference"
            seen.add(reference)
            patient = self._patient(reference)
            if patient is not None and patient not in self._replaced:
                return patient, ""
            following = self._replaced[patient] if patient is not None else self._subjects.get(_relative(reference) or reference)
            following = following or self._subjects.get(reference)
            if not following:
                return "", "missing_reference"
            reference = following

    def is_replaced(self, patient_id: str) -> bool:
        """Return whether another record has taken this patient's place."""
        return patient_id in self._replaced

    def _patient(self, reference: str) -> str | None:
        if reference in self._known:
            return self._known[reference]
        name = _relative(reference)
        return self._known.get(name) if name and name not in self._elsewhere else None


def reference_of(element: object) -> str:
    """Return the text of a Reference, or nothing where it is not one."""
    reference = element.get("reference") if isinstance(element, dict) else None
    return reference if isinstance(reference, str) else ""


def _relative(reference: str) -> str:
    """Return the `Type/id` at the end of an absolute URL, or nothing."""
    parts = reference.rsplit("/", 2)
    return "/".join(parts[1:]) if "://" in reference and len(parts) == len(("base", "type", "id")) else ""
