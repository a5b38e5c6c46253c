"""An address that names no store is told with what is accepted, never in MLflow's own words, and never with a password."""

import http.server
import threading
from pathlib import Path

import pytest

from myeloma import StateError
from serving.store import client
from serving.store.address import keeps_nothing, sqlite_path, without_secrets
from serving.store.champion import connect, load_champion
from serving.store.trouble import explain_store_errors, in_words
from training.registry.doctor import examine


@pytest.mark.slow
@pytest.mark.parametrize(
    ("uri", "says", "hint"),
    [
        ("foo://x", 'MLFLOW_TRACKING_URI is "foo://x", which is the address of no tracking store.', "accepted: sqlite:///FOLDER/"),
        ("postgres://me:SECRET@h/db?key=SECRET", '"postgres://...@h/db", which is the address of no', "http://HOST:PORT"),
        ("postgresql:me:SECRET@h/db", 'is "postgresql:...@h/db", which', "http://HOST:PORT"),
        ("postgresql:/me:SECRET@h/db", 'is "postgresql:/...@h/db", which', "http://HOST:PORT"),
        ("me:SECRET@h/db", "...@h/db", "accepted: sqlite:///FOLDER/"),
        ("postgresql+nothing://h/db", "is the address of no tracking store", "database (postgresql, mysql, mssql)"),
        ("sqlite://mlflow.db", 'MLFLOW_TRACKING_URI is "sqlite://mlflow.db", which', "sqlite:///FOLDER/mlflow.db"),
        ("sqlite:/mlflow.db", "is the address of no tracking store", "it is sqlite:///mlruns/mlflow.db"),
        ("/no/folder", 'MLFLOW_TRACKING_URI is "/no/folder", a path', "before the path of a SQLite database write sqlite:///"),
        ("file:///no/folder", 'MLFLOW_TRACKING_URI is "file:///no/folder", a path', "accepted: sqlite:///FOLDER/mlflow.db"),
        ("mysql+nodriver://", "is the address of no tracking store", "whose driver is installed"),
        ("mssql+pymssql://me:SECRET@h/db", 'is "mssql+pymssql://...@h/db": the driver of that database is not installed', "install"),
    ],
)
def test_an_address_that_is_no_store_is_told_with_what_is_accepted(uri, says, hint, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    with pytest.raises(StateError) as refused:
        explain_store_errors(connect)()
    assert says in refused.value.what
    assert hint in refused.value.hint
    assert "SECRET" not in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "uri",
    [
        *("sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite:///?timeout=3", "sqlite:///:memory:?cache=shared"),
        *("sqlite+pysqlite:///:memory:", "sqlite:///file::memory:?uri=true", "sqlite:///file:x?mode=memory&uri=true"),
    ],
)
@pytest.mark.parametrize("create", [True, False])
def test_a_store_in_memory_is_refused_since_a_training_would_be_lost(uri, create, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    with pytest.raises(StateError, match="SQLite without a file: nothing would be kept") as refused:
        connect(create)
    assert "sqlite:///FOLDER/mlflow.db" in refused.value.hint


@pytest.mark.slow
@pytest.mark.parametrize(("create", "least"), [(True, 1), (False, 0)])  # a writer waits for it, a reader says so at once
def test_a_database_that_is_down_is_told_within_seconds(create, least, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "postgresql+psycopg://me:SECRET@127.0.0.1:9/db")
    waits = []
    monkeypatch.setattr("time.sleep", waits.append)
    with pytest.raises(StateError, match="does not answer") as refused:
        explain_store_errors(connect)(create).search_experiments()
    assert least <= sum(waits) < 10  # seconds; MLflow's own retries wait for 51
    assert "SECRET" not in str(refused.value)


def test_a_database_that_does_not_answer_is_no_server_of_mlflow():
    said = "(psycopg.OperationalError) connection failed: port 9 failed: Connection refused"
    assert "database of the tracking store does not answer" in in_words(RuntimeError(said)).what
    assert "tracking server" in in_words(RuntimeError("Connection refused")).what


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("sqlite:///mlruns/mlflow.db", "mlruns/mlflow.db"),
        (" sqlite:////srv/mlflow.db \n", "/srv/mlflow.db"),
        ("sqlite:////srv/mlflow.db?timeout=30&check_same_thread=false", "/srv/mlflow.db"),
        ("sqlite+pysqlite:////srv/mlflow.db?timeout=30", "/srv/mlflow.db"),
        ("sqlite:///file:/srv/my%20store.db?mode=ro&uri=true", "/srv/my store.db"),
        ("sqlite:///file:///srv/mlflow.db?uri=true", "/srv/mlflow.db"),
        ("sqlite:////srv/my%20store.db", "/srv/my%20store.db"),
        ("sqlite://host/mlflow.db", None),
        ("postgresql://h/sqlite:///x", None),
    ],
)
def test_the_file_of_an_address_is_what_the_driver_opens(uri, path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    assert sqlite_path() == (None if path is None else Path(path))
    assert not keeps_nothing()


OF_THE_STORE = [
    "could not connect with p@ss-WORD",
    'Invalid port: "p%40ss-WORD@host"',
]
OF_ANY = [
    "401 Client Error: Unauthorized for url: https://me:p%40ss-WORD@host/api",
    "connection failed: password=p@ss-WORD user=me",
    'dsn host=h password="p@ss-WORD"',
    "https://h/x?user=me&password=p%40ss-WORD&z=1",
    "postgresql://other:p@ss-WORD@h/db",
]


@pytest.mark.parametrize("said", [*OF_THE_STORE, *OF_ANY])
def test_what_a_driver_says_is_shown_without_the_password_of_the_store(said, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://me:p%40ss-WORD@host")
    assert "ss-WORD" not in without_secrets(said)
    assert "ss-WORD" not in str(in_words(RuntimeError(said)))


@pytest.mark.parametrize("said", OF_ANY)
def test_what_stands_where_a_password_stands_is_not_shown_whosever_it_is(said):
    assert "ss-WORD" not in str(in_words(RuntimeError(said)))


class Refusing(http.server.BaseHTTPRequestHandler):
    status, body = 401, b"no"

    def do_GET(self):
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(self.body)

    do_POST = do_GET  # noqa: N815 - the name is that of the base class

    def log_message(self, *arguments):
        pass


@pytest.fixture
def answering(monkeypatch):
    """Return a function that has a server answer everything in one way, at an address that holds a user and a password."""
    handler = type("Handler", (Refusing,), {})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://me:SECRET@127.0.0.1:{server.server_port}")
        monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")

        def answer(status, body):
            handler.status, handler.body = status, body

        yield answer
        server.shutdown()


PAGE = b"<!DOCTYPE html><html><title>Sign in</title></html>"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (401, b"You are not authenticated", "wants to know who asks (401)"),
        (403, b"Permission denied", "does not allow this (403)"),
        (403, PAGE, "does not allow this (403)"),
        (200, PAGE, "is a web page, such as the sign-in of a gateway"),
        (404, b"not here", "does not answer as it should"),
        (500, b"{", "does not answer as it should"),
    ],
)
def test_a_server_that_refuses_is_told_by_what_it_refuses_and_never_with_the_password(answering, status, body, says):
    answering(status, body)
    for ask in (lambda: connect().search_experiments(), lambda: load_champion("smm")):
        with pytest.raises(StateError) as refused:
            explain_store_errors(ask)()
        assert says in refused.value.what
        assert "SECRET" not in str(refused.value)


@pytest.mark.slow
def test_the_doctor_asks_a_server_of_another_version_with_the_password_and_never_shows_it(answering, smm_task):
    answering(200, b"2.22.0")
    (finding,) = examine([smm_task])
    assert ("runs MLflow 2.22.0" in finding.what, "SECRET" in str(finding)) == (True, False)
    answering(401, b"")
    (finding,) = examine([smm_task])
    assert ("(401)" in finding.what, "SECRET" in str(finding)) == (True, False)


@pytest.mark.slow
def test_what_other_programs_leave_in_the_environment_leads_to_no_other_store(trained, tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("MLFLOW_REGISTRY_URI", f"sqlite:///{tmp_path / 'other.db'}")
    for name in ("MLFLOW_RUN_ID", "MLFLOW_EXPERIMENT_ID", "MLFLOW_EXPERIMENT_NAME"):
        monkeypatch.setenv(name, "0" * 32)
    client._say_once_that_registry_is_not_used.cache_clear()
    assert explain_store_errors(lambda: load_champion("smm"))().about["task"] == "smm"
    assert "MLFLOW_REGISTRY_URI names another store; it is not used" in caplog.text
    assert not (tmp_path / "other.db").exists()
