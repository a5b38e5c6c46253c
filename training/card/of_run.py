"""The facts of a run: its own tags and figures, the files of its artifacts or of its evaluation, the artifact's own words.

Whatever is missing stays missing and is said in `missing`; nothing is made up for it.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import mlflow
from mlflow.exceptions import MlflowException

from features import Task
from myeloma import ConfigError, StateError
from myeloma.scores import SCORES
from serving.store.champion import connect, registered_name
from training.card.facts import Facts

FILES = (".csv", ".json", ".png")
METRICS = "metrics.json"
COHORT = "cohort.json"


def facts_of_run(task: Task, run_id: str, version: str = "", evaluated: Path | None = None, cohort: Path | None = None) -> Facts:
    """Return the facts of a candidate's run.

    Parameters
    ----------
    version : str
        Of the registry; empty where the run is not registered.
    evaluated : Path, optional
        Folder of the evaluation: taken for files that the run's artifacts lack, if it is of this run. Default: data/TASK/evaluation.
    cohort : Path, optional
        Folder of the cohort: how many rows were kept, if it is of the same content. Default: data/TASK/cohort.

    Raises
    ------
    ConfigError
        The run is of a published score, which is compared and never registered.
    StateError
        The run is gone.
    """
    place = Path("data") / task.name
    run = _run(run_id, task)
    name = run.data.tags.get("estimator", "unknown")
    if name in SCORES:
        raise ConfigError(
            f'"{name}" is a published score, not a model of this registry: it has no card.',
            "name a fitted model; docs/scores.md says what each score is, and every card compares its model with them.",
        )
    with tempfile.TemporaryDirectory() as work:
        files = _own_files(evaluated or place / "evaluation", name, run_id) | _artifacts(run_id, Path(work) / "run")
        model = _model(run.data.tags.get("model_uri"), version, task, Path(work) / "model")
    what = {"the run's tables and plots": files, "the artifact's own description": model, "figures of the run": run.data.metrics}
    missing = tuple(words for words, found in what.items() if not found)
    counts = _counts(cohort or place / "cohort", run.data.tags.get("cohort_hash", ""))
    data = run.data
    return Facts(task, name, version, run_id, dict(data.tags), dict(data.params), dict(data.metrics), model, files, counts, missing)


def _run(run_id: str, task: Task) -> Any:
    try:
        return connect().get_run(run_id)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        hint = f"run: python -m training doctor --task {task.name}"
        raise StateError(f"The run {run_id} is no longer in the tracking store: there is nothing to write a card from.", hint) from None


def _artifacts(run_id: str, work: Path) -> dict[str, bytes]:
    work.mkdir()
    try:
        return _read_files(Path(mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path="", dst_path=str(work))))
    except (MlflowException, OSError):
        return {}


def _own_files(evaluated: Path, name: str, run_id: str) -> dict[str, bytes]:
    """Return the files of an evaluation's folder, if it is of this very run."""
    try:
        known = json.loads((evaluated / METRICS).read_text(encoding="utf-8"))[name]["run_id"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return _read_files(evaluated / name) if known == run_id else {}


def _read_files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.suffix in FILES}


def _model(uri: str | None, version: str, task: Task, work: Path) -> dict[str, Any]:
    """Return what the artifact says of itself, read as data: a card needs no model that can be run."""
    work.mkdir()
    place = f"models:/{registered_name(task.name)}/{version}" if version else uri
    if not place:
        return {}
    try:
        folder = Path(mlflow.artifacts.download_artifacts(artifact_uri=place, dst_path=str(work)))
        content = json.loads(min(folder.rglob("model.json")).read_text(encoding="utf-8"))
    except (MlflowException, OSError, ValueError):
        return {}
    return {key: content.get(key) for key in ("kind", "spec", "feature_hash", "horizons", "calibration", "about") if key in content}


def _counts(cohort: Path, cohort_hash: str) -> dict[str, dict[str, int]]:
    """Return how many rows were read, kept and quarantined, if the cohort is the one the model was made from."""
    try:
        about = json.loads((cohort / COHORT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return about.get("counts", {}) if about.get("hash") == cohort_hash else {}
