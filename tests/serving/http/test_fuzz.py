"""Bodies as no client should send them, by hand and by machine: 4xx with reason codes; never 5xx, never a traceback, never a number.

`FUZZ_EXAMPLES=5000` draws more from the description of the interface than the few that a run of the tests has time for, and
`FUZZ_MUTATED=25000` changes a real request in more ways.
"""

import json
import os
import time

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from pydantic import TypeAdapter

from serving.artifact import load_artifact
from serving.http.api import make_app
from serving.http.guarded import outermost
from serving.http.response import Refusal
from serving.http.watched import watched
from tests.mutated import NAME, mutated

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "20"))
MUTATED = int(os.environ.get("FUZZ_MUTATED", "150"))  # bodies a route
REFUSAL = TypeAdapter(Refusal)
JSON = {"content-type": "application/json"}
ROUTES = ("/v1/risk", "/v1/risk/batch", "/v1/course")
ROW = {"collected_at": "2022-01-10", "biomarker": "m_protein", "value": 18, "unit": "g/L"}
PERSON = {"index_date": "2022-01-10", "stage": "smm"}


@pytest.fixture(scope="module")
def artifact(trained):
    return load_artifact(trained.folder / "fit" / "boosting" / "artifact")


@pytest.fixture(scope="module")
def app(artifact):
    return make_app({"smm": artifact})


@pytest.fixture(scope="module")
def strict(app):
    """The server as it is run; what goes wrong in it outside an answer is raised, not told."""
    return TestClient(outermost(watched(app)))


def refused(response, statuses=(422,)):
    """Check that a body got a refusal of the one form, and nothing that could be taken for an answer."""
    assert response.status_code in statuses, response.text[:300]
    told = REFUSAL.validate_python(response.json(), extra="forbid")
    assert told.errors
    assert all(problem.code and problem.where and problem.message for problem in told.errors)
    assert "Traceback" not in response.text
    assert "risks" not in response.text
    return told.errors[0].code


def body(measurements=None, patient=None, **more):
    return {"patient": PERSON if patient is None else patient, "measurements": [ROW] if measurements is None else measurements, **more}


def raw(value):
    """Return a body whose one value stands there as it is, JSON or not."""
    return json.dumps(body([{**ROW, "value": "HERE"}])).replace('"HERE"', value)


