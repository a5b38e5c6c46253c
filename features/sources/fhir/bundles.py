"""What a FHIR document holds: resources one after another, each with its place, whether it came from a file or in a request."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from features.sources.fhir.codes import codings
from features.sources.fhir.modifiers import REASONS, modified
from features.sources.fhir.twice import REPEATED, Unread

_ETAG = re.compile(r'(?:W/)?"?([^"]+)"?')
_WITHDRAWN = ("entered-in-error", "cancelled")
_NEVER_WAS = ("entered-in-error", "refuted")  # verificationStatus of a Condition
EFFECTIVE = ("effectiveDateTime", "effectiveInstant", "effectivePeriod")  # a report's time is that of its results, by definition


@dataclass(frozen=True)
class Found:
    """A resource, or what stands where one should be (then `resource` is None and `refusal` says why).

    A resource may have a `refusal` too: it is counted where it would be read, and not used.
    `row` is the line of an NDJSON file, or the entry of a Bundle, from 1. `expected` is the type that the file's name says.
    `deletes` is the reference of a resource that the entry deletes; `version` and `updated` are what an entry itself says of them.
    """

    file: str
    row: int
    resource: dict[str, Any] | None
    full_url: str = ""
    refusal: str = ""
    expected: str = ""
    deletes: str = ""
    version: str = ""
    updated: str = ""


def found_in(document: Any, place: Found, numbered: bool = False) -> Iterator[Found]:
    """Yield a resource, or all that a Bundle holds, also of Bundles in it; `numbered` names entries by their number in the document."""
    if not isinstance(document, dict) or not isinstance(document.get("resourceType"), str):
        yield replace(place, refusal="broken_resource")
        return
    if document["resourceType"] != "Bundle":
        yield replace(place, resource=document, refusal=place.refusal or (REPEATED if isinstance(document, Unread) else ""))
        return
    entries, rules = document.get("entry", []), place.refusal or (REASONS["implicitRules"] if document.get("implicitRules") else "")
    if not isinstance(entries, list):
        yield replace(place, refusal="broken_resource")
        return
    for number, entry in enumerate(entries, start=1):
        found = Found(place.file, number if numbered else place.row, None, refusal=rules)
        if not isinstance(entry, dict):
            yield replace(found, refusal="broken_resource")
            continue
        why = rules or (REASONS["modifierExtension"] if entry.get("modifierExtension") else "")
        found = replace(_stamped(found, entry, document), refusal=why)
        if found.deletes:
            yield found
        elif "resource" in entry:
            yield from found_in(entry["resource"], found)


def with_contained(found: Found) -> Iterator[Found]:
    """Yield what was found, and the Observations that it contains: they are of its subject, time and specimen where they say none.

    Of several specimens of a report (DiagnosticReport.specimen is 0..*) none is taken. A contained resource has no identity of its own, so
    its `id` is left out. What a withdrawn resource contains is withdrawn with it, and what turns a resource round may turn round what it
    contains. What is contained beside it, it may refer to.
    """
    yield found
    resource = found.resource or {}
    contained = resource.get("contained")
    if not isinstance(contained, list) or resource.get("status") in _WITHDRAWN:
        return
    specimen = resource.get("specimen")
    specimens = specimen if isinstance(specimen, list) else [specimen]
    of_all = {"specimen": specimens[0]} if len(specimens) == 1 and specimens[0] else {}
    why = found.refusal or modified(resource)
    for one in contained:
        if isinstance(one, dict) and one.get("resourceType") == "Observation":
            inherited = ("subject", "issued", *(() if any(key in one for key in EFFECTIVE) else EFFECTIVE))
            own = of_all | {key: value for key, value in one.items() if key != "id"}
            whole = {key: resource[key] for key in ("contained", *inherited) if key in resource} | own
            yield Found(found.file, found.row, whole, refusal=why)


def is_withdrawn(resource: dict[str, Any]) -> bool:
    """Return whether a resource says of itself that it does not count any more, or never did."""
    return resource.get("status") in _WITHDRAWN or any(code in _NEVER_WAS for _, code in codings(resource.get("verificationStatus")))


def is_group(observation: dict[str, Any]) -> bool:
    """Return whether an Observation only lists others, as a panel does: it holds no result itself (R4, observation.html, grouping)."""
    return bool(observation.get("hasMember")) and not observation.get("component") and not holds_value(observation)


def holds_value(valued: dict[str, Any]) -> bool:
    """Return whether an Observation, or a component of one, has a value of whatever type."""
    return any(key.startswith("value") and content is not None for key, content in valued.items())


def _stamped(found: Found, entry: dict[str, Any], bundle: dict[str, Any]) -> Found:
    """Return a place with what an entry says beside its resource: full URL, version, time, and whether it deletes."""
    parts = entry.get("request"), entry.get("response"), bundle.get("meta")
    request, response, meta = (part if isinstance(part, dict) else {} for part in parts)
    url = _text(request.get("url"))
    deletes = (url or _text(entry.get("fullUrl")) or "unnamed") if request.get("method") == "DELETE" else ""
    etag = _ETAG.fullmatch(_text(response.get("etag")).strip())
    version = etag[1] if etag else url.partition("/_history/")[2]
    updated = _text(response.get("lastModified"))
    if deletes and not updated and bundle.get("type") != "history":  # a list of deletions is of one time
        updated = _text(bundle.get("timestamp")) or _text(meta.get("lastUpdated"))
    return replace(found, full_url=_text(entry.get("fullUrl")), deletes=deletes, version=version, updated=updated)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
