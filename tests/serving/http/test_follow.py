"""A server stays with its versions; one that follows takes another champion without a failed request, and refuses a broken one."""

import gc
import threading
import weakref
from dataclasses import replace
from types import SimpleNamespace

import pytest
from fastapi.testclient import TestClient

from myeloma import StateError
from serving.artifact import load_artifact
from serving.audit.log import AuditError
from serving.http import follow as module
from serving.http.audited import Kept
<<<<<<< HEAD
from serving.http.running.address import address_of
from serving.http.running.deploy import deploy
from serving.http.running.follow import Follower
=======
from serving.http.deploy import check_people, deploy
from serving.http.follow import Follower
>>>>>>> safe

HERE = address_of("127.0.0.1", 8000)


@pytest.fixture(scope="module")
def models(trained):
    """Two versions of a model: another kind each, so that their answers differ."""
    folder = trained.folder / "fit"
    return {
        version: load_artifact(folder / kind / "artifact", {"model_name": "smm-progression", "model_version": version})
        for version, kind in (("1", "boosting"), ("2", "logistic"))
    }


@pytest.fixture
def registry(models, monkeypatch):
    """A registry whose champion and whose faults a test sets."""
    said = SimpleNamespace(champion="1", error=None, broken={}, loads=[])

    def alias(task, name):
        if said.error:
            raise said.error
        return SimpleNamespace(version=said.champion, run_id=None) if said.champion else None

    def load(name, version, run_id):
        said.loads.append(version)
        if version in said.broken:
            raise said.broken[version]
        return models[version]

    monkeypatch.setattr(module, "version_of_alias", alias)
    monkeypatch.setattr(module, "load_version", load)
    return said


@pytest.fixture
def server(models, registry):
    deployed = deploy({"smm": models["1"]}, HERE, kept=Kept(), follow=["smm"])
    return SimpleNamespace(client=TestClient(deployed.app), follower=deployed.follower, live=deployed.live)


def version(client, history):
    return client.post("/v1/risk", json=history).json()["model"]["model_version"]


def test_without_follow_a_promotion_changes_nothing(models, registry, history):
    deployed = deploy({"smm": models["1"]}, HERE)
    registry.champion = "2"
    client = TestClient(deployed.app)
    assert deployed.follower is None
    assert version(client, history) == "1"
    assert "follows" not in client.get("/health/ready").json()


def test_with_follow_another_champion_is_served_and_so_is_the_one_before_after_a_rollback(server, registry, history):
    for champion in ("2", "1"):
        registry.champion = champion
        server.follower.look()
        assert version(server.client, history) == champion
        assert f'version="{champion}"' in server.client.get("/metrics").text
        assert server.client.get("/v1/model").json()["models"][0]["model_version"] == champion
    assert 'version="2"' not in server.client.get("/metrics").text


def test_nothing_is_loaded_while_the_champion_stays(server, registry):
    server.follower.look()
    server.follower.look()
    assert registry.loads == []


def test_a_promotion_is_followed_within_seconds(server, registry, history, monkeypatch):
    monkeypatch.setattr(module, "EVERY", 0.02)
    registry.champion = "2"
    server.follower.start()
    waited = threading.Event()
    for _ in range(500):
        if version(server.client, history) == "2":
            break
        waited.wait(0.02)
    server.follower.stop()
    assert version(server.client, history) == "2"


def test_no_request_fails_while_versions_change_and_each_has_one_version_throughout(server, registry, history):
    stop, answers = threading.Event(), []

    def ask():
        while not stop.is_set():
            answers.append(server.client.post("/v1/risk/batch", json={"histories": [history] * 4}))

    askers = [threading.Thread(target=ask) for _ in range(2)]
    for one in askers:
        one.start()
    for champion in ("2", "1") * 4:
        registry.champion = champion
        server.follower.look()
        seen = len(answers)
        while len(answers) < seen + 3:
            stop.wait(0.01)
    stop.set()
    for one in askers:
        one.join()
    assert {response.status_code for response in answers} == {200}
    versions = [{result["answer"]["model"]["model_version"] for result in response.json()["results"]} for response in answers]
    assert all(len(one) == 1 for one in versions)
    assert set.union(*versions) == {"1", "2"}


