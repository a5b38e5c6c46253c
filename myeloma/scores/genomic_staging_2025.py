"""Consensus genomic staging of the IMS and IMWG, 2025: high-risk active myeloma by at least one of four criteria.

Avet-Loiseau et al., J Clin Oncol 2025;43:2739, 10.1200/JCO-24-01893 (erratum 43:2553, whose content was not found): (1) del(17p) in more
than 20 % of purified plasma cells, or a TP53 mutation; (2) t(4;14), t(14;16) or t(14;20) with 1q+ or del(1p32); (3) del(1p32) of both
copies, or of one with 1q+; (4) beta-2 microglobulin >= 5.5 mg/L with creatinine < 1.2 mg/dL. Sources disagree whether 20 % itself counts:
there is a score of each reading, and a caution at 20 %. In a registry a third of people could not be told: unknown is never standard.
"""

from __future__ import annotations

from typing import Literal

from myeloma.scores.score import Factor, Score, finding

DEL17P_PERCENT = 20.0
_LEVELS = ("standard", "high")


def _criteria(del17p: int, tp53: int, translocation: int, gain_1q: int, del_1p32: int, b2m: int, creatinine: int) -> float:
    """Return how many of the four are met; level 0 of creatinine is below the cut-off."""
    second = translocation and (gain_1q or del_1p32)
    third = del_1p32 == 2 or (del_1p32 == 1 and gain_1q)
    return float(bool(del17p or tp53) + bool(second) + bool(third) + bool(b2m and not creatinine))


def _category(criteria: float, *levels: int) -> int:
    return int(criteria > 0)


def _staging(key: str, name: str, direction: Literal[">", ">="]) -> Score:
    return Score(
        key=key,
        name=name,
        version="2025",
        citation="Avet-Loiseau, J Clin Oncol 2025;43:2739, 10.1200/JCO-24-01893",
        population="mm",
        outcome="overall survival",
        factors=(
            Factor("del17p_percent", (DEL17P_PERCENT,), direction, f"del(17p) in {direction} 20 % of purified plasma cells"),
            finding("tp53_mutation", "a TP53 mutation"),
            finding("igh_high_risk", "t(4;14), t(14;16) or t(14;20)"),
            finding("gain_1q", "1q+"),
            Factor("del_1p32_copies", (0.5, 1.5), ">", "del(1p32): copies lost, 1 or 2"),
            Factor("b2m", (5.5,), ">=", "beta-2 microglobulin >= 5.5 mg/L"),
            Factor("creatinine", (1.2,), ">=", "creatinine >= 1.2 mg/dL, with which beta-2 microglobulin does not count"),
        ),
        categories=_LEVELS,
        points=_criteria,
        category=_category,
        risks={},
        notes=(
            "Points are the criteria met. Of 832 people in a registry 567 could be told, 29 % of these were high; death: hazard ratio 1.90"
            " (1.41-2.55). FISH that names del17p or del(1p) without the share of cells, or the copies, leaves its criterion open.",
        ),
    )


GENOMIC_STAGING_2025 = _staging("genomic_staging_2025", "IMS/IMWG genomic staging 2025", ">")
GENOMIC_STAGING_2025_FROM_20 = _staging("genomic_staging_2025_from_20", "IMS/IMWG genomic staging 2025, 20 % itself counts", ">=")
