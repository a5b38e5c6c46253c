"""Older scores of smoldering myeloma: Mayo 2008, PETHEMA, the Kyle 2007 groups, the Czech / Heidelberg serum score."""

from __future__ import annotations

from myeloma.scores.score import Factor, Score, by_points, count, finding

# Dispenzieri, Blood 2008;111:785 (273 people): marrow >= 10 %, M-protein >= 3 g/dL, kappa / lambda <= 0.125 or >= 8.
MAYO_2008 = Score(
    key="mayo_2008",
    name="Mayo 2008",
    version="2008",
    citation="Dispenzieri, Blood 2008;111:785",
    population="smm",
    outcome="progression",
    factors=(
        Factor("bmpc", (10,), ">=", "marrow plasma cells >= 10 %"),
        Factor("m_protein", (3,), ">=", "serum M-protein >= 3 g/dL"),
        Factor("kappa_lambda_ratio", (0.125, 8), "outside or at", "kappa / lambda <= 0.125 or >= 8"),
    ),
    categories=("no factor", "low", "intermediate", "high"),
    points=count,
    category=by_points(0, 1, 2, 3),
    risks={60: (None, 0.25, 0.51, 0.76)},
    notes=("Without a factor a person has no smoldering myeloma by its definition; nothing is published.",),
)

# Perez-Persona, Blood 2007;110(7):2586-2592 (93 people); also in Landgren, Leukemia 2020, 10.1038/s41375-020-0718-z.
PETHEMA = Score(
    key="pethema",
    name="PETHEMA",
    version="2007",
    citation="Perez-Persona, Blood 2007;110(7):2586-2592",
    population="smm",
    outcome="progression",
    factors=(
        Factor("aberrant_plasma_cells", (95,), ">=", ">= 95 % of marrow plasma cells aberrant by flow"),
        finding("immunoparesis", "at least one uninvolved immunoglobulin below its lower limit"),
    ),
    categories=("low", "intermediate", "high"),
    points=count,
    category=by_points(0, 1, 2),
    risks={60: (0.04, 0.46, 0.72)},
    notes=("The rates rest on 93 people.",),
)


def _kyle_group(points: float, bmpc: int, m_protein: int) -> int:
    return {(1, 1): 0, (1, 0): 1, (0, 1): 2, (0, 0): 3}[(bmpc, m_protein)]


# Groups of Kyle, N Engl J Med 2007;356(25):2582-90 (276 people, 163 progressed), as listed in Dispenzieri, Blood 2008.
KYLE_2007 = Score(
    key="kyle_2007",
    name="Kyle 2007 groups",
    version="2007",
    citation="Kyle, N Engl J Med 2007;356(25):2582-90, 10.1056/NEJMoa070389, groups as listed in Dispenzieri, Blood 2008;111:785",
    population="smm",
    outcome="progression",
    factors=(
        Factor("bmpc", (10,), ">=", "marrow plasma cells >= 10 %"),
        Factor("m_protein", (3,), ">=", "serum M-protein >= 3 g/dL"),
    ),
    categories=("group 1 (marrow and M-protein)", "group 2 (marrow only)", "group 3 (M-protein only)", "neither"),
    points=count,
    category=_kyle_group,
    risks={},
    notes=("Median times to progression of 2 / 8 / 19 years and 15-year risks of 87 / 70 / 39 % are unconfirmed and used nowhere.",),
)

# Hajek et al., Br J Haematol 2020, 10.1111/bjh.16572: Czech (n = 287) and Heidelberg (n = 240) series.
CZECH_HEIDELBERG = Score(
    key="czech_heidelberg",
    name="Czech / Heidelberg serum score",
    version="2020",
    citation="Hajek et al., Br J Haematol 2020, 10.1111/bjh.16572 (Czech Myeloma Group model)",
    population="smm",
    outcome="progression",
    factors=(
        Factor("flc_ratio", (30,), ">", "free light chain ratio > 30"),
        finding("immunoparesis", "immunoparesis"),
        Factor("m_protein", (2.3,), ">=", "M-protein >= 2.3 g/dL"),
    ),
    categories=("fewer than three factors", "all three factors"),
    points=count,
    category=by_points(0, 3),
    risks={24: (None, 0.787)},
    notes=("All three: 78.7 % (95 % interval 53.1-95.7, Czech series), 81.3 % (47.1-98.8, Heidelberg).",),
)
