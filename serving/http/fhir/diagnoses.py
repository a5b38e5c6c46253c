"""Diagnoses of plasma cells whose codes nobody mapped: which disease they are cannot be told, so no risk is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from features.sources.fhir.bundles import Found
from features.sources.fhir.codes import FhirCodes, codings
from features.sources.mapping import Mapping
from serving.http.fhir.evidence.said import said_in
from serving.http.fhir.plasma_cells import code_of_plasma_cells, name_of_plasma_cells
from serving.http.response import Problem

NOT_DIAGNOSED = ("entered-in-error", "refuted", "unconfirmed", "provisional", "differential")
_UNTOLD = (
    "a diagnosis that is of plasma cells, or may be, has no code that is mapped, so it may be one for which no risk is meant; "
    "map its code, or leave it out where it says nothing of this person"
)


def untold_diagnoses(resources: Sequence[Found], where: Sequence[str], known: Sequence[Mapping]) -> Iterator[Problem]:
    """Yield the diagnoses that are of plasma cells by code or name, and by no code that is known: which of them it is nobody can tell.

    A code alone is enough: `Coding.display` and `CodeableConcept.text` are 0..1 in FHIR R4 (Data Types).
    """
    codes = [FhirCodes(mapping) for mapping in known]
    for found, place in zip(resources, where, strict=True):
        resource = found.resource or {}
        concept = resource.get("code")
        if resource.get("resourceType") != "Condition" or any(one.roles(concept) for one in codes):
            continue
        if any(code in NOT_DIAGNOSED for _, code in codings(resource.get("verificationStatus"))):
            continue
        coded = next((code for system, code in codings(concept) if code_of_plasma_cells(system, code)), "")
        if coded or name_of_plasma_cells(said_in(concept)):
            yield Problem("diagnosis_not_mapped", f"{place}.code", _UNTOLD, coded)
