"""The client of the store: which store an address means."""

import os
import subprocess
import sys

import pytest

from serving.store.address import sqlite_path
from serving.store.client import connect


@pytest.mark.slow
def test_a_process_that_changes_its_folder_finds_the_store_of_each_folder_and_keeps_its_environment(tmp_path, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        connect(create=True).create_experiment(name)
        assert (tmp_path / name / "mlruns" / "mlflow.db").is_file()
        assert {found.name for found in connect().search_experiments()} == {"Default", name}
        assert "MLFLOW_TRACKING_URI" not in os.environ  # MLflow would write it there


@pytest.mark.slow
@pytest.mark.parametrize("name", ["quest?ion", "per%20cent", "a b#c"])
def test_a_folder_whose_name_would_change_an_address_keeps_its_store(root, tmp_path, monkeypatch, name):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    (tmp_path / name).mkdir()
    code = "from serving.store.client import connect; connect(create=True).create_experiment('mine')"
    path = os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")])
    subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path / name, env={**os.environ, "PYTHONPATH": path}, check=True, capture_output=True
    )
    assert (tmp_path / name / "mlruns" / "mlflow.db").is_file()
    assert {path.name for path in tmp_path.iterdir()} == {name}


def test_options_of_an_address_are_no_part_of_the_files_name(tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db?timeout=30")
    assert sqlite_path() == tmp_path / "mlflow.db"
