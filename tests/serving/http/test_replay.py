"""The audit log of a server: what stands in it and what never does; an answer is made again bit for bit, or says why not."""

import json
import logging
import re
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from features.console import run
from myeloma import StateError, calendar
from serving.__main__ import app as commands
from serving.access.gate import Gate
from serving.access.keys import make_key, read_keys
from serving.artifact import load_artifact
from serving.audit.chain import FIRST, check_chain, make_audit_key, read_audit_key, sealed_line
from serving.audit.log import AuditError, AuditLog
from serving.http import replay as module
from serving.http.audited import Kept
from serving.http.fhir.mapping import mappings_in
from serving.http.replay import replayed
from serving.http.running.address import address_of
from serving.http.running.deploy import deploy
from tests.serving.http.cds_hooks.calls import SERVICE, call
from tests.serving.http.fhir.bundles import FHIR, bundle, person

HERE = address_of("127.0.0.1", 8000)
SENTINEL = "Meier-7731"


@pytest.fixture(scope="module")
def artifact(trained):
    origin = {"model_name": "smm-progression", "model_version": "3", "run_id": "r"}
    return load_artifact(trained.folder / "fit" / "boosting" / "artifact", origin)


@pytest.fixture
def place(tmp_path):
    make_audit_key(tmp_path / "audit.key")
    return tmp_path


@pytest.fixture
def server(place, artifact):
    """A server with a key, an audit log and kept inputs."""
    key = make_key("ward-3", place / "keys")
    log = AuditLog(place / "audit.jsonl", read_audit_key(place / "audit.key"), place / "inputs")
    deployed = deploy({"smm": artifact}, HERE, Gate(read_keys(place / "keys")), Kept(log))
    yield TestClient(deployed.app, headers={"X-API-Key": key})
    deployed.stop()


@pytest.fixture
def registry(monkeypatch, artifact):
    monkeypatch.setattr(module, "load_numbered", lambda task, version: artifact)


def again(place, answer_id):
    return replayed(answer_id, place / "audit.jsonl", read_audit_key(place / "audit.key"), place / "inputs")


def without_hashes(text):
    """A log without hashes and names of requests, any of which holds four digits in a row now and then."""
    return re.sub(r"[0-9a-f-]{32,}", "", text)


def records(place):
    return [json.loads(line) for line in (place / "audit.jsonl").read_text().splitlines()]


@pytest.mark.usefixtures("registry")
@pytest.mark.parametrize("route", ["/v1/risk", "/v1/risk/batch", "/v1/course"])
def test_an_answer_is_made_again_bit_for_bit_on_another_day(server, place, history, monkeypatch, route):
    response = server.post(route, json={"histories": [history, {}]} if route.endswith("batch") else history)
    assert response.status_code == (422 if route == "/v1/course" else 200), "nobody treated this person"
    name = response.headers["x-request-id"]
    if route == "/v1/risk":
        assert response.json()["answer_id"] == name
    plain = calendar.date.today().toordinal()
    monkeypatch.setattr(calendar, "today", lambda: calendar._held if calendar._held is not None else plain - calendar.EPOCH + 400)
    assert again(place, name) == response.text


@pytest.mark.usefixtures("registry")
@pytest.mark.parametrize(
    "query", ["", "?task=smm", "?landmark=2022-01-10", "?task=smm&landmark=2022-01-10", f"?who={SENTINEL}", "?landmark=1960"]
)
def test_an_answer_to_a_bundle_is_made_again_with_what_its_address_asked_for(server, place, query):
    response = server.post(f"/v1/risk/fhir{query}", content=json.dumps(bundle(*person())), headers=FHIR)
    assert again(place, response.headers["x-request-id"]) == response.text
    asked = records(place)[0]["asked"]
    said = {name: value for name, value in asked.items() if f"{name}={value}" in query}
    assert {**asked, **said} == asked and set(asked) - set(said) == {"mapping"}
    assert ("task=smm" in query, "landmark=2022-01-10" in query) == ("task" in said, "landmark" in said)
    logged = without_hashes((place / "audit.jsonl").read_text())
    assert SENTINEL not in logged and "1960" not in logged


