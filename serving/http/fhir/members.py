"""Panels and reports whose members were not sent: part of what the sender knows is then not there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from features.sources.fhir.bundles import Found
from features.sources.fhir.references import Targets, name_of, reference_from, unversioned
from serving.http.response import Problem

# What a panel may have as a member (R4, Observation.hasMember); what is never read is no part of a history that could be missing.
_MAY_BE_MEMBERS = ("Observation", "QuestionnaireResponse", "MolecularSequence")
_MEMBERS = {"Observation": "hasMember", "DiagnosticReport": "result"}
_WITHDRAWN = ("entered-in-error", "cancelled")


def lost_members(resources: Sequence[Found], where: Sequence[str]) -> Iterator[Problem]:
    """Yield the panels and reports that refer to a result which is not there, each with its place."""
    results: Targets[str] = Targets()
    for found in resources:
        if found.resource is not None and found.resource["resourceType"] in _MAY_BE_MEMBERS:
            results.add(name_of(found.resource), found.full_url, name_of(found.resource) or found.full_url)
    for found, place in zip(resources, where, strict=True):
        resource = found.resource or {}
        element = _MEMBERS.get(str(resource.get("resourceType")), "")
        listed = resource.get(element)
        if not isinstance(listed, list) or resource.get("status") in _WITHDRAWN:
            continue
        inside = {f"#{one.get('id')}" for one in _contained(resource)}
        references = [reference_from(found, member) for member in listed]
        if lost := sum(bool(one) and one not in inside and not _is_unread(one) and results.find(one) is None for one in references):
            yield Problem("missing_reference", f"{place}.{element}", f"{lost} results that it refers to are not in the Bundle; send them")


def _is_unread(reference: str) -> bool:
    """Return whether a reference says of itself that it leads to what is not read."""
    return unversioned(reference).rpartition("/")[0].rpartition("/")[2] in _MAY_BE_MEMBERS[1:]


def _contained(resource: dict[str, Any]) -> list[dict[str, Any]]:
    contained = resource.get("contained")
    return [one for one in contained if isinstance(one, dict)] if isinstance(contained, list) else []
