"""Feature rows: one function makes them, for training and for serving; histories and landmarks in, one row each out."""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.cohort import Cohort
from features.columns import STATIC, FeatureSpec, window_days
from features.derived import with_derived
from features.kernel import ORDER, summarise
from features.tasks import DAYS_PER_MONTH, DAYS_PER_YEAR
from myeloma.fish import has_high_risk


def build_features(cohort: Cohort, landmarks: pd.DataFrame, spec: FeatureSpec) -> pd.DataFrame:
    """Return the feature columns, one row per row of `landmarks`, all float64, unknown = NaN.

    Parameters
    ----------
    landmarks : DataFrame
        patient_id and landmark; every patient is one of the cohort's.

    Notes
    -----
    Nothing that became available after a row's landmark is read for that row.
    """
    return features_from(with_derived(cohort), cohort, landmarks, spec)


def features_from(measured: pd.DataFrame, cohort: Cohort, landmarks: pd.DataFrame, spec: FeatureSpec) -> pd.DataFrame:
    """Return the same from measurements to which the derived ones have been added already."""
    day = landmarks["landmark"].to_numpy()
    static = _static_columns(patients_at(cohort, landmarks), day)
    blocks = [static[name][:, None] for name in spec.static] + [_history_block(measured, landmarks, spec)]
    return pd.DataFrame(np.hstack(blocks), columns=spec.columns())


def patients_at(cohort: Cohort, landmarks: pd.DataFrame) -> pd.DataFrame:
    """Return the patients' rows, one per row of `landmarks`."""
    return cohort.patients.set_index("patient_id").loc[landmarks["patient_id"]]


def _static_columns(patients: pd.DataFrame, day: np.ndarray) -> dict[str, np.ndarray]:
    since_index = (day - patients["index_date"].to_numpy()) / np.timedelta64(1, "D")
    columns = {
        "age": patients["age_at_index"].to_numpy() + since_index / DAYS_PER_YEAR,
        "female": patients["sex"].map({"female": 1.0, "male": 0.0}).to_numpy(dtype=float),
        "months_since_index": since_index / DAYS_PER_MONTH,
        "heavy_chain_iga": patients["heavy_chain"].map(lambda h: float(h == "IgA") if h else np.nan).to_numpy(dtype=float),
        "fish_high_risk": patients["fish"].map(has_high_risk).to_numpy(dtype=float),
    }
    assert columns.keys() == STATIC.keys()
    return columns


def _history_block(measured: pd.DataFrame, landmarks: pd.DataFrame, spec: FeatureSpec) -> np.ndarray:
    """Return the statistics as (landmarks, biomarkers x look-backs x statistics), in the order of `spec.columns()`."""
    ids = pd.Index(landmarks["patient_id"].unique())
    patient = ids.get_indexer(measured["patient_id"])
    biomarker = pd.Index(spec.biomarkers).get_indexer(measured["biomarker"])
    used = (patient >= 0) & (biomarker >= 0)
    patient, biomarker, measured = patient[used], biomarker[used], measured[used]
    collected, available = (_days(measured[c]) for c in ("collected_at", "available_at"))
    value = measured["value"].to_numpy(dtype=float)
    order = np.lexsort((value, available, collected, biomarker, patient))  # ties by value: no result of chance
    series = patient[order] * len(spec.biomarkers) + biomarker[order]
    bounds = np.searchsorted(series, np.arange(len(ids) * len(spec.biomarkers) + 1))
    starts = np.arange(len(ids))[:, None] * len(spec.biomarkers) + np.arange(len(spec.biomarkers) + 1)[None, :]
    statistics = summarise(
        collected[order],
        available[order],
        value[order],
        bounds[starts].astype(np.int64),
        ids.get_indexer(landmarks["patient_id"]).astype(np.int64),
        _days(landmarks["landmark"]),
        np.array([window_days(w) for w in spec.look_backs]),
    )
    chosen = [ORDER.index(name) for name in spec.statistics]
    return statistics[..., chosen].reshape(len(landmarks), len(spec.columns()) - len(spec.static))


def _days(dates: pd.Series) -> np.ndarray:
    return dates.to_numpy().astype("datetime64[D]").astype(np.int64)