DEEP = 100_000
BODIES = {
    "nothing": b"",
    "a space": b" ",
    "half of it": json.dumps(body())[:40],
    "two of them": json.dumps(body()) * 2,
    "a trailing comma": json.dumps(body())[:-1] + ",}",
    "single quotes": str(body()),
    "null": b"null",
    "true": b"true",
    "a number": b"17",
    "a text": b'"m_protein"',
    "a list": b"[]",
    "an XML document": b"<Bundle/>",
    "NaN": raw("NaN"),
    "Infinity": raw("-Infinity"),
    "1e400": raw("1e400"),
    "a huge integer": raw("1" + "0" * 5000),
    "a huge negative integer": raw("-1" + "0" * 400),
    "an integer beyond 64 bits": raw(str(2**64)),
    "a huge text of digits": raw('"1' + "0" * 150 + '"'),
    "minus zero in hexadecimal": raw("-0x0"),
    "a leading zero": raw("01"),
    "true as a value": raw("true"),
    "null as a value": raw("null"),
    "a list as a value": raw("[1]"),
    "an object as a value": raw('{"value": 1}'),
    "a decimal comma": raw('"2,3"'),
    "thousands": raw('"1.234,5"'),
    "a number in words": raw('"eighteen"'),
    "arabic digits": raw('"١٨"'),
    "a lone surrogate": raw('"\\ud800"'),
    "a lone surrogate in a name": json.dumps({**body(), "\ud800": 1}),
    "a null character": raw('"\\u0000"'),
    "invalid UTF-8": json.dumps(body()).encode().replace(b"m_protein", b"m_\xff\xfe"),
    "UTF-16": json.dumps(body()).encode("utf-16"),
    "Latin-1": json.dumps(body([{**ROW, "unit": "µg/L"}]), ensure_ascii=False).encode("latin-1"),
    "deep lists": "[" * DEEP + "]" * DEEP,
    "deep objects": '{"patient":' * DEEP + "1" + "}" * DEEP,
    "a deep value": raw("[" * DEEP + "]" * DEEP),
    "an empty history": json.dumps(body([])),
    "no patient": json.dumps({"measurements": [ROW]}),
    "two subjects": json.dumps(body(patient=[PERSON, PERSON])),
    "another subject": json.dumps({**body(), "patient2": PERSON}),
    "year 9999": json.dumps(body([{**ROW, "collected_at": "9999-12-31"}])),
    "year 0": json.dumps(body([{**ROW, "collected_at": "0000-01-01"}])),
    "a landmark in the year 9999": json.dumps(body(landmark="9999-12-31")),
    "the 30th of February": json.dumps(body([{**ROW, "collected_at": "2022-02-30"}])),
    "a time for a day": json.dumps(body(landmark="2022-01-10T00:00:00Z")),
    "an age of a million years": json.dumps(body(patient={**PERSON, "age_at_index": 1e6})),
    "an age that is none": raw("18").replace('"stage"', '"age_at_index": NaN, "stage"'),
    "a huge age": raw("18").replace('"stage"', '"age_at_index": 1' + "0" * 400 + ', "stage"'),
    "an unknown code": json.dumps(body([{**ROW, "biomarker": "33358-3"}])),
    "mixed units": json.dumps(body([ROW, {**ROW, "collected_at": "2022-02-10", "unit": "mg/dL/x"}])),
    "no unit": json.dumps(body([{**ROW, "unit": ""}])),
    "duplicates": json.dumps(body([ROW, ROW])),
    "contradictory duplicates": json.dumps(body([ROW, {**ROW, "value": 30}])),
    "a huge line of therapy": json.dumps(body(events=[{"occurred_at": "2022-01-11", "kind": "treatment_start", "line": 10**40}])),
    "a line that is none": json.dumps(body(events=[{"occurred_at": "2022-01-11", "kind": "treatment_start", "line": float("nan")}])),
    "an endless age": raw("18").replace('"stage"', '"age_at_index": "Infinity", "stage"'),
    "a stop without a start": json.dumps(body(events=[{"occurred_at": "2022-01-11", "kind": "treatment_stop"}])),
    "an unknown task": json.dumps(body(task="x" * 200)),
    "more rows than are taken": json.dumps(body([ROW] * 20_001)),
}


OF_A_ROUTE = [(route, name) for route in ROUTES for name in BODIES if (route, name) != ("/v1/course", "an unknown task")]


@pytest.mark.parametrize(("route", "name"), OF_A_ROUTE)
def test_a_body_that_makes_no_sense_is_refused_with_a_code(strict, route, name):
    sent = BODIES[name]
    if route == "/v1/risk/batch":
        sent = b'{"histories":[' + (sent.encode(errors="surrogatepass") if isinstance(sent, str) else sent) + b"]}"
        response = strict.post(route, content=sent, headers=JSON)
        if response.status_code == 200:
            told = response.json()
            assert told["answered"] == 0
            assert {result["refusal"]["status"] for result in told["results"]} == {422}
            return
    else:
        response = strict.post(route, content=sent, headers=JSON)
    refused(response)


def test_a_byte_order_mark_and_a_key_twice_are_read_as_json_readers_do_or_refused(strict):
    for sent in (b"\xef\xbb\xbf" + json.dumps(body()).encode(), json.dumps(body())[:-1].encode() + b',"measurements":[]}'):
        response = strict.post("/v1/risk", content=sent, headers=JSON)
        assert response.status_code in (200, 422)


