"""Several histories in one request, and the course of a treated person: the same as one by one, and as of a cohort."""

import copy
import json
import time

import numpy as np
import pandas as pd
import pytest
from pydantic import TypeAdapter

from features import cohort_of_frames
from features.course.table import course_table
from serving.answer.record import Course
from serving.http.body import MOST_HISTORIES
from serving.http.response import Batch


def post(client, histories):
    return client.post("/v1/risk/batch", json={"histories": histories})


def test_each_history_gets_the_answer_or_the_refusal_that_it_gets_alone(client, history):
    treated = copy.deepcopy(history) | {"events": [{"occurred_at": "2022-02-01", "kind": "treatment_start", "detail": "VRd"}]}
    wrong = copy.deepcopy(history)
    wrong["measurements"][3]["unit"] = "stones"
    sent = [history, treated, wrong, {"patient": {}}, "nobody", history | {"landmark": "2022-02-01"}]
    found = post(client, sent)
    assert found.status_code == 200
    batch = TypeAdapter(Batch).validate_python(found.json(), extra="forbid")
    assert (batch.answered, batch.refused, len(batch.results)) == (2, 4, 6)
    for one, result in zip(sent, found.json()["results"], strict=True):
        alone = client.post("/v1/risk", json=one)
        if alone.status_code == 200:
            assert result == {"answer": alone.json()}
        else:
            assert result["refusal"]["status"] == alone.status_code
            assert [problem["code"] for problem in result["refusal"]["errors"]] == [problem["code"] for problem in alone.json()["errors"]]


def test_what_is_wrong_in_one_of_several_is_told_with_its_place(client, history):
    broken = copy.deepcopy(history)
    broken["patient"]["sexx"] = "female"
    (problem,) = post(client, [history, broken]).json()["results"][1]["refusal"]["errors"]
    assert (problem["code"], problem["where"]) == ("extra_forbidden", "histories[1].patient.(unknown)")
    (problem,) = post(client, ["nobody"]).json()["results"][0]["refusal"]["errors"]
    assert problem["where"] == "histories[0]"


def test_a_body_of_the_other_way_in_is_told_which_field_is_meant(client, history):
    errors = client.post("/v1/risk/batch", json=history).json()["errors"]
    assert all("histories" in problem["message"] for problem in errors if problem["code"] == "extra_forbidden")


def test_a_number_of_hundreds_of_digits_is_read_as_it_is_alone(client, history):
    history["patient"]["age_at_index"] = 10**400
    alone = client.post("/v1/risk", json=history).status_code
    assert post(client, [history]).json()["answered"] == int(alone == 200)


@pytest.mark.parametrize(
    "body", [{f"made up {k}": k for k in range(100_000)}, {"histories": [{f"made up {k}": k for k in range(100_000)}]}]
)
def test_very_many_mistakes_are_told_of_in_little_time(client, body):
    began = time.process_time()  # of all threads, the server's among them: what other work on the machine takes is left out
    found = client.post("/v1/risk/batch", json=body).json()
    assert time.process_time() - began < 5
    told = found if "errors" in found else found["results"][0]["refusal"]
    assert len(told["errors"]) == 100
    assert told["more"] > 90_000


def test_histories_that_are_together_longer_than_one_may_be_are_refused(client, history):
    history["measurements"] *= 60
    response = post(client, [history] * 100)
    assert (response.status_code, response.json()["errors"][0]["code"]) == (422, "too_long")


@pytest.mark.parametrize(
    "body", [{"histories": []}, {"histories": None}, {}, [], {"histories": [{}], "more": 1}, {"histories": [{}] * (MOST_HISTORIES + 1)}]
)
def test_a_body_that_holds_none_or_too_many_is_refused_as_a_whole(client, body):
    response = client.post("/v1/risk/batch", json=body)
    assert response.status_code == 422
    assert response.json()["errors"]


def test_a_body_that_is_no_json_is_refused(client):
    response = client.post("/v1/risk/batch", content=b'{"histories": [', headers={"content-type": "application/json"})
    assert response.status_code == 422


TREATED = {
    "patient": {"index_date": "2021-12-01", "birth_date": "1960-05-02", "sex": "female", "heavy_chain": "IgG", "light_chain": "kappa"},
    "measurements": [
        {"collected_at": day, "biomarker": name, "value": value, "unit": unit}
        for day, name, value, unit in [
            ("2021-12-20", "m_protein", 3.0, "g/dL"),
            ("2022-02-10", "m_protein", 1.4, "g/dL"),
            ("2022-03-12", "m_protein", 1.2, "g/dL"),
            ("2022-09-12", "mrd", "<1e-5", "1"),
            ("2022-09-12", "m_protein", "<0.1", "g/dL"),
        ]
    ],
    "events": [{"occurred_at": "2022-01-02", "kind": "treatment_start", "detail": "daratumumab, bortezomib", "line": 1}],
}


