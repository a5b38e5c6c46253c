"""The inputs of the published scores at each landmark, from the same point-in-time features as everything else."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pandas as pd

from features.cohort.schema import Cohort
from features.history.columns import FeatureSpec
from features.history.derived import with_derived
from features.history.rows import features_at
from features.history.series import series_of
from myeloma.calendar import DAYS_PER_YEAR
from myeloma.fish import split_findings
from myeloma.scores.evolving import PANGEA_RULES, falling_line, ravi_hemoglobin_met, ravi_m_protein_met

PREFIX = "score_"
OLDEST = 120.0  # years
LEVELS = ("m_protein", "flc_ratio", "kappa_lambda_ratio", "flc_involved", "bmpc", "hemoglobin", "creatinine", "calcium", "albumin", "b2m")
_STATIC = ("age", "fish_high_risk")
_FINDINGS = {
    "del17p": {"del(17p)"},
    "t_4_14": {"t(4;14)"},
    "gain_1q": {"gain(1q)", "amp(1q)"},
    "r_iss_high_risk": {"del(17p)", "t(4;14)", "t(14;16)"},
}
# What no source of ours holds: the laboratory's own limits (immunoparesis, LDH) and flow cytometry. Unknown, not normal.
NEVER_KNOWN = ("immunoparesis", "ldh_high", "aberrant_plasma_cells")


@cache
def _specs() -> tuple[FeatureSpec, FeatureSpec, FeatureSpec]:
    """Return what is needed: latest values, extremes in the windows of PANGEA's flags, the line through all hemoglobins."""
    rules = PANGEA_RULES.values()
    windows = tuple(sorted({f"{rule.look_back_days}d" for rule in rules}))
    return (
        FeatureSpec(LEVELS, ("ever",), ("last", "age_days"), _STATIC),
        FeatureSpec(tuple(rule.biomarker for rule in rules), windows, ("min", "max"), ()),
        FeatureSpec(("hemoglobin",), ("ever",), ("slope", "slope_se", "count"), ()),
    )


def score_inputs(cohort: Cohort, landmarks: pd.DataFrame, measured: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return every input of every published score, one row per row of `landmarks`; unknown = NaN.

    The latest value of a biomarker counts however old it is (`<biomarker>__age_days` says how old).

    Parameters
    ----------
    measured : DataFrame, optional
        `with_derived(cohort)`, where the caller has it already.
    """
    measured = with_derived(cohort) if measured is None else measured
    ids = pd.Index(landmarks["patient_id"].unique())
    series = series_of(measured, ids, LEVELS)
    latest, extremes, line = (features_at(series.of(spec.biomarkers), ids, cohort, landmarks, spec) for spec in _specs())
    columns: dict[str, np.ndarray] = {name: latest[f"{name}__last__ever"].to_numpy() for name in LEVELS}
    columns |= {f"{name}__age_days": latest[f"{name}__age_days__ever"].to_numpy() for name in LEVELS}
    columns |= {name: latest[name].to_numpy() for name in _STATIC}
    columns["age"] = np.where(columns["age"] > OLDEST, np.nan, columns["age"])  # such a landmark lies beyond any life
    for flag, rule in PANGEA_RULES.items():
        extreme = extremes[f"{rule.biomarker}__{'min' if rule.direction == 'rise' else 'max'}__{rule.look_back_days}d"]
        columns[flag] = rule.met(columns[rule.biomarker], extreme)
    columns["hemoglobin_falling"] = falling_line(*(line[f"hemoglobin__{s}__ever"].to_numpy() for s in ("slope", "slope_se", "count")))
    columns["ravi_m_protein"] = _evolved(measured, cohort, landmarks, "m_protein", ravi_m_protein_met)
    columns["ravi_hemoglobin"] = _evolved(measured, cohort, landmarks, "hemoglobin", ravi_hemoglobin_met)
    patient = ids.get_indexer(landmarks["patient_id"])
    columns |= {name: value[patient] for name, value in _from_patients(cohort.patients.set_index("patient_id").loc[ids]).items()}
    columns |= dict.fromkeys(NEVER_KNOWN, np.full(len(landmarks), np.nan))
    return pd.DataFrame(columns)


def _from_patients(patients: pd.DataFrame) -> dict[str, np.ndarray]:
    isotypes = {"": np.nan, "light_chain": np.nan, "IgG": 0.0}  # the 2005 score was not made for light-chain disease
    tested = patients["fish"].map(split_findings)
    found = {
        name: tested.map(lambda f, wanted=wanted: float(bool(wanted & set(f))) if f else np.nan).to_numpy(dtype=float)
        for name, wanted in _FINDINGS.items()
    }
    return {"non_igg": patients["heavy_chain"].map(lambda h: isotypes.get(h, 1.0)).to_numpy(dtype=float), **found}


def _evolved(measured: pd.DataFrame, cohort: Cohort, landmarks: pd.DataFrame, biomarker: str, met: Callable[..., np.ndarray]) -> np.ndarray:
    """Return 1 from the day a definition by Ravi was met, 0 once the year has passed without, NaN before that.

    The value at diagnosis is the earliest from the index date on that was known when the later one was.
    """
    index_date = cohort.patients.set_index("patient_id")["index_date"]
    rows = measured[measured["biomarker"] == biomarker]
    rows = rows.assign(day=(rows["collected_at"] - rows["patient_id"].map(index_date)).dt.days)
    rows = rows[(rows["day"] >= 0) & (rows["day"] <= DAYS_PER_YEAR)].sort_values(["patient_id", "available_at", "day", "value"])
    earliest = rows.groupby("patient_id")["day"].cummin()
    first = rows["value"].where(rows["day"] == earliest).groupby(rows["patient_id"]).ffill()
    later = rows[rows["day"] > earliest]
    hit = later[met(first[later.index].to_numpy(), later["day"].to_numpy(), later["value"].to_numpy())]
    ids, landmark = landmarks["patient_id"], landmarks["landmark"]
    met_on, seen_on = (ids.map(part.groupby("patient_id")["available_at"].min()) for part in (hit, later))
    year_over = landmark > ids.map(index_date) + pd.Timedelta(days=DAYS_PER_YEAR)
    return np.select([met_on <= landmark, year_over & (seen_on <= landmark)], [1.0, 0.0], np.nan)
