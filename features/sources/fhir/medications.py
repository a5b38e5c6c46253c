"""Which drug a Medication is: by its code and its name, and by those of its ingredients, also where these are resources of their own.

FHIR R4, Medication.ingredient.item[x] is a concept, or a reference to a Medication or a Substance; a preparation of a pharmacy often has
no code but those of its ingredients.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from features.sources.fhir.bundles import Found
from features.sources.fhir.codes import FhirCodes, codings, is_broken, words_of
from features.sources.fhir.references import Targets, name_of, reference_from

KINDS = ("Medication", "Substance")


@dataclass(frozen=True)
class Medication:
    """What is said of a drug, with its ingredients.

    Attributes
    ----------
    roles : of treatment, each with the name of the drug
    words : what it and its ingredients are called
    codings : its codes, and theirs
    named : whether it has a name of its own, or each of its ingredients has one
    broken : whether anything that stands for a code has not the shape of one
    """

    roles: tuple[tuple[str, str], ...]
    words: str
    codings: tuple[tuple[str, str], ...]
    named: bool
    broken: bool


_Seen = dict[int, Medication | None]  # what was read for one reference; nothing of a resource that is being read


@dataclass(frozen=True)
class _Known:
    """A resource that may be referred to; two of one name are the same where they say the same of the drug."""

    said: tuple[object, object, object]
    found: Found = field(compare=False)


class Medications:
    """Collects Medications and Substances, and looks them up by reference when all are known."""

    def __init__(self, codes: FhirCodes) -> None:
        self._codes = codes
        self._known: Targets[_Known] = Targets()

    def add(self, found: Found, resource: dict[str, Any]) -> None:
        """Remember a resource under every name by which it may be referred to."""
        said = resource.get("code"), resource.get("ingredient"), resource.get("contained")
        self._known.add(name_of(resource), found.full_url, _Known(said, found))

    def heed(self, asked: Iterable[tuple[Found, object]]) -> None:
        """Look at all references to drugs before any is followed: where the drugs say no server, two servers cannot both be theirs."""
        self._known.heed(reference_from(found, element) for found, element in asked)

    def find(self, found: Found, element: object) -> Medication | None:
        """Return what a reference in a resource stands for; None where it leads nowhere, or may mean several things."""
        return self._find(found, found.resource or {}, element, {})

    def _find(self, found: Found, outer: dict[str, Any], element: object, seen: _Seen) -> Medication | None:
        """Look a reference up: `outer` is the resource whose contained ones a reference by `#id` may mean."""
        reference = reference_from(found, element)
        if reference.startswith("#"):
            inside = _contained(outer, reference)
            return self._once(found, outer, inside, seen) if inside else None
        known = self._known.find(reference)
        whole = known.found.resource if known else None
        return self._once(known.found, whole, whole, seen) if known and whole else None

    def _once(self, found: Found, outer: dict[str, Any], resource: dict[str, Any], seen: _Seen) -> Medication | None:
        """Return what a resource says; it is read once, and nothing is an ingredient of itself."""
        if id(resource) not in seen:
            seen[id(resource)] = None
            seen[id(resource)] = self._read(found, outer, resource, seen)
        return seen[id(resource)]

    def _read(self, found: Found, outer: dict[str, Any], resource: dict[str, Any], seen: _Seen) -> Medication:
        concept, listed = resource.get("code"), resource.get("ingredient")
        parts = [self._part(found, outer, one, seen) for one in (listed if isinstance(listed, list) else ())]
        own, words = self._codes.drugs(concept), words_of(concept)
        return Medication(
            roles=tuple(dict.fromkeys((*own, *(role for part in parts for role in part.roles)))),
            words=" ".join(filter(None, (words, *(part.words for part in parts)))),
            codings=(*codings(concept), *(coding for part in parts for coding in part.codings)),
            named=bool(words) or (bool(parts) and all(part.named for part in parts)),
            broken=is_broken(concept) or any(part.broken for part in parts),
        )

    def _part(self, found: Found, outer: dict[str, Any], ingredient: object, seen: _Seen) -> Medication:
        """Return what one ingredient is; one that leads nowhere has only the name that its reference displays."""
        one = ingredient if isinstance(ingredient, dict) else {}
        concept, element = one.get("itemCodeableConcept"), one.get("itemReference")
        roles, words = self._codes.drugs(concept, element), words_of(concept, element)
        referred = self._find(found, outer, element, seen) if element else None
        return Medication(
            roles=(*roles, *(referred.roles if referred else ())),
            words=" ".join(filter(None, (words, referred.words if referred else ""))),
            codings=(*codings(concept), *(referred.codings if referred else ())),
            named=bool(words) or bool(referred and referred.named),
            broken=is_broken(concept) or bool(referred and referred.broken),
        )


def _contained(outer: dict[str, Any], reference: str) -> dict[str, Any] | None:
    """Return the resource that another contains under `#id`; None where there is none, or several."""
    listed = outer.get("contained")
    inside = [one for one in (listed if isinstance(listed, list) else ()) if isinstance(one, dict) and f"#{one.get('id')}" == reference]
    return inside[0] if len(inside) == 1 else None
