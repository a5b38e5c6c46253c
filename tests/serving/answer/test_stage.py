"""A stage that is stated against what the results show: refused, doubted, or left open."""

from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from serving.artifact import load_artifact
from serving.http.api import make_app

UNITS = {"m_protein": "g/dL", "bmpc": "%", "urine_m_protein": "mg/24h"}
DOUBT = "the stage stated is"


@pytest.fixture(scope="module")
def client(trained):
    """Two models of the same numbers, one for smoldering disease and one for MGUS, which does not guard against all criteria."""
    artifact = load_artifact(trained.folder / "fit" / "boosting" / "artifact")
    of_mgus = replace(artifact, about=artifact.about | {"population": "mgus", "criteria_guard": False})
    return TestClient(make_app({"smm": artifact, "mgus": of_mgus}))


@pytest.fixture
def ask(client, history):
    """Return a function: stage, results of one day -> the answer or the one error; `earlier` are results of half a year before."""

    def ask(stage, values, earlier=(), task=None, **more):
        dated = [("2022-07-10", values), ("2022-01-10", dict(earlier))]
        measured = [
            {"collected_at": day, "biomarker": name, "value": value, "unit": UNITS[name]}
            for day, each in dated
            for name, value in each.items()
        ]
        history["patient"] |= {"stage": stage}
        response = client.post("/v1/risk", json=history | {"measurements": measured, "task": task or stage} | more)
        return response.json() if response.status_code == 200 else response.json()["errors"][0]

    return ask


@pytest.mark.parametrize(
    ("values", "refused"),
    [
        ({"m_protein": 1.0, "bmpc": 10}, True),
        ({"m_protein": 1.0, "bmpc": 9.9}, False),
        ({"m_protein": 3.1}, True),
        ({"m_protein": 2.9}, False),
        ({"m_protein": 3.0}, False),  # the limit itself, to which results are rounded: a warning
        ({"m_protein": 3.0, "bmpc": 10}, True),
        ({"m_protein": ">3"}, True),
        ({"m_protein": "<5"}, False),  # open
        ({"m_protein": 1.0, "bmpc": "<20"}, False),
        ({"m_protein": 1.0, "urine_m_protein": 500}, True),
        ({"m_protein": 1.0, "urine_m_protein": 499}, False),
    ],
)
def test_stated_mgus_is_refused_where_the_latest_results_show_smoldering_disease(ask, values, refused):
    found = ask("mgus", values)
    assert (found.get("code") == "stage_contradicted") == refused
    assert bool(found.get("risks")) != refused


def test_the_refusal_names_results_days_and_limits_and_what_to_do(ask):
    found = ask("mgus", {"m_protein": 34, "bmpc": 30} | {"m_protein": 3.4}, earlier={"m_protein": 1.0, "bmpc": 5})
    assert found["where"] == "landmark"
    for said in ("3.4 g/dL of 2022-07-10 (smoldering from 3 g/dL on)", "30 % of 2022-07-10 (smoldering from 10 % on)"):
        assert said in found["message"]
    assert "State smm and ask the task smm; or correct the result" in found["message"]


def test_the_latest_result_counts_and_only_what_was_known_by_the_landmark(ask):
    assert ask("mgus", {"m_protein": 1.0, "bmpc": 5}, earlier={"bmpc": 30})["risks"]
    assert ask("mgus", {"bmpc": 30}, earlier={"m_protein": 1.0}, landmark="2022-02-01")["risks"]


def test_of_marrow_of_myeloma_the_criteria_speak_though_mgus_is_stated(ask):
    found = ask("mgus", {"m_protein": 3.5, "bmpc": 60})
    assert found["risks"] == []
    assert found["warnings"][0].startswith("criteria for active myeloma may be met")


def doubts(answer):
    return [line for line in answer["warnings"] if line.startswith(DOUBT)]


def test_m_protein_of_the_limit_itself_is_a_warning(ask):
    (said,) = doubts(ask("mgus", {"m_protein": 3.0}))
    assert "Serum M-protein 3 g/dL of 2022-07-10 (smoldering from 3 g/dL on)" in said
    assert doubts(ask("mgus", {"m_protein": "<3"})) == doubts(ask("mgus", {"m_protein": 2.9})) == []


@pytest.mark.parametrize(
    ("values", "earlier", "doubted"),
    [
        ({"m_protein": 0.5, "bmpc": 5}, {}, True),
        ({"m_protein": 0.5, "bmpc": "<10"}, {}, True),
        ({"m_protein": 0.5, "bmpc": 10}, {}, False),
        ({"m_protein": 0.5}, {}, False),  # marrow is not known
        ({"m_protein": 0.5, "bmpc": "<20"}, {}, False),
        ({"m_protein": 0.5, "bmpc": 5, "urine_m_protein": 500}, {}, False),
        ({"m_protein": 0.5, "bmpc": 5}, {"bmpc": 12}, False),  # a later sample may have missed
    ],
)
def test_stated_smoldering_disease_is_doubted_where_all_results_show_mgus(ask, values, earlier, doubted):
    answer = ask("smm", values, earlier)
    assert answer["risks"]
    assert bool(doubts(answer)) == doubted
    assert not doubted or "likely too high" in answer["warnings"][0]
