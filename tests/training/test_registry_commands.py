"""Bad input to the registry's commands, and a store that is not as it should be: a message, exit code 1, never a traceback."""

import json
import shutil
import sqlite3
from dataclasses import replace

import pytest
import yaml

from myeloma import StateError
from serving.store import connect
from training.compare import Candidate
from training.registry_commands import _next

pytestmark = pytest.mark.slow


@pytest.fixture
def command(store, root, monkeypatch, call):
    """Run a command line in the store's folder; return its exit code, output and error output."""
    params = yaml.safe_load((root / "params.yaml").read_text())
    params["tasks"]["smm"] |= {"horizons": [24], "primary_horizon": 24, "biomarkers": ["m_protein"], "look_backs": ["ever"]}
    params["tasks"]["smm"] |= {"statistics": ["last"], "static": ["age"]}
    (store.folder / "params.yaml").write_text(yaml.safe_dump(params))
    monkeypatch.chdir(store.folder)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")

    return call


def refused(command, line, *says):
    code, text = command(line)
    assert code == 1, text
    for words in says:
        assert words in text, text
    assert "Hint: " in text


def test_a_wrong_version_alias_or_reason_is_refused_and_a_right_one_is_taken(store, command):
    store.register()
    held, _ = store.register(brier=0.11)
    rejected, _ = store.register(auc=0.5)
    refused(command, "promote --task smm --version 99 --reason r", "smm has no version 99", "versions there are: 1, 2, 3")
    refused(command, "promote --task smm --version best --reason r", 'has the alias "best"')
    refused(command, f"promote --task smm --version {rejected} --reason r", "The gate rejects", "--force")
    refused(command, f"promote --task smm --version {rejected} --force", "Forcing a promotion needs a reason")
    refused(command, f"promote --task smm --version {held}", "The gate holds", "--reason")
    refused(command, "promote --task smm --version 1 --model cox", "exclude each other")
    refused(command, "promote --task smm --model nobody --reason r", "not a fitted candidate")
    refused(command, "rollback --task smm", "no earlier champion")
    code, text = command("promote --task smm --version challenger --reason simpler")
    assert (code, f"version {held} (logistic) is live, replacing version 1" in text) == (0, True)
    assert command("rollback --task smm --reason mistaken")[0] == 0
    code, text = command("history --task smm")
    assert [word in text for word in ("simpler", "mistaken", "now", "live from")] == [True] * 4
    assert command("doctor --task smm")[0] == 0
    refused(command, "promote --task smm --reason '  ' --version 2", "blank")


def test_what_may_follow_on_the_table_names_the_task_of_ones_own(smm_task, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    mine = replace(smm_task, name="mine")

    def after(champion=None, gate=""):
        return _next([(mine, [Candidate("cox", "run", champion, {}, "tabular", "models:/m", gate=gate)])])

    assert "make score TASK=mine IN=COHORT OUT=mine_risks.parquet" in after("1", "promote")
    assert "training register --task mine" in after()
    assert "training promote --task mine --model NAME --force --reason" in after(gate="reject")
    assert "training promote --task mine --model NAME --reason" in after(gate="hold")
    (tmp_path / "data" / "mine" / "cohort").mkdir(parents=True)
    assert "IN=data/mine/cohort" in after("1", "promote")


def test_where_the_gate_rejects_all_register_says_what_that_means_and_what_may_be_done(store, command):
    results = store.fitted(auc=0.5)
    (store.folder / "metrics.json").write_text(json.dumps(results))
    code, text = command("register --task smm --evaluated .")
    assert code == 0
    assert "NOT MET: auc_24m is 0.5, accepted: >= 0.6" in text
    assert "no candidate passed the gate; there is no champion, and nothing scores until there is one" in text
    assert "training promote --task smm --model NAME --force --reason" in text


def test_where_only_published_scores_were_judged_register_says_so(store, command):
    scores = {"mayo_2018": {"run_id": "0" * 32, "model_uri": None, "published": True, "metrics": {}}}
    (store.folder / "only_scores").mkdir()
    (store.folder / "only_scores" / "metrics.json").write_text(json.dumps(scores))
    code, text = command("register --task smm --evaluated only_scores")
    assert (code, "no model is fitted, only published scores, which are never registered; there is no champion" in text) == (0, True), text
    assert "tasks.smm.models of params.yaml" in text
    assert "passed the gate" not in text
    store.register()
    code, text = command("register --task smm --evaluated only_scores")
    assert (code, "champion is still logistic, version 1" in text) == (0, True), text
    assert "as good" not in text


def test_an_evaluation_of_another_store_is_refused_before_anything_is_registered(store, command):
    (store.folder / "metrics.json").write_text(json.dumps({"cox": {"run_id": "0" * 32, "model_uri": "models:/m-0", "published": False}}))
    refused(command, "register --task smm --evaluated .", "is not in the tracking store", "MLFLOW_TRACKING_URI")
    assert connect().search_registered_models() == []


def test_a_locked_database_is_named_as_such(store, command):
    store.register()
    store.register(brier=0.11)
    holder = sqlite3.connect(store.folder / "mlruns" / "mlflow.db", isolation_level=None)
    holder.execute("begin exclusive")
    try:
        refused(command, "promote --task smm --version 2 --reason r", "locked")
    finally:
        holder.execute("rollback")
        holder.close()
    assert command("promote --task smm --version 2 --reason r")[0] == 0


def test_a_read_only_database_is_named_as_such(store, command):
    store.register()
    store.register(brier=0.11)
    database = store.folder / "mlruns" / "mlflow.db"
    connection = sqlite3.connect(database)
    # In SQLite's own words, since for root no file is read-only.
    refusal = "select raise(abort, 'attempt to write a readonly database')"
    connection.execute(f"create trigger no_tags before insert on registered_model_tags begin {refusal}; end")
    connection.commit()
    connection.close()
    refused(command, "promote --task smm --version 2 --reason r", "cannot be written to")


def test_a_store_of_another_mlflow_is_named_as_such(store, command):
    connection = sqlite3.connect(store.folder / "mlruns" / "mlflow.db")
    connection.execute("update alembic_version set version_num = 'ffffffffffff'")
    connection.commit()
    connection.close()
    from mlflow.tracking._tracking_service import utils

    utils._tracking_store_registry._get_store_with_resolved_uri.cache_clear()
    refused(command, "history --task smm", "another version of MLflow")


def test_a_file_that_is_no_database_and_a_server_that_is_not_there_are_named_as_such(store, command, monkeypatch):
    (store.folder / "other.db").write_text("not a database, but long enough to look like a file of something else" * 20)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{store.folder / 'other.db'}")
    refused(command, "history --task smm", "not a SQLite database")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    refused(command, "history --task smm", "server does not answer")
    code, text = command("doctor --task smm")
    assert (code, "server does not answer" in text) == (1, True)


def test_a_copied_checkout_writes_nothing_into_the_one_it_was_copied_from(store, command, tmp_path, monkeypatch):
    store.register()
    held, _ = store.register(brier=0.11)
    before = sorted(path for path in (store.folder / "mlruns" / "artifacts").rglob("*"))
    shutil.copytree(store.folder, tmp_path / "copy")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'copy' / 'mlruns' / 'mlflow.db'}")
    monkeypatch.chdir(tmp_path / "copy")
    refused(command, f"promote --task smm --version {held} --reason r", "the checkout was moved or copied", "start anew")
    with pytest.raises(StateError, match="the checkout was moved or copied"):
        store.fitted()
    assert sorted(path for path in (store.folder / "mlruns" / "artifacts").rglob("*")) == before
