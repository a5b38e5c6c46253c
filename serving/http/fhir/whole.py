"""Whether a Bundle holds all of what was asked of a server, and in a shape that can be read: part of a history is never scored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from features.sources.fhir.modifiers import modified
from serving.http.response import Problem

MOST_ENTRIES, MOST_COMPONENTS = 20_000, 100  # of a Bundle, and of an Observation: more than there are of a person, or in a panel
MOST_DEPTH = 3  # Bundles within Bundles: a batch holds searches, and no server nests further
_BROKEN = ("error", "fatal")  # severities of an OperationOutcome
_LOST = frozenset(("incomplete", "timeout", "throttled", "too-costly", "too-long", "truncated", "transient"))  # and its codes
_TAGS = {"SUBSETTED": "elements are left out (meta.tag SUBSETTED)", "REDACTED": "elements are blackened (meta.security REDACTED)"}
_READ = ("Patient", "Observation", "Condition", "Medication", "Specimen", "DiagnosticReport")  # and Medication...
_ROUND = {
    "modifier_extension": "an element modifierExtension may turn the meaning of the resource round; none is understood",
    "implicit_rules": "implicitRules may give the resource another meaning; none are understood",
}
PARTIAL = "partial_history"


def lacks(document: Any, where: str, depth: int = 0) -> Iterator[Problem]:
    """Yield what says that a document, a resource or a Bundle, is not whole, each with its place."""
    if not isinstance(document, dict) or not isinstance(document.get("resourceType"), str):
        yield Problem("broken_resource", where, "needed: a resource of FHIR R4, with its resourceType")
        return
    yield from _tagged(document, where)
    if document["resourceType"] == "OperationOutcome":
        yield from _of_outcome(document, where)
    elif document["resourceType"] == "Bundle":
        yield from _of_bundle(document, where, depth)
    elif document["resourceType"].startswith(_READ):
        yield from _of_read(document, where)
        for number, one in enumerate(_listed(document.get("contained"))):
            if isinstance(one, dict) and one.get("resourceType") == "Observation":
                yield from _of_read(one, f"{where}.contained[{number}]")


def warnings_in(document: Any) -> Iterator[str]:
    """Yield what a server says beside the results that it found, in our words: its own may name somebody."""
    stack = [document]
    while stack:
        one = stack.pop()
        if not isinstance(one, dict):
            continue
        stack += [entry.get("resource") for entry in _listed(one.get("entry")) if isinstance(entry, dict)]
        if one.get("resourceType") == "OperationOutcome" and _listed(one.get("issue")):
            yield "a server said beside its results that they may not be the entire record (OperationOutcome)"


def _of_bundle(bundle: dict[str, Any], where: str, depth: int) -> Iterator[Problem]:
    if bundle.get("implicitRules"):
        yield Problem("implicit_rules", where, _ROUND["implicit_rules"])
    entries, links = bundle.get("entry", []), bundle.get("link", [])
    if depth >= MOST_DEPTH or not isinstance(entries, list) or not isinstance(links, list):
        yield Problem(
            "broken_resource", where, f"needed: a Bundle with lists of entries and links, at most {MOST_DEPTH} within one another"
        )
        return
    if len(entries) > MOST_ENTRIES:
        yield Problem("too_long", where, f"at most {MOST_ENTRIES} entries are accepted; leave out what is not read")
        return
    if any(isinstance(link, dict) and link.get("relation") == "next" for link in links):
        yield Problem(PARTIAL, f"{where}.link", "the Bundle has a next page; send all pages, or ask the server for one that holds all")
    total = bundle.get("total")
    found = sum(isinstance(entry, dict) and _mode(entry) == "match" for entry in entries)
    if isinstance(total, int) and bundle.get("type") == "searchset" and total > found:
        yield Problem(PARTIAL, f"{where}.total", f"the search found {total} resources, of which the Bundle holds {found}; send all of them")
    for number, entry in enumerate(entries):
        yield from _of_entry(entry, f"{where}.entry[{number}]", depth)


def _of_entry(entry: Any, where: str, depth: int) -> Iterator[Problem]:
    if not isinstance(entry, dict):
        yield Problem("broken_resource", where, "needed: an entry with a resource")
        return
    response = entry.get("response")
    status = response.get("status") if isinstance(response, dict) else None
    if status is not None and not str(status).startswith("2"):
        yield Problem(PARTIAL, f"{where}.response", "a request of the batch failed, so what it asked for is not there")
    if entry.get("modifierExtension"):
        yield Problem("modifier_extension", where, _ROUND["modifier_extension"])
    if "resource" in entry:
        yield from lacks(entry["resource"], f"{where}.resource", depth + 1)
    elif not isinstance(response, dict) and not isinstance(entry.get("request"), dict):
        yield Problem("broken_resource", where, "needed: an entry with a resource")


def _mode(entry: dict[str, Any]) -> str:
    search = entry.get("search")
    return str(search.get("mode", "match")) if isinstance(search, dict) else "match"


def _of_read(resource: dict[str, Any], where: str) -> Iterator[Problem]:
    if len(_listed(resource.get("component"))) > MOST_COMPONENTS:
        yield Problem("too_long", f"{where}.component", f"at most {MOST_COMPONENTS} components are accepted")
    elif why := modified(resource):
        yield Problem(why, where, _ROUND[why])


def _of_outcome(outcome: dict[str, Any], where: str) -> Iterator[Problem]:
    for issue in _listed(outcome.get("issue")):
        severity, code = (issue.get("severity"), issue.get("code")) if isinstance(issue, dict) else ("error", "")
        if severity in _BROKEN or (isinstance(code, str) and code in _LOST):
            yield Problem(PARTIAL, where, "an OperationOutcome says that results could not be returned; ask again until none is missing")
            return


def _tagged(resource: dict[str, Any], where: str) -> Iterator[Problem]:
    meta = resource.get("meta")
    labels = [*_listed(meta.get("tag")), *_listed(meta.get("security"))] if isinstance(meta, dict) else []
    for code in dict.fromkeys(label.get("code") for label in labels if isinstance(label, dict) and isinstance(label.get("code"), str)):
        if code in _TAGS:
            yield Problem(PARTIAL, where, _TAGS[code])


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
