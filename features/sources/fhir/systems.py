"""One spelling of each code system that is known, whatever a sender calls it: as an OID, with https, or by a national edition.

FHIR R4, Using Codes in Resources, names the systems and their OIDs. A system that is not known stays as it is.
"""

from __future__ import annotations

from functools import lru_cache

from features.sources.mapping import SYSTEMS

UCUM = "http://unitsofmeasure.org"
_IN_CAPITALS = frozenset(SYSTEMS[name] for name in ("ATC", "ICD10", "ICD10CM", "ICD9CM"))  # whose codes are printed in capitals
_OIDS = {
    "2.16.840.1.113883.6.1": SYSTEMS["LOINC"],
    "2.16.840.1.113883.6.8": UCUM,
    "2.16.840.1.113883.6.96": SYSTEMS["SNOMED"],
    "2.16.840.1.113883.6.73": SYSTEMS["ATC"],
    "2.16.840.1.113883.6.88": SYSTEMS["RXNORM"],
    "2.16.840.1.113883.6.3": SYSTEMS["ICD10"],
    "2.16.840.1.113883.6.90": SYSTEMS["ICD10CM"],
    "2.16.840.1.113883.6.103": SYSTEMS["ICD9CM"],
}
# The German edition keeps the codes of WHO's ICD-10 down to their fourth sign, and the German ATC those of the ATC.
_OF_GERMANY = {
    **{f"fhir.de/codesystem/{who}/icd-10-gm": SYSTEMS["ICD10"] for who in ("bfarm", "dimdi")},
    **{f"fhir.de/codesystem/{who}/atc": SYSTEMS["ATC"] for who in ("bfarm", "dimdi")},
}


def _address(written: str) -> str:
    """Return an address without what people write in several ways: letter case, http or https, www, and a slash at the end."""
    return written.strip().casefold().partition("://")[2].removeprefix("www.").rstrip("/")


_ADDRESSES = {_address(system): system for system in (*SYSTEMS.values(), UCUM)} | _OF_GERMANY
_EDITIONS = f"{_address(SYSTEMS['SNOMED'])}/"  # of SNOMED CT, each with an address below that of the system


@lru_cache(maxsize=1024)
def system_of(written: str) -> str:
    """Return a system in the spelling of `SYSTEMS` (or `UCUM`) where it is known, and as it is written otherwise.

    Examples
    --------
    >>> [system_of(text) for text in ("https://loinc.org/", "urn:oid:2.16.840.1.113883.6.1", "http://lab.example/codes/")]
    ['http://loinc.org', 'http://loinc.org', 'http://lab.example/codes/']
    """
    oid = written.strip().casefold().removeprefix("urn:oid:")
    address = _address(written)
    if address.startswith(_EDITIONS):
        return SYSTEMS["SNOMED"]
    return _OIDS.get(oid) or _ADDRESSES.get(address) or written


def code_in(system: str, code: str) -> str:
    """Return a code as its system prints it: without blanks around it, and in capitals where the system has no other letters.

    Examples
    --------
    >>> code_in("http://www.whocc.no/atc", "l01xg01"), code_in("http://loinc.org", " 718-7 ")
    ('L01XG01', '718-7')
    """
    return code.strip().upper() if system in _IN_CAPITALS else code.strip()
