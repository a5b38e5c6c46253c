"""Which diagnoses are of plasma cells, or may be: by their codes in classifications, and by their names in several languages.

The lists only keep a risk from being shown. What a diagnosis means is said by a mapping alone.
"""

from __future__ import annotations

import re

from features.sources.fhir.spelling import plain
from serving.http.fhir.evidence.said import HERE, OF_SOMEBODY_ELSE, says

# What the systems are called: icd-10, icd-10-cm, icd-10-gm, CIM-10, CIE-10. A `urn:oid` may be any national edition (Germany gives each
# year's its own), and a system may be left out (FHIR R4, `Coding.system` is 0..1): there the form of a code of ICD-10 says enough.
_ICD_10 = re.compile(r"(?:icd|cim|cie)[-_/ ]?10|icd/release/10|^urn:oid:|^$", re.IGNORECASE)
_ICD_9 = re.compile(r"icd[-_/ ]?9|^urn:oid:2\.16\.840\.1\.113883\.6\.(?:42|103)$", re.IGNORECASE)
_SNOMED = re.compile(r"snomed|^urn:oid:2\.16\.840\.1\.113883\.6\.96$|^$", re.IGNORECASE)
_MARKS = str.maketrans("", "", ".-+*! ")  # the dot, and the marks of causes and places (dagger, asterisk)

# ICD-10 C90 myeloma and other plasma cell neoplasms, C88.0 Waldenström. E85 is amyloidosis: E85.8 holds AL (E85.81), E85.4 and E85.9 do
# not say which. E85.0 to E85.3 are hereditary and secondary, E85.82 is wild-type transthyretin: these are none of plasma cells.
# Denmark writes a D before each code.
_OF_ICD_10 = re.compile(r"D?(?:C90[0-9]*|C880[0-9]*|E85(?:[49][0-9]*|8(?!2$)[0-9]*)?)", re.ASCII)
_OF_ICD_9 = re.compile(r"203[0-9]*", re.ASCII)  # myeloma and other immunoproliferative neoplasms
# Myeloma in its forms (the value set "Multiple Myeloma" of US quality measures), AL amyloidosis, Waldenström macroglobulinaemia.
_OF_SNOMED = frozenset(
    (
        *("109989006", "277579002", "277580004", "285420006", "285421005", "285422003", "313427003", "413587002", "414553000"),
        *("425657001", "440422002", "441313008", "94704006", "95209008", "95210003"),
        *("23132008", "190818004"),
    )
)

# Names without accents, in lower case: English, German, French, Spanish, Portuguese, Italian, Dutch and the Scandinavian languages.
# Spinal cords (myelomeningocele, myelomalacia) and monocytes (myelomonocytic) are other words.
_NAMED = re.compile(
    r"m[iy]elo+m(?!ening|ala[cz]|ono)|\bkahler|plasma.?cel|plasma.?zell|plasm[ao](?:[cz]yt|cit)|cell?ul\w* plasmati"
    r"|waldenstr|ma[ck]roglobulin|light.chain.{0,12}amyloid|\bal.amyloid|(?:am[iy]loid\w*|amylose)\W{0,3}(?:al\b|light.chain)"
)
_AMYLOID = re.compile(r"am[iy]loid|amylose")
# What says that an amyloid is of another protein: right in front of it, or right behind it at the end of a name or of a part of one.
_NEGATED = r"(?<!non)(?<!non[\s-])(?<!not\s)(?<!nicht)(?<!nicht\s)"
_PROTEIN = r"transthyretin|\battr|wild.?type|\baa\b|heredit|heredo|famili[ae]|second|secund|sekund|cerebral|angiopath|alzheimer"
_LINKS = (
    rf"(?:[\s()-]+(?>(?:(?:{_PROTEIN})\w*(?:'s)?|systemi\w*|sistemi\w*|generali\w*|related|associated|type|typ|cardiac|renal"
    r"|(?:non?[\s-]?|nicht)?neuropat\w*|due to|disease|of)\b))*"
)
_OF_ANOTHER_PROTEIN = re.compile(
    rf"{_NEGATED}(?:{_PROTEIN}|dial[iy]s)\w*(?:'s)?{_LINKS}[\s()-]*{HERE}"
    rf"|{HERE},?{_LINKS}[\s()-]+(?:{_PROTEIN})\w*(?:'s)?{_LINKS}\)?\s*(?:\Z|[,;.:)])"
)


def code_of_plasma_cells(system: str, code: str) -> bool:
    """Return whether a code is that of a diagnosis of plasma cells, or of one that may be; with its dot or without.

    Examples
    --------
    >>> code_of_plasma_cells("http://hl7.org/fhir/sid/icd-10-cm", "C9020"), code_of_plasma_cells("http://loinc.org", "C90.20")
    (True, False)
    """
    written = bare_code(code)
    listed = ((_ICD_10, _OF_ICD_10.fullmatch(written)), (_ICD_9, _OF_ICD_9.fullmatch(written)), (_SNOMED, written in _OF_SNOMED))
    return any(found and systems.search(system) for systems, found in listed)


def bare_code(code: str) -> str:
    """Return a code of a classification without its dot, and without the marks of causes and places.

    Examples
    --------
    >>> bare_code("e85.4+")
    'E854'
    """
    return code.upper().translate(_MARKS)


def is_icd_10(system: str) -> bool:
    """Return whether a system may be an edition of ICD-10."""
    return bool(_ICD_10.search(system))


def name_of_plasma_cells(words: str, *taken_back: re.Pattern[str]) -> bool:
    """Return whether words name a diagnosis of plasma cells, or an amyloidosis of which they do not say that it is another one.

    Parameters
    ----------
    taken_back : what else than the family and a screening takes it back, as `says` has it

    Examples
    --------
    >>> [name_of_plasma_cells(words) for words in ("Mieloma múltiple", "ATTR amyloidosis", "Family history of myeloma")]
    [True, False, False]
    """
    said, not_here = plain(words), (OF_SOMEBODY_ELSE, *taken_back)
    return says(said, _NAMED, *not_here) or says(said, _AMYLOID, _OF_ANOTHER_PROTEIN, *not_here)
