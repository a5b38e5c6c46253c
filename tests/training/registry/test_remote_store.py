"""The whole way against a tracking server of its own process, as a hospital would run one: nothing needs the local disk."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import replace

import pytest

from features import write_table
from features.console import Steps
from features.intake.ingest import ingest
from features.simulation.smm import simulate
from training.evaluation.evaluate import evaluate_task
from training.fitting.fit import fit_task
from training.registry.candidates import register
from training.registry.compare import promotable
from training.registry.doctor import examine
from training.registry.ledger import history
from training.registry.live import promote, rollback
from training.registry.versions import live_version


@pytest.fixture
def server(tmp_path, monkeypatch, empty_database):
    (tmp_path / "mlflow.db").write_bytes(empty_database.read_bytes())
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    store = ["--backend-store-uri", f"sqlite:///{tmp_path / 'mlflow.db'}", "--artifacts-destination", str(tmp_path / "artifacts")]
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1", *store]
    quiet = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    with (tmp_path / "server.log").open("wb") as log:
        process = subprocess.Popen(command, env=os.environ | quiet, stdout=log, stderr=log, cwd=tmp_path)
    uri = f"http://127.0.0.1:{port}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    try:
        _wait(f"{uri}/health", process)
        yield uri
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait(url, process):
    for _ in range(1200):  # a busy machine takes minutes; a server that ended is seen at once
        assert process.poll() is None
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                assert answer.status == 200
                return
        except OSError:
            time.sleep(0.25)
    raise AssertionError("the server did not start")


@pytest.mark.slow
@pytest.mark.usefixtures("nothing_drawn")
def test_fit_register_promote_rollback_history_and_doctor_against_a_server(server, smm_table, small_smm_plan, tmp_path, monkeypatch):
    models = {name: small_smm_plan.models[name] for name in ("logistic", "cox")}
    gate = replace(small_smm_plan.gate, harm_of_top=0)  # a hundred people do not show the direction of harm
    plan = replace(small_smm_plan, models=models, scores=("mayo_2018",), gate=gate)
    ingest(simulate(300, seed=7), tmp_path / "cohort", Steps(quiet=True))  # by which batch and HTTP are compared
    write_table(smm_table, tmp_path / "table.parquet")
    fit_task(smm_table, plan, tmp_path / "fit", None, lambda text: None, tmp_path / "table.parquet")
    results = evaluate_task(smm_table, plan, tmp_path / "fit", tmp_path / "evaluation", lambda text: None)
    outcome = register(results, plan)
    first = outcome["champion"]["version"]
    other = next(name for name in models if name != outcome["champion"]["model"])
    entry = promote(promotable(plan), plan, other, "another look", force=False)
    assert (live_version("smm")[0], entry.replaced) == (entry.version, first)
    assert rollback("smm", "enough seen").version == live_version("smm")[0] == first
    assert [e.action for e in history("smm")] == ["promote", "promote", "rollback"]
    assert [finding for finding in examine([plan.task]) if not finding.ok] == []
    assert not (tmp_path / "mlruns").exists()
