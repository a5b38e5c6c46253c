"""FISH findings: the words accepted, and which of them count as high risk in smoldering myeloma."""

from __future__ import annotations

# Mateos et al., Blood Cancer J 2020;10:102: t(4;14), t(14;16), +1q and del13q / monosomy 13.
HIGH_RISK = frozenset({"t(4;14)", "t(14;16)", "gain(1q)", "amp(1q)", "del(13q)", "monosomy(13)"})

NORMAL = "normal"
FINDINGS = HIGH_RISK | {"del(17p)", "t(11;14)", "t(14;20)", "t(6;14)", "del(1p)", "hyperdiploidy", NORMAL}


def split_findings(text: str) -> tuple[str, ...]:
    """Return the findings of a `|`-joined cell; an empty cell gives none, which means not tested."""
    return tuple(part.strip().casefold() for part in text.split("|") if part.strip())


def has_high_risk(text: str) -> float:
    """Return 1 or 0 for a tested person, NaN where nothing is known."""
    findings = split_findings(text)
    return float(any(f in HIGH_RISK for f in findings)) if findings else float("nan")