TREATED = {"occurred_at": "2022-03-01", "kind": "treatment_start", "detail": "daratumumab", "line": 1}
VISIT = {"collected_at": "2022-09-10", "measurements": [{"biomarker": "m_protein", "value": 2.6, "unit": "g/dL"}]}
SENT = {
    "/v1/risk": lambda history: history,
    "/v1/risk/batch": lambda history: {"histories": [history, history]},
    "/v1/course": lambda history: {"patient": history["patient"], "measurements": history["measurements"], "events": [TREATED]},
    "/v1/what-if": lambda history: {"history": history, "visit": VISIT},
    "/v1/test-value": lambda history: history,
    "/v1/read": lambda history: {"text": json.dumps(history)},
}


@pytest.mark.parametrize("route", SENT)
def test_a_request_changed_at_random_is_answered_or_refused_in_the_one_form(strict, root, route):
    whole = SENT[route](json.loads((root / "docs" / "example_request.json").read_text()))
    assert strict.post(route, json=whole).status_code == 200
    for seed in range(MUTATED):
        sent = mutated(whole, seed)
        began = time.monotonic()
        response = strict.post(route, content=json.dumps(sent), headers=JSON)
        assert time.monotonic() - began < 5, seed  # no hang
        assert response.status_code in (200, 422), (seed, response.text[:300])
        assert "Traceback" not in response.text, seed
        assert NAME not in response.text or response.status_code == 200, seed


@pytest.mark.parametrize("route", ROUTES)
def test_fifty_megabytes_are_a_413_and_are_not_read(strict, route):
    sent, read = 50 * 2**20, []

    def pieces():
        for _ in range(sent // 2**16):
            read.append(2**16)
            yield b" " * 2**16

    assert refused(strict.post(route, content=b" " * sent, headers=JSON), (413,)) == "body_too_large"
    assert refused(strict.post(route, content=pieces(), headers=JSON), (413,)) == "body_too_large"


@pytest.mark.parametrize("length", ["-1", "9" * 400, "1e3", "x"])
def test_a_length_that_is_none_breaks_nothing(strict, length):
    response = strict.post("/v1/risk", content=json.dumps(body()), headers={**JSON, "content-length": length})
    assert response.status_code in (200, 413, 422)


def test_ten_thousand_values_are_answered_or_refused_in_seconds(strict):
    days = [f"{year}-{month:02d}-{day:02d}" for year in range(1990, 2022) for month in range(1, 13) for day in range(1, 28)]
    rows = [{**ROW, "collected_at": day, "value": 10 + n % 7} for n, day in enumerate(days[:10_000])]
    response = strict.post("/v1/risk", json=body(rows, {**PERSON, "index_date": "1990-01-01"}))
    assert response.status_code in (200, 422)
    assert response.elapsed.total_seconds() < 30


@pytest.mark.parametrize("kind", ["text/csv", "application/xml", "multipart/form-data; boundary=x", "application/json\x00", "*/*", "json"])
def test_another_kind_of_content_is_a_415(strict, kind):
    assert refused(strict.post("/v1/risk", content=json.dumps(body()), headers={"content-type": kind}), (415,)) == "unsupported_media_type"


def test_whatever_the_description_of_the_interface_allows_or_forbids_nothing_breaks(app):
    """Draw requests from the description, good ones and bad ones; each is answered in a form that the description names."""
    asked = []
    for operation in schemathesis.openapi.from_asgi("/openapi.json", app).get_all_operations():
        described = operation.ok()
        modes = [schemathesis.GenerationMode.POSITIVE] + ([schemathesis.GenerationMode.NEGATIVE] if described.body else [])
        for mode in modes:
            draw(described.as_strategy(generation_mode=mode), asked)
    assert len(asked) >= EXAMPLES
    assert {200, 422} <= set(asked)


def draw(cases, asked):
    @settings(max_examples=EXAMPLES, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(case=cases)
    def drawn(case):
        response = case.call()
        asked.append(response.status_code)
        assert response.status_code < 500, response.text[:300]
        assert response.status_code == 200 or "Traceback" not in response.text

    drawn()
