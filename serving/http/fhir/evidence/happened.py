"""Treatment and death that no order and no Patient tells: a transplantation, a cell therapy, a discharge of somebody who died.

The lists of words only keep a risk from being shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

from features.sources.fhir.bundles import Found
from features.sources.fhir.codes import FhirCodes, codings
from features.sources.fhir.spelling import plain
from features.sources.mapping import Mapping
from features.sources.parsing import first_day_of
from myeloma import calendar
from myeloma.calendar import BAD_DAY
from myeloma.echo import echo_day
from serving.http.fhir.active import PRECURSORS
from serving.http.fhir.diagnoses import NOT_DIAGNOSED
from serving.http.fhir.evidence.said import BESIDE, HERE, IS_NOT, OF_SOMEBODY_ELSE, said_in, says
from serving.http.fhir.plasma_cells import bare_code, is_icd_10
from serving.http.response import Problem

_NOT_DONE = ("entered-in-error", "not-done", "preparation", "planned", "cancelled")  # of Procedure, Immunization and Encounter
_CONCEPTS = {"Procedure": "code", "Immunization": "vaccineCode", "Condition": "code"}
_DAYS = ("performedDateTime", "performedPeriod", "occurrenceDateTime", "onsetDateTime", "onsetPeriod", "recordedDate", "period")
_STEM_CELLS = "Z9484"  # ICD-10-CM Z94.84, stem cells transplant status
_DIED = "exp"  # expired (http://terminology.hl7.org/CodeSystem/discharge-disposition)
# Names without accents, in lower case: English, German, French, Spanish, Portuguese, Italian, Dutch and the Scandinavian languages.
_STEM_CELL = (
    r"(?:stem.?cells?|stammzell(?:en\b)?|stamcel(?:len\b)?|cellules? souches?|celulas?.(?:madre|tronco|progenitor\w{0,20}|estamina\w{0,20})"
    r"|cellule staminali|bone.?marrow|knochenmarks?|moelle osseuse|medula osea|midollo(?: osseo)?|beenmerg|benmarg|knoglemarv"
    r"|hamatopoet\w{0,20}|ha?ematopoie\w{0,20}|hematopoye\w{0,20})"
)
_CELLS = re.compile(_STEM_CELL)
_GIVEN = re.compile(r"transpl|trasplant|greffe|reinfus|reinje|rescue")
# Cells that are infused; not an infusion for, or into, what the cells are named of.
_ELSEWHERE = r"(?!(?:for|due|in|into|after|before|with|during|bei|vor|nach|wegen|zur|pour|para|per|and|und)\b)"
_OF = rf"[\s-]{{1,3}}(?:of|von|d[eiu]|del|van|af|av|autolog\w*|allogen\w*)\b(?:[\s-]{{1,3}}{_ELSEWHERE}\w{{1,30}}){{0,7}}?"
_INFUSED = re.compile(rf"(?:in|trans)fus\w{{0,20}}(?:{_OF})?[\s-]{{1,3}}{_STEM_CELL}|{_STEM_CELL}[\s-]{{0,3}}(?:re)?(?:in|trans)fus")
_SHORT = re.compile(r"\b(?:asct|hsct|(?:auto|allo)-?h?sct)\b")
_BEFORE = r"(?:harvest|collect|apheres|entnahme|evaluat|candidat|consult|eligib|regist)"
_FOR = r"(?:for|zur|fur|pour|para|per|voor|til|before|prior to|vor|avant)\b"
_PREPARED = re.compile(rf"{_BEFORE}\w*{BESIDE}[\s-]+{_FOR}{BESIDE}[\s-]+{HERE}|{HERE}[\s-]*{_BEFORE}")
_NOT_GIVEN = (IS_NOT, OF_SOMEBODY_ELSE, _PREPARED)


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
    given = bool(_CELLS.search(said)) and says(_CELLS.sub(" ", said), _GIVEN, *_NOT_GIVEN)
    return given or any(says(said, name, *_NOT_GIVEN) for name in (_SHORT, _INFUSED))


def happened(resources: Sequence[Found], where: Sequence[str], mapping: Mapping, until: str) -> Iterator[Problem]:
    """Yield what says that the person was treated, where the risk is of untreated disease, or has died, by a day.

    Parameters
    ----------
    where : the place of each row, as it is told
    until : the day that is asked for; empty where all that is known counts. What has no day, none that can be read or one in the future
        is known to whoever sends it, and counts
    """
    codes = cache(lambda: FhirCodes(mapping))  # made where it is needed
    last, today = first_day_of(until), calendar.today()
    for found in resources:
        resource = found.resource or {}
        day = _day(resource)
        if resource.get("status") in _NOT_DONE or (last > BAD_DAY and last < first_day_of(day) <= today):
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
    if coded or is_transplantation(said_in(concept)):
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
