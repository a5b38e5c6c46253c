"""The published summary figures of smoldering myeloma, and the same figures of a simulated cohort.

Source of every figure here: Chabrun et al., Nature Medicine 2026, 10.1038/s41591-026-04304-x. C-statistics: its abstract (the
rolling 20/2/20's is apparent, in the training rows). All else: training rows of Boston as they stand in the models of the
authors' public repository (pangea-study/pangea_2.0), counted there. The 20/2/20 figures come from a fit with more rows than
the others and a lower rate in all (4.0 against 5.9 per 100 person-years), so not all of them can be met at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from benchmarks.concordance import concordance
from features.table.outcomes import EVENT
from features.table.table import FeatureTable
from myeloma.calendar import DAYS_PER_YEAR
from myeloma.scores.mayo_2018 import BMPC_ABOVE_PERCENT, FLC_RATIO_ABOVE, M_PROTEIN_ABOVE_G_DL, MAYO_2018
from myeloma.scores.pangea import PANGEA_SMM, PANGEA_SMM_STATIC, Pangea

SHOWN = (8000, 1)  # people and seed of the cohort that the page and the tests judge
SAME_VISIT_DAYS = 14  # results known within these days are one visit, as the authors ask of their users
NEEDED = ("m_protein", "flc_ratio", "creatinine", "hemoglobin")  # at the visit itself, for PANGEA-SMM without marrow
YEARS = (0, 1, 2, 3, 5, 7, 10, 15)
LP_QUANTILES = (2.5, 25, 50, 75, 97.5)


@dataclass(frozen=True)
class Figure:
    """A published figure, and how far from it the simulated one may lie."""

    name: str
    published: float
    within: float


FIGURES = (
    Figure("M-protein, mean over visits, g/dL", 1.20, 0.10),
    Figure("free light chain ratio, geometric mean", 5.04, 0.60),
    Figure("marrow plasma cells, mean, %", 17.4, 1.2),
    Figure("creatinine, geometric mean, mg/dL", 0.965, 0.03),
    Figure("age, mean, years", 64.1, 1.0),
    Figure("interval between visits, 5 %, years", 0.07, 0.03),
    Figure("interval between visits, 25 %", 0.34, 0.03),
    Figure("interval between visits, 50 %", 0.50, 0.03),
    Figure("interval between visits, 75 %", 0.63, 0.03),
    Figure("interval between visits, 95 %", 1.28, 0.15),
    Figure("visits incomplete, marrow needed, %", 22.2, 2.0),
    Figure("visits incomplete, without marrow, %", 19.4, 2.0),
    Figure("progressions per 100 person-years", 5.89, 0.6),
    *(
        Figure(f"progressions per 100 person-years, year {a}-{b}", rate, within)
        for a, b, rate, within in zip(
            YEARS[:-1], YEARS[1:], (7.87, 6.06, 6.57, 5.56, 4.47, 6.15, 5.23), (2.2, 1.4, 1.4, 1.4, 1.6, 2.5, 2.5), strict=True
        )
    ),
    *(
        Figure(f"PANGEA-SMM linear predictor, {q:g} %", lp, within)
        for q, lp, within in zip(LP_QUANTILES, (-1.52, -0.55, 0.08, 0.79, 2.71), (0.3, 0.2, 0.2, 0.2, 0.4), strict=True)
    ),
    *(
        Figure(f"20/2/20 {group}, % of person-years", share, within)
        for group, share, within in zip(MAYO_2018.categories, (81.9, 14.1, 4.0), (5.0, 4.0, 1.5), strict=True)
    ),
    *(
        Figure(f"20/2/20 {group}, progressions per 100 person-years", rate, within)
        for group, rate, within in zip(MAYO_2018.categories, (1.79, 9.19, 31.1), (1.2, 6.5, 12.0), strict=True)
    ),
    Figure("C of PANGEA-SMM", 0.79, 0.03),
    Figure("C of PANGEA-SMM without history", 0.78, 0.03),
    Figure("C of rolling 20/2/20", 0.765, 0.04),
)


def figures(table: FeatureTable) -> dict[str, float]:
    """Return the figures of a table that `build_table` made, by their names in `FIGURES`."""
    visits = _visits(table.rows)
    marrow = visits[visits["complete"] & visits["bmpc"].notna()]
    first = visits.groupby("patient_id").first()
    values = [
        marrow["m_protein"].mean(),
        np.exp(np.log(marrow["flc_ratio"]).mean()),
        marrow["bmpc"].mean(),
        np.exp(np.log(marrow["creatinine"]).mean()),
        marrow["age"].mean(),
        *np.quantile(visits["gap"].dropna(), (0.05, 0.25, 0.50, 0.75, 0.95)),
        100 * (1 - len(marrow) / len(visits)),
        100 * (1 - visits["complete"].mean()),
        *_rates(first["start"], first["start"] + first["years"], first["event"]),
        *np.percentile(_predictor(PANGEA_SMM, marrow), LP_QUANTILES),
        *_mayo_figures(visits),
        *(concordance(marrow["start"], marrow["stop"], marrow["ends"], _predictor(m, marrow)) for m in (PANGEA_SMM, PANGEA_SMM_STATIC)),
        _mayo_concordance(visits),
    ]
    return {figure.name: float(value) for figure, value in zip(FIGURES, values, strict=True)}


def comparison(table: FeatureTable) -> pd.DataFrame:
    """Return figure, published, simulated, within, met: one row per figure."""
    found = figures(table)
    rows = [(f.name, f.published, found[f.name], f.within, abs(found[f.name] - f.published) <= f.within) for f in FIGURES]
    return pd.DataFrame(rows, columns=["figure", "published", "simulated", "within", "met"])


def markdown(compared: pd.DataFrame) -> str:
    """Return the comparison as a Markdown table."""
    lines = ["| figure | published | simulated | within |", "|---|---:|---:|---:|"]
    for row in compared.itertuples():
        mark = "" if row.met else " (not met)"
        lines.append(f"| {row.figure} | {row.published:.3g} | {row.simulated:.3g} | ± {row.within:.2g}{mark} |")
    return "\n".join(lines)


def _visits(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row per visit: what was measured then, and the time (years since the index date) for which it holds."""
    inputs = rows.filter(regex="^score_").rename(columns=lambda name: name.removeprefix("score_"))
    days = rows.groupby("patient_id")["landmark"].diff().dt.days
    merged = (days.shift(-1) <= SAME_VISIT_DAYS).to_numpy()  # the next landmark only adds a late result
    visits = inputs.assign(patient_id=rows["patient_id"], landmark=rows["landmark"], event=rows["event"] == EVENT)
    visits = visits.assign(years=rows["time_to_event"] / DAYS_PER_YEAR, start=rows["months_since_index"] / 12.0)[~merged]
    following = visits.groupby("patient_id")["start"].shift(-1)
    end = visits["start"] + visits["years"]
    fresh = {name: visits[f"{name}__age_days"] <= SAME_VISIT_DAYS for name in (*NEEDED, "bmpc")}
    table: pd.DataFrame = visits.assign(
        gap=following - visits["start"],
        stop=following.fillna(end),
        ends=visits["event"] & following.isna(),
        complete=np.logical_and.reduce([fresh[name] for name in NEEDED]),
        **{f"{name}_fresh": is_fresh for name, is_fresh in fresh.items()},
    )
    return table


