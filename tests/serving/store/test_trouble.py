"""An address that names no store is told with what is accepted, never in MLflow's own words, and never with a password."""

import pytest

from myeloma import StateError
from serving.store.champion import connect
from serving.store.trouble import explain_store_errors, in_words


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


@pytest.mark.parametrize("uri", ["sqlite://", "sqlite:///", "sqlite:///:memory:"])
@pytest.mark.parametrize("create", [True, False])
def test_a_store_in_memory_is_refused_since_a_training_would_be_lost(uri, create, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    with pytest.raises(StateError, match="SQLite without a file: nothing would be kept") as refused:
        connect(create)
    assert "sqlite:///FOLDER/mlflow.db" in refused.value.hint


@pytest.mark.slow
def test_a_database_that_is_down_is_told_within_seconds(monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "postgresql+psycopg://me:SECRET@127.0.0.1:9/db")
    waits = []
    monkeypatch.setattr("time.sleep", waits.append)
    with pytest.raises(StateError, match="does not answer") as refused:
        explain_store_errors(connect)().search_experiments()
    assert 0 < sum(waits) < 10  # seconds; MLflow's own retries wait for 51
    assert "SECRET" not in str(refused.value)


def test_a_database_that_does_not_answer_is_no_server_of_mlflow():
    said = "(psycopg.OperationalError) connection failed: port 9 failed: Connection refused"
    assert "database of the tracking store does not answer" in in_words(RuntimeError(said)).what
    assert "tracking server" in in_words(RuntimeError("Connection refused")).what
