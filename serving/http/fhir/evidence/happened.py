"""Treatment and death that no order and no Patient tells: a transplantation, a cell therapy, a discharge of somebody who died.

The lists of words only keep a risk from being shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

from features.sources.fhir.bundles import Found
from features.sources.fhir.codes import FhirCodes, codings, words_of
from features.sources.fhir.spelling import plain
from features.sources.mapping import Mapping
from myeloma.echo import echo_day
from serving.http.fhir.active import PRECURSORS
from serving.http.fhir.diagnoses import NOT_DIAGNOSED
from serving.http.fhir.plasma_cells import OF_SOMEBODY_ELSE, bare_code, is_icd_10
from serving.http.response import Problem

_NOT_DONE = ("entered-in-error", "not-done", "preparation", "planned", "cancelled")  # of Procedure, Immunization and Encounter
_CONCEPTS = {"Procedure": "code", "Immunization": "vaccineCode", "Condition": "code"}
_DAYS = ("performedDateTime", "performedPeriod", "occurrenceDateTime", "onsetDateTime", "onsetPeriod", "recordedDate", "period")
_STEM_CELLS = "Z9484"  # ICD-10-CM Z94.84, stem cells transplant status
_DIED = "exp"  # expired (http://terminology.hl7.org/CodeSystem/discharge-disposition)
# Names without accents, in lower case: English, German, French, Spanish, Portuguese, Italian, Dutch and the Scandinavian languages.
_CELLS = re.compile(
    r"stem.?cell|stammzell|stamcel|cellules? souches?|celulas?.(?:madre|tronco|progenitor|estamina)|cellule staminali|bone.?marrow"
    r"|knochenmark|moelle osseuse|medula osea|midollo|beenmerg|benmarg|knoglemarv|hamatopoet|ha?ematopoie|hematopoye"
)
_GIVEN = re.compile(r"transpl|trasplant|greffe|reinfus|stem.?cell rescue")
_SHORT = re.compile(r"\b(?:asct|hsct|(?:auto|allo)-?h?sct)\b")
_BEFORE = re.compile(
    r"harvest|collect|apheres|entnahme|evaluat|candidat|consult|eligib|regist"
    r"|\b(?:no|not|without|kein\w*|ohne|pas de|sans|sin|geen|ingen)\b"
)


def is_transplantation(words: str) -> bool:
    """Return whether words name a transplantation of the person's blood stem cells that was done.

    Examples
    --------
    >>> [is_transplantation(words) for words in ("Autologous stem cell transplantation", "Z.n. Stammzelltransplantation", "ASCT")]
    [True, True, True]
    >>> [is_transplantation(words) for words in ("Stem cell apheresis", "Kidney transplant", "Bone marrow biopsy")]
    [False, False, False]
    """
    said = plain(words)
    if _BEFORE.search(said) or OF_SOMEBODY_ELSE.search(said):
        return False
    return bool(_SHORT.search(said)) or bool(_CELLS.search(said) and _GIVEN.search(said))


def happened(resources: Sequence[Found], where: Sequence[str], mapping: Mapping, until: str) -> Iterator[Problem]:
    """Yield what says that the person was treated, where the risk is of untreated disease, or has died, by a day.

    Parameters
    ----------
    where : the place of each row, as it is told
    until : the day that is asked for; empty where all that is known counts. What has no day is known to whoever sends it, and counts
    """
    codes = cache(lambda: FhirCodes(mapping))  # made where it is needed
    for found in resources:
        resource = found.resource or {}
        day = _day(resource)
        if resource.get("status") in _NOT_DONE or (until and day[:10] > until[:10]):
            continue
        of = f" of {day[:10]}" if echo_day(day[:10]) else ""
        place = where[found.row - 1]
        if resource.get("resourceType") == "Encounter" and _ended_in_death(resource):
            yield Problem("dead", place, f"an Encounter{of} says that the person has died (dischargeDisposition {_DIED})")
        elif mapping.stage in PRECURSORS and (what := _treatment(resource, codes)):
            kind = "an Immunization" if resource["resourceType"] == "Immunization" else f"a {resource['resourceType']}"
            message = f"{kind}{of} says that the person had {what}: the risk is of people without treatment"
            yield Problem("treated", place, message)


def _treatment(resource: dict[str, Any], codes: Callable[[], FhirCodes]) -> str:
    """Return which treatment a resource tells of, in our words; nothing where it tells of none."""
    kind = str(resource.get("resourceType"))
    concept = resource.get(_CONCEPTS.get(kind, ""))
    if kind not in _CONCEPTS or any(code in NOT_DIAGNOSED for _, code in codings(resource.get("verificationStatus"))):
        return ""
    coded = kind == "Condition" and any(is_icd_10(system) and bare_code(code) == _STEM_CELLS for system, code in codings(concept))
    if coded or is_transplantation(words_of(concept)):
        return "a transplantation of stem cells"
    drugs = [drug for _, drug in codes().drugs(concept)] if kind != "Condition" else []
    return ", ".join(dict.fromkeys(drugs))


def _ended_in_death(encounter: dict[str, Any]) -> bool:
    stay = encounter.get("hospitalization")
    return isinstance(stay, dict) and any(code == _DIED for _, code in codings(stay.get("dischargeDisposition")))


def _day(resource: dict[str, Any]) -> str:
    """Return the first day that a resource gives of what happened, of a stay the last; nothing where it gives none."""
    for name in _DAYS:
        content = resource.get(name)
        if isinstance(content, dict):
            content = content.get("end" if name == "period" else "start")
        if isinstance(content, str) and content:
            return content
    return ""
