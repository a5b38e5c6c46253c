"""Ravi 2016: marrow, evolving M-protein and evolving hemoglobin (190 people). Blood Cancer J 2016;6:e454."""

from __future__ import annotations

from myeloma.scores.score import Factor, Score, by_points, count, finding

RAVI_2016 = Score(
    key="ravi_2016",
    name="Ravi 2016, evolving M-protein and hemoglobin",
    version="2016",
    citation="Ravi, Blood Cancer J 2016;6:e454",
    population="smm",
    outcome="progression",
    factors=(
        Factor("bmpc", (20,), ">=", "marrow plasma cells >= 20 %"),
        finding("ravi_m_protein", "evolving M-protein or immunoglobulin within 12 months of diagnosis"),
        finding("ravi_hemoglobin", "hemoglobin falling >= 0.5 g/dL within 12 months of diagnosis"),
    ),
    categories=("no factor", "one factor", "two factors", "three factors"),
    points=count,
    category=by_points(0, 1, 2, 3),
    risks={24: (None, None, None, 0.905)},
    notes=(
        "Median times to progression 12.3 / 5.1 / 2.0 / 1.0 years; evolving M-protein with evolving hemoglobin: 81.5 % at 2 years.",
        "M-protein or the involved immunoglobulin rises by >= 10 % within 6 months (only from 3 g/dL of M-protein) or by >= 25 %"
        " within 12, by 0.5 g/dL or 500 mg/dL at least. Where M-protein does not and the immunoglobulin is not known, it is unknown;"
        " so is a rise of the immunoglobulin alone by 10 to 25 % within 6 months.",
        "It can be known only 12 months after diagnosis.",
    ),
)
