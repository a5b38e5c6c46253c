"""Batch scoring: a cohort in, one row per patient and landmark out, written whole or not at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from features import Cohort
from features.cohort.files import whole_file
from features.history.derived import with_derived
from features.history.rows import features_at
from features.history.series import series_of
from features.table.outcomes import CRITERIA_MET, criteria_met
from features.table.score_inputs import score_inputs
from myeloma import ConfigError
from serving.answer.columns import answer_columns, identity
from serving.answer.published import score_columns
from serving.artifact import Artifact, at_risk, feature_matrix
from serving.predict import explain

_CHUNK = 5_000  # rows explained at a time: bounds memory, and progress can be shown
SCORED = "scored"


def score_landmarks(
    artifact: Artifact, cohort: Cohort, landmarks: pd.DataFrame, progress: Callable[[int], None] = lambda rows: None
) -> pd.DataFrame:
    """Return one row per landmark: patient_id, landmark, status, the answer's columns, published scores, the model's identity.

    A person who has progressed, died or been treated by the landmark, or has no visit, is not at risk of
    progression: `status` says so and the numbers are empty. Where the task guards against it and a myeloma-defining
    criterion is met (`criteria_met`), no risk is shown either. Nobody is dropped.
    """
    after = at_risk(artifact, cohort, landmarks)
    # Scoring looks at the present: that follow-up ends at the landmark is no reason not to score.
    status = after["not_at_risk"].replace({"": SCORED, "after_follow_up": SCORED}).to_numpy(dtype=object)
    present = np.flatnonzero(status == SCORED)
    measured = with_derived(cohort)
    inputs = score_inputs(cohort, landmarks.iloc[present], measured)
    if artifact.about["criteria_guard"]:
        status[present[criteria_met(inputs)]] = CRITERIA_MET
    scored = np.flatnonzero(status == SCORED)
    ids = pd.Index(landmarks["patient_id"].iloc[scored].unique())
    series = series_of(measured, ids, artifact.spec.biomarkers)
    parts = []
    for start in range(0, len(scored), _CHUNK):
        positions = scored[start : start + _CHUNK]
        features = features_at(series, ids, cohort, landmarks.iloc[positions], artifact.spec)
        parts.append(answer_columns(artifact, explain(artifact, feature_matrix(artifact, features))).set_index(positions))
        progress(len(positions))
    if not parts:  # nobody is at risk: the columns of an answer, without a row
        parts.append(answer_columns(artifact, explain(artifact, np.full((1, len(artifact.columns)), np.nan))).iloc[:0])
    answers = pd.concat(parts).reindex(range(len(landmarks)))
    published = score_columns(inputs, artifact.about["population"]).set_index(present).reindex(range(len(landmarks)))
    published.loc[status == CRITERIA_MET, [name for name in published if "_risk_" in name]] = np.nan
    keys = landmarks[["patient_id", "landmark"]].reset_index(drop=True).assign(status=status)
    return pd.concat([keys, answers, published], axis=1).assign(**identity(artifact))


def write_scores(scores: pd.DataFrame, path: Path) -> None:
    """Write scores as Parquet or CSV, by the file's ending.

    Raises
    ------
    ConfigError
        The ending is neither .parquet nor .csv.
    """
    check_output(path)
    with whole_file(path) as work:
        if path.suffix == ".csv":
            scores.to_csv(work, index=False, date_format="%Y-%m-%d")
        else:
            scores.to_parquet(work, index=False)


def check_output(path: Path) -> None:
    """Refuse an output that could not be written, before the work is done."""
    if path.suffix not in (".csv", ".parquet"):
        raise ConfigError(f'The output "{path.name}" ends neither in .parquet nor in .csv.', "the ending chooses the format.")
    if path.is_dir():
        raise ConfigError(f"The output {path} is a folder.", "name a file.")