@pytest.mark.usefixtures("registry")
def test_a_query_that_was_deleted_or_changed_is_told(server, place):
    response = server.post("/v1/risk/fhir?landmark=2022-01-10", content=json.dumps(bundle(*person())), headers=FHIR)
    (kept,) = (place / "inputs").rglob("*.query")
    kept.write_bytes(b"landmark=2022-02-10")
    with pytest.raises(StateError, match="it was changed"):
        again(place, response.headers["x-request-id"])
    kept.unlink()
    with pytest.raises(StateError) as refused:
        again(place, response.headers["x-request-id"])
    assert refused.value.code == "no_input"


@pytest.mark.usefixtures("registry")
@pytest.mark.parametrize("address", [None, "https://risk.example/"])
def test_a_card_is_made_again_and_so_is_that_there_was_none_since_it_was_told(place, artifact, address):
    log = AuditLog(place / "audit.jsonl", read_audit_key(place / "audit.key"), place / "inputs")
    deployed = deploy({"smm": artifact}, HERE, kept=Kept(log, address=address))
    client = TestClient(deployed.app)
    first, second = (client.post(SERVICE, json=call()) for _ in range(2))
    (card,) = first.json()["cards"]
    assert second.json() == {"cards": []}
    judged = {"feedback": [{"card": card["uuid"], "outcome": "accepted", "outcomeTimestamp": "2026-01-01T08:00:00Z"}]}
    third = client.post(f"{SERVICE}/feedback", json=judged)
    deployed.stop()
    assert card["uuid"].replace("-", "") == first.headers["x-request-id"]
    for response in (first, second, third):
        assert again(place, response.headers["x-request-id"]) == response.text
    assert [record["asked"]["service"] for record in records(place)[:3]] == ["smm-risk"] * 3


def rewritten(place, change):
    """Write the log anew, as another program would have."""
    before, lines, key = FIRST, [], read_audit_key(place / "audit.key")
    for record in records(place):
        content = change({name: value for name, value in record.items() if name != "mac"}) | {"before": before}
        line, before = sealed_line(key, content)
        lines.append(line)
    (place / "audit.jsonl").write_bytes(b"".join(lines))


@pytest.mark.usefixtures("registry")
def test_a_record_of_an_earlier_program_is_read_and_where_it_holds_too_little_that_is_said(server, place, history):
    sent = json.dumps(bundle(*person()))
    plain, whole, asked = (
        server.post("/v1/risk", json=history),
        server.post("/v1/risk/fhir", content=sent, headers=FHIR),
        server.post("/v1/risk/fhir?landmark=2022-01-10", content=sent, headers=FHIR),
    )
    card = server.post(SERVICE, json=call())
    rewritten(place, lambda record: {name: value for name, value in record.items() if name not in ("asked", "query")})
    for response in (plain, whole):
        assert again(place, response.headers["x-request-id"]) == response.text
    with pytest.raises(StateError, match="does not hold what the address") as refused:
        again(place, asked.headers["x-request-id"])
    assert refused.value.code == "other_answer"
    assert again(place, card.headers["x-request-id"]) == card.text


@pytest.mark.usefixtures("registry")
def test_another_mapping_is_named_as_what_differs(server, place):
    name = server.post("/v1/risk/fhir", content=json.dumps(bundle(*person())), headers=FHIR).headers["x-request-id"]
    others = {stage: replace(one, index=("x|y",)) for stage, one in mappings_in().items()}
    with pytest.raises(StateError, match="the mapping was another") as refused:
        replayed(name, place / "audit.jsonl", read_audit_key(place / "audit.key"), place / "inputs", others)
    assert "--fhir-mapping" in refused.value.hint


