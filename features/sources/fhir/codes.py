"""Codings of FHIR resources looked up in a mapping: `LOINC:718-7` is the code in its system, a bare code that in any system."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from features.sources.fhir.regimens import regimens_in
from features.sources.fhir.spelling import plain
from features.sources.fhir.systems import UCUM, code_in, system_of
from features.sources.mapping import SYSTEMS, BiomarkerCode, Mapping
from features.sources.refused import refused_code
from features.sources.units import one_unit
from myeloma import catalogue

Meaning = TypeVar("Meaning")


class FhirCodes:
    """What the codes of a mapping mean, by `system|code`, or by the code alone."""

    def __init__(self, mapping: Mapping) -> None:
        self._measured = {key_of(code): entry for code, entry in mapping.measured().items()}
        self._roles: dict[str, list[tuple[str, str]]] = {}
        for code, kind, detail in mapping.roles():
            self._roles.setdefault(key_of(code), []).append((kind, detail))
        self._names = {plain(name): drug for name, drug in mapping.treatment_names.items()}
        self._units = mapping.units
        self.follows_drugs = bool(mapping.treatment or mapping.treatment_names)
        self.knows_drugs_by_name = bool(mapping.treatment_names)
        self._methods, self._specimens, self._results = (
            {key_of(code): word for code, word in table.items()}
            for table in (mapping.methods, mapping.types_of_specimen(), mapping.results)
        )

    def biomarker(self, concept: object) -> BiomarkerCode | None:
        """Return what a concept measures, or None where no coding of it is mapped."""
        return next(_found(self._measured, concept), None)

    def refused(self, concept: object) -> str | None:
        """Return the LOINC code of a concept that is not mapped and never read as a biomarker, None where it has none."""
        if self.biomarker(concept) is not None:
            return None
        bare = (refused_code(code) for system, code in codings(concept) if system in ("", SYSTEMS["LOINC"]))
        return next(filter(None, bare), None)

    def method(self, concept: object) -> str:
        """Return the method that a concept means, empty where it is not mapped."""
        return next(_found(self._methods, concept), "")

    def specimen(self, concept: object) -> str:
        """Return the specimen that the type of one means: by its code, else by what it is called; empty where neither is known."""
        by_name = (catalogue().specimen_of(name) for name in names_of(concept))
        return next(_found(self._specimens, concept), "") or next(filter(None, by_name), "")

    def result(self, concept: object, words: str | None) -> str:
        """Return the result that a concept means; where it is not mapped its words, or its code: the checks say whether they are one."""
        meant = next(_found(self._results, concept), None)
        return meant or self._results.get(words or "", words) or next((code for _, code in codings(concept)), "")

    def roles(self, concept: object) -> list[tuple[str, str]]:
        """Return the kinds of occurrence that a concept stands for, each with its detail.

        Where both stand in one concept, a code of SNOMED CT counts and one of a classification does not: ICD files several diagnoses
        under one code, such as smoldering myeloma under that of myeloma.
        """
        listed = [(system, roles) for system, code in codings(concept) for roles in _meanings(self._roles, system, code)]
        of_snomed = [roles for system, roles in listed if system == SYSTEMS["SNOMED"]]
        return list(dict.fromkeys(role for roles in of_snomed or [roles for _, roles in listed] for role in roles))

    def drugs(self, concept: object, reference: object = None) -> list[tuple[str, str]]:
        """Return the drugs of treatment that a concept, or what a reference to one is called, means: by code, else by name."""
        by_code = [role for role in self.roles(concept) if role[0] == "treatment"]
        return by_code or (self._drugs_named(words_of(concept, reference)) if self.knows_drugs_by_name else [])

    def _drugs_named(self, words: str) -> list[tuple[str, str]]:
        said = plain(words)
        by_name = dict.fromkeys(drug for name, drug in self._names.items() if name in said)
        return [("treatment", drug) for drug in by_name or regimens_in(words)]

    def unit(self, biomarker: str, code: str | None, system: str | None, words: str | None, otherwise: str) -> str:
        """Return the unit: the UCUM code, else the unit in words, else the mapping's, each as the mapping spells it.

        Where code and words are two units, both are returned, which is none.
        """
        ucum = code if not system or system_of(system) == UCUM else None
        received = ucum or words or code or otherwise
        unit = self._units.get(received, received)
        return one_unit(biomarker, unit, self._units.get(words, words)) if ucum and words else unit


def codings(concept: object) -> list[tuple[str, str]]:
    """Return (system, code) of each coding, as they are looked up; what is no coding is left out."""
    listed = concept.get("coding") if isinstance(concept, dict) else None
    return [
        (system := system_of(str(coding.get("system", ""))), code_in(system, coding["code"]))
        for coding in (listed if isinstance(listed, list) else ())
        if isinstance(coding, dict) and isinstance(coding.get("code"), str) and coding["code"].strip()
    ]


def words_of(concept: object, reference: object = None) -> str:
    """Return what a concept, and a reference, are called: its text, and what is displayed for each coding."""
    return " ".join((*names_of(concept), *names_of({"coding": [reference]}))).strip()


def names_of(concept: object) -> list[str]:
    """Return the names of a concept: its text, and what is displayed for each coding."""
    concept = concept if isinstance(concept, dict) else {}
    coding = concept.get("coding")
    shown = [one.get("display") for one in (coding if isinstance(coding, list) else ()) if isinstance(one, dict)]
    return [text for text in (concept.get("text"), *shown) if isinstance(text, str)]


def is_broken(concept: object) -> bool:
    """Return whether something stands for a code that has not the shape of one: it may be any code."""
    return concept is not None and (not isinstance(concept, dict) or ("coding" in concept and not codings(concept)))


def _found(table: dict[str, Meaning], concept: object) -> Iterator[Meaning]:
    for system, code in codings(concept):
        yield from _meanings(table, system, code)


def _meanings(table: dict[str, Meaning], system: str, code: str) -> Iterator[Meaning]:
    for key in (f"{system}|{code}", code):
        if key in table:
            yield table[key]


def key_of(code: str) -> str:
    """Return a code as it is looked up: its system and itself, as a search of FHIR names it; a bare code as it is.

    Examples
    --------
    >>> key_of("LOINC:718-7"), key_of("LAB-77")
    ('http://loinc.org|718-7', 'LAB-77')
    """
    vocabulary, colon, rest = code.partition(":")
    if colon and vocabulary.upper() in SYSTEMS:
        system = SYSTEMS[vocabulary.upper()]
        return f"{system}|{code_in(system, rest)}"
    address, bar, own = code.rpartition("|")
    return f"{system_of(address)}|{code_in(system_of(address), own)}" if bar else code
