"""Few are answered at a time; health is told whatever the others wait for; a server that is stopped ends."""

import asyncio
import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http.client import HTTPConnection

import pytest
from fastapi.testclient import TestClient
from numba.core.dispatcher import Dispatcher
from typer.testing import CliRunner

from benchmarks.clients import ask_together
from features.console import run
from serving.__main__ import app as commands
from serving.artifact import load_artifact
from serving.http import answering, api, warm
from serving.http.answering import answer_of
from serving.http.running import serve
from serving.http.waiting import BusyError, Desk

JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def artifacts(trained):
    return {"smm": load_artifact(trained.folder / "fit" / "boosting" / "artifact")}


@pytest.fixture
def gate(monkeypatch):
    """Hold up every answer from when it is cleared until it is set again; all are long ones, which have threads of their own."""
    monkeypatch.setattr(api, "SHORT", 0)
    opened = threading.Event()
    opened.set()  # while the application is made, which answers a made-up person to be warm
    plain = answering.answer_history

    def waits(*given):
        opened.wait(20)
        return plain(*given)

    monkeypatch.setattr(answering, "answer_history", waits)
    yield opened
    opened.set()


@pytest.fixture
def start():
    """Return a function that serves an application on a free port, and stops it after the test."""
    running = []

    def start(app):
        taken = serve.take_port(0)
        server = serve.server_of(app)
        thread = threading.Thread(target=server.run, args=([taken],), daemon=True)
        thread.start()
        running.append((server, thread))
        return taken.getsockname()[1], server, thread

    yield start
    for server, thread in running:
        server.should_exit = True
        thread.join(20)


