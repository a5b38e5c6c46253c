"""What may speak against a risk and is only told: in a note before all others, in our words, since a name is free text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from features.sources.fhir.bundles import Found
from features.sources.fhir.codes import codings, words_of
from features.sources.fhir.regimens import treatment_words
from features.sources.fhir.spelling import plain
from serving.http.fhir.active import PRECURSORS
from serving.http.fhir.diagnoses import NOT_DIAGNOSED
from serving.http.fhir.evidence.said import OF_SOMEBODY_ELSE, said_in, says
from serving.http.fhir.plasma_cells import bare_code, is_icd_10

_TREATMENT = {"Procedure": "code", "Immunization": "vaccineCode"}
_NOT_DONE = ("entered-in-error", "not-done", "preparation")
# Diseases of a clone of plasma cells that no mapping holds, by their name without accents, in lower case.
_DISEASES = {
    "POEMS syndrome": re.compile(r"\bpoems\b"),
    "light chain deposition disease": re.compile(
        r"\blcdd\b|(?:light.?chain|leichtketten|chaines? legeres?|cadenas? ligeras?).{0,8}(?:depos|ablager|krankh)"
        r"|immunoglobulin.{0,12}deposition"
    ),
    "monoclonal gammopathy of renal significance": re.compile(r"\bmgrs\b|gammopath\w*.{0,12}(?:renal|renale|niere)"),
}
# ICD-10 Z85.7: personal history of malignant neoplasms of lymphoid, haematopoietic and related tissues; D47.7: other specified neoplasms
# of uncertain behaviour of these tissues, where POEMS is filed; Z94.8: other transplanted organ and tissue status.
_CODES = re.compile(r"(Z85\.?79?|D47\.?7|Z94\.?8[0-9]?)")
_SAID = (
    "what may be a treatment, or a disease for which no risk is meant, is not read; look it up, since the risk is wrong for whoever was "
    "treated, or has it"
)


def named_in(resources: Sequence[Found], stage: str) -> list[str]:
    """Return a note that names what of procedures, vaccines and diagnoses may speak against a risk; none where there is nothing.

    A treatment speaks against none of treated myeloma.
    """
    kinds = (*(_TREATMENT if stage in PRECURSORS else ()), "Condition")
    asked = [found.resource for found in resources if found.resource and found.resource["resourceType"] in kinds]
    told = dict.fromkeys(f"{what} ({kind})" for resource in asked for what, kind in _named(resource))
    return [f"{_SAID}: {', '.join(told)}"] if told else []


def _named(resource: dict[str, Any]) -> Iterator[tuple[str, str]]:
    kind = str(resource.get("resourceType"))
    if kind in _TREATMENT and resource.get("status") not in _NOT_DONE:
        yield from ((what, kind) for what in treatment_words(words_of(resource.get(_TREATMENT[kind]))))
    elif kind == "Condition" and not any(code in NOT_DIAGNOSED for _, code in codings(resource.get("verificationStatus"))):
        yield from ((what, kind) for what in _disease(resource.get("code")))


def _disease(concept: object) -> list[str]:
    said = plain(said_in(concept))
    coded = [f"ICD-10 {code}" for system, code in codings(concept) if is_icd_10(system) and _CODES.fullmatch(bare_code(code))]
    return [*(what for what, name in _DISEASES.items() if says(said, name, OF_SOMEBODY_ELSE)), *coded]
