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
        ("2022-07-11", {}, 200),  # after the landmark
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
    "words", ["Osteolytic lesion of pelvis", "Lytic lesions", "Osteolysen", "Lesión lítica vertebral", "Lesão osteolítica"]
)
def test_a_lesion_is_known_in_several_languages(words):
    assert is_lytic(words)


@pytest.mark.parametrize("words", ["Hemolytic anemia", "Thrombolytic therapy", "Sin lesiones líticas", "Family history of osteolysis"])
def test_other_words_and_lesions_that_are_not_there_are_none(words):
    assert not is_lytic(words)
