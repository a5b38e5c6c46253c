"""RW-ISS: the Danish real-world staging of newly diagnosed myeloma, with age and performance status. Not for smoldering myeloma.

Blood Cancer J 2025, s41408-025-01268-y (2,929 people): age > 70 2 points, performance status > 1 2 and 1 1, t(14;16) 1, ISS III 1 and
II 0.5, high LDH 0.5, del(17p) 0.5; stages from 0, 2.5, 3.5 and 5 points on.
"""

from __future__ import annotations

from myeloma.scores.score import Factor, Score, by_points, finding
from myeloma.scores.staging import ALBUMIN, B2M, LDH, iss_stage


def _points(age: int, performance: int, b2m: int, albumin: int, t1416: int, ldh: int, del17p: int) -> float:
    return 2.0 * age + performance + {1: 0.0, 2: 0.5, 3: 1.0}[iss_stage(b2m, albumin)] + t1416 + 0.5 * ldh + 0.5 * del17p


RW_ISS = Score(
    key="rw_iss",
    name="Real-world ISS",
    version="2025",
    citation="Danish registry, Blood Cancer J 2025, s41408-025-01268-y",
    population="mm",
    outcome="overall survival",
    factors=(
        Factor("age", (70.0,), ">", "age > 70 years: 2"),
        Factor("performance_status", (0.5, 1.5), ">", "ECOG performance status 1: 1, > 1: 2"),
        B2M,
        ALBUMIN,
        finding("t_14_16", "t(14;16): 1"),
        LDH,
        finding("del17p", "del17p: 0.5"),
    ),
    categories=("I", "II", "III", "IV"),
    points=_points,
    category=by_points(0, 2.5, 3.5, 5),
    risks={},
    notes=("Median overall survival 9.5 / 5.5 / 3.4 / 1.1 years, shares 38.2 / 19.8 / 27.1 / 15.0 %. C 0.708, that of R2-ISS 0.604.",),
)
