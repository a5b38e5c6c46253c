"""What a candidate predicts for the people it is judged on with each biomarker hidden in turn: unknown has to be average."""

from __future__ import annotations

import pandas as pd

from features import Task
from features.history.columns import resting_on
from serving.artifact import Artifact
from serving.models.base import Array
from serving.models.unknown import hidden
from serving.predict import predict_risk


def risks_without(artifact: Artifact, x: Array, task: Task) -> pd.DataFrame:
    """Return the risks (rows) at each horizon with every column of one biomarker hidden, of each biomarker in turn.

    Parameters
    ----------
    x : array (rows, features)
    """
    found: dict[str, Array] = {}
    for biomarker in task.features.biomarkers:
        risks = predict_risk(artifact, hidden(x, artifact.columns, resting_on(artifact.columns, [biomarker])))
        found |= dict(zip(_columns(biomarker, task), risks.T, strict=True))
    return pd.DataFrame(found)


def read_without(judged: pd.DataFrame, task: Task) -> dict[str, Array]:
    """Return these risks (rows, horizons) by biomarker, of those that were predicted."""
    columns = {biomarker: _columns(biomarker, task) for biomarker in task.features.biomarkers}
    return {biomarker: judged[names].to_numpy() for biomarker, names in columns.items() if set(names) <= set(judged)}


def _columns(biomarker: str, task: Task) -> list[str]:
    return [f"risk_{months}m_without_{biomarker}" for months in task.horizons]
