"""The client of the store: which store an address means."""

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
import sqlalchemy

from myeloma import StateError
from serving.store.address import sqlite_path
from serving.store.champion import load_champion
from serving.store.client import connect
from serving.store.reading import runs_of, version_under


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
def test_a_folder_whose_name_would_change_an_address_keeps_its_store(root, tmp_path, monkeypatch, empty_database, name):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    store = tmp_path / name / "mlruns" / "mlflow.db"
    store.parent.mkdir(parents=True)
    shutil.copy(empty_database, store)
    code = "from serving.store.client import connect; connect(create=True).create_experiment('mine')"
    path = os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")])
    subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path / name, env={**os.environ, "PYTHONPATH": path}, check=True, capture_output=True
    )
    with closing(sqlite3.connect(store)) as found:
        assert found.execute("SELECT name FROM experiments ORDER BY name").fetchall() == [("Default",), ("mine",)]
    assert {path.name for path in tmp_path.iterdir()} == {name}


def test_options_of_an_address_are_no_part_of_the_files_name(tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db?timeout=30")
    assert sqlite_path() == tmp_path / "mlflow.db"


@pytest.mark.parametrize("content", [None, b"", "CREATE TABLE somebody_elses (x)"], ids=["no file", "an empty file", "other tables"])
def test_who_only_reads_makes_no_store_and_no_tables(tmp_path, monkeypatch, content):
    path = tmp_path / "mlflow.db"
    if isinstance(content, str):
        with closing(sqlite3.connect(path)) as store, store:
            store.execute(content)
    elif content is not None:
        path.write_bytes(content)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{path}")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StateError, match=r"[Nn]o tracking store") as refusal:
        connect()
    assert refusal.value.code == "no_store"
    for ask in (lambda: runs_of("smm"), lambda: version_under("smm-progression", "champion"), lambda: load_champion("smm")):
        with pytest.raises(StateError):
            ask()
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


@pytest.mark.slow
def test_who_only_reads_makes_no_tables_in_the_database_of_a_server(tmp_path, monkeypatch):
    """A database of SQLite stands for one behind a server: what is asked is how many tables there are."""
    address = f"sqlite:///{tmp_path / 'other.db'}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "postgresql://me:S3CRET@host/store")
    made = sqlalchemy.create_engine(address)
    monkeypatch.setattr("mlflow.store.db.utils.create_sqlalchemy_engine", lambda uri: made)
    with pytest.raises(StateError, match="holds no tracking store") as refusal:
        connect()
    assert "S3CRET" not in str(refusal.value)
    assert sqlalchemy.inspect(made).get_table_names() == []
    made.dispose()
