"""Which results may still change, or may not count any more, by the status of the report that lists them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from features.sources.fhir.bundles import Found, is_withdrawn, with_contained
from features.sources.fhir.references import Targets, name_of
from features.sources.fhir.reports import listed_by

# Statuses of FHIR R4 by which a result or a report will not change; of any other, also of one that FHIR does not have, nobody knows.
_SETTLED = ("final", "amended", "corrected", "appended")


@dataclass(frozen=True)
class Interim:
    """The rows of the results that only reports list which are not final, and how many of these reports are withdrawn."""

    rows: frozenset[int] = frozenset()
    withdrawn: int = 0

    def notes(self) -> list[str]:
        """Return what to say of withdrawn reports."""
        said = "reports are entered in error or cancelled and list results that say nothing of it themselves: these are read as preliminary"
        return [f"{self.withdrawn} {said}"] if self.withdrawn else []


def interim_in(resources: Sequence[Found]) -> Interim:
    """Return the results that are listed (DiagnosticReport.result) by a report that is not final, and by none that is."""
    known = [found for found in resources if (found.resource or {}).get("resourceType") == "Observation"]
    places: Targets[int] = Targets()
    for place, found in enumerate(known):
        places.add(name_of(found.resource or {}), found.full_url, place)
    listed: dict[bool, set[int]] = {True: set(), False: set()}
    withdrawn = 0
    for found in resources:
        report = found.resource or {}
        if report.get("resourceType") == "DiagnosticReport":
            reached = listed_by(found, known, places)
            listed[report.get("status") in _SETTLED] |= reached
            withdrawn += bool(reached) and is_withdrawn(report)
    return Interim(frozenset(known[place].row for place in listed[False] - listed[True]), withdrawn)


def is_unconfirmed(used: Sequence[Found], interim: Interim) -> bool:
    """Return whether any of the results may still change; one that a report contains has a status of its own."""
    if any(found.row in interim.rows for found in used):
        return True
    return any(one.resource is not None and one.resource.get("status") not in _SETTLED for found in used for one in with_contained(found))
