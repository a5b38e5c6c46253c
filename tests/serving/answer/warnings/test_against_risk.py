"""What an answer warns of beside its number, before all else: in the answer of one person, and by code in a score file."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from fastapi.testclient import TestClient

from features import cohort_of_frames
from serving.artifact import load_artifact
from serving.batch import score_landmarks
from serving.http.api import make_app

UNGUARDED = "a criterion for active myeloma is met, by which this task withholds no risk"
GUARDED = "criteria for active myeloma may be met"
DAY = "2022-07-10"
UNITS = {"m_protein": "g/dL", "bmpc": "%", "hemoglobin": "g/dL", "creatinine": "mg/dL", "flc_kappa": "mg/L", "flc_lambda": "mg/L"}
LINE = {"number": 1, "from_days": 90, "progression": "either", "next_line": "event"}


@pytest.fixture(scope="module")
def models(trained):
    """Models of the same numbers, by whom they are for; only that of smoldering disease guards against every criterion."""
    artifact = load_artifact(trained.folder / "fit" / "boosting" / "artifact")
    others = {"mgus": {"population": "mgus"}, "relapse": {"population": "mm", "treatment": "ignore", "line": LINE}}
    return {"smm": artifact} | {
        task: replace(artifact, about=artifact.about | {"criteria_guard": False} | changed) for task, changed in others.items()
    }


@pytest.fixture(scope="module")
def client(models):
    return TestClient(make_app(models))


def person(stage, *results, events=(), **patient):
    """Return a history; each result is a day, a biomarker and a value."""
    keys = ("collected_at", "biomarker", "value")
    return {
        "patient": {"index_date": "2021-01-10", "birth_date": "1960-05-02", "sex": "female", "light_chain": "kappa", "stage": stage}
        | patient,
        "measurements": [dict(zip(keys, one, strict=True)) | {"unit": UNITS[one[1]]} for one in results],
        "events": [{"occurred_at": day, "kind": kind, "detail": "VRd"} for day, kind in events],
    }


def asked(client, task, history, **more):
    response = client.post("/v1/risk", json=history | {"task": task} | more)
    assert response.status_code == 200, response.json()
    return response.json()


def scored(model, history):
    """Return the row of a score file of one person at the last visit."""
    rows = [pd.DataFrame(history[name]).assign(patient_id="P") for name in ("measurements", "events")]
    who = pd.DataFrame([history["patient"] | {"patient_id": "P"}])
    cohort, _ = cohort_of_frames(who, *(rows if history["events"] else rows[:1]), strict=True)
    last = max(one["collected_at"] for one in history["measurements"])
    return score_landmarks(model, cohort, pd.DataFrame({"patient_id": ["P"], "landmark": [pd.Timestamp(last)]})).iloc[0]


def codes(row):
    """Return which warnings a score file holds, but those of the values themselves."""
    return [code for code in row["warnings"].split("|") if code and code != "out_of_range"]


CHAINS = [(DAY, "flc_lambda", 1.0)]


@pytest.mark.parametrize(
    ("results", "withheld", "warned"),
    [
        ([(DAY, "hemoglobin", 9.9)], False, "9.9 g/dL of 2022-07-10"),
        ([(DAY, "hemoglobin", 13.0)], False, ""),
        ([(DAY, "creatinine", 2.1)], False, "2.1 mg/dL of 2022-07-10"),
        ([(DAY, "bmpc", 60)], True, ""),
        ([(DAY, "flc_kappa", 100), *CHAINS], True, ""),
        ([(DAY, "flc_kappa", 99), *CHAINS], False, ""),
        ([(DAY, "bmpc", 60), (DAY, "hemoglobin", 9.0)], True, ""),
    ],
)
def test_mgus_is_warned_of_criteria_with_other_causes_and_withheld_by_those_without(client, models, results, withheld, warned):
    history = person("mgus", (DAY, "m_protein", 1.0), *results)
    answer = asked(client, "mgus", history)
    assert (answer["risks"] == []) == withheld
    assert answer["warnings"][0].startswith(GUARDED) == withheld
    assert any(line.startswith(UNGUARDED) for line in answer["warnings"]) == bool(warned)
    assert not warned or (warned in answer["warnings"][0])
    row = scored(models["mgus"], history)
    assert row["status"] == ("criteria_met" if withheld else "scored")
    assert codes(row) == (["criterion_met"] if warned else [])
    assert np.isnan(row["risk_24m"]) == withheld


OPEN = "whether a criterion for active myeloma is met is open"


@pytest.mark.parametrize(
    ("task", "results", "told"),
    [
        ("smm", [(DAY, "flc_kappa", ">250"), (DAY, "flc_lambda", 10)], ">= 100 with an involved chain >= 100 mg/L: 25 of 2022-07-10"),
        ("mgus", [(DAY, "flc_kappa", ">250"), (DAY, "flc_lambda", 10)], ">= 100 with an involved chain >= 100 mg/L: 25 of 2022-07-10"),
        ("smm", [(DAY, "flc_kappa", "<250"), (DAY, "flc_lambda", 10)], ""),
        ("smm", [(DAY, "hemoglobin", "<12")], "12 g/dL of 2022-07-10"),
        ("smm", [(DAY, "hemoglobin", ">12")], ""),  # not met, whatever the value
        ("smm", [(DAY, "bmpc", ">50")], "50 % of 2022-07-10"),
        ("mgus", [(DAY, "bmpc", "<70")], "70 % of 2022-07-10"),
    ],
)
def test_a_criterion_that_a_limit_leaves_open_is_warned_of_before_all_else(client, models, task, results, told):
    history = person(task, (DAY, "m_protein", 3.5 if task == "smm" else 1.0), *results)
    answer = asked(client, task, history)
    assert answer["risks"]
    assert (told in answer["warnings"][0] and answer["warnings"][0].startswith(OPEN)) if told else OPEN not in str(answer["warnings"])
    assert ("criterion_open" in codes(scored(models[task], history))) == bool(told)


def test_every_criterion_that_is_met_is_named(client):
    history = person("mgus", (DAY, "m_protein", 1.0), ("2022-01-10", "hemoglobin", 8.0), (DAY, "creatinine", 4.0))
    said = asked(client, "mgus", history)["warnings"][0]
    assert "8 g/dL of 2022-01-10" in said and "4 mg/dL of 2022-07-10" in said


def test_where_every_criterion_is_guarded_and_of_treated_disease_nothing_is_said_of_unguarded_ones(client, models):
    of_smm = person("smm", (DAY, "m_protein", 1.0), (DAY, "hemoglobin", 9.0))
    assert not any(line.startswith(UNGUARDED) for line in asked(client, "smm", of_smm)["warnings"])
    treated = person("mm", (DAY, "m_protein", 1.0), (DAY, "bmpc", 80), events=[("2021-01-10", "treatment_start")])
    answer = asked(client, "relapse", treated)
    assert answer["risks"]
    assert not any(line.startswith((UNGUARDED, GUARDED)) for line in answer["warnings"])


@pytest.mark.parametrize(("task", "cited"), [("smm", "10.1038/s41591-026-04304-x"), ("mgus", "of IgM MGUS 1 %")])
def test_igm_of_a_precursor_is_warned_of(client, models, task, cited):
    values = [(DAY, "m_protein", 1.0), (DAY, "bmpc", 12 if task == "smm" else 5)]
    found = {chain: asked(client, task, person(task, *values, heavy_chain=chain)) for chain in ("IgM", "IgA")}
    assert cited in found["IgM"]["warnings"][0]
    assert [line for line in found["IgA"]["warnings"] if "heavy chain" in line] == []
    assert codes(scored(models[task], person(task, *values, heavy_chain="IgM"))) == ["igm"]


def test_what_was_made_of_people_without_igm_is_not_computed_for_it(client, models):
    chains = [(DAY, "flc_kappa", 40), (DAY, "flc_lambda", 10), (DAY, "creatinine", 0.9)]
    history = person("smm", (DAY, "m_protein", 1.0), (DAY, "bmpc", 12), *chains, heavy_chain="IgM")
    scores = asked(client, "smm", history)["scores"]
    assert scores["pangea_smm_static"]["risks"] == {}
    assert "IgM" in scores["pangea_smm_static"]["reason"]
    assert scores["mayo_2018"]["category"] == "low"
    row = scored(models["smm"], history)
    assert np.isnan(row["score_pangea_smm_static_risk_24m"])
    assert scored(models["smm"], history | {"patient": history["patient"] | {"heavy_chain": "IgG"}})["score_pangea_smm_static_risk_24m"] > 0


TREATED = [("2021-01-10", "m_protein", 4.0), ("2021-06-10", "m_protein", 0.2), ("2021-09-10", "m_protein", 0.2)]
START = [("2021-01-10", "treatment_start")]
PROGRESSION = "meet the IMWG's criteria of progression, which no second sample has confirmed"


def progressing(client, *later, **more):
    answer = asked(client, "relapse", person("mm", *TREATED, *later, events=START), **more)
    assert answer["risks"]
    return [line for line in answer["warnings"] if PROGRESSION in line]


def test_progression_of_the_latest_value_alone_is_warned_of_with_value_day_and_nadir(client, models):
    rise = (DAY, "m_protein", 0.8)
    (said,) = progressing(client, rise)
    assert said.startswith(f"the results of {DAY}")
    assert "serum M-protein 0.8 g/dL (lowest confirmed before: 0.2 g/dL)" in said
    assert "does not take it for a progression" in said
    row = scored(models["relapse"], person("mm", *TREATED, rise, events=START))
    assert codes(row) == ["progression_unconfirmed"]


def test_less_than_the_criteria_ask_a_later_fall_and_what_was_not_known_yet_are_no_progression(client):
    assert progressing(client, (DAY, "m_protein", 0.6)) == []
    assert progressing(client, ("2022-05-10", "m_protein", 0.8), (DAY, "m_protein", 0.3)) == []
    assert progressing(client, (DAY, "m_protein", 0.8), landmark="2022-01-10") == []


def test_a_later_sample_without_the_marker_takes_nothing_back(client):
    assert len(progressing(client, ("2022-05-10", "m_protein", 0.8), (DAY, "hemoglobin", 12.0))) == 1


def test_it_is_what_the_course_says_of_the_visit(client):
    history = person("mm", *TREATED, (DAY, "m_protein", 0.8), events=START)
    visits = client.post("/v1/course", json=history).json()["visits"]
    assert (visits[-1]["visit_response"], visits[-1]["progression_confirmed_on"]) == ("PD", None)
    assert len(progressing(client, (DAY, "m_protein", 0.8))) == 1


def test_once_confirmed_there_is_no_risk(client):
    history = person("mm", *TREATED, ("2022-05-10", "m_protein", 0.8), (DAY, "m_protein", 0.9), events=START)
    assert client.post("/v1/risk", json=history | {"task": "relapse"}).json()["errors"][0]["code"] == "progressed"
