"""A risk as people read it, of which day it is, and what it rests on."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from myeloma import calendar
from myeloma.calendar import date_of
from serving.answer.basis import basis_of, intended_use
from serving.answer.shown import PAST_AFTER_DAYS, as_of, of_the_present, percent_text, shown
from tests.model_kinds import artifact_of

TODAY = int(np.datetime64("2022-07-10", "D").astype(int))
NOW = as_of(TODAY, 0.0, 100.0, TODAY)


@given(st.floats(0, 1))
def test_percent_are_whole_and_half_is_up(risk):
    said = shown(risk, (None, None), None, 24, NOW)
    assert abs(said.percent - 100 * risk) <= 0.5 + 1e-6
    assert said.text == f"{percent_text(risk)} within 2 years"
    assert not re.search(r"\d\.\d", said.text)


@pytest.mark.parametrize(
    ("risk", "low", "high", "text"),
    [
        (0.18, 0.12, 0.25, "18 % within 2 years, between 12 and 25 %"),
        (0.004, 0.001, 0.012, "< 1 % within 2 years, between < 1 and 1 %"),
        (0.997, 0.99, 0.999, "> 99 % within 2 years, between 99 and > 99 %"),
    ],
)
def test_risk_and_interval_in_words(risk, low, high, text):
    assert shown(risk, (low, high), None, 24, NOW).text == text


@pytest.mark.parametrize(("since", "past"), [(0, False), (PAST_AFTER_DAYS, False), (PAST_AFTER_DAYS + 1, True)])
def test_without_a_result_for_more_than_a_year_a_risk_is_what_it_was(since, past):
    when = as_of(TODAY, 0.0, 30.0, TODAY + since)
    assert when.is_past == past
    assert shown(0.18, (None, None), None, 24, when).text.startswith("was ") == past
    assert (when.landmark, when.last_result_on, when.oldest_result_on) == ("2022-07-10", "2022-07-10", "2022-06-10")


def test_the_chance_to_die_first_is_shown_in_whole_percent_too():
    assert shown(0.18, (None, None), 0.025, 24, NOW).die_first == 3
    assert shown(0.18, (None, None), None, 24, NOW).die_first is None


def test_without_any_result_nothing_is_of_today():
    when = as_of(TODAY, None, None, TODAY)
    assert (when.is_past, when.last_result_on) == (True, None)


@pytest.mark.parametrize(
    ("ago", "old", "text"),
    [
        (0, 365, "18 % within 2 years"),
        (0, 366, "18 % within 2 years (of 2022-07-10, from results 366 days old)"),
        (365, 1604, "18 % within 2 years (of 2022-07-10, from results 1604 days old)"),
        (366, 1604, "was 18 % within 2 years (on 2022-07-10)"),
        (100, 365, "was 18 % within 2 years (on 2022-07-10)"),  # of an earlier day, on which no result was old
    ],
)
def test_a_risk_of_the_present_from_old_results_is_not_told_as_one_of_the_past(ago, old, text):
    when = of_the_present(as_of(TODAY, float(old), float(old), TODAY + ago))
    assert shown(0.18, (None, None), None, 24, when).text == text


def test_who_asks_for_today_of_old_results_is_told_the_risk_of_today(client, history):
    today = date_of(calendar.today())
    answer = client.post("/v1/risk", json={**history, "landmark": today}).json()
    days = calendar.today() - TODAY
    assert all(risk["shown"]["text"].endswith(f"(of {today}, from results {days} days old)") for risk in answer["risks"])
    assert not any(risk["shown"]["text"].startswith("was ") for risk in answer["risks"])
    assert any(f"the last result is of 2022-07-10, {days} days before {today}" in line for line in answer["warnings"])
    assert not any("not today's" in line for line in answer["warnings"])
    assert answer["as_of"]["is_past"] and " had " not in answer["event_free"]["text"]


def test_the_answer_says_of_which_day_it_is_and_what_it_rests_on(client, history):
    answer = client.post("/v1/risk", json=history).json()
    assert answer["as_of"] | {"answered_on": ""} == {
        "landmark": "2022-07-10",
        "last_result_on": "2022-07-10",
        "oldest_result_on": "2022-01-10",
        "answered_on": "",
        "is_past": True,
    }
    assert any("the last result is of 2022-07-10, more than 365 days ago" in line for line in answer["warnings"])
    for risk in answer["risks"]:
        assert risk["shown"]["text"].startswith("was ")
        assert risk["shown"]["percent"] == pytest.approx(100 * risk["risk"], abs=0.5)
    basis = answer["basis"]
    assert basis["data"]["people"] == "simulated"
    assert basis["population"] == "people with smoldering multiple myeloma, untreated, at a visit"
    assert basis["outcome"] == "progression within the horizon; death competes"
    assert {"program", "xgboost", "catalogue"} <= basis["versions"].keys()


def test_the_intended_use_is_that_of_the_page_in_docs():
    page = " ".join(Path("docs/intended_use.md").read_text().split())
    statements = [line for under in intended_use().values() for line in under]
    assert len(statements) > 10
    assert all(statement in page for statement in statements)


def test_validation_holds_the_figures_of_its_horizons_alone():
    figures = {"auc_24m": 0.8, "auc_24m_lo": 0.7, "auc_36m": 0.9, "oe_ratio_12m": 1.1, "brier_24m": 0.1, "auc_24m_at_2y": 0.5}
    assert basis_of(replace(artifact_of("logistic"), figures=figures)).validation == {
        "auc_24m": 0.8,
        "auc_24m_lo": 0.7,
        "oe_ratio_12m": 1.1,
    }