def test_a_server_whose_log_cannot_be_written_is_not_ready_until_it_can(server, place, history, monkeypatch):
    import serving.audit.log as log_module

    plain = log_module.os.write

    def full(file, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(log_module.os, "write", full)
    assert server.post("/v1/risk", json=history).status_code == 503
    for _ in range(2):
        ready = server.get("/health/ready")
        assert (ready.status_code, ready.json()["audit"]) == (503, "No space left on device")
    monkeypatch.setattr(log_module.os, "write", plain)
    assert (server.get("/health/ready").status_code, server.post("/v1/risk", json=history).status_code) == (200, 200)
    assert [record["kind"] for record in records(place)] == ["again", "answer"]
    assert check_chain(place / "audit.jsonl", read_audit_key(place / "audit.key")).broken is None


@pytest.mark.parametrize("new", [None, b"", b"{}"])
def test_a_log_that_was_deleted_or_replaced_is_not_answered_without(place, artifact, history, new):
    log = AuditLog(place / "audit.jsonl", read_audit_key(place / "audit.key"))
    client = TestClient(deploy({"smm": artifact}, HERE, kept=Kept(log)).app)
    assert client.get("/health/ready").status_code == 200
    (place / "audit.jsonl").rename(place / "elsewhere")
    if new is not None:
        (place / "audit.jsonl").write_bytes(new)
    assert client.get("/health/ready").status_code == 503
    response = client.post("/v1/risk", json=history)
    assert (response.status_code, response.json()["errors"][0]["code"]) == (503, "audit_unavailable")
    (place / "elsewhere").replace(place / "audit.jsonl")
    assert (client.get("/health/ready").status_code, client.post("/v1/risk", json=history).status_code) == (200, 200)


@pytest.mark.usefixtures("registry")
def test_a_refusal_is_made_again_too(server, place, history):
    history["measurements"][0]["unit"] = "mg"
    response = server.post("/v1/risk", json=history)
    assert response.status_code == 422
    assert again(place, response.headers["x-request-id"]) == response.text


def test_each_answer_is_a_record_with_model_time_and_who_asked(server, place, history, artifact):
    name = server.post("/v1/risk", json=history).headers["x-request-id"]
    (record,) = records(place)
    said = {key: record[key] for key in ("n", "kind", "id", "path", "by", "status")}
    assert said == {"n": 1, "kind": "answer", "id": name, "path": "/v1/risk", "by": "key ward-3", "status": 200}
    assert record["models"] == {"smm": {"version": "3", "feature_hash": artifact.feature_hash, "seal": artifact.seal}}
    assert check_chain(place / "audit.jsonl", read_audit_key(place / "audit.key")).records == 1


def test_nothing_of_the_person_and_no_key_stands_in_any_log(server, place, history, caplog):
    caplog.set_level(logging.INFO, logger="serving")
    history["patient"]["birth_date"] = "1960-05-17"
    history["measurements"][0]["value"] = 17.3579
    for sent in (history, {**history, "task": SENTINEL}, {**history, SENTINEL: 1}, {"patient": SENTINEL}):
        headers = {"X-Request-Id": SENTINEL, "Content-Type": f"application/json; name={SENTINEL}", "X-Patient": SENTINEL}
        server.post(f"/v1/risk?who={SENTINEL}", content=json.dumps(sent), headers=headers)
    server.get(f"/patients/{SENTINEL}")
    server.get("/v1/model", headers={"X-API-Key": "", "Authorization": f"Bearer {SENTINEL}.{SENTINEL}.x"})
    logged = "".join(record.getMessage() for record in caplog.records if not record.name.startswith("http"))  # but the client's own
    kept = (place / "audit.jsonl").read_text() + logged + server.get("/metrics").text + server.get("/health/ready").text
    assert kept.count('"kind":"answer"') == 4
    for secret in (SENTINEL, "17.3579", server.headers["X-API-Key"]):
        assert secret not in kept
    assert "1960" not in without_hashes(kept)


def test_requests_are_kept_by_day_for_their_owner_alone_and_only_where_that_is_wanted(server, place, history, artifact):
    name = server.post("/v1/risk", json=history).headers["x-request-id"]
    (kept,) = (place / "inputs").rglob(name)
    assert kept.parent.name == records(place)[0]["day"]
    assert (kept.stat().st_mode & 0o777, kept.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert json.loads(kept.read_text()) == history
    log = AuditLog(place / "other.jsonl", bytes(32))
    TestClient(deploy({"smm": artifact}, HERE, kept=Kept(log)).app).post("/v1/risk", json=history)
    assert len(list((place / "inputs").rglob("*"))) == 2


def gone(*given):
    raise StateError("smm-progression has no version 3.", code="no_version")


def other_features(*given):
    raise StateError("The model's features are not this version's.", code="feature_hash")


@pytest.mark.parametrize(("load", "code"), [(gone, "no_version"), (other_features, "feature_hash")])
def test_a_version_that_no_longer_computes_it_is_named(server, place, history, monkeypatch, load, code):
    name = server.post("/v1/risk", json=history).headers["x-request-id"]
    monkeypatch.setattr(module, "load_numbered", load)
    with pytest.raises(StateError, match="smm-progression version 3 no longer computes it") as refused:
        again(place, name)
    assert refused.value.code == code


def test_a_model_whose_files_are_others_does_not_speak_for_it(server, place, history, monkeypatch, artifact):
    name = server.post("/v1/risk", json=history).headers["x-request-id"]
    monkeypatch.setattr(module, "load_numbered", lambda *given: replace(artifact, seal="0" * 64))
    with pytest.raises(StateError) as refused:
        again(place, name)
    assert refused.value.code == "seal"


@pytest.mark.usefixtures("registry")
def test_a_program_that_computes_something_else_says_so(server, place, history, monkeypatch):
    name = server.post("/v1/risk", json=history).headers["x-request-id"]
    monkeypatch.setattr("serving.answer.person.NOTICE", "another notice")
    with pytest.raises(StateError) as refused:
        again(place, name)
    assert refused.value.code == "other_answer"


@pytest.mark.usefixtures("registry")
def test_a_request_that_was_deleted_or_changed_and_an_id_that_is_none_are_told(server, place, history):
    name = server.post("/v1/risk", json=history).headers["x-request-id"]
    (kept,) = (place / "inputs").rglob(name)
    kept.write_bytes(kept.read_bytes().replace(b"18", b"19"))
    for code, wrong in (("no_input", name), ("no_answer", "0" * 32), ("no_answer", "../../etc/passwd"), ("no_answer", "")):
        with pytest.raises(StateError) as refused:
            again(place, wrong)
        assert refused.value.code == code
    kept.unlink()
    with pytest.raises(StateError, match="is not in"):
        again(place, name)


def test_without_its_record_nothing_is_answered(server, history, monkeypatch):
    def full(*given):
        raise AuditError("No space left on device")

    monkeypatch.setattr(AuditLog, "answered", full)
    response = server.post("/v1/risk", json=history)
    assert (response.status_code, response.json()["errors"][0]["code"]) == (503, "audit_unavailable")
    assert "risks" not in response.text


def test_a_log_is_checked_from_the_command_line(server, place, history, capsys):
    for _ in range(3):
        server.post("/v1/risk", json=history)
    line = ["audit", str(place / "audit.jsonl"), "--key", str(place / "audit.key")]

    def checked(*more):
        with pytest.raises(SystemExit) as ended:
            run(commands, [*line, *more])
        return ended.value.code, capsys.readouterr()

    code, said = checked("--json")
    head = json.loads(said.out)["head"]
    assert (code, json.loads(said.out)["records"]) == (0, 3)
    assert checked("--head", head)[0] == 0
    lines = (place / "audit.jsonl").read_text().splitlines(keepends=True)
    (place / "audit.jsonl").write_text("".join(lines[:2]))
    assert checked()[0] == 0
    assert checked("--head", head)[0] == 1
    (place / "audit.jsonl").write_text(lines[0] + lines[1].replace("ward-3", "ward-4") + lines[2])
    code, said = checked()
    assert code == 1
    assert "line 2: record 2 is not as it was written" in said.err
