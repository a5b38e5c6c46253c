"""Genomic IMWG 2025: drivers of the genome on top of 20/2/20, for smoldering myeloma.

Maura et al., J Clin Oncol 2026;44(3):188-199, 10.1200/JCO-25-01733 (PMID 41061199); the rule is that of the public MyelomaRisk
calculator, whose authors are among the paper's. Drivers, one each: RAS (a nonsynonymous mutation of KRAS, NRAS, BRAF, FGFR3, PTPN11 or
NF1), a MYC event (a focal gain below 5 Mb counts), APOBEC (signatures SBS2 / SBS13, at least 50 mutations), a neoplastic signature of
copy numbers (1, 3 or 5). Group of 20/2/20: high with two or more is high, else intermediate; intermediate with one or more is
intermediate, else low; low with two or more is intermediate, else low.
"""

from __future__ import annotations

from myeloma.scores.mayo_2018 import FACTORS, GROUPS, group_of
from myeloma.scores.score import Score, finding

_LOW, _INTERMEDIATE, _HIGH = range(len(GROUPS))
_CLINICAL = len(FACTORS)


def _drivers(*levels: int) -> float:
    return float(sum(levels[_CLINICAL:]))


def _category(drivers: float, *levels: int) -> int:
    clinical = group_of(sum(levels[:_CLINICAL]))
    if clinical == _HIGH:
        return _HIGH if drivers >= 2 else _INTERMEDIATE
    least = 1 if clinical == _INTERMEDIATE else 2
    return _INTERMEDIATE if drivers >= least else _LOW


GENOMIC_IMWG_2025 = Score(
    key="genomic_imwg_2025",
    name="Genomic IMWG 2025",
    version="2025",
    citation="Maura, J Clin Oncol 2026;44(3):188-199, 10.1200/JCO-25-01733; rule: the public MyelomaRisk calculator",
    population="smm",
    outcome="progression",
    factors=(
        *FACTORS,
        finding("driver_ras", "RAS: a nonsynonymous mutation of KRAS, NRAS, BRAF, FGFR3, PTPN11 or NF1"),
        finding("driver_myc", "a MYC event"),
        finding("driver_apobec", "APOBEC: SBS2 / SBS13 with at least 50 mutations"),
        finding("driver_cnv", "a neoplastic signature of copy numbers (1, 3 or 5)"),
    ),
    categories=GROUPS,
    points=_drivers,
    category=_category,
    risks={},
    notes=(
        "Points are the drivers. Two-year risks are published as ranges, high 60-70 %, intermediate 20-30 %, low 10 %, of which no single"
        " figure is made. A driver is known from sequencing, given among the findings of FISH as `ras`, `myc`, `apobec` or `cnv signature`;"
        " `sequenced` says that those not named are absent.",
    ),
)
