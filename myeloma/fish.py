"""Findings of FISH and of sequencing: the words accepted, and which of them count as high risk, in smoldering and in treated myeloma."""

from __future__ import annotations

# Mateos et al., Blood Cancer J 2020;10:102: t(4;14), t(14;16), +1q and del13q / monosomy 13.
HIGH_RISK = frozenset({"t(4;14)", "t(14;16)", "gain(1q)", "amp(1q)", "del(13q)", "monosomy(13)"})

# Of active myeloma, those that the consensus genomic staging names (Avet-Loiseau et al., J Clin Oncol 2025;43:2739); gain and amplification
# of 1q are one lesion. What follows treatment goes by their number (MASTER: Costa et al., J Clin Oncol 2022;40:2901). del(13q) is none.
_1Q = frozenset({"gain(1q)", "amp(1q)"})
LESIONS = (*(frozenset({name}) for name in ("del(17p)", "t(4;14)", "t(14;16)", "t(14;20)", "del(1p)")), _1Q)

NORMAL = "normal"
BY_FISH = HIGH_RISK | {"del(17p)", "t(11;14)", "t(14;20)", "t(6;14)", "del(1p)", "hyperdiploidy", NORMAL}

# Drivers of the genomic score (Maura, J Clin Oncol 2026;44:188). They need sequencing, so a test by FISH says nothing of them.
DRIVERS = {"driver_ras": "ras", "driver_myc": "myc", "driver_apobec": "apobec", "driver_cnv": "cnv signature"}
SEQUENCED = "sequenced"  # the drivers were looked for: those not named are absent
FINDINGS = BY_FISH | {*DRIVERS.values(), SEQUENCED}


def split_findings(text: str) -> tuple[str, ...]:
    """Return the findings of a `|`-joined cell; an empty cell gives none, which means not tested."""
    return tuple(part.strip().casefold() for part in text.split("|") if part.strip())


def has_any(text: str, wanted: frozenset[str] | set[str]) -> float:
    """Return 1 or 0 for a person tested by FISH, NaN where nothing is known; what sequencing found is no test by FISH.

    Examples
    --------
    >>> [has_any(text, {"t(4;14)"}) for text in ("t(4;14)", "normal", "ras")]
    [1.0, 0.0, nan]
    """
    findings = BY_FISH.intersection(split_findings(text))
    return float(bool(findings & wanted)) if findings else float("nan")


def has_high_risk(text: str) -> float:
    """Return 1 or 0 for a person tested by FISH, NaN where nothing is known."""
    return has_any(text, HIGH_RISK)


def lesions(text: str) -> float:
    """Return how many high-risk lesions of active myeloma FISH has found, NaN where nothing is known.

    Examples
    --------
    >>> [lesions(text) for text in ("del(17p)", "t(4;14)|gain(1q)|amp(1q)", "del(13q)", "normal", "")]
    [1.0, 2.0, 0.0, 0.0, nan]
    """
    findings = BY_FISH.intersection(split_findings(text))
    return float(sum(bool(findings & lesion) for lesion in LESIONS)) if findings else float("nan")


def has_driver(text: str, driver: str) -> float:
    """Return 1 where one of `DRIVERS` is named, 0 where it is not but was looked for, NaN otherwise.

    Examples
    --------
    >>> [has_driver(text, "driver_ras") for text in ("ras", "myc|sequenced", "normal")]
    [1.0, 0.0, nan]
    """
    findings = split_findings(text)
    return 1.0 if DRIVERS[driver] in findings else 0.0 if SEQUENCED in findings else float("nan")
