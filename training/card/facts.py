"""What a run knows of its model: tags, parameters and figures of the tracking store, the files of its artifacts, the artifact's own words.

Whatever is missing stays missing and is said in `missing`; nothing is made up for it.
"""

from __future__ import annotations

import io
import json
import math
import re
import tempfile
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from mlflow.exceptions import MlflowException

from features import Task
from myeloma import ConfigError, StateError
from myeloma.scores import SCORES
from serving.store import connect, registered_name
from training.metrics.figures import FEW, named

FILES = (".csv", ".json", ".png")
METRICS = "metrics.json"
COHORT = "cohort.json"
PERFORMANCE = "performance.csv"
_LANDMARK = re.compile(r"_\d+m_at_([\d.]+)y$")


@dataclass(frozen=True)
class Facts:
    """Everything a card is written from.

    Attributes
    ----------
    version : of the registry; empty where the run is not registered.
    model : content of the artifact's model.json but for the model itself; empty where it cannot be read.
    files : the run's own tables, pictures and verdict, by their path among its artifacts.
    counts : rows read, kept and quarantined by table, where the cohort lies on this machine.
    missing : what was looked for and not found, in words.
    """

    task: Task
    name: str
    version: str
    run_id: str
    tags: dict[str, str] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    model: dict[str, Any] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    missing: tuple[str, ...] = ()

    @property
    def about(self) -> dict[str, Any]:
        """Return what the artifact says of itself: title, population, attrition, people fitted on, ..."""
        return self.model.get("about", {})

    @property
    def horizons(self) -> tuple[int, ...]:
        """Return the horizons of the model, in months; the task's where the artifact cannot be read."""
        return tuple(self.model.get("horizons", self.task.horizons))

    @property
    def primary(self) -> int:
        """Return the horizon that the verdict and the subgroups are about, in months."""
        return self.task.primary_horizon

    @cached_property
    def kept_back(self) -> frozenset[str]:
        """Return the names of the counts that are not written down, being below 10, as in `events_24m_at_2y`."""
        found = self.frame(PERFORMANCE, ("subset", "horizon", "measure", "threshold", "why"))
        return frozenset(named(found[found["why"] == FEW].fillna({"subset": ""}).assign(estimate=0.0, lo=math.nan, hi=math.nan)))

    @property
    def landmarks(self) -> list[str]:
        """Return the fixed landmarks that have figures or counts, in years, as written in their names."""
        found = {match.group(1) for name in (*self.metrics, *self.kept_back) if (match := _LANDMARK.search(name))}
        return sorted(found, key=float)

    @property
    def source(self) -> str:
        """Return where the cohort came from, as in `simulated`; empty where nobody says."""
        return str(self.about.get("source") or self.tags.get("source") or "")

    @property
    def simulated(self) -> bool:
        """Return whether nobody in the cohort is a patient."""
        return self.source == "simulated"

    def json(self, path: str) -> dict[str, Any]:
        """Return the content of one of the run's JSON files, empty where it is not there or not readable."""
        try:
            return json.loads(self.files[path])
        except (KeyError, ValueError):
            return {}

    def frame(self, path: str, columns: tuple[str, ...]) -> pd.DataFrame:
        """Return one of the run's tables, empty where it is not there or lacks a column."""
        try:
            found = pd.read_csv(io.BytesIO(self.files[path]), keep_default_na=False, na_values=[""])  # a site may be called NA
        except (KeyError, ValueError):
            return pd.DataFrame(columns=list(columns))
        return found if set(columns) <= set(found.columns) else pd.DataFrame(columns=list(columns))


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
