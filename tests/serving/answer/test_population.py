"""For whom a risk is meant: cases, and a second implementation in plain Python over a hundred thousand generated histories."""

import random
from dataclasses import replace
from datetime import date, timedelta

import pandas as pd
import pytest
from fastapi.testclient import TestClient

from features import cohort_of_frames
from serving.artifact import load_artifact
from serving.batch import SCORED, score_landmarks
from serving.http.api import make_app
from tests.serving.conftest import HISTORY

DAY = date(2020, 1, 1)


@pytest.fixture(scope="module")
def artifact(trained):
    return load_artifact(trained.folder / "fit" / "logistic" / "artifact")


def refused(client, history, **patient):
    history["patient"] |= patient
    response = client.post("/v1/risk", json=history)
    return None if response.status_code == 200 else response.json()["errors"][0]


@pytest.mark.parametrize(
    ("treatment", "said"),
    [("censor", "progression, treatment or death"), ("composite", "progression, treatment or death"), ("ignore", "progression or death")],
)
def test_treatment_is_said_to_end_eligibility_only_where_it_does(artifact, history, treatment, said):
    client = TestClient(make_app({"smm": replace(artifact, about=artifact.about | {"treatment": treatment})}))
    day = history["measurements"][-1]["collected_at"]

    def answered(kind):
        return refused(client, {**history, "events": [{"occurred_at": day, "kind": kind}], "landmark": day})

    assert answered("progression")["message"].endswith(f" a day from the index date on, before {said}")
    assert (answered("treatment_start") is None) == (treatment == "ignore")


def measured(history, **values):
    units = {"m_protein": "g/dL", "bmpc": "%", "urine_m_protein": "mg/24h"}
    history["measurements"] = [
        {"collected_at": "2022-01-10", "biomarker": name, "value": value, "unit": units[name]} for name, value in values.items()
    ]
    return history


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ({"m_protein": 3.0}, True),
        ({"m_protein": 2.9}, False),
        ({"m_protein": 2.9, "bmpc": 10}, True),
        ({"m_protein": 2.9, "bmpc": 9}, False),
        ({"m_protein": 0.5, "urine_m_protein": 500}, True),
        ({"m_protein": 0.5, "urine_m_protein": 499}, False),
        ({"m_protein": "<3"}, False),  # less than 3 is not 3
        ({"m_protein": 0.5, "bmpc": "<10"}, False),
        ({"m_protein": 0.5, "urine_m_protein": "<500"}, False),
        ({"m_protein": ">3"}, True),
    ],
)
def test_without_a_stage_the_results_have_to_show_smoldering_disease(client, history, values, shown):
    found = refused(client, measured(history, **values))
    assert (found is None) == shown
    assert shown or found["code"] == "stage_unknown"
    assert shown or "10 to below 60 %" in found["message"]


def test_a_stage_that_is_stated_needs_no_results_to_show_it(client, history):
    assert refused(client, measured(history, m_protein=0.4), stage="smm") is None
    found = refused(client, history, stage="mgus")
    assert (found["code"], found["received"]) == ("other_stage", "stage mgus")


def test_what_shows_the_stage_only_after_the_landmark_does_not_show_it(client, history):
    history = measured(history, m_protein=1.0)
    history["measurements"].append({"collected_at": "2022-09-01", "biomarker": "bmpc", "value": 30, "unit": "%"})
    history["landmark"] = "2022-02-01"
    assert refused(client, history)["code"] == "stage_unknown"


@pytest.mark.parametrize(("born", "code"), [("2004-07-11", "under_age"), ("2004-07-10", None), (None, None)])
def test_nobody_under_18_on_the_day_is_shown_a_risk(client, history, born, code):
    found = refused(client, history, birth_date=born)
    assert (found or {}).get("code") == code


@pytest.mark.parametrize("bmpc", [80, 60, ">60", ">=60"])
def test_of_marrow_of_myeloma_now_the_criteria_speak(client, history, bmpc):
    answer = client.post("/v1/risk", json=measured(history, m_protein=1.0, bmpc=bmpc)).json()
    assert answer["risks"] == []
    assert any("criteria for active myeloma may be met" in line for line in answer["warnings"])


def test_marrow_of_myeloma_once_shows_no_smoldering_disease_later(client, history):
    history = measured(history, m_protein=1.0, bmpc=80)
    history["measurements"].append({"collected_at": "2022-06-01", "biomarker": "bmpc", "value": 20, "unit": "%"})
    assert refused(client, history)["code"] == "stage_unknown"


def test_nobody_is_taken_for_mgus_whom_the_urine_shows_to_have_more(trained, history):
    artifact = load_artifact(trained.folder / "fit" / "logistic" / "artifact")
    client = TestClient(make_app({"mgus": replace(artifact, about=artifact.about | {"population": "mgus"})}))
    assert refused(client, measured(history, m_protein=1.0, bmpc=5)) is None
    assert refused(client, measured(history, m_protein=1.0, bmpc="<10")) is None
    assert refused(client, measured(history, m_protein=1.0, bmpc=5, urine_m_protein=800))["code"] == "stage_unknown"


