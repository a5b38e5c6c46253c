"""Diagnoses that a DiagnosticReport concludes (conclusionCode): they are not read, but one that speaks against a risk is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from features.sources.fhir.bundles import Found, is_withdrawn
from features.sources.fhir.codes import FhirCodes, codings
from features.sources.fhir.spelling import plain
from features.sources.mapping import Mapping
from serving.http.fhir.evidence.said import IS_NOT, said_in
from serving.http.fhir.plasma_cells import code_of_plasma_cells, name_of_plasma_cells
from serving.http.response import Problem

# What marrow is counted for: a conclusion that names the cells is a finding, and no diagnosis.
_CELLS = re.compile(r"plasma.?(?:cel|zel)\w*(?! (?:myel|leu|neopl))|plasm[ao][cz]yt(?!om)\w*")
_UNTOLD = (
    "a DiagnosticReport concludes (conclusionCode) a diagnosis of plasma cells that is none of those with which the history starts; "
    "what reports conclude is not read: send the diagnosis as a Condition, with its day"
)


def concluded(resources: Sequence[Found], where: Sequence[str], mapping: Mapping, known: Sequence[Mapping]) -> Iterator[Problem]:
    """Yield the reports that conclude a diagnosis which a Condition would be refused for: progression, or one that nobody mapped.

    Parameters
    ----------
    where : the place of each row, as it is told
    mapping, known : that of the stage, and those of all stages: the diagnosis of an earlier stage speaks against no risk
    """
    reports = [(found, found.resource["conclusionCode"]) for found in resources if found.resource and _concludes(found.resource)]
    own, others = (FhirCodes(mapping), [FhirCodes(one) for one in known]) if reports else (None, [])
    for found, listed in reports:
        if own and any(_speaks_against(concept, own, others) for concept in listed):
            yield Problem("diagnosis_not_mapped", f"{where[found.row - 1]}.conclusionCode", _UNTOLD)


def _concludes(report: dict[str, Any]) -> bool:
    return report["resourceType"] == "DiagnosticReport" and isinstance(report.get("conclusionCode"), list) and not is_withdrawn(report)


def _speaks_against(concept: object, own: FhirCodes, others: Sequence[FhirCodes]) -> bool:
    kinds = {kind for kind, _ in own.roles(concept)}
    if kinds or any(one.roles(concept) for one in others):
        return bool(kinds & {"progression", "death"})
    return any(code_of_plasma_cells(system, code) for system, code in codings(concept)) or _names_one(said_in(concept))


def _names_one(words: str) -> bool:
    return name_of_plasma_cells(_CELLS.sub(" ", plain(words)), IS_NOT)
