"""An osteolytic lesion that a Condition names keeps a risk from being shown; one that is not there, or not yet, does not."""

import json

import pytest

from serving.http.fhir.lesions import is_lytic
from tests.serving.http.fhir.bundles import FHIR, bundle, condition, person

REFUTED = {"verificationStatus": {"coding": [{"code": "refuted"}]}}


@pytest.mark.parametrize(
    ("day", "more", "status"),
    [
        ("2022-03-01", {}, 422),
        ("2022", {}, 422),
        (None, {}, 422),
        ("2022-07-11", {}, 422),  # since the last visit, and no day is asked for but the present
        ("2022-03-01", REFUTED, 200),
        ("2022-03-01", {"code": {"text": "Low back pain"}}, 200),
    ],
)
def test_a_lesion_withholds_the_risk_from_its_day_on(client, day, more, status):
    lesion = condition() | {"id": "c2", "code": {"text": "Lytic bone lesion"}, "onsetDateTime": day} | more
    lesion = {key: one for key, one in lesion.items() if one is not None}
    answer = client.post("/v1/risk/fhir?task=smm", content=json.dumps(bundle(*person(), lesion)), headers=FHIR)
    assert answer.status_code == status
    if status == 422:
        (issue,) = answer.json()["issue"]
        assert issue["details"]["coding"][0]["code"] == "criteria_met" and "told by a Condition" in issue["details"]["text"]


@pytest.mark.parametrize(
    ("day", "status"),
    [("2022-07-10", 422), ("2022-07-11", 200), ("2022-99-99", 422), ("2202-03-01", 422), ("\uff12\uff10\uff12\uff13", 422)],
)
def test_of_a_day_that_is_asked_for_later_lesions_are_not_read_and_those_of_no_day_are(client, day, status):
    lesion = condition() | {"id": "c2", "code": {"text": "Lytic bone lesion"}, "onsetDateTime": day}
    content = json.dumps(bundle(*person(), lesion))
    assert client.post("/v1/risk/fhir?task=smm&landmark=2022-07-10", content=content, headers=FHIR).status_code == status
    history = client.post("/v1/read", json={"text": content}).json()["history"] | {"landmark": "2022-07-10"}
    assert bool(client.post("/v1/risk", json=history).json()["risks"]) == (status == 200)


@pytest.mark.parametrize(
    ("day", "shown"), [("2022-07-10", False), ("2022", False), (None, False), ("not a day", False), ("2022-07-11", False)]
)
def test_a_bundle_that_is_pasted_is_withheld_as_one_that_is_sent(client, day, shown):
    lesion = condition() | {"id": "c2", "code": {"text": "Lytic bone lesion"}, "onsetDateTime": day}
    content = json.dumps(bundle(*person(), {key: one for key, one in lesion.items() if one is not None}))
    sent = client.post("/v1/risk/fhir", content=content, headers=FHIR)
    history = client.post("/v1/read", json={"text": content}).json()["history"]
    answer = client.post("/v1/risk", json=history).json()
    assert (bool(answer["risks"]), sent.status_code == 200) == (shown, shown)
    visit = {"collected_at": "2022-08-10", "measurements": [{"biomarker": "m_protein", "value": 25, "unit": "g/L"}]}
    supposed = client.post("/v1/what-if", json={"history": history, "visit": visit}).json()
    assert (bool(supposed["now"]["risks"]), bool(supposed["then"]["risks"])) == (shown, False)
    if not shown:
        (issue,) = sent.json()["issue"]
        (met,) = [one for one in answer["criteria"] if one["status"] == "met"]
        assert answer["warnings"][0] in issue["details"]["text"] and f"{met['label']}: {met['note']}" in issue["details"]["text"]
        assert client.post("/v1/test-value", json=history).json()["tests"] == []


def test_a_lesion_of_a_history_has_a_day_or_none(client, history):
    for since in ("2022-02-28", "2022-03", "2022", None):
        assert not client.post("/v1/risk", json={**history, "lesions": [{"since": since}]}).json()["risks"]
    wrong = {"1.2.2022": "string_pattern_mismatch", "soon": "string_pattern_mismatch", "2202-03-01": "future_date"}
    wrong |= dict.fromkeys(("2022-02-31", "2022-99-99", "2022-00", "\u0662\u0660\u0662\u0662", "\uff12\uff10\uff12\uff12"), "bad_date")
    for since, code in wrong.items():
        response = client.post("/v1/risk", json={**history, "lesions": [{}, {"since": since}], "landmark": "2022-12-10"})
        (problem,) = response.json()["errors"]
        assert (response.status_code, problem["code"], problem["where"]) == (422, code, "lesions[1].since")
    later = {**history, "lesions": [{"since": "2023-01-01"}]}
    assert not client.post("/v1/risk", json=later).json()["risks"]
    assert client.post("/v1/risk", json={**later, "landmark": "2022-07-10"}).json()["risks"]


def test_of_a_pasted_bundle_it_is_said_that_results_may_still_change(client):
    who = person()
    who[4]["status"] = "preliminary"
    said = client.post("/v1/read", json={"text": json.dumps(bundle(*who))}).json()["told"]
    assert said[0].startswith("preliminary: results that this rests on are preliminary")
    assert not client.post("/v1/read", json={"text": json.dumps(bundle(*person()))}).json()["told"]


@pytest.mark.parametrize(
    "words", ["Osteolytic lesion of pelvis", "Lytic lesions", "Osteolysen", "Lesión lítica vertebral", "Lesão osteolítica"]
)
def test_a_lesion_is_known_in_several_languages(words):
    assert is_lytic(words)


@pytest.mark.parametrize("words", ["Hemolytic anemia", "Thrombolytic therapy", "Sin lesiones líticas", "Family history of osteolysis"])
def test_other_words_and_lesions_that_are_not_there_are_none(words):
    assert not is_lytic(words)


@pytest.mark.parametrize(
    "words",
    ["Lytic bone lesion without pathological fracture", "Osteolytic lesion L2, no cord compression", "Lytic lesion, family informed"],
)
def test_a_lesion_without_something_else_is_one(client, words):
    assert is_lytic(words)
    lesion = condition() | {"id": "c2", "code": {"text": words}}
    assert client.post("/v1/risk/fhir?task=smm", content=json.dumps(bundle(*person(), lesion)), headers=FHIR).status_code == 422
