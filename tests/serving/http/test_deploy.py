"""What a server must have before others reach it."""

import json
import ssl
import subprocess
import threading
import urllib.request
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from features.console import run
from myeloma import ConfigError, StateError
from serving.__main__ import app
from serving.access.keys import make_key
from serving.artifact import load_artifact
from serving.http.api import make_app
from serving.http.running import serve
from serving.http.running.address import address_of
from serving.http.running.deploy import check_people, deploy, gate_of, pinned_versions

HERE, THERE = address_of("127.0.0.1", 8000), address_of("0.0.0.0", 8000)


@pytest.fixture(scope="module")
def simulated(trained):
    return load_artifact(trained.folder / "fit" / "boosting" / "artifact")


@pytest.mark.parametrize(
    ("host", "alone"), [("127.0.0.1", True), ("127.9.9.9", True), ("localhost", True), ("::1", True), ("0.0.0.0", False), ("::", False)]
)
def test_only_a_loopback_address_is_this_machine_alone(host, alone):
    assert address_of(host, 8000).is_of_this_machine is alone


@pytest.mark.parametrize("host", ["", " ", "no such host", "nowhere.invalid", "300.1.1.1", "a" * 300])
def test_a_host_that_leads_nowhere_is_refused(host):
    with pytest.raises(ConfigError) as refused:
        address_of(host, 8000)
    assert refused.value.code == "host"


def test_beyond_this_machine_somebody_has_to_say_who_may_ask(tmp_path):
    assert gate_of(HERE, None, None) is None
    with pytest.raises(ConfigError, match="who may ask") as refused:
        gate_of(THERE, None, None)
    assert refused.value.code == "no_access"
    make_key("ward", tmp_path / "keys")
    assert gate_of(THERE, tmp_path / "keys", None).keys
    assert gate_of(HERE, tmp_path / "keys", None).keys, "keys that are given count on this machine too"


def test_simulated_people_are_served_to_others_only_where_that_is_wanted(simulated):
    unknown = replace(simulated, about={name: said for name, said in simulated.about.items() if name in ("task", "title")})
    assert (simulated.provenance.people, unknown.provenance.people) == ("simulated", "unknown")
    for artifact in (simulated, unknown):
        check_people(artifact, HERE, allow_simulated=False)
        check_people(artifact, THERE, allow_simulated=True)
        with pytest.raises(StateError) as refused:
            check_people(artifact, THERE, allow_simulated=False)
        assert refused.value.code == "simulated"
    with pytest.raises(StateError):
        deploy({"smm": simulated}, THERE)


def test_the_interface_describes_itself_on_this_machine_alone():
    for address, status in ((HERE, 200), (THERE, 404)):
        client = TestClient(deploy({}, address).app)
        paths = ("/docs", "/openapi.json", "/redoc", "/docs/oauth2-redirect", "/static-offline-docs/swagger-ui.css")
        assert [client.get(path).status_code for path in paths[:2]] == [status, status]
        if address is THERE:
            assert {client.get(path).status_code for path in paths} == {404}


@pytest.mark.parametrize("said", [["smm"], ["smm="], ["=4"], ["smm=x"], ["smm=-1"], ["smm=4", "smm=5"], ["smm=4.0"], [""]])
def test_a_pin_is_a_task_and_a_version(said):
    with pytest.raises(ConfigError) as refused:
        pinned_versions(said)
    assert refused.value.code == "pin"


@pytest.mark.parametrize(("said", "version"), [("4", "4"), ("007", "7"), ("0", "0"), ("9" * 5000, "9" * 5000)])
def test_a_pin_is_read_whatever_its_length(said, version):
    assert pinned_versions([f"smm={said}"]) == {"smm": version}


def test_blanks_around_a_host_are_not_shown():
    assert address_of("127.0.0.1 ", 8000).shown == "127.0.0.1:8000"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--host", "0.0.0.0"], "nothing says who may ask"),
        (["--ssl-certfile", "x.pem"], "belong together"),
        (["--audit", "a.jsonl"], "needs --audit LOG and --audit-key FILE"),
        (["--audit-inputs", "x"], "needs --audit LOG and --audit-key FILE"),
        (["--keys", "none"], "cannot be read"),
        (["--issuers", "none"], "cannot be used"),
        (["--pin", "smm"], "TASK=VERSION"),
        (["--pin", "mgus=1"], "is of a task that --task leaves out"),
        (["--host", "nowhere.invalid"], "leads nowhere"),
    ],
)
def test_a_server_that_may_not_start_says_why_and_loads_no_model(monkeypatch, tmp_path, capsys, options, words):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("serving.store.champion.load_champion", lambda *given: pytest.fail("a model was loaded"))
    with serve.take_port(0) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(SystemExit) as ended:
        run(app, ["api", "--task", "smm", "--port", str(port), *options])
    assert ended.value.code == 1
    assert words in capsys.readouterr().err


@pytest.fixture
def certificate(tmp_path):
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False).sign(key, hashes.SHA256())
    form, encoding = serialization.PrivateFormat.PKCS8, serialization.Encoding.PEM
    (tmp_path / "cert.pem").write_bytes(made.public_bytes(encoding))
    (tmp_path / "key.pem").write_bytes(key.private_bytes(encoding, form, serialization.NoEncryption()))
    locked = serialization.BestAvailableEncryption(b"secret")
    (tmp_path / "locked.pem").write_bytes(key.private_bytes(encoding, form, locked))
    return tmp_path


def test_a_server_with_a_certificate_is_spoken_to_in_secret(certificate):
    taken = serve.take_port(0)
    server = serve.server_of(make_app({}), (certificate / "cert.pem", certificate / "key.pem"))
    thread = threading.Thread(target=server.run, args=([taken],), daemon=True)
    thread.start()
    trusting = ssl.create_default_context(cafile=str(certificate / "cert.pem"))
    with urllib.request.urlopen(f"https://localhost:{taken.getsockname()[1]}/health/live", context=trusting, timeout=30) as answer:
        assert json.load(answer) == {"status": "alive"}
    server.should_exit = True
    thread.join(20)


@pytest.mark.parametrize(
    ("cert", "key"), [("none.pem", "key.pem"), ("cert.pem", "none.pem"), ("key.pem", "cert.pem"), ("cert.pem", "locked.pem")]
)
def test_a_certificate_that_cannot_be_used_is_refused_in_words_and_nobody_is_asked_for_a_password(certificate, cert, key):
    with pytest.raises(ConfigError) as refused:
        serve.server_of(make_app({}), (certificate / cert, certificate / key))
    assert refused.value.code == "tls"


def test_the_program_makes_keys_and_prints_them_once(tmp_path, capfd, root):
    line = ["python", "-m", "serving", "access-key", "ward-3", "--keys", str(tmp_path / "keys")]
    made = subprocess.run(line, cwd=root, capture_output=True, text=True, check=True)
    assert len(made.stdout.split()) == 1
    assert made.stdout.strip() not in (tmp_path / "keys").read_text() + made.stderr
