"""Staging of newly diagnosed, active myeloma: ISS, R-ISS, R2-ISS. Not for smoldering myeloma."""

from __future__ import annotations

from myeloma.scores.score import Factor, Score, by_points, finding

B2M = Factor("b2m", (3.5, 5.5), ">=", "beta-2 microglobulin >= 3.5 / >= 5.5 mg/L")
ALBUMIN = Factor("albumin", (3.5,), ">=", "albumin >= 3.5 g/dL")
LDH = finding("ldh_high", "LDH above the laboratory's upper limit")
_STAGES = ("I", "II", "III")


def iss_stage(b2m: int, albumin: int) -> int:
    """Return 1, 2 or 3. Stage I: B2M < 3.5 and albumin >= 3.5; III: B2M >= 5.5; II neither."""
    return 3 if b2m == 2 else 1 if b2m == 0 and albumin == 1 else 2


def _iss_category(points: float, *levels: int) -> int:
    return int(points) - 1


def _r_iss_category(points: float, b2m: int, albumin: int, cytogenetics: int, ldh: int) -> int:
    iss = iss_stage(b2m, albumin)
    return 0 if iss == 1 and not cytogenetics and not ldh else 2 if iss == 3 and (cytogenetics or ldh) else 1


def _r2_iss_points(b2m: int, albumin: int, del17p: int, ldh: int, t414: int, gain_1q: int) -> float:
    return {1: 0.0, 2: 1.0, 3: 1.5}[iss_stage(b2m, albumin)] + 1.0 * del17p + 1.0 * ldh + 1.0 * t414 + 0.5 * gain_1q


ISS = Score(
    key="iss",
    name="International Staging System",
    version="2005",
    citation="as restated in Blood Cancer J 2022, s41408-022-00679-5",
    population="mm",
    outcome="overall survival",
    factors=(B2M, ALBUMIN),
    categories=_STAGES,
    points=lambda b2m, albumin: float(iss_stage(b2m, albumin)),
    category=_iss_category,
    risks={},
    notes=("Median overall survival 62 / 45 / 29 months.",),
)

R_ISS = Score(
    key="r_iss",
    name="Revised ISS",
    version="2015",
    citation="Palumbo, J Clin Oncol 2015",
    population="mm",
    outcome="overall survival",
    factors=(B2M, ALBUMIN, finding("r_iss_high_risk", "del17p, t(4;14) or t(14;16)"), LDH),
    categories=_STAGES,
    points=lambda *levels: float(_r_iss_category(0.0, *levels) + 1),
    category=_r_iss_category,
    risks={},
    notes=("Five-year overall survival 82 / 62 / 40 %, progression-free 55 / 36 / 24 %.",),
)

R2_ISS = Score(
    key="r2_iss",
    name="Second revision of the ISS",
    version="2022",
    citation="D'Agostino, J Clin Oncol 2022",
    population="mm",
    outcome="overall survival",
    factors=(B2M, ALBUMIN, finding("del17p", "del17p"), LDH, finding("t_4_14", "t(4;14)"), finding("gain_1q", "1q+")),
    categories=("I low", "II low-intermediate", "III intermediate-high", "IV high"),
    points=_r2_iss_points,
    category=by_points(0, 0.5, 1.5, 3),
    risks={},
    notes=("Shares 19.2 / 30.8 / 41.2 / 8.8 %. Median survivals are unconfirmed and left out.",),
)