@pytest.mark.parametrize(
    ("error", "code"),
    [(StateError("The model is not as it was sealed.", code="seal"), "seal"), (OSError("gone"), "OSError"), (KeyError("x"), "KeyError")],
)
def test_a_broken_version_is_refused_the_old_one_stays_and_readiness_and_log_say_so(server, registry, history, caplog, error, code):
    registry.champion, registry.broken = "2", {"2": error}
    for _ in range(3):
        server.follower.look()
    assert version(server.client, history) == "1"
    ready = server.client.get("/health/ready")
    assert (ready.status_code, ready.json()["status"]) == (200, "ready")
    assert ready.json()["refused"] == {"smm": f"version 2 was refused ({code}); version 1 stays"}
    assert caplog.text.count("smm version 2 is refused") == 1
    assert registry.loads == ["2"], "a version that was refused is not tried at every look"


def test_a_version_that_was_refused_is_tried_again_after_a_while(server, registry, history, monkeypatch):
    registry.champion, registry.broken = "2", {"2": OSError("still on its way")}
    server.follower.look()
    registry.broken = {}
    monkeypatch.setattr(module.time, "monotonic", lambda: 1e9)
    server.follower.look()
    assert version(server.client, history) == "2"
    assert server.client.get("/health/ready").json()["refused"] == {}


def test_what_was_refused_is_forgotten_when_it_is_taken_back(server, registry):
    registry.champion, registry.broken = "2", {"2": OSError()}
    server.follower.look()
    registry.champion = "1"
    server.follower.look()
    assert server.client.get("/health/ready").json()["refused"] == {}


def test_a_model_that_loads_and_cannot_answer_is_refused(server, registry, models, history, monkeypatch):
    broken = replace(models["2"], origin={**models["2"].origin, "model_version": "3"}, resampled=())
    object.__setattr__(broken, "calibration", None)
    monkeypatch.setattr(module, "load_version", lambda *given: broken)
    registry.champion = "3"
    server.follower.look()
    assert version(server.client, history) == "1"
    assert "version 3 was refused" in server.client.get("/health/ready").json()["refused"]["smm"]


@pytest.mark.parametrize("error", [OSError("locked"), RuntimeError("down")])
def test_a_registry_that_does_not_answer_stops_nobody_and_is_said_once(server, registry, history, caplog, error):
    registry.error = error
    server.follower.look()
    server.follower.look()
    assert version(server.client, history) == "1"
    assert type(error).__name__ in server.client.get("/health/ready").json()["registry"]
    assert caplog.text.count("the registry does not answer") == 1
    registry.error = None
    server.follower.look()
    assert "registry" not in server.client.get("/health/ready").json()


def test_an_audit_log_knows_of_each_change_and_a_full_disk_does_not_end_the_following(models, registry, history):
    told = []

    def note(kind, **what):
        told.append((kind, what))
        raise AuditError("No space left on device")

    deployed = deploy({"smm": models["1"]}, HERE)
    follower = Follower(deployed.live, ["smm"], lambda artifact: None, note)
    registry.champion, registry.broken = "2", {"3": StateError("x", code="seal")}
    follower.look()
    registry.champion = "3"
    follower.look()
    assert told == [
        ("swap", {"task": "smm", "version": "2", "former": "1"}),
        ("refused", {"task": "smm", "version": "3", "code": "seal"}),
    ]
    assert version(TestClient(deployed.app), history) == "2"


def test_a_champion_that_is_taken_away_stays_served(server, registry, history):
    registry.champion = None
    server.follower.look()
    assert version(server.client, history) == "1"


def test_a_model_of_simulated_people_is_not_followed_where_others_reach_the_server(models, registry):
    deployed = deploy({"smm": models["1"]}, HERE)
    follower = Follower(deployed.live, ["smm"], lambda artifact: check_people(artifact, address_of("0.0.0.0", 8000), False))
    registry.champion = "2"
    follower.look()
    assert follower.standing()["refused"] == {"smm": "version 2 was refused (simulated); version 1 stays"}


def test_a_model_that_is_no_longer_served_leaves_the_memory(server, registry, models, history):
    before = replace(models["1"])
    server.live.replace("smm", before)
    assert version(server.client, history) == "1"
    gone = weakref.ref(before)
    del before
    registry.champion = "2"
    server.follower.look()
    server.client.post("/v1/risk", json=history)
    gc.collect()
    assert gone() is None
