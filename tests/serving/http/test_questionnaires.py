"""Answers of which too few are given make no scale and no mistake: the risk stands, and the answer says what was left out."""

import pytest

TOLD = "not used: {}, since fewer than half of the items of their scales are answered on that day: these scales count as missing"


def answered(history, *answers, day="2022-07-10"):
    rows = [{"collected_at": day, "biomarker": f"qlq_c30_q{item}", "value": value} for item, value in answers]
    return history | {"measurements": [*history["measurements"], *rows]}


def left_out(answer):
    return [one for one in answer["warnings"] if one.startswith("not used: ")]


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (((1, 1), (5, 2)), ["2 answers to questionnaires"]),  # of five
        (((1, 1),), ["1 answer to questionnaires"]),
        (((1, 1), (3, 1), (5, 2)), []),
        (((1, 1), (29, 5), (30, 6)), ["1 answer to questionnaires"]),  # the other scale is whole
    ],
)
def test_an_incomplete_scale_is_missing_and_the_risk_stands(client, history, answers, said):
    before, found = (client.post("/v1/risk", json=one).json() for one in (history, answered(history, *answers)))
    assert [risk["risk"] for risk in found["risks"]] == [risk["risk"] for risk in before["risks"]]
    assert left_out(found) == [TOLD.format(one) for one in said]
    assert not left_out(before)


def test_an_answer_that_its_item_does_not_have_is_refused_with_the_others_of_its_scale(client, history):
    response = client.post("/v1/risk", json=answered(history, (1, 5), (2, 1), (3, 1)))
    assert response.status_code == 422
    assert [one["code"] for one in response.json()["errors"]] == ["bad_answer", "answers_incomplete", "answers_incomplete"]


def test_a_history_of_nothing_but_too_few_answers_is_refused(client, history):
    response = client.post("/v1/risk", json=answered(history | {"measurements": []}, (1, 1), (5, 2)))
    assert [one["code"] for one in response.json()["errors"]] == ["answers_incomplete"] * 2


def test_the_course_is_told_without_the_scale(client, history):
    treated = history | {"events": [{"occurred_at": "2022-02-01", "kind": "treatment_start", "detail": "VRd"}]}
    whole, found = (client.post("/v1/course", json=one).json() for one in (treated, answered(treated, (1, 1), (5, 2))))
    assert found["visits"] == whole["visits"]