def ask(port, history=None):
    """Return status, Retry-After and body of an answer; without a history, health is asked after."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(*(("POST", "/v1/risk", json.dumps(history), JSON) if history else ("GET", "/health/live")))
        answer = connection.getresponse()
        return answer.status, answer.getheader("Retry-After"), json.loads(answer.read())
    finally:
        connection.close()


def until(asked, answered):
    """Wait until so many have been answered."""
    while sum(one.done() for one in asked) < answered:
        time.sleep(0.02)


def test_while_many_wait_health_is_told_and_those_beyond_are_told_to_come_again(artifacts, gate, start, history):
    port, _, _ = start(api.make_app(artifacts, Desk(most=30, patience=20)))
    gate.clear()
    with ThreadPoolExecutor(40) as pool:
        asked = [pool.submit(ask, port, history) for _ in range(40)]
        until(asked, 10)
        assert ask(port)[0] == 200
        assert sum(one.done() for one in asked) == 10, "the others wait"
        gate.set()
        answers = [one.result() for one in asked]
    assert sorted(status for status, _, _ in answers) == [200] * 30 + [503] * 10
    busy = [(retry, body["errors"][0]["code"]) for status, retry, body in answers if status == 503]
    assert set(busy) == {("1", "overloaded")}
    assert ask(port, history)[0] == 200, "their places are free again"


@pytest.mark.parametrize(("short", "others", "in_the_loop"), [(16_000, 0, True), (16_000, 1, True), (0, 0, False)])
def test_a_short_answer_is_made_in_the_event_loop_and_a_long_one_in_a_thread(artifacts, history, monkeypatch, short, others, in_the_loop):
    monkeypatch.setattr(api, "SHORT", short)
    threads, plain, desk = [], answering.answer_history, Desk()
    app = api.make_app(artifacts, desk)
    monkeypatch.setattr(answering, "answer_history", lambda *given: threads.append(threading.current_thread().name) or plain(*given))
    with ExitStack() as inside:
        for _ in range(others):
            inside.enter_context(desk.place())
        assert TestClient(app).post("/v1/risk", json=history).status_code == 200
        assert TestClient(app).post("/v1/risk/batch", json={"histories": [history]}).status_code == 200
    assert [name.startswith("answer") for name in threads] == [not in_the_loop, True]


async def _short_ones(desk, each, beside):
    """Ask for short answers all at once, with a task beside them that has a turn of the loop now and then."""

    async def beside_them():
        while not all(one.done() for one in asked):
            beside()
            await asyncio.sleep(0)

    asked = [asyncio.ensure_future(desk.answer(make, is_short=True)) for make in each]
    await beside_them()
    return await asyncio.gather(*asked, return_exceptions=True)


def test_short_answers_are_made_in_their_order_one_a_turn_of_the_loop():
    made = []
    each = [lambda k=k: made.append(k) or k for k in range(5)]
    assert asyncio.run(_short_ones(Desk(), each, lambda: made.append("beside"))) == [0, 1, 2, 3, 4]
    assert [k for k in made if k != "beside"] == [0, 1, 2, 3, 4]
    assert all("beside" in made[made.index(k) : made.index(k + 1)] for k in range(4)), "others have their turn between any two"


def test_a_short_answer_that_fails_or_waits_in_vain_holds_up_nobody():
    def fails():
        raise ValueError("made in vain")

    desk, slow = Desk(patience=0.05), lambda: time.sleep(0.1)
    told = asyncio.run(_short_ones(desk, [slow, fails, slow, slow, slow, slow], lambda: None))
    assert told[0] is None
    assert isinstance(told[1], ValueError)
    assert isinstance(told[-1], BusyError), "its patience ended while those before it were made"
    assert asyncio.run(_short_ones(desk, [fails, lambda: "answered"], lambda: None))[1] == "answered"


def test_event_loops_that_share_a_desk_have_turns_of_their_own():
    desk, each = Desk(), [lambda: time.sleep(0.02) or "answered"] * 20
    with ThreadPoolExecutor(4) as pool:
        told = [pool.submit(lambda: asyncio.run(_short_ones(desk, each, lambda: None))) for _ in range(4)]
        assert [one.result(20) for one in told] == [["answered"] * 20] * 4


def test_whose_turn_does_not_come_in_time_is_told_to_come_again(artifacts, gate, start, history):
    port, _, _ = start(api.make_app(artifacts, Desk(workers=1, patience=0.2)))
    gate.clear()
    with ThreadPoolExecutor(3) as pool:
        asked = [pool.submit(ask, port, history) for _ in range(3)]
        until(asked, 2)
        gate.set()
        assert sorted(one.result()[0] for one in asked) == [200, 503, 503]


def test_a_server_that_is_stopped_answers_who_is_inside_and_ends(artifacts, gate, start, history):
    port, server, thread = start(api.make_app(artifacts, Desk(workers=1, patience=0.5)))
    gate.clear()
    with ThreadPoolExecutor(20) as pool:
        asked = [pool.submit(ask, port, history) for _ in range(20)]
        until(asked, 5)
        server.should_exit = True
        gate.set()
        assert {one.result()[0] for one in asked} <= {200, 503}
    thread.join(8)
    assert not thread.is_alive()


def test_two_hundred_clients_get_an_answer_or_are_told_when_to_come_again(artifacts, start, history):
    port, _, _ = start(api.make_app(artifacts, Desk(most=100)))
    told = ask_together(port, json.dumps(history).encode(), 200, 3)
    assert set(told.statuses) == {"200", "503"}
    assert told.without_retry == 0


def test_a_body_that_does_not_come_is_not_waited_for(artifacts, start, monkeypatch):
    monkeypatch.setattr("serving.http.body.MOST_SECONDS", 0.2)
    port, _, _ = start(api.make_app(artifacts))
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(b"POST /v1/risk HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{")
        assert b" 408 " in connection.recv(100)


def test_answers_are_sent_at_once(artifacts, start):
    port, _, _ = start(api.make_app(artifacts))
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    times = []
    for _ in range(20):
        began = time.perf_counter()
        connection.request("GET", "/health/live")
        connection.getresponse().read()
        times.append(time.perf_counter() - began)
    connection.close()
    assert min(times) < 0.03, "an answer in two pieces waited for its acknowledgement"


def compiled():
    """Return how many forms of how many functions are compiled."""
    import gc

    return sum(len(each.signatures) for each in gc.get_objects() if isinstance(each, Dispatcher))


def test_when_a_server_is_ready_nothing_is_left_to_compile(artifacts, history):
    client = TestClient(api.make_app(artifacts))
    before = compiled()
    assert before > 0
    days = [f"{year}-{month:02d}-{day:02d}" for year in range(2010, 2022) for month in range(1, 13) for day in (3, 17)]
    history["patient"]["index_date"] = "2010-01-01"
    history["measurements"] += [{"collected_at": day, "biomarker": "m_protein", "value": 2, "unit": "g/dL"} for day in days]
    history["measurements"] += [{"collected_at": "2022-07-10", "biomarker": "calcium", "value": 9, "unit": "mg/dL"}]
    history["measurements"] += [{"collected_at": "2022-07-10", "biomarker": "albumin", "value": 4, "unit": "g/dL"}]
    assert client.post("/v1/risk", json=history).status_code == 200
    assert compiled() == before


def test_what_is_asked_before_a_server_is_ready_shows_risks_and_early_treatment(artifacts, monkeypatch):
    made = []
    monkeypatch.setattr(warm, "answer_of", lambda *given: made.append(answer_of(*given)) or made[-1])
    warm.warm_up(artifacts)
    assert any(one.risks and one.early_treatment for one in made)


def test_a_port_that_is_taken_is_one_line_before_any_model_is_loaded(monkeypatch, capsys):
    monkeypatch.setattr("serving.store.champion.load_champion", lambda *given: pytest.fail("a model was loaded"))
    with serve.take_port(0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SystemExit) as ended:
            run(commands, ["api", "--task", "smm", "--port", str(port)])
    assert ended.value.code == 1
    assert capsys.readouterr().err == f"Error: Port {port} on 127.0.0.1 is taken; name another with --port.\n"
    assert "exit code 1" in CliRunner().invoke(commands, ["api", "--help"]).output.replace("\n", " ")
