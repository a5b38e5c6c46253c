"""The tracking store: it is made once, however many begin with it at once."""

import subprocess
import sys

import pytest

from serving.answer.columns import identity
from serving.store.champion import load_version

CONNECT = "from serving.store.champion import connect; print(len(connect(create=True).search_experiments()))"


@pytest.mark.slow
def test_two_first_trainings_at_once_make_one_store(root, tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlruns/mlflow.db")
    both = [subprocess.Popen([sys.executable, "-c", CONNECT], cwd=root, stdout=-1, stderr=-1, text=True) for _ in range(2)]
    found = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0], found
    assert [out.split() for out, _ in found] == [["1"], ["1"]]  # MLflow's default experiment


def test_a_version_that_was_registered_without_a_run_is_told_with_an_empty_one(trained, monkeypatch):
    monkeypatch.setattr("serving.store.champion.connect", lambda: None)
    monkeypatch.setattr("mlflow.artifacts.download_artifacts", lambda artifact_uri: trained.folder / "fit" / "boosting" / "artifact")
    assert identity(load_version("smm-progression", "99", None))["run_id"] == ""
