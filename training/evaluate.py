"""Judge every fitted candidate on people it has not seen, explain it, and log both to its run."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features import FeatureTable, Task
from myeloma import StateError
from myeloma.scores import SCORES
from serving.artifact import Artifact, feature_matrix, load_artifact
from serving.predict import biomarker_groups, explain
from training import plots, tracking
from training.censoring import FollowUp
from training.fit import ARTIFACT, PREDICTIONS, RUN
from training.metrics import evaluate_risks

METRICS = "metrics.json"
_EXPLAINED_ROWS = 500
_SEED = 1


def evaluate_task(table: FeatureTable, task: Task, fitted: Path, out: Path, say: Callable[[str], None]) -> dict[str, dict[str, Any]]:
    """Evaluate every candidate under `fitted`; write and return the results by name.

    `out/<name>/plots/` holds the calibration and ROC plots, `out/<name>/explanation/` the SHAP plots and the
    importance of each biomarker; the same paths are logged to the candidate's run.

    Raises
    ------
    StateError
        Nothing is fitted, or what is was fitted on another table.
    """
    records = read_records(fitted, task)
    results = {}
    for name, record in records.items():
        if record["cohort_hash"] != table.about["cohort_hash"] or record["feature_hash"] != table.about["feature_hash"]:
            raise StateError(
                f"{name} was fitted on another table than this one.", f"fit again: python -m training fit TABLE --task {task.name}"
            )
        if record["horizons"] != list(task.horizons):
            raise StateError(
                f"{name} was fitted for the horizons {record['horizons']}, the task now has {list(task.horizons)}.",
                f"fit again: python -m training fit TABLE --task {task.name}",
            )
        tracking.require_run(record["run_id"], task)
        say(f"{name}: evaluating")
        folder = out / name
        shutil.rmtree(folder, ignore_errors=True)
        judged = pd.read_parquet(fitted / name / PREDICTIONS)
        risks = judged[[f"risk_{months}m" for months in task.horizons]].to_numpy()
        metrics = evaluate_risks(judged, risks, task.horizons, task.evaluation.bootstrap, task.evaluation.seed)
        _plot_performance(judged, risks, task, name, folder / "plots")
        if name not in SCORES:
            _explain(load_artifact(fitted / name / ARTIFACT), table, judged, task, folder / "explanation")
        tracking.log_results(record["run_id"], metrics, folder)
        results[name] = {**record, "published": name in SCORES, "metrics": metrics}
    out.mkdir(parents=True, exist_ok=True)
    (out / METRICS).write_text(json.dumps(results, indent=1), encoding="utf-8")
    return results


def read_records(fitted: Path, task: Task) -> dict[str, dict[str, Any]]:
    """Return the run records of the task's fitted candidates, in the order of `params.yaml`."""
    names = [name for name in (*task.models, *task.scores) if (fitted / name / RUN).is_file()]
    if not names:
        raise StateError(f"Nothing is fitted in {fitted}.", f"fit first: python -m training fit TABLE --task {task.name}", "nothing_fitted")
    return {name: json.loads((fitted / name / RUN).read_text(encoding="utf-8")) for name in names}


def _plot_performance(judged: pd.DataFrame, risks: np.ndarray, task: Task, name: str, folder: Path) -> None:
    folder.mkdir(parents=True)
    computable = {}
    for h, months in enumerate(task.horizons):
        known = np.isfinite(risks[:, h])
        if known.any():
            computable[months] = plots.Judged(FollowUp.of(judged[known]), risks[known, h], judged.loc[known, "patient_id"])
    held_out = "cross-validated" if task.evaluation.kind == "cross_validation" else "held-out patients"
    plots.calibration(computable, f"{task.name} {name}, {held_out}", folder / "calibration.png")
    plots.roc(computable, f"{task.name} {name}, {held_out}", folder / "roc.png")


def _explain(artifact: Artifact, table: FeatureTable, judged: pd.DataFrame, task: Task, folder: Path) -> None:
    """Explain a sample of the judged rows at the primary horizon."""
    folder.mkdir(parents=True)
    keys = judged[["patient_id", "landmark"]].sample(min(_EXPLAINED_ROWS, len(judged)), random_state=_SEED)
    rows = table.rows.merge(keys, on=["patient_id", "landmark"])
    x = feature_matrix(artifact, rows)
    values = explain(artifact, x).contributions[:, task.horizons.index(task.primary_horizon)]
    title = f"{task.name} {artifact.kind}: contributions to the log-odds of risk at {task.primary_horizon} months"
    plots.shap_beeswarm(values, x, artifact.columns, title, folder / "shap_beeswarm.png")
    plots.shap_bar(values, artifact.columns, title, folder / "shap_bar.png")
    importance = {group: float(np.abs(values[:, positions].sum(axis=1)).mean()) for group, positions in biomarker_groups(artifact).items()}
    importance = dict(sorted(importance.items(), key=lambda item: -item[1]))
    (folder / "biomarker_importance.json").write_text(json.dumps(importance, indent=1), encoding="utf-8")
    plots.biomarker_bar(importance, title, folder / "biomarker_importance.png")
