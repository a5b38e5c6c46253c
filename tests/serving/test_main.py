"""`python -m serving`: a task without a champion, and a store that is not as it should be, get a message, exit code 1, no traceback."""

import socket

import pytest

from features.console import run
from serving.__main__ import app
from serving.store.champion import connect


@pytest.fixture
def refused(tmp_path, monkeypatch, capsys):
    """Return a function that runs a command line, which is refused, and gives what it said."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")

    def call(line):
        with pytest.raises(SystemExit) as exited:
            run(app, line.split())
        assert exited.value.code == 1
        return capsys.readouterr().err

    return call


@pytest.mark.slow
def test_a_task_without_a_champion_gets_the_nearest_that_has_one_or_the_way_to_it(refused, tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")
    client = connect(create=True)
    for name in ("mine-progression", "ours-progression"):
        client.create_registered_model(name)
    client.create_model_version("mine-progression", str(tmp_path))
    client.set_registered_model_alias("mine-progression", "champion", "1")
    said = refused("score cohort --task mien --out risks.csv")
    assert 'did you mean "mine"? Accepted: mine.' in said
    assert "python -m training fit TABLE --task mien" in said
    assert "python -m training promote --task ours" in refused("score cohort --task ours --out risks.csv")
    assert 'did you mean "mine"?' in refused("api --task mein")


@pytest.mark.parametrize("command", ["score cohort --task smm --out risks.csv", "api --task smm"])
def test_a_server_that_is_not_there_is_no_missing_champion(refused, monkeypatch, command):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    assert "The tracking server does not answer as it should." in refused(command)


@pytest.mark.parametrize(
    "address", ["risk.example", "ftp://risk.example/", "https://risk.example/?patient=1", "https://me:secret@risk.example/"]
)
def test_an_address_that_no_link_may_hold_is_refused_before_a_model_is_loaded(refused, address):
    said = refused(f"api --port {free_port()} --address {address}")
    assert "--address is no address that a link may hold" in said and address not in said


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]
