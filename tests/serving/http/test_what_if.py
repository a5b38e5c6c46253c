"""A visit that is supposed: the answer then is that of the history with its results; the past, therapy and MRD cannot be supposed."""

import copy
from datetime import date, timedelta

import pytest
from pydantic import TypeAdapter

from serving.http.supposed.what_if import MOST_AHEAD_DAYS, WhatIf

LAST = date(2022, 7, 10)  # of the smallest history


def visit(day="2022-10-10", **values):
    units = {"m_protein": "g/dL", "bmpc": "%", "hemoglobin": "g/dL", "mrd": "10*-6"}
    results = [{"biomarker": name, "value": value, "unit": units.get(name, "")} for name, value in (values or {"m_protein": 3.1}).items()]
    return {"collected_at": day, "measurements": results}


def ask(client, history, visit):
    return client.post("/v1/what-if", json={"history": history, "visit": visit})


def refused(client, history, visit):
    response = ask(client, history, visit)
    assert response.status_code == 422
    return [(problem["code"], problem["where"]) for problem in response.json()["errors"]]


def test_now_is_the_answer_alone_and_then_that_of_the_history_with_the_visit(client, history):
    found = ask(client, history, visit()).json()
    TypeAdapter(WhatIf).validate_python(found, extra="forbid")
    longer = copy.deepcopy(history)
    longer["measurements"].append({"collected_at": "2022-10-10", "biomarker": "m_protein", "value": 3.1, "unit": "g/dL"})
    assert found["now"] == client.post("/v1/risk", json=history).json()
    then = client.post("/v1/risk", json=longer).json()
    assert [risk["risk"] for risk in found["then"]["risks"]] == [risk["risk"] for risk in then["risks"]]
    assert found["then"]["landmark"] == "2022-10-10"
    assert found["then"]["as_of"]["is_past"] is False
    assert "does not say what a treatment would do" in found["meaning"]


def test_a_visit_may_lie_in_the_future(client, history):
    today = date.today()
    history["measurements"] = [row | {"collected_at": f"{today}"} for row in history["measurements"][2:]]
    history["patient"] |= {"index_date": f"{today - timedelta(days=30)}", "stage": "smm"}
    found = ask(client, history, visit(f"{today + timedelta(days=90)}"))
    assert found.status_code == 200
    assert found.json()["then"]["as_of"]["is_past"] is False


def test_a_visit_at_which_a_criterion_would_be_met_has_no_risk(client, history):
    then = ask(client, history, visit(bmpc=70)).json()["then"]
    assert then["risks"] == []
    assert "criteria for active myeloma may be met" in then["warnings"][0]


@pytest.mark.parametrize(
    ("day", "code"),
    [
        (LAST - timedelta(days=1), "visit_not_later"),
        (LAST, "visit_not_later"),
        (LAST + timedelta(days=1), None),
        (LAST + timedelta(days=MOST_AHEAD_DAYS), None),
        (LAST + timedelta(days=MOST_AHEAD_DAYS + 1), "visit_too_late"),
        ("10/10/2022", "bad_date"),
        ("9999-01-01", "bad_date"),
    ],
)
def test_the_visit_comes_after_everything_and_not_much_later(client, history, day, code):
    asked = visit(f"{day}")
    if code is None:
        assert ask(client, history, asked).status_code == 200
    else:
        assert refused(client, history, asked) == [(code, "visit.collected_at")]


def test_what_happened_or_became_known_later_is_before_the_visit_too(client, history):
    history["measurements"][4]["available_at"] = "2022-10-10"
    assert refused(client, history | {"landmark": "2022-08-01"}, visit("2022-10-10")) == [("visit_not_later", "visit.collected_at")]
    treated = history | {"landmark": "2022-08-01", "events": [{"occurred_at": "2022-11-01", "kind": "treatment_start", "detail": "VRd"}]}
    assert refused(client, treated, visit("2022-10-20")) == [("visit_not_later", "visit.collected_at")]
    assert refused(client, treated, visit("2022-12-01")) == [("treated", "visit")]


def test_neither_residual_disease_nor_therapy_nor_the_past_can_be_supposed(client, history):
    assert refused(client, history, visit(m_protein=2.0, mrd="<1")) == [("not_supposed", "visit.measurements[1].biomarker")]
    assert refused(client, history, visit() | {"events": []})[0][0] == "extra_forbidden"
    assert refused(client, history, {"collected_at": "2022-10-10", "measurements": []})[0] == ("too_short", "visit.measurements")
    earlier = visit()
    earlier["measurements"][0]["collected_at"] = "2022-01-10"
    (problem,) = ask(client, history, earlier).json()["errors"]
    assert (problem["code"], problem["where"]) == ("extra_forbidden", "visit.measurements[0].collected_at")
    assert "collected_at" not in problem["message"]
    assert problem["message"].endswith("biomarker, method, specimen, unit, value.")


def test_what_is_wrong_is_told_with_its_place(client, history):
    wrong = visit()
    wrong["measurements"][0]["unit"] = "stones"
    assert refused(client, history, wrong) == [("unknown_unit", "visit.measurements[0].unit")]
    broken = copy.deepcopy(history)
    broken["measurements"][3]["unit"] = "mg/dL"
    broken["measurements"][3]["value"] = -4
    assert refused(client, broken, visit())[0][1] == "history.measurements[3].value"
    treated = copy.deepcopy(history) | {"events": [{"occurred_at": "2022-02-01", "kind": "treatment_start", "detail": "VRd"}]}
    assert refused(client, treated, visit()) == [("treated", "history.landmark")]
    assert refused(client, {"patient": {}}, visit())[0][1].startswith("history.")
