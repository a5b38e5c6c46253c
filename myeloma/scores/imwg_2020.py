"""IMWG 2020 point score for smoldering myeloma (689 people, logistic model).

Mateos et al., Blood Cancer J 2020;10:102, 10.1038/s41408-020-00366-3; points as in table 2 of Rajkumar, Blood Cancer J
2022;12:129, and calculator 847 of QxMD, which agree. Table 2 prints 1.6-2.9 and > 3 g/dL, which leaves 3.0 undefined; here
> 1.5 to 3 and > 3. FISH is Mateos's set (t(4;14), t(14;16), +1q, del13q); Rajkumar prints del17p in place of t(14;16).
The risks by single totals are not monotone, so the groups' are used.
"""

from __future__ import annotations

from myeloma.scores.score import Factor, Score, by_points, finding

FLC_RATIO_POINTS = (0, 2, 3, 5)
M_PROTEIN_POINTS = (0, 3, 4)
BMPC_POINTS = (0, 2, 3, 5, 6)
FISH_POINTS = (0, 2)


def _points(flc_ratio: int, m_protein: int, bmpc: int, fish: int) -> float:
    return float(FLC_RATIO_POINTS[flc_ratio] + M_PROTEIN_POINTS[m_protein] + BMPC_POINTS[bmpc] + FISH_POINTS[fish])


IMWG_2020 = Score(
    key="imwg_2020",
    name="IMWG 2020 point score",
    version="2020",
    citation="Mateos, Blood Cancer J 2020;10:102; points: Rajkumar, Blood Cancer J 2022;12:129, table 2; group risks: QxMD calculator 847",
    population="smm",
    outcome="progression",
    factors=(
        Factor("flc_ratio", (10, 25, 40), ">", "free light chain ratio > 10 / > 25 / > 40: 2 / 3 / 5 points"),
        Factor("m_protein", (1.5, 3), ">", "M-protein > 1.5 / > 3 g/dL: 3 / 4 points"),
        Factor("bmpc", (15, 20, 30, 40), ">", "marrow plasma cells > 15 / > 20 / > 30 / > 40 %: 2 / 3 / 5 / 6 points"),
        finding("fish_high_risk", "t(4;14), t(14;16), +1q or del13q: 2 points"),
    ),
    categories=("low", "low-intermediate", "intermediate", "high"),
    points=_points,
    category=by_points(0, 5, 9, 13),
    risks={24: (0.038, 0.26, 0.51, 0.73)},
)
