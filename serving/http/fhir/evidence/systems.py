"""Results under a code of LOINC whose system is another, or not told: they would be left out, a criterion that they meet among them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from features.sources.fhir.bundles import Found, is_group, with_contained
from features.sources.fhir.codes import FhirCodes, codings
from features.sources.mapping import SYSTEMS, Mapping
from serving.http.response import Problem

_NOT_RESULTS = ("entered-in-error", "cancelled", "registered")


def unknown_systems(resources: Sequence[Found], where: Sequence[str], mapping: Mapping) -> Iterator[Problem]:
    """Yield the results, of which no code is mapped, that have a biomarker's code of LOINC under a system that is not known.

    Parameters
    ----------
    where : the place of each row, as it is told
    """
    asked = [(found, concept) for found in resources for one in with_contained(found) for concept in _concepts(one.resource or {})]
    unknown = [(found, concept) for found, concept in asked if any(system not in SYSTEMS.values() for system, _ in codings(concept))]
    if not unknown:
        return
    codes = FhirCodes(mapping)
    biomarkers = {code.partition(":")[2]: entry.biomarker for code, entry in mapping.measured().items() if code.startswith("LOINC:")}
    for found, concept in unknown:
        code = next((code for system, code in codings(concept) if system not in SYSTEMS.values() and code in biomarkers), "")
        if code and codes.biomarker(concept) is None:
            message = (
                f"this code is that of {biomarkers[code]} in LOINC, and its system is another, or is not told; needed: system "
                f'"{SYSTEMS["LOINC"]}", or the code in the mapping under biomarkers'
            )
            yield Problem("system_not_known", f"{where[found.row - 1]}.code", message, code)


def _concepts(observation: dict[str, Any]) -> list[object]:
    """Return the codes of a result and of its components; nothing of what is none."""
    if observation.get("resourceType") != "Observation" or observation.get("status") in _NOT_RESULTS or is_group(observation):
        return []
    components = observation.get("component")
    parts = [one.get("code") for one in components if isinstance(one, dict)] if isinstance(components, list) else []
    return [observation.get("code"), *parts]
