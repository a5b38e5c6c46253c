"""Feature rows: one function makes them, for training and for serving; histories and landmarks in, one row each out."""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.cohort import Cohort
from features.columns import STATIC, FeatureSpec
from features.derived import with_derived
from features.plan import write_history
from features.series import Series, days_of, series_of
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
    ids = pd.Index(landmarks["patient_id"].unique())
    return features_at(series_of(measured, ids, spec.biomarkers), ids, cohort, landmarks, spec)


def features_at(series: Series, ids: pd.Index, cohort: Cohort, landmarks: pd.DataFrame, spec: FeatureSpec) -> pd.DataFrame:
    """Return the same from series; row p of the series' runs is the person ids[p]."""
    columns = spec.columns()
    out = np.empty((len(landmarks), len(columns)))
    static = _static_columns(patients_at(cohort, landmarks), landmarks["landmark"].to_numpy())
    for k, name in enumerate(spec.static):
        out[:, k] = static[name]
    write_history(series, ids.get_indexer(landmarks["patient_id"]).astype(np.int32), days_of(landmarks["landmark"]), spec, out)
    return pd.DataFrame(out, columns=columns)


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
