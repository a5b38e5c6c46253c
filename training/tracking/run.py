"""A candidate's run: what the store knows of it, read once, and its files, from beside the store where they lie here, else downloaded."""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from features import Task
from myeloma import StateError
from serving.store.champion import connect
from training.places import EVALUATION, METRICS, folder_of

if TYPE_CHECKING:
    import pandas as pd

FILES = (".csv", ".json", ".png")


class Run:
    """One run, asked for its tags, parameters, figures and files.

    Attributes
    ----------
    id, name : of the run, and of the candidate
    tags, params, metrics : as the store had them when it was asked
    """

    def __init__(self, entity: Any, evaluated: Path | None = None) -> None:
        """Take a run as MLflow gives it.

        Parameters
        ----------
        entity : MLflow run
        evaluated : Path, optional
            Folder of the evaluation whose files are taken, if it is of this run.
        """
        data = entity.data
        self.id, self.tags, self.params, self.metrics = entity.info.run_id, dict(data.tags), dict(data.params), dict(data.metrics)
        self.name = self.tags.get("estimator", "unknown")
        self._stored, self._evaluated = entity.info.artifact_uri, evaluated
        self._read: dict[str, bytes | None] = {}

    @property
    def is_judged_candidate(self) -> bool:
        """Return whether it is a candidate that was evaluated: a search, a watch, a validation or a training has a `kind`."""
        return bool(self.metrics) and "kind" not in self.tags

    @property
    def judged_on(self) -> tuple[str | None, ...]:
        """Return what two runs must share for their figures to stand in one table: people, features, rows judged, and their weights."""
        return tuple(self.tags.get(name) for name in ("cohort_hash", "feature_hash", "judged_hash", "weighing_hash"))

    @classmethod
    def find(cls, run_id: str, task: Task, evaluated: Path | None = None) -> Run:
        """Return a run of the store, its files from the evaluation's folder where that is of this run. Default: data/TASK/evaluation.

        Raises
        ------
        StateError
            The run is gone.
        """
        if (found := cls.known(run_id, task, evaluated)) is None:
            raise StateError(
                f"The run {run_id or '(none)'} is no longer in the tracking store, and its figures, tables and card with it.",
                f"name another version, or fit, evaluate and register again: python -m training fit TABLE --task {task.name}",
                "no_run",
            )
        return found

    @classmethod
    def known(cls, run_id: str, task: Task, evaluated: Path | None = None) -> Run | None:
        """Return a run of the store as `find` does, None where it is gone."""
        from mlflow.exceptions import MlflowException

        if not run_id:  # a version that was registered without one
            return None
        try:
            return cls(connect().get_run(run_id), evaluated or folder_of(task.name, EVALUATION))
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            return None

    def file(self, path: str) -> bytes | None:
        """Return one of the run's files, None where it has none of that name or it cannot be had."""
        if path not in self._read:
            here = self._folder / path if self._folder else None
            self._read[path] = here.read_bytes() if here and here.is_file() else self._download(path)
        return self._read[path]

    def files(self) -> dict[str, bytes]:
        """Return all tables, pictures and verdicts of the run by their place."""
        if self._folder is None:
            self._read = self._downloaded | self._read
            names = set(self._read)
        else:
            names = {*_files_of(self._folder), *self._listed(), *self._read}
        return {name: content for name in sorted(names) if name.endswith(FILES) and (content := self.file(name)) is not None}

    def table(self, path: str, columns: tuple[str, ...] = ()) -> pd.DataFrame:
        """Return one of the run's tables, empty where there is none or it lacks a column."""
        return parsed_table(self.file(path), columns)

    def json(self, path: str) -> dict[str, Any]:
        """Return what one of the run's JSON files holds, empty where there is none or it cannot be read."""
        return parsed_json(self.file(path))

    def log_json(self, path: str, content: dict[str, Any]) -> None:
        """Log what a JSON file is to hold."""
        connect().log_dict(self.id, content, path)
        self._read[path] = json.dumps(content).encode()

    @cached_property
    def _folder(self) -> Path | None:
        """Return the folder that holds the files of this very run, if one does."""
        if self._evaluated is None:
            return None
        try:
            known = json.loads((self._evaluated / METRICS).read_text(encoding="utf-8"))[self.name]["run_id"]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return self._evaluated / self.name if known == self.id else None

    @cached_property
    def _repository(self) -> Any:
        from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

        return get_artifact_repository(self._stored)

    def _listed(self, folder: str | None = None) -> Iterator[str]:
        from mlflow.exceptions import MlflowException

        try:
            found = self._repository.list_artifacts(folder)
        except (MlflowException, OSError):
            return
        for item in found:
            yield from self._listed(item.path) if item.is_dir else (item.path,)

    def _download(self, path: str) -> bytes | None:
        stored = urlsplit(self._stored)
        if stored.scheme == "file":  # on this machine: MLflow, which takes seconds to import, would copy it
            here = Path(unquote(stored.path)) / path
            return here.read_bytes() if here.is_file() else None
        from mlflow.exceptions import MlflowException

        with tempfile.TemporaryDirectory() as work:
            try:
                return Path(self._repository.download_artifacts(path, dst_path=work)).read_bytes()
            except (MlflowException, OSError):
                return None

    @cached_property
    def _downloaded(self) -> dict[str, bytes | None]:
        from mlflow.exceptions import MlflowException

        with tempfile.TemporaryDirectory() as work:
            try:
                folder = Path(self._repository.download_artifacts("", dst_path=work))
            except (MlflowException, OSError):
                return {}
            return {name: (folder / name).read_bytes() for name in _files_of(folder)}


def _files_of(folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.suffix in FILES]


def parsed_table(content: bytes | None, columns: tuple[str, ...] = ()) -> pd.DataFrame:
    """Return a CSV file's table, empty where there is no file or it lacks a column; a site may be called NA."""
    import pandas as pd

    try:
        found = pd.read_csv(io.BytesIO(content or b""), keep_default_na=False, na_values=[""])
    except ValueError:
        return pd.DataFrame(columns=list(columns))
    return found if set(columns) <= set(found.columns) else pd.DataFrame(columns=list(columns))


def parsed_json(content: bytes | None) -> dict[str, Any]:
    """Return what a JSON file holds, empty where there is no file or it cannot be read."""
    try:
        found: dict[str, Any] = json.loads(content or b"{}")
    except ValueError:
        return {}
    return found
