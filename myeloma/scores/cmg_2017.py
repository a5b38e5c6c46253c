"""Czech Myeloma Group (CMG) model of MGUS: 10-year risk of progression to a hematologic malignancy, from routine results (1,887 people).

Sandecka et al. 2017, PMID 28384387: M-protein >= 1.5 g/dL, kappa / lambda < 0.26 or > 1.65, marrow plasma cells > 5 %, immunoparesis,
age >= 69 years, hemoglobin < 12.0 g/dL; risks for none, one, two, three, and four or five of the six.
"""

from __future__ import annotations

from myeloma.scores.score import Factor, Score, by_points, count, finding


def _factors_present(*levels: int) -> float:
    *others, hemoglobin_from_12 = levels
    return count(*others, 1 - hemoglobin_from_12)


CMG_2017 = Score(
    key="cmg_2017",
    name="CMG MGUS 2017",
    version="2017",
    citation="Sandecka et al. 2017, PMID 28384387 (abstract)",
    population="mgus",
    outcome="progression",
    factors=(
        Factor("m_protein", (1.5,), ">=", "serum M-protein >= 1.5 g/dL"),
        Factor("kappa_lambda_ratio", (0.26, 1.65), "outside", "kappa / lambda < 0.26 or > 1.65"),
        Factor("bmpc", (5,), ">", "marrow plasma cells > 5 %, by smear"),
        finding("immunoparesis", "immunoparesis"),
        Factor("age", (69,), ">=", "age >= 69 years"),
        Factor("hemoglobin", (12,), ">=", "hemoglobin < 12.0 g/dL"),
    ),
    categories=("no factor", "one factor", "two factors", "three factors", "four or five factors", "six factors"),
    points=_factors_present,
    category=by_points(0, 1, 2, 3, 4, 6),
    risks={120: (0.016, 0.169, 0.229, 0.394, 0.523, None)},
    notes=("Nothing is published for all six factors. Whether death competes is not said in what was read.",),
)