def of_cohort():
    patients = pd.DataFrame([{"patient_id": "a"} | TREATED["patient"]])
    measurements, events = (pd.DataFrame([{"patient_id": "a"} | row for row in TREATED[name]]) for name in ("measurements", "events"))
    cohort, _ = cohort_of_frames(patients, measurements, events, strict=True)
    return course_table(cohort).drop(columns="patient_id")


def test_the_course_is_that_of_the_command_for_the_same_rows(client):
    response = client.post("/v1/course", json=TREATED)
    assert response.status_code == 200, response.text
    course = TypeAdapter(Course).validate_python(response.json(), extra="forbid")
    expected = of_cohort()
    assert [row["visit"] for row in course.visits] == expected["visit"].dt.strftime("%Y-%m-%d").tolist()
    assert list(course.visits[0]) == expected.columns.tolist()
    for name in ("response", "mrd", "depth", "quality_of_life", "regimen"):
        assert [row[name] for row in course.visits] == expected[name].tolist()
    assert [row["m_protein_pct_baseline"] for row in course.visits] == expected["m_protein_pct_baseline"].tolist()
    assert "never means cured" in course.meaning


def test_a_course_up_to_a_day_knows_nothing_of_later(client):
    whole, part = (client.post("/v1/course", json=TREATED | asked).json()["visits"] for asked in ({}, {"landmark": "2022-03-31"}))
    assert part == whole[: len(part)]
    assert 0 < len(part) < len(whole)


def test_between_visits_the_state_is_told_on_events_each_month_and_the_last_day_of_which_anything_is_recorded(client):
    later = [{"occurred_at": day, "kind": kind} for day, kind in (("2022-10-20", "treatment_stop"), ("2023-06-01", "progression"))]
    course = client.post("/v1/course", json=TREATED | {"events": [*TREATED["events"], *later]}).json()
    states = {row["visit"]: row for row in course["days"]}
    assert list(states) == sorted(states)
    assert {row["visit"] for row in course["visits"]} < set(states)
    assert states["2022-10-20"]["therapy"].startswith("off therapy, since 2022-10-20")
    assert states["2023-06-01"]["depth"].startswith("less than PR, since 2023-06-01")
    assert list(states)[-1] == "2023-06-01"
    gaps = np.diff(np.array(list(states), "datetime64[D]")).astype(int)
    assert gaps.max() <= 30
    part = client.post("/v1/course", json=TREATED | {"events": [*TREATED["events"], *later], "landmark": "2022-11-01"}).json()["days"]
    assert part[-1]["visit"] == "2022-11-01"


def test_old_evidence_becomes_was_between_visits(client):
    last = {"occurred_at": "2023-10-01", "kind": "last_contact"}
    course = client.post("/v1/course", json=TREATED | {"events": [*TREATED["events"], last]}).json()
    assert not course["visits"][-1]["depth"].startswith("was")
    assert course["days"][-1]["depth"].startswith("was")


def test_without_a_therapy_there_is_no_course(client, history):
    response = client.post("/v1/course", json=history)
    assert response.status_code == 422
    assert response.json()["errors"][0]["code"] == "no_therapy"


def test_before_the_first_start_there_is_no_course(client):
    response = client.post("/v1/course", json=TREATED | {"landmark": "2021-12-25"})
    assert (response.status_code, response.json()["errors"][0]["code"]) == (422, "no_therapy")


def test_a_history_longer_than_that_of_a_person_has_no_course(client):
    starts = [{"occurred_at": "2022-01-02", "kind": "treatment_start", "detail": f"drug {k}"} for k in range(150)]
    response = client.post("/v1/course", json=TREATED | {"events": starts})
    assert (response.status_code, response.json()["errors"][0]["code"]) == (422, "too_long")


def test_what_a_course_does_not_know_is_null(client):
    first = client.post("/v1/course", json=TREATED).json()["visits"][0]
    assert first["mrd_level"] is None
    assert first["bmpc"] is None
    assert not any(isinstance(value, float) and np.isnan(value) for value in first.values())


def test_a_batch_of_the_most_that_is_accepted_is_answered(client, history):
    found = post(client, [history] * MOST_HISTORIES).json()
    assert found["answered"] == MOST_HISTORIES
    assert len({json.dumps(result, sort_keys=True) for result in found["results"]}) == 1
