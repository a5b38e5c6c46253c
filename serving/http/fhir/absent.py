"""Observations that say that there is no result: they hold nothing, so a history is whole without them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from features.sources.fhir.bundles import Found, holds_value, is_group
from features.sources.fhir.codes import codings

# Reasons of FHIR R4 (data-absent-reason) by which no result was obtained. Of `masked`, `error`, `as-text` and the others there may be one.
NOT_OBTAINED = ("unknown", "asked-unknown", "temp-unknown", "not-asked", "asked-declined", "not-applicable", "not-performed")


def without_absent(resources: Sequence[Found]) -> tuple[list[Found], list[str]]:
    """Return the resources without results that were not obtained, and what to say of it."""
    kept, left = [], 0
    for found in resources:
        resource = found.resource
        if resource is None or resource["resourceType"] != "Observation":
            kept.append(found)
            continue
        if not is_group(resource) and not resource.get("component") and _is_absent(resource):
            left += 1
            continue
        components = resource.get("component")
        if isinstance(components, list):
            there = [part for part in components if not (isinstance(part, dict) and _is_absent(part))]
            left += len(components) - len(there)
            kept.append(replace(found, resource={**resource, "component": there}))
        else:
            kept.append(found)
    return kept, [f"{left} results were not obtained (dataAbsentReason) and are left out"] if left else []


def _is_absent(valued: dict[str, Any]) -> bool:
    reasons = {code for _, code in codings(valued.get("dataAbsentReason"))}
    return bool(reasons) and reasons <= set(NOT_OBTAINED) and not holds_value(valued)