def _rates(start: pd.Series, end: pd.Series, event: pd.Series) -> list[float]:
    """Return progressions per 100 person-years in all, and by time since the index date."""

    def rate(a: float, b: float) -> float:
        years = float((end.clip(upper=b) - start.clip(lower=a)).clip(lower=0).sum())
        return 100 * float((event & (end > a) & (end <= b)).sum()) / years

    return [rate(0, np.inf), *(rate(a, b) for a, b in pairwise(YEARS))]


def _predictor(model: Pangea, visits: pd.DataFrame) -> np.ndarray:
    return model.linear_predictor(**{name: visits[name].to_numpy() for name in model.inputs})


def _mayo_factors(visits: pd.DataFrame) -> pd.DataFrame:
    """Return visits with their 20/2/20 factors as the authors count them.

    A factor not measured at the visit itself counts as absent; visits at which exactly two are missing are left out.
    """
    limits = {"m_protein": M_PROTEIN_ABOVE_G_DL, "flc_ratio": FLC_RATIO_ABOVE, "bmpc": BMPC_ABOVE_PERCENT}
    fresh = np.array([visits[f"{name}_fresh"] for name in limits])
    above = np.array([visits[name] > limit for name, limit in limits.items()]) & fresh
    counted: pd.DataFrame = visits.assign(points=np.minimum(above.sum(axis=0), 2))[(~fresh).sum(axis=0) != 2]
    return counted


def _mayo_figures(visits: pd.DataFrame) -> list[float]:
    counted = _mayo_factors(visits)
    years = (counted["stop"] - counted["start"]).groupby(counted["points"]).sum().reindex([0, 1, 2], fill_value=0.0)
    events = counted["ends"].groupby(counted["points"]).sum().reindex([0, 1, 2], fill_value=0)
    return [*(100 * years / years.sum()), *(100 * events / years)]


def _mayo_concordance(visits: pd.DataFrame) -> float:
    counted = _mayo_factors(visits)
    return concordance(counted["start"], counted["stop"], counted["ends"], counted["points"])
