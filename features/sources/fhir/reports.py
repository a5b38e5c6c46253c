"""When results were collected that do not say so themselves, by the reports that list them.

FHIR R4, DiagnosticReport.effective[x]: the time "the observed values are related to", which is that of its results.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from features.sources.fhir.bundles import EFFECTIVE, Found, is_withdrawn
from features.sources.fhir.modifiers import modified
from features.sources.fhir.references import Targets, name_of, reference_from


def times_by_report(untimed: Sequence[Found], resources: Iterable[Found]) -> list[dict[str, Any]]:
    """Return of each result what the reports that list it say of its time: when it was collected, and the last time of issue.

    Nothing is returned of a result that no report lists, or of which two reports say different times.
    """
    places: Targets[int] = Targets()
    for place, found in enumerate(untimed):
        places.add(name_of(found.resource or {}), found.full_url, place)
    said: dict[int, list[dict[str, Any]]] = {}
    for found in resources:
        report = found.resource or {}
        if report.get("resourceType") != "DiagnosticReport" or found.refusal or is_withdrawn(report) or modified(report):
            continue
        times = {key: report[key] for key in (*EFFECTIVE, "issued") if report.get(key)}
        listed = report.get("result")
        for member in listed if isinstance(listed, list) else []:
            meant = places.find(reference_from(found, member))
            if meant is not None and times.keys() & set(EFFECTIVE):
                said.setdefault(meant, []).append(times)
    return [_agreed(said.get(place, [])) for place in range(len(untimed))]


def _agreed(said: Sequence[dict[str, Any]]) -> dict[str, Any]:
    collected = [{key: times[key] for key in EFFECTIVE if key in times} for times in said]
    if not collected or any(one != collected[0] for one in collected):
        return {}
    issued = [times["issued"] for times in said if isinstance(times.get("issued"), str)]
    return collected[0] | ({"issued": max(issued)} if issued else {})
