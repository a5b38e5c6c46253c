"""What is logged to a run that exists: its table, its model, its parameters and its results."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric

from features import FeatureTable
from serving.answer.columns import risk_columns
from serving.artifact import Artifact
from serving.predict import explain
from serving.seal import TAG, checked_seal
from serving.store.champion import connect
from training.tracking.made_with import mlflow_version

MODEL = "model"
# All that loading a model and scoring feature rows with it imports, but our own packages, which no index holds; a test compares the two.
# A history is read by what answers HTTP, whose libraries MLflow brings.
_REQUIREMENTS = ("mlflow", "numba", "numpy", "pandas", "pandera", "pyarrow", "pydantic", "pyyaml", "scipy", "xgboost")


def log_dataset(run_id: str, table: FeatureTable) -> None:
    """Log which table was fitted on: name, hash, column names and counts. No row and no identifier."""
    features = {"mlflow_colspec": [{"type": "double", "name": name, "required": False} for name in table.spec.columns()]}
    dataset = Dataset(
        name=f"{table.about['task']} table of {table.provenance.source or 'cohort'}",
        digest=table.provenance.cohort_hash,
        source_type="code",
        source=json.dumps({"tags": {"cohort_hash": table.provenance.cohort_hash, "feature_hash": table.about["feature_hash"]}}),
        schema=json.dumps(features),
        profile=json.dumps({"landmarks": len(table.rows), "patients": int(table.rows["patient_id"].nunique())}),
    )
    connect().log_inputs(run_id, [DatasetInput(dataset, [InputTag("mlflow.data.context", "training and evaluation")])])


def log_model(run_id: str, folder: Path, artifact: Artifact) -> str:
    """Log an artifact as a pyfunc model with signature, input example and seal; return its URI.

    The input example is the training median of every feature: no person's row leaves the cohort.
    """
    from mlflow.models import ModelSignature  # these load MLflow's model flavours, which no reader of runs needs
    from mlflow.types import ColSpec, DataType, Schema

    from serving import mlflow_flavour

    example = pd.DataFrame(
        [{name: reference.get("p50", np.nan) for name, reference in artifact.about["reference"].items()}], columns=artifact.columns
    )
    output = risk_columns(artifact, explain(artifact, example.to_numpy(dtype=float)))
    signature = ModelSignature(
        inputs=Schema(
            [
                *(ColSpec(DataType.double, name, required=False) for name in artifact.columns),
                ColSpec(DataType.string, mlflow_flavour.HISTORY, required=False),
            ]
        ),
        outputs=Schema(
            [
                *(ColSpec(DataType.double, name) for name in output),
                *(ColSpec(DataType.string, name) for name in mlflow_flavour.TEXTS),
            ]
        ),
    )
    seal = checked_seal(folder)
    connect().set_tag(run_id, TAG, seal)
    with mlflow.start_run(run_id=run_id):
        info = mlflow.pyfunc.log_model(
            name=MODEL,
            python_model=mlflow_flavour.__file__,
            artifacts={mlflow_flavour.ARTIFACT: str(folder)},
            model_config={TAG: seal},
            signature=signature,
            input_example=example,
            pip_requirements=[f"{name}=={mlflow_version(name)}" for name in _REQUIREMENTS],
        )
    uri: str = info.model_uri
    return uri


def tag_run(run_id: str, name: str, value: str) -> None:
    """Set a tag on a run that exists."""
    connect().set_tag(run_id, name, value)


def log_file(run_id: str, path: Path) -> None:
    """Log one file to a run that exists."""
    connect().log_artifact(run_id, str(path))


def log_params(run_id: str, params: dict[str, Any]) -> None:
    """Log parameters to a run that exists."""
    with mlflow.start_run(run_id=run_id):
        mlflow.log_params(params)


def log_results(run_id: str, metrics: dict[str, float], folder: Path | None = None) -> None:
    """Log metrics, and a folder of plots and tables, to a run that exists, and end it."""
    client = connect()
    with mlflow.start_run(run_id=run_id):
        mlflow.log_metrics(metrics)
        if folder is not None:
            mlflow.log_artifacts(str(folder))
    client.set_terminated(run_id)


def log_figures(run_id: str, metrics: dict[str, float]) -> None:
    """Log metrics to a run that has ended, and leave its end as it was."""
    when = int(time.time() * 1000)
    connect().log_batch(run_id, [Metric(name, value, when, 0) for name, value in metrics.items()])