def test_a_treated_person_is_pointed_to_what_there_is_for_treated_people(client, history):
    history["events"] = [{"occurred_at": "2022-05-04", "kind": "treatment_start", "detail": "VRd"}]
    found = refused(client, history)
    assert found["code"] == "treated"
    assert "relapse" in found["message"]
    assert "course" in found["message"]


def generated(n, seed=1):
    """Return a cohort of people of whom anything may be missing or have happened, as plain rows and as frames, and a day for each."""
    rng = random.Random(seed)
    people, results, events, days = [], [], [], []
    for k in range(n):
        name, index = f"p{k:06}", DAY + timedelta(days=rng.randrange(400))
        born = index - timedelta(days=rng.choice([rng.randrange(15 * 365, 21 * 365), rng.randrange(40 * 365, 90 * 365)]))
        stage = rng.choice(["smm", "smm", "smm", "mgus", "mm", "", "", "", "", ""])
        people.append({"patient_id": name, "index_date": index, "birth_date": born if rng.random() < 0.8 else None, "stage": stage})
        for offset in rng.sample(range(900), rng.randrange(1, 4)):
            biomarker, unit, value = [
                ("m_protein", "g/dL", round(rng.uniform(0.1, 4.0), 1)),
                ("bmpc", "%", rng.randrange(1, 30)),
                ("urine_m_protein", "mg/(24.h)", rng.randrange(1, 900)),
            ][rng.randrange(3)]
            day = index + timedelta(days=offset)
            results.append({"patient_id": name, "collected_at": day, "biomarker": biomarker, "value": value, "unit": unit})
        for kind in ("treatment_start", "progression", "death"):
            if rng.random() < 0.2:
                day = index + timedelta(days=rng.randrange(*((1000, 1400) if kind == "death" else (1, 1000))))
                events.append({"patient_id": name, "occurred_at": day, "kind": kind})
        days.append(index + timedelta(days=rng.randrange(-30, 1500)))
    return people, results, events, days


LIMITS = {"m_protein": 3.0, "bmpc": 10, "urine_m_protein": 500}


def is_untreated_adult(person, events, day):
    """Say in plain Python whether a person stands there on a day untreated, not progressed, alive and grown up."""
    if day < person["index_date"] or any(event["occurred_at"] <= day for event in events):
        return False
    born = person["birth_date"]
    return not born or day.year - born.year - ((day.month, day.day) < (born.month, born.day)) >= 18


def has_smoldering_disease(person, results, events, day):
    """Say whether the person is one with smoldering disease: by what was stated, else by any result."""
    shown = any(one["value"] >= LIMITS[one["biomarker"]] for one in results if one["collected_at"] <= day)
    return is_untreated_adult(person, events, day) and (person["stage"] == "smm" or (not person["stage"] and shown))


def has_mgus(person, results, events, day):
    """Say whether the person is one with MGUS: stated, and no latest result above it; else by all results of M-protein and marrow."""
    if not is_untreated_adult(person, events, day):
        return False
    known = sorted((one for one in results if one["collected_at"] <= day), key=lambda one: one["collected_at"])
    latest = {one["biomarker"]: one["value"] for one in known}
    if person["stage"] == "mgus":
        return latest.get("m_protein", 0) <= 3.0 and latest.get("bmpc", 0) < 10 and latest.get("urine_m_protein", 0) < 500
    below = all(one["value"] < LIMITS[one["biomarker"]] for one in known)
    return not person["stage"] and below and {"m_protein", "bmpc"} <= set(latest)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("population", "inside", "reasons"),
    [("smm", has_smoldering_disease, {"stage_unknown"}), ("mgus", has_mgus, {"stage_unknown", "stage_contradicted"})],
)
def test_of_a_hundred_thousand_generated_histories_nobody_outside_the_population_is_shown_a_risk(artifact, population, inside, reasons):
    artifact = replace(artifact, about=artifact.about | {"population": population})
    people, results, events, days = generated(100_000)
    cohort, _ = cohort_of_frames(*map(pd.DataFrame, (people, results, events)), strict=True)
    landmarks = pd.DataFrame({"patient_id": [person["patient_id"] for person in people], "landmark": pd.to_datetime(days)})
    scores = score_landmarks(artifact, cohort, landmarks)
    of = {person["patient_id"]: ([], []) for person in people}
    for place, rows in enumerate((results, events)):
        for row in rows:
            of[row["patient_id"]][place].append(row)
    expected = [inside(person, *of[person["patient_id"]], day) for person, day in zip(people, days, strict=True)]
    found = scores["status"].isin([SCORED, "criteria_met"])
    assert found.tolist() == expected
    assert {"smm": 0.05, "mgus": 0.01}[population] < found.mean() < 0.6
    assert {"under_age", "treated", "dead", "progressed", "other_stage", "before_index"} | reasons <= set(scores["status"])
    assert scores.loc[scores["status"] != SCORED, "risk_24m"].isna().all()


def test_the_smallest_history_of_the_tests_is_one_inside(client):
    assert refused(client, HISTORY | {"patient": dict(HISTORY["patient"])}) is None
