"""Whom or what a result is about, where that is not its subject: FHIR R4 `Observation.focus`, such as a fetus, a donor, or a tumour.

What belongs to the subject (a diagnosis, the structure of a tumour, a procedure) leaves a result the subject's. A focus on anybody or
anything else, or one of which nobody can tell what it is, does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pandas as pd

from features.sources.fhir.bundles import Found
from features.sources.fhir.references import Persons, reference_from, unversioned

OTHER = "other_focus"
# "An existing condition, an intervention, the subject's diet, another observation of the subject, or a body structure" (R4, on focus)
_OF_SUBJECT = frozenset(
    (
        *("Condition", "BodyStructure", "Observation", "DiagnosticReport", "Specimen", "ImagingStudy", "Encounter", "EpisodeOfCare"),
        *("Procedure", "ServiceRequest", "CarePlan", "NutritionOrder"),
        *("MedicationRequest", "MedicationDispense", "MedicationAdministration", "MedicationStatement"),
    )
)
_CODE = "http://hl7.org/fhir/StructureDefinition/observation-focusCode"  # R4: "when the focus is not the patient of record"


class Foci:
    """Collects what results are about, by their place among the rows, until it is known who is meant by references."""

    def __init__(self) -> None:
        self._asked: dict[int, list[str]] = {}

    def take(self, found: Found, rows: Iterable[int]) -> str:
        """Return the refusal of a result that is not its subject's, as far as it can be told; what cannot, is told by `settle`."""
        resource = found.resource or {}
        listed, extensions = resource.get("focus"), resource.get("extension")
        if any(isinstance(one, dict) and one.get("url") == _CODE for one in (extensions if isinstance(extensions, list) else ())):
            return OTHER
        asked = []
        for element in listed if isinstance(listed, list) else []:
            reference, kind = reference_from(found, element), _kind_of(found, element)
            if kind in _OF_SUBJECT:
                continue
            if not reference or kind not in ("", "Patient"):
                return OTHER
            asked.append(reference)
        if asked:
            self._asked |= dict.fromkeys(rows, asked)
        return ""

    def settle(self, results: pd.DataFrame, persons: Persons, again: Callable[[], Iterable[Found]]) -> None:
        """Refuse the results that are about somebody else than their person, who is known by now."""
        if not self._asked:
            return
        wanted = {unversioned(reference) for references in self._asked.values() for reference in references}
        there = ((unversioned(one.full_url), one.resource) for one in again() if one.resource is not None)
        said = {url: resource.get("resourceType") for url, resource in there if url in wanted}
        for row, references in self._asked.items():
            own = {reference: persons.resolve(reference)[0] for reference in references}
            others = [who != results.at[row, "patient_id"] and said.get(unversioned(one)) not in _OF_SUBJECT for one, who in own.items()]
            if any(others) and not results.at[row, "refusal"]:
                results.at[row, "refusal"] = OTHER


def _kind_of(found: Found, element: object) -> str:
    """Return the type of what a Reference leads to, as far as it says so itself; empty where it does not."""
    reference = unversioned(reference_from(found, element))
    contained = (found.resource or {}).get("contained")
    if reference.startswith("#"):
        inside = [one for one in (contained if isinstance(contained, list) else []) if isinstance(one, dict)]
        return next((str(one.get("resourceType")) for one in inside if reference == f"#{one.get('id')}"), "unknown")
    in_path = reference.rpartition("/")[0].rpartition("/")[2]
    said = element.get("type") if isinstance(element, dict) else None
    return in_path or (said.rpartition("/")[2] if isinstance(said, str) else "")
