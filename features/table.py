"""One function makes features, for training and for serving: histories and landmarks in, one row each out."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as parquet

from features.cohort import Cohort
from features.columns import STATIC, FeatureSpec, window_days
from features.derived import with_derived
from features.kernel import ORDER, summarise
from features.landmarks import visit_landmarks
from features.outcomes import outcomes
from features.tasks import DAYS_PER_MONTH, DAYS_PER_YEAR, Task
from myeloma import DataError, StateError, catalogue
from myeloma.fish import has_high_risk

KEYS = ["patient_id", "landmark", "site"]
OUTCOMES = ["event", "time_to_event", "follow_up"]
_METADATA = b"feature_table"


@dataclass(frozen=True)
class FeatureTable:
    """Rows of keys, features and outcomes, with what they were made from."""

    rows: pd.DataFrame
    spec: FeatureSpec
    about: dict[str, Any]


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
    patients = cohort.patients.set_index("patient_id").loc[landmarks["patient_id"]]
    day = landmarks["landmark"].to_numpy()
    static = _static_columns(patients, day)
    history = _history_block(with_derived(cohort), landmarks, spec)
    return pd.DataFrame(
        np.hstack([np.column_stack([static[name] for name in spec.static] or [np.empty((len(day), 0))]), history]), columns=spec.columns()
    )


def build_table(cohort: Cohort, task: Task) -> FeatureTable:
    """Return a task's training table: one row per patient and visit at risk, with outcomes and attrition.

    Raises
    ------
    DataError
        Not one landmark is at risk.
    """
    landmarks = visit_landmarks(cohort)
    after = outcomes(cohort, landmarks, task.treatment)
    at_risk = (after["not_at_risk"] == "").to_numpy()
    attrition = {
        "patients": len(cohort.patients),
        "patients_without_a_landmark": len(set(cohort.patients["patient_id"]) - set(landmarks.loc[at_risk, "patient_id"])),
        "visits": len(landmarks),
        "not_at_risk": {str(k): int(v) for k, v in after.loc[~at_risk, "not_at_risk"].value_counts().items()},
        "landmarks": int(at_risk.sum()),
    }
    if not at_risk.any():
        raise DataError(
            f"No landmark is left for task {task.name}: {attrition['not_at_risk'] or 'no visit from the index date on'}.",
            "a landmark needs a result on or after the index date, and follow-up after it.",
            "nothing_usable",
        )
    landmarks = landmarks[at_risk].reset_index(drop=True)
    after = after[at_risk].reset_index(drop=True)
    features = build_features(cohort, landmarks, task.features)
    site = landmarks["patient_id"].map(cohort.patients.set_index("patient_id")["site"])
    rows = pd.concat([landmarks.assign(site=site), features, after[OUTCOMES]], axis=1)
    about = {
        "task": task.name,
        "treatment": task.treatment,
        "spec": asdict(task.features),
        "feature_hash": task.features.feature_hash(),
        "catalogue_version": catalogue().version,
        "cohort_hash": cohort.content_hash(),
        "source": cohort.about.get("source", ""),
        "attrition": attrition,
    }
    return FeatureTable(rows, task.features, about)


def write_table(table: FeatureTable, path: Path) -> None:
    """Write a feature table as Parquet, whole or not at all, with its metadata inside."""
    path.parent.mkdir(parents=True, exist_ok=True)
    arrow = pa.Table.from_pandas(table.rows, preserve_index=False)
    arrow = arrow.replace_schema_metadata({**(arrow.schema.metadata or {}), _METADATA: json.dumps(table.about).encode()})
    work = path.with_name(f".{path.name}.part")
    parquet.write_table(arrow, work)
    work.replace(path)


def read_table(path: Path) -> FeatureTable:
    """Return a feature table.

    Raises
    ------
    StateError
        There is no such file.
    DataError
        The file is not a feature table, or its columns do not mean what this version means by them.
    """
    if not path.is_file():
        raise StateError(f"No feature table {path}.", "make one with: python -m features build COHORT TABLE --task T")
    try:
        arrow = parquet.read_table(path)
    except (pa.ArrowInvalid, OSError):
        raise DataError(f"{path} is not a Parquet file.", "make it with: python -m features build", "not_parquet") from None
    metadata = (arrow.schema.metadata or {}).get(_METADATA)
    if metadata is None:
        raise DataError(f"{path} is Parquet, but not a feature table.", "make it with: python -m features build", "not_a_table")
    about = json.loads(metadata)
    spec = FeatureSpec.from_dict(about["spec"])
    if spec.feature_hash() != about["feature_hash"]:
        raise DataError(
            f"{path} was built by another version: its feature_hash is {about['feature_hash']}, this version's {spec.feature_hash()}.",
            "build it again.",
            "feature_hash",
        )
    return FeatureTable(arrow.to_pandas(), spec, about)


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
    return statistics[..., chosen].reshape(len(landmarks), -1)


def _days(dates: pd.Series) -> np.ndarray:
    return dates.to_numpy().astype("datetime64[D]").astype(np.int64)
