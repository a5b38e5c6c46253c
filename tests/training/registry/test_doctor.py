"""The doctor: each damage is done for real, is found, and comes with the way to mend it; a healthy store is left in peace."""

import http.server
import re
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from dataclasses import replace

import pytest

from features.console import run
from serving.store.champion import connect
from training.__main__ import app
from training.registry.candidates import register
from training.registry.doctor import examine
from training.tracking.process import PROCESS, this_process

pytestmark = pytest.mark.slow
HOURS = 3600 * 1000


def bad(store):
    return [finding for finding in examine([store.plan.task]) if not finding.ok]


def test_a_healthy_store_has_nothing_to_mend_and_exits_with_0(store, monkeypatch, capsys, root):
    store.register()
    store.register(brier=0.11)
    assert bad(store) == []
    monkeypatch.chdir(root)
    with pytest.raises(SystemExit) as exited:
        run(app, ["doctor", "--task", "mgus"])
    assert exited.value.code == 0
    assert "ok   mgus: not trained yet" in capsys.readouterr().out


def test_a_task_without_a_champion_says_how_far_it_came(store):
    result = store.fitted(auc=0.5)
    (finding,) = bad(store)
    assert ("no candidate is registered" in finding.what, "training register --task smm" in finding.mend) == (True, True)
    register(result, store.plan)
    (finding,) = bad(store)
    assert ("the gate said of the 1 registered: reject" in finding.what, "training promote --task smm" in finding.mend) == (True, True)


def test_a_missing_database_is_found_and_not_made(store, monkeypatch, tmp_path):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'none.db'}")
    (finding,) = examine([store.plan.task])
    assert (finding.ok, "make train" in finding.mend) == (False, True)
    assert not (tmp_path / "none.db").exists()


def test_a_server_of_another_major_version_is_found(store, monkeypatch):
    class Old(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"2.22.0")

        def log_message(self, *arguments):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Old) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{server.server_port}")
        (finding,) = examine([store.plan.task])
        server.shutdown()
    assert (finding.ok, "runs MLflow 2.22.0, this is 3." in finding.what) == (False, True)


def test_a_moved_checkout_is_found_though_mlflow_answers_with_an_empty_list(store, monkeypatch, tmp_path):
    store.register()
    (tmp_path / "mlruns").rename(tmp_path / "moved")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'moved' / 'mlflow.db'}")
    findings = bad(store)
    assert any("not where the store says" in f.what for f in findings)
    assert all("python -m training doctor --mend" in f.mend for f in findings)


def test_a_copied_checkout_is_found_though_all_loads_from_where_it_was_copied(store, monkeypatch, tmp_path):
    store.register()
    shutil.copytree(tmp_path / "mlruns", tmp_path / "copy" / "mlruns")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'copy' / 'mlruns' / 'mlflow.db'}")
    (finding,) = bad(store)
    assert ("moved or copied" in finding.what, "python -m training doctor --mend" in finding.mend) == (True, True)


def test_files_lost_by_a_version_that_is_not_live_are_found_too(store):
    store.register()
    version, _ = store.register(brier=0.11)
    source = connect().get_model_version_download_uri("smm-progression", version)
    shutil.rmtree(source.removeprefix("file://"))
    (finding,) = bad(store)
    assert f"The files of smm-progression version {version}" in finding.what
    assert "restore them from a backup to" in finding.mend


def test_a_champion_that_was_deleted_is_found_with_the_command_that_makes_another_live(store):
    version, _ = store.register()
    store.register(brier=0.11)
    connect().delete_model_version("smm-progression", version)
    (finding,) = bad(store)
    assert f"version {version}, the last in the history, was deleted" in finding.what
    assert "promote --task smm --version N --reason ... (N of 2)" in finding.mend


def test_an_alias_that_points_nowhere_is_found(store):
    store.register()
    database = sqlite3.connect(store.folder / "mlruns" / "mlflow.db")
    database.execute("update registered_model_aliases set version = 99")
    database.commit()
    database.close()
    (finding,) = bad(store)
    assert "the alias champion points at version 99, which does not exist" in finding.what
    assert "promote --task smm --version N" in finding.mend


def test_an_alias_moved_by_other_means_than_promote_is_found(store):
    store.register()
    version, _ = store.register(brier=0.11)
    connect().set_registered_model_alias("smm-progression", "champion", version)
    (finding,) = bad(store)
    assert f"version {version} is live, but the history ends with version 1" in finding.what


def test_features_that_changed_since_are_found(store):
    store.register()
    changed = replace(store.plan.task, features=replace(store.plan.task.features, static=("age", "female")))
    (finding,) = [finding for finding in examine([changed]) if not finding.ok]
    assert "features of champion and params.yaml differ" in finding.what


def test_rules_that_changed_since_are_found(store, other_rule):
    rule, differing = other_rule
    store.register()
    (finding,) = [finding for finding in examine([differing(store.plan).task]) if not finding.ok]
    assert re.search(rf"rules of champion and params\.yaml differ: {rule} ", finding.what)
    assert "answers another question than params.yaml asks; train again" in finding.mend


def test_a_version_without_a_verdict_is_found(store):
    version, _ = store.register()
    found = connect().get_model_version("smm-progression", version)
    connect().create_model_version("smm-progression", found.source, run_id=found.run_id)
    (finding,) = bad(store)
    assert "version 2 has no verdict" in finding.what
    assert "training register --task smm" in finding.mend


def test_a_run_that_never_ended_is_found_and_one_under_way_is_not(store):
    store.register()
    client = connect()
    experiment = client.get_experiment_by_name("smm").experiment_id
    client.create_run(experiment, run_name="under way")
    assert bad(store) == []
    left = client.create_run(experiment, run_name="cox", start_time=int(time.time() * 1000) - 2 * HOURS)
    (finding,) = bad(store)
    assert f"mlflow runs delete --run-id {left.info.run_id}" in finding.mend


def test_a_run_whose_process_was_killed_is_found_at_once_and_one_whose_process_goes_on_is_not(store):
    store.register()
    client = connect()
    experiment = client.get_experiment_by_name("smm").experiment_id
    long_ago = int(time.time() * 1000) - 2 * HOURS
    client.create_run(experiment, run_name="goes on", start_time=long_ago, tags={PROCESS: this_process()})
    assert bad(store) == []
    killed = subprocess.Popen([sys.executable, "-c", ""])
    killed.wait()
    machine = this_process().partition(":")[0]
    left = client.create_run(experiment, run_name="cox", tags={PROCESS: f"{machine}:{killed.pid}"})
    (finding,) = bad(store)
    assert (left.info.run_id in finding.what, f"--run-id {left.info.run_id}" in finding.mend) == (True, True)
