"""Feature rows: one function makes them, for training and for serving; histories and landmarks in, one row each out."""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.cohort.schema import Cohort
from features.history.columns import FeatureSpec
from features.history.derived import with_derived
from features.history.plan import write_history
from features.history.series import Series, days_of, series_of
from myeloma.calendar import DAYS_PER_MONTH, DAYS_PER_YEAR
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
    columns, patient = spec.columns(), ids.get_indexer(landmarks["patient_id"]).astype(np.int32)
    out = np.empty((len(landmarks), len(columns)))
    patients = cohort.patients.set_index("patient_id").loc[ids]
    for k, name in enumerate(spec.static):
        out[:, k] = _static_column(name, patients, patient, landmarks["landmark"].to_numpy())
    write_history(series, patient, days_of(landmarks["landmark"]), spec, out)
    return pd.DataFrame(out, columns=columns)


def _static_column(name: str, patients: pd.DataFrame, who: np.ndarray, day: np.ndarray) -> np.ndarray:
    """Return a static column by landmark, from the people's rows and each landmark's place among them."""
    if name in ("age", "months_since_index"):
        since_index = (day - patients["index_date"].to_numpy()[who]) / np.timedelta64(1, "D")
        return since_index / DAYS_PER_MONTH if name != "age" else patients["age_at_index"].to_numpy()[who] + since_index / DAYS_PER_YEAR
    of_person = {
        "female": lambda: patients["sex"].map({"female": 1.0, "male": 0.0}),
        "heavy_chain_iga": lambda: patients["heavy_chain"].map(lambda h: float(h == "IgA") if h else np.nan),
        "fish_high_risk": lambda: patients["fish"].map(has_high_risk),
    }
    return of_person[name]().to_numpy(dtype=float)[who]
