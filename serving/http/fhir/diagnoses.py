"""Diagnoses of plasma cells whose codes nobody mapped: which disease they are cannot be told, so no risk is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from features.sources.fhir.bundles import Found
from features.sources.fhir.codes import FhirCodes, codings, words_of
from features.sources.mapping import Mapping
from serving.http.response import Problem

_NOT_DIAGNOSED = ("entered-in-error", "refuted", "unconfirmed", "provisional", "differential")
# Diseases that the models are not for, or that end their risk, where no code that is known says which: AL amyloidosis, plasmacytoma, ...
_OF_PLASMA_CELLS = re.compile(
    r"myelom|plasma.?cell|plasm[ao]cyt|waldenstr|macroglobulin|light.chain.{0,12}amyloid|\bAL.amyloid", re.IGNORECASE
)
_OF_SOMEBODY_ELSE = re.compile(r"family|screening|\bFH\b", re.IGNORECASE)


def untold_diagnoses(resources: Sequence[Found], where: Sequence[str], known: Sequence[Mapping]) -> Iterator[Problem]:
    """Yield the diagnoses that are of plasma cells by their names, and by no code that is known: which of them it is nobody can tell."""
    codes = [FhirCodes(mapping) for mapping in known]
    for found, place in zip(resources, where, strict=True):
        resource = found.resource or {}
        concept = resource.get("code")
        if resource.get("resourceType") != "Condition" or any(one.roles(concept) for one in codes):
            continue
        if any(code in _NOT_DIAGNOSED for _, code in codings(resource.get("verificationStatus"))):
            continue
        words = words_of(concept)
        if _OF_PLASMA_CELLS.search(words) and not _OF_SOMEBODY_ELSE.search(words):
            message = "a diagnosis of plasma cells has no code that is mapped, so it may be one for which no risk is meant"
            yield Problem("diagnosis_not_mapped", f"{place}.code", message)
