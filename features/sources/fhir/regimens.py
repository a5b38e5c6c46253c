"""Treatment that the name of a drug tells in other words: regimens by their abbreviation, and drugs that no mapping lists.

A name is free text and is never told; what is told are the words of these lists.
"""

from __future__ import annotations

import re
from functools import lru_cache

from features.sources.fhir.spelling import plain
from myeloma.treated.regimens import Regimen, regimen

_MOST_LETTERS = 200  # of a text that may be a regimen; a longer one is a description
_STEROID = "steroid"  # a class of the drugs of regimens; alone it treats many other diseases
# What stands behind a regimen or its abbreviation: a dose, a way of giving, a cycle. English, German, French, Spanish, Italian, Polish.
_BESIDE = re.compile(
    r"\b(?:[0-9][0-9.,]*\s*(?:mg|g|ug|mcg)?(?:/m2|/m²|/kg)?|mg|s\.?c\.?|i\.?v\.?|p\.?o\.?|tab\w*|caps?\w*|kaps\w*|day|tag|jour|dia|giorno|dzien"
    r"|(?:cycle|zyklus|ciclo|cykl|cycl|kurs|course|nr|no)s?)(?![a-z])\.?",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"[A-Za-z]+(?:-[A-Za-z]+)?")
_SHORT = 2  # letters of a regimen that are too few to be known in any letter case: "Rd" is one, "RD" and "rd" are not

# Our word -> what stands within a name that means it, as `plain` writes it. Cancer drugs, cells and regimens that are given for myeloma
# and that the shipped mapping does not list, in spellings of the European Union.
_NAMED = {
    "vincristine": r"vin[ck]ristin|winkrystyn|vinkrisztin|oncovin",
    "doxorubicin": r"do(?:x|ks)orubi[ck]|adriamy[ck]|adriablastin|caelyx|myocet|doxil",
    "carmustine": r"[ck]armustin|karmustyn|karmusztin",
    "etoposide": r"etopo[sz]",
    "cisplatin": r"[ck]i[sz]platin|cisplatyn|cisplatyl|ciszplatin",
    "rituximab": r"rituksimab|rituximab|rytuksymab|mabthera",
    "interferon alfa": r"interferon.{0,3}alf|interferon.{0,3}alph",
    "iberdomide": r"iberdomid",
    "mezigdomide": r"mezigdomid",
    "cevostamab": r"cevostamab",
    "CAR T cells": r"\bcar[ -]?t\b|autoleucel|autoleuzel|chimeric antigen receptor",
    "anitocabtagene": r"anito[ck]abtagen|anito-cel",
    "chemotherapy": r"chemo-?ther|chimio-?ther|quimio-?ter|chemioter|kemoter|kjemoter|cytostat|zytostat|cytotoxic|citostat|\bchemo\b",
    "VAD": r"\bvad\b",
    "MPR": r"\bmpr\b",
}
_KNOWN = {ours: re.compile(within) for ours, within in _NAMED.items()}


@lru_cache(maxsize=4096)
def regimens_in(words: str) -> tuple[str, ...]:
    """Return the regimen of myeloma that a drug is called by, or the drugs that abbreviations mean; nothing where it is none.

    An abbreviation of one drug counts where nothing but a dose or a cycle stands beside it: within other words it may be part of them.

    Examples
    --------
    >>> [regimens_in(words) for words in ("VRd cycle 1", "Len/Dex", "Dara SC 1800 mg", "Rd")]
    [('VRd',), ('lenalidomide', 'dexamethasone'), ('daratumumab',), ('Rd',)]
    >>> [regimens_in(words) for words in ("Dex 4 mg", "Cyclo-Progynova", "Prednisone", "Metformin RD", "aspirin")]
    [(), (), (), (), ()]
    """
    if len(words) > _MOST_LETTERS:
        return ()
    bare = " ".join(_BESIDE.sub(" ", plain_letters(words)).split()).strip(" -/+,;.")
    whole = regimen(bare)
    if whole.complete and _treats(whole) and not _is_short(whole, bare):
        return (whole.name,) if whole.name else whole.drugs
    tokens = _TOKEN.findall(plain_letters(words))
    known = [(regimen(token), token) for token in tokens]
    names = (one.name for one, token in known if one.name and len(one.drugs) > 1 and not _is_short(one, token))
    return tuple(dict.fromkeys(names))


@lru_cache(maxsize=4096)
def treatment_words(words: str) -> tuple[str, ...]:
    """Return our words for treatment of a cancer that a name tells, and that no mapping lists.

    Examples
    --------
    >>> treatment_words("Winkrystyna 1 mg"), treatment_words("CAR-T cells"), treatment_words("aspirin")
    (('vincristine',), ('CAR T cells',), ())
    """
    said = plain(words[:_MOST_LETTERS])
    abbreviated = [one.name for one in map(regimen, _TOKEN.findall(said)) if _treats(one) and one.name]
    return tuple(dict.fromkeys((*(ours for ours, within in _KNOWN.items() if within.search(said)), *abbreviated)))


def plain_letters(words: str) -> str:
    """Return words without unseen signs and wide letters, in the letter case in which they are written."""
    return "".join(sign if plain(sign) == sign.casefold() else plain(sign) for sign in words)


def _treats(known: Regimen) -> bool:
    return bool(known.drugs) and set(known.classes) != {_STEROID}


def _is_short(known: Regimen, written: str) -> bool:
    """Return whether letters are too few to be taken for a regimen in another letter case than its own."""
    return len(written) <= _SHORT and written != known.name
