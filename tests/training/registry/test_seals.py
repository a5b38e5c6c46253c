"""A model's files are those that were registered: by batch, over HTTP and by pyfunc, or they are refused."""

import json
from pathlib import Path

import mlflow
import pytest

from myeloma import StateError
from serving.__main__ import app as serving_app
from serving.answer.columns import identity
from serving.seal import FILE, TAG, write_seal
from serving.store.champion import connect, load_champion, load_version
from training.registry.ledger import history
from training.registry.live import rollback

pytestmark = pytest.mark.slow
MODEL = "smm-progression"


@pytest.fixture
def live(store):
    """A store with a champion, and the folder in which its model lies."""
    version, _ = store.register()
    source = Path(connect().get_model_version_download_uri(MODEL, version).removeprefix("file://"))
    return store, next(source.rglob("model.json")).parent


def edit(folder, reseal):
    content = json.loads((folder / "model.json").read_text())
    content["model"]["coefficients"] = [10 * value for value in content["model"]["coefficients"]]
    (folder / "model.json").write_text(json.dumps(content))
    if reseal:
        write_seal(folder)


@pytest.mark.usefixtures("live")
def test_run_version_and_ledger_know_the_seal_of_what_is_live():
    seal, version = load_champion("smm").seal, connect().get_model_version(MODEL, "1")
    assert len(seal) == 64
    assert connect().get_run(version.run_id).data.tags[TAG] == version.tags[TAG] == history("smm")[-1].seal == seal


def by_pyfunc(call):
    with pytest.raises(StateError) as refused:
        mlflow.pyfunc.load_model(f"models:/{MODEL}@champion")
    return 1, str(refused.value)


WAYS = {
    "batch": lambda call: call("score nowhere --task smm --out risks.csv", serving_app),
    "HTTP": lambda call: call("api --task smm --port 9", serving_app),
    "pyfunc": by_pyfunc,
}


@pytest.mark.parametrize("way", WAYS)
def test_a_champion_that_was_edited_is_refused_every_way(live, way, call):
    edit(live[1], reseal=False)
    code, said = WAYS[way](call)
    assert (code, "model.json was changed after it was saved" in said) == (1, True), said


@pytest.mark.parametrize("way", WAYS)
def test_a_champion_that_was_edited_and_sealed_anew_is_refused_every_way(live, way, call):
    edit(live[1], reseal=True)
    code, said = WAYS[way](call)
    assert (code, "is not the one that was registered" in said) == (1, True), said


@pytest.mark.parametrize("way", WAYS)
def test_a_champion_that_lost_its_seal_is_refused_every_way(live, way, call):
    (live[1] / FILE).unlink()
    code, said = WAYS[way](call)
    assert (code, "is not the one that was registered: it has no seal" in said) == (1, True), said


def test_the_ledger_alone_is_enough_where_the_tag_of_the_version_is_gone(live):
    connect().delete_model_version_tag(MODEL, "1", TAG)
    assert load_champion("smm").kind == "logistic"
    edit(live[1], reseal=True)
    with pytest.raises(StateError, match="is not the one that was registered"):
        load_champion("smm")


def test_a_version_that_was_edited_is_never_made_live_again(live):
    store, folder = live
    store.register(brier=0.09)
    edit(folder, reseal=True)
    with pytest.raises(StateError, match="is not the one that was registered"):
        rollback("smm", "drift")
    assert load_champion("smm").origin["model_version"] == "2"


def test_a_model_that_was_forced_live_says_so_wherever_its_risks_are_read(live, command, call, monkeypatch):
    store, _ = live
    version, _ = store.register(auc=0.5)
    command(f"promote --task smm --version {version} --force --reason demonstration")
    assert load_champion("smm").origin["gate_verdict"] == identity(load_champion("smm"))["gate_verdict"] == "reject, forced"
    assert "gate: reject, forced" in command("compare --task smm")[1]
    monkeypatch.setattr("serving.http.running.serve.serve", lambda *started: None)
    assert "the gate said: reject, forced)" in call("api --task smm", serving_app)[1]
    store.register(brier=0.09)
    rollback("smm", "back to the demonstration")
    assert load_champion("smm").origin["gate_verdict"] == "reject, forced"


def test_a_model_that_passed_or_was_held_back_says_what_the_gate_said(live):
    store, _ = live
    assert load_champion("smm").origin["gate_verdict"] == "promote"
    version, _ = store.register(brier=0.12)
    assert load_version(MODEL, version, None).origin["gate_verdict"] == "hold"
