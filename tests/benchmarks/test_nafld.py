"""nafld becomes the three tables of an ingest: everybody from the index day, and what happened before it said as it is."""

import pandas as pd
import pytest
import yaml

from benchmarks.honesty.nafld import KINDS, PARAMS
from benchmarks.honesty.nafld.tables import UNITS, tables_of


@pytest.fixture
def tables():
    people = pd.DataFrame({"id": [1, 2], "age": [57, 60], "male": [0, 1], "bmi": [22.7, None], "futime": [100, 40], "status": [0, 1]})
    results = pd.DataFrame({"id": [1, 2], "days": [-31, 0], "test": ["hdl", "smoke"], "value": [75.0, 1.0]})
    endpoints = pd.DataFrame({"id": [1, 1, 2], "days": [-1, 30, 20], "event": ["stroke", "MI", "diabetes"]})
    return tables_of(people, results, endpoints)


def test_a_person_enters_at_the_index_day_with_age_and_sex(tables):
    assert tables["patients"].astype(str).to_numpy().tolist() == [["1", "2000-01-01", "57", "female"], ["2", "2000-01-01", "60", "male"]]


def test_results_keep_their_days_before_the_index_day_and_the_body_mass_index_is_one_of_that_day(tables):
    assert tables["measurements"].astype(str).to_numpy().tolist() == [
        ["1", "1999-12-01", "hdl", "75.0", "mg/dL"],
        ["2", "2000-01-01", "smoke", "1.0", "{presence}"],
        ["1", "2000-01-01", "bmi", "22.7", "kg/m2"],
    ]


def test_heart_attack_and_stroke_are_the_event_and_diabetes_is_none(tables):
    assert tables["events"].astype(str).to_numpy().tolist() == [
        ["1", "1999-12-31", "progression"],
        ["1", "2000-01-31", "progression"],
        ["1", "2000-04-10", "last_contact"],
        ["2", "2000-02-10", "death"],
    ]


def test_the_task_takes_biomarkers_that_have_a_unit_and_both_weightings_of_each_kind():
    params = yaml.safe_load(PARAMS.read_text())
    assert set(params["tasks"]["nafld"]["biomarkers"]) <= set(UNITS)
    models = params["training"]["nafld"]["models"]
    for kind in KINDS:
        assert models[f"{kind}_visits"] == {**models[kind], "kind": kind, "weighting": "visits"}
        assert models[kind]["weighting"] == "patients"
