"""Feature tables: a task's rows with their outcomes, what they were made from, and the file they live in."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as parquet

from features.cohort import Cohort
from features.columns import FeatureSpec
from features.derived import with_derived
from features.files import whole_file
from features.landmarks import visit_landmarks
from features.outcomes import CRITERIA_MET, criteria_met, outcomes
from features.rows import features_from
from features.score_inputs import PREFIX, score_inputs
from features.tasks import Task
from myeloma import DataError, StateError, catalogue

KEYS = ["patient_id", "landmark", "site"]
OUTCOMES = ["event", "time_to_event", "follow_up"]
_METADATA = b"feature_table"


@dataclass(frozen=True)
class FeatureTable:
    """Rows of keys, features and outcomes, with what they were made from."""

    rows: pd.DataFrame
    spec: FeatureSpec
    about: dict[str, Any]


def build_table(cohort: Cohort, task: Task) -> FeatureTable:
    """Return a task's training table: one row per patient and visit at risk, with outcomes and attrition.

    Raises
    ------
    DataError
        Not one landmark is at risk.
    """
    landmarks = visit_landmarks(cohort)
    after = outcomes(cohort, landmarks, task.treatment, task.population)
    reason = after["not_at_risk"].to_numpy(dtype=object)
    measured = with_derived(cohort)
    scores = score_inputs(cohort, landmarks, measured).add_prefix(PREFIX)
    if task.criteria_guard:
        reason[(reason == "") & criteria_met(scores.rename(columns=lambda name: name.removeprefix(PREFIX)))] = CRITERIA_MET
    at_risk = reason == ""
    attrition = {
        "patients": len(cohort.patients),
        "patients_without_a_landmark": len(set(cohort.patients["patient_id"]) - set(landmarks.loc[at_risk, "patient_id"])),
        "visits": len(landmarks),
        "not_at_risk": {str(k): int(v) for k, v in pd.Series(reason[~at_risk], dtype=object).value_counts().items()},
        "landmarks": int(at_risk.sum()),
    }
    if not at_risk.any():
        raise DataError(
            f"No landmark is left for task {task.name}: {attrition['not_at_risk'] or 'no visit from the index date on'}.",
            "a landmark needs a result on or after the index date, and follow-up after it.",
            "nothing_usable",
        )
    landmarks = landmarks[at_risk].reset_index(drop=True)
    features = features_from(measured, cohort, landmarks, task.features)
    site = landmarks["patient_id"].map(cohort.patients.set_index("patient_id")["site"])
    kept = [frame[at_risk].reset_index(drop=True) for frame in (scores, after[OUTCOMES])]
    rows = pd.concat([landmarks.assign(site=site), features, *kept], axis=1)
    about = {
        "task": task.name,
        "population": task.population,
        "treatment": task.treatment,
        "criteria_guard": task.criteria_guard,
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
    arrow = pa.Table.from_pandas(table.rows, preserve_index=False)
    arrow = arrow.replace_schema_metadata({**(arrow.schema.metadata or {}), _METADATA: json.dumps(table.about).encode()})
    with whole_file(path) as work:
        parquet.write_table(arrow, work)


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
