"""When results were collected that do not say so themselves, by the reports and groups that list them.

FHIR R4, DiagnosticReport.effective[x]: the time "the observed values are related to", which is that of its results, also of those that
it lists by way of a group (Observation.hasMember) which says no time either. A group that says one is nearer: its members are of its time,
as in the general health profile among the standard's examples of DiagnosticReport.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from features.sources.fhir.bundles import EFFECTIVE, Found, is_withdrawn
from features.sources.fhir.modifiers import modified
from features.sources.fhir.references import Targets, name_and_base, name_of, reference_from


def times_by_report(untimed: Sequence[Found], resources: Iterable[Found]) -> list[dict[str, Any]]:
    """Return of each result what those that list it say of its time: when it was collected, and the last time of issue.

    Nothing is returned of a result that nothing lists, or of which two say different times.
    """
    reports, groups = _listing(resources)
    own = {name_and_base(found) for found in untimed}
    known = [*untimed, *(found for found in groups if name_and_base(found) not in own)]
    places: Targets[int] = Targets()
    for place, found in enumerate(known):
        places.add(name_of(found.resource or {}), found.full_url, place)
    said: list[list[dict[str, Any]]] = [[] for _ in known]
    for found in reports:
        report = found.resource or {}
        times = {key: report[key] for key in (*EFFECTIVE, "issued") if report.get(key)}
        for place in listed_by(found, known, places):
            said[place].append(times)
    return [_agreed(said[place]) for place in range(len(untimed))]


def _listing(resources: Iterable[Found]) -> tuple[list[Found], list[Found]]:
    """Return the reports and groups that say a time, and the groups that say none."""
    reports: list[Found] = []
    groups: list[Found] = []
    for found in resources:
        resource = found.resource or {}
        kind, timed = resource.get("resourceType"), any(resource.get(key) for key in EFFECTIVE)
        wanted = (kind == "DiagnosticReport" and timed) or (kind == "Observation" and "hasMember" in resource)
        if wanted and not (found.refusal or is_withdrawn(resource) or modified(resource)):
            (reports if timed else groups).append(found)
    return reports, groups


def listed_by(report: Found, known: Sequence[Found], places: Targets[int]) -> set[int]:
    """Return the places of the results that a report or group lists, also by way of groups.

    Parameters
    ----------
    known, places : the results, and the place of each among them by every name
    """
    reached: set[int] = set()
    references = [*_references(report, "result"), *_references(report, "hasMember")]
    while references:
        place = places.find(references.pop())
        if place is not None and place not in reached:
            reached.add(place)
            references += _references(known[place], "hasMember")
    return reached


def _references(found: Found, element: str) -> list[str]:
    listed = (found.resource or {}).get(element)
    return [reference_from(found, member) for member in (listed if isinstance(listed, list) else [])]


def _agreed(said: Sequence[dict[str, Any]]) -> dict[str, Any]:
    collected = [{key: times[key] for key in EFFECTIVE if key in times} for times in said]
    if not collected or any(one != collected[0] for one in collected):
        return {}
    issued = [times["issued"] for times in said if isinstance(times.get("issued"), str)]
    return collected[0] | ({"issued": max(issued)} if issued else {})
