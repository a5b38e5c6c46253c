"""The facts of a run: its own tags and figures, its files, the artifact's own words, the counts of its cohort.

Whatever is missing stays missing and is said in `missing`; nothing is made up for it.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import mlflow
from mlflow.exceptions import MlflowException

from features import Task
from myeloma import ConfigError
from myeloma.scores import SCORES
from serving.artifact import Artifact
from serving.store.champion import decisions_on, registered_name
from training.card.facts import Facts
from training.places import COHORT, folder_of
from training.plan import Plan
from training.tracking.run import Run

_DESCRIPTION = "model.json"
_DESCRIBES = ("kind", "spec", "feature_hash", "horizons", "calibration", "about")


def facts_of_run(plan: Plan, run_id: str, version: str = "", evaluated: Path | None = None, cohort: Path | None = None) -> Facts:
    """Return the facts of a candidate's run.

    Parameters
    ----------
    version : str
        Of the registry; empty where the run is not registered.
    evaluated : Path, optional
        Folder of the evaluation: its files are taken, if it is of this run. Default: data/TASK/evaluation.
    cohort : Path, optional
        Folder of the cohort: how many rows were kept, if it is of the same content. Default: data/TASK/cohort.

    Raises
    ------
    ConfigError
        The run is of a published score, which is compared and never registered.
    StateError
        The run is gone.
    """
    return facts_of(plan, Run.find(run_id, plan.task, evaluated), version, cohort)


def facts_of(plan: Plan, run: Run, version: str = "", cohort: Path | None = None, model: dict[str, Any] | None = None) -> Facts:
    """Return the facts of a run that was read already.

    Parameters
    ----------
    model : dict, optional
        What the artifact says of itself, as `description_of` gives it. Default: it is read from the registry.

    Raises
    ------
    ConfigError
        The run is of a published score.
    """
    if run.name in SCORES:
        raise ConfigError(
            f'"{run.name}" is a published score, not a model of this registry: it has no card.',
            "name a fitted model; docs/scores.md says what each score is, and every card compares its model with them.",
        )
    files, model = run.files(), model or _stored_description(run, version, plan.task)
    what = {"the run's tables and plots": files, "the artifact's own description": model, "figures of the run": run.metrics}
    missing = tuple(words for words, found in what.items() if not found)
    counts = _counts(cohort or folder_of(plan.task.name, "cohort"), run.tags.get("cohort_hash", ""))
    decided = decisions_on(registered_name(plan.task.name), version) if version else []
    known = (run.tags, run.params, run.metrics, model, files, counts, missing)
    return Facts(plan, run.name, version, run.id, *known, last_decision(decided))


def last_decision(decided: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the last decision that made a version live; of a rollback without a reason, with why it was live before."""
    if not decided or decided[-1].get("reason"):
        return (decided or [{}])[-1]
    before: dict[str, Any] = next((each for each in reversed(decided[:-1]) if each.get("reason")), {})
    said = f"{before.get('action', '?')} at {before.get('at', '?')}: {before.get('reason')}" if before else ""
    return decided[-1] | {"before": said}


def description_of(artifact: Artifact) -> dict[str, Any]:
    """Return what an artifact says of itself, all but the model, as it stands in its file."""
    content = {**{name: getattr(artifact, name) for name in ("kind", "horizons", "about")}, "feature_hash": artifact.spec.feature_hash()}
    parts = {"spec": asdict(artifact.spec), "calibration": asdict(artifact.calibration)}
    described: dict[str, Any] = json.loads(json.dumps(content | parts))
    return described


def _stored_description(run: Run, version: str, task: Task) -> dict[str, Any]:
    """Return what the artifact says of itself, read as data: a card needs no model that can be run."""
    place = f"models:/{registered_name(task.name)}/{version}" if version else run.tags.get("model_uri")
    if not place:
        return {}
    with tempfile.TemporaryDirectory() as work:
        try:
            folder = Path(mlflow.artifacts.download_artifacts(artifact_uri=place, dst_path=work))
            content = json.loads(min(folder.rglob(_DESCRIPTION)).read_text(encoding="utf-8"))
        except (MlflowException, OSError, ValueError):
            return {}
    return {key: content[key] for key in _DESCRIBES if key in content}


def _counts(cohort: Path, cohort_hash: str) -> dict[str, dict[str, int]]:
    """Return how many rows were read, kept and quarantined, if the cohort is the one the model was made from."""
    try:
        about = json.loads((cohort / COHORT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return about.get("counts", {}) if about.get("hash") == cohort_hash else {}
