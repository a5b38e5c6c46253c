"""Mayo 2018 "20/2/20", the same with FISH, and 20/2/0.015 with circulating tumor cells, for smoldering myeloma.

One point for each of marrow plasma cells > 20 %, serum M-protein > 2 g/dL, involved / uninvolved free light chain
ratio > 20 (strict). Low 0, intermediate 1, high 2 or 3 points: Lakshman et al., Blood Cancer J 2018;8:59,
10.1038/s41408-018-0077-4. Two-year progression by group from the IMWG validation (1,996 people): Mateos et al., Blood
Cancer J 2020;10:102, 10.1038/s41408-020-00366-3, printed 6 / 18 / 44 %, decimals from the PANGEA authors' code. Five-year
progression as restated, rounded, in Landgren, Leukemia 2020, 10.1038/s41375-020-0718-z. With FISH (t(4;14), t(14;16),
+1q or del13q) as a fourth factor: Mateos 2020, abstract. 20/2/0.015 has circulating tumor cells > 0.015 % in place of the
marrow: iMMunocell, Clin Cancer Res 2022;28:4771 (150 people).
"""

from __future__ import annotations

from myeloma.scores.score import Factor, Score, by_points, count, finding

BMPC_ABOVE_PERCENT = 20.0
M_PROTEIN_ABOVE_G_DL = 2.0
FLC_RATIO_ABOVE = 20.0
CIRCULATING_ABOVE_PERCENT = 0.015

GROUPS = ("low", "intermediate", "high")

FACTORS = (
    Factor("bmpc", (BMPC_ABOVE_PERCENT,), ">", "marrow plasma cells > 20 %"),
    Factor("m_protein", (M_PROTEIN_ABOVE_G_DL,), ">", "serum M-protein > 2 g/dL"),
    Factor("flc_ratio", (FLC_RATIO_ABOVE,), ">", "involved / uninvolved free light chain ratio > 20"),
)

group_of = by_points(0, 1, 2)

MAYO_2018 = Score(
    key="mayo_2018",
    name="Mayo 2018 20/2/20",
    version="2018",
    citation="Lakshman, Blood Cancer J 2018;8:59; risks: Mateos, Blood Cancer J 2020;10:102 (2 years), Landgren, Leukemia 2020 (5 years)",
    population="smm",
    outcome="progression",
    factors=FACTORS,
    categories=GROUPS,
    points=count,
    category=group_of,
    risks={24: (0.062, 0.179, 0.442), 60: (0.23, 0.47, 0.82)},
)

MAYO_2018_FISH = Score(
    key="mayo_2018_fish",
    name="20/2/20 with FISH",
    version="2020",
    citation="Mateos, Blood Cancer J 2020;10:102 (abstract)",
    population="smm",
    outcome="progression",
    factors=(*FACTORS, finding("fish_high_risk", "t(4;14), t(14;16), +1q or del13q")),
    categories=("low", "low-intermediate", "intermediate", "high"),
    points=count,
    category=by_points(0, 1, 2, 3),
    risks={24: (0.06, 0.23, 0.46, 0.63)},
)

CIRCULATING_2022 = Score(
    key="circulating_2022",
    name="20/2/0.015 with circulating tumor cells",
    version="2022",
    citation="iMMunocell, Clin Cancer Res 2022;28:4771",
    population="smm",
    outcome="progression",
    factors=(
        Factor("circulating_tumor_cells", (CIRCULATING_ABOVE_PERCENT,), ">", "circulating tumor cells > 0.015 %, by flow"),
        *FACTORS[1:],
    ),
    categories=GROUPS,
    points=count,
    category=group_of,
    risks={},
    notes=(
        "Risks of the groups are not read. Cells above 0.015 %: hazard ratio 4.9, median 17 months to progression, not reached below; "
        "C-statistic 0.78, that of 20/2/20 0.76. The cut-off is not settled: a Spanish series takes 0.02 %.",
    ),
)
