"""A copy of the trained store that commands are run against."""

import shlex
import shutil
import sqlite3
from contextlib import closing

import pytest

from features.console import run
from training.__main__ import app


@pytest.fixture
def command(trained, root, tmp_path, monkeypatch, capsys):
    """Run a command line against a copy of the trained store; return its exit code, output and error output."""
    (tmp_path / "mlruns").mkdir()
    shutil.copy(trained.folder / "mlruns" / "mlflow.db", tmp_path / "mlruns" / "mlflow.db")
    with closing(sqlite3.connect(tmp_path / "mlruns" / "mlflow.db")) as database:  # new runs leave the trained store's files alone
        database.execute("update experiments set artifact_location = ?", [(tmp_path / "mlruns" / "artifacts" / "smm").as_uri()])
        database.commit()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlruns' / 'mlflow.db'}")
    monkeypatch.chdir(tmp_path)

    def call(line):
        with pytest.raises(SystemExit) as exited:
            run(app, [*shlex.split(line), "--params", str(root / "params.yaml")])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.out + captured.err
        return exited.value.code or 0, captured.out, captured.err

    return call
