"""Mayo 2005 score of MGUS: 20-year risk of progression, with and without death as a competing event.

Rajkumar et al., Blood 2005;106:812 (1,148 people): non-IgG isotype, M-protein >= 1.5 g/dL, kappa / lambda < 0.26 or > 1.65.
Ignoring death about doubles the risk: 5 / 21 / 37 / 58 % against 2 / 10 / 18 / 27 %.
"""

from __future__ import annotations

from dataclasses import replace

from myeloma.scores.score import Factor, Score, by_points, count, finding

MGUS_2005 = Score(
    key="mgus_2005",
    name="Mayo MGUS 2005, death competing",
    version="2005",
    citation="Rajkumar, Blood 2005;106:812, table 3",
    population="mgus",
    outcome="progression",
    factors=(
        finding("non_igg", "heavy chain other than IgG"),
        Factor("m_protein", (1.5,), ">=", "serum M-protein >= 1.5 g/dL"),
        Factor("kappa_lambda_ratio", (0.26, 1.65), "outside", "kappa / lambda < 0.26 or > 1.65"),
    ),
    categories=("low", "low-intermediate", "high-intermediate", "high"),
    points=count,
    category=by_points(0, 1, 2, 3),
    risks={240: (0.02, 0.10, 0.18, 0.27)},
)

MGUS_2005_NET = replace(
    MGUS_2005,
    key="mgus_2005_net",
    name="Mayo MGUS 2005, deaths censored",
    risks={240: (0.05, 0.21, 0.37, 0.58)},
    notes=("Not an absolute risk: people who die are taken to stay at risk.",),
)
