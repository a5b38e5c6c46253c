"""Histories that people leave early: what is known afterwards ends there, and the figures speak of the parts they name."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from benchmarks.honesty import censoring
from benchmarks.honesty.censoring import (
    _LEAST_ROWS,
    CASES,
    Case,
    Visits,
    by_findings,
    by_truth,
    judged,
    leaving_days,
    left,
    measured,
    ratios,
    true_burden,
)
from features import build_table
from features.intake.quality import clean
from features.simulation.smm import DEFAULT, simulate


@pytest.fixture(scope="module")
def cohort():
    return clean(simulate(60, 3, DEFAULT))[0]


@pytest.fixture(scope="module")
def rows(cohort, smm_plan):
    return build_table(cohort, smm_plan.task).rows


def test_nobody_leaves_at_a_rate_of_nearly_nothing_and_everybody_soon_at_a_high_one(rows):
    assert leaving_days(rows, np.full(len(rows), 1e-9), 1).empty
    soon = leaving_days(rows, np.full(len(rows), 400.0), 1)
    first = rows.groupby("patient_id")["landmark"].min()
    assert ((soon - first[soon.index]).dt.days <= 30).mean() > 0.9


@pytest.mark.parametrize("cause", ["treatment_start", "last_contact"])
def test_what_became_known_after_somebody_left_is_gone(cohort, rows, smm_plan, cause):
    day = leaving_days(rows, np.full(len(rows), 0.5), 1)
    after = left(cohort, day, cause)
    of_result = after.measurements["patient_id"].astype(str).map(day)
    assert len(after.measurements) < len(cohort.measurements) and not (after.measurements["available_at"] >= of_result).any()
    table = build_table(after, smm_plan.task).rows
    ends = table["landmark"] + pd.to_timedelta(table["time_to_event"], unit="D")
    of_those = table["patient_id"].isin(day.index)
    assert (ends[of_those] == table.loc[of_those, "patient_id"].map(day)).all()
    assert set(table.loc[of_those, "censored_by"]) == {"treatment" if cause == "treatment_start" else "last_contact"}


def test_treatment_by_findings_rises_with_both_and_is_bounded():
    found = pd.DataFrame({"m_protein__last__ever": [1.2, 3.0, 3.0, 30.0, np.nan], "flc_ratio__last__ever": [5.0, 5.0, 40.0, 90.0, np.nan]})
    rate = by_findings(Visits(found, np.zeros(5), np.zeros(5)))
    assert rate[0] < rate[1] < rate[2] < rate[3] == 1.5 and rate[4] == rate[0]


def test_a_rate_by_what_is_true_is_that_of_the_average_there_and_bounded():
    visits = Visits(pd.DataFrame(), np.array([0.06, 0.12, 1.0]), np.array([17.5, 70.0, 95.0]))
    assert by_truth("burden", 0.04, 1.5)(visits) == pytest.approx([0.04, 0.32, 0.04 * (95 / 17.5) ** 1.5])
    assert by_truth("risk", 0.2, 1.0)(visits) == pytest.approx([0.2, 0.4, 1.5])


def test_the_true_burden_is_what_the_marrow_is_measured_around(rows):
    taken_now = (rows["bmpc__age_days__ever"] == 0).to_numpy()
    ratio = rows["bmpc__last__ever"].to_numpy()[taken_now] / true_burden(DEFAULT, 60, 3, rows)[taken_now]
    assert taken_now.sum() > 30 and np.median(ratio) == pytest.approx(1.0, abs=0.1) and np.abs(np.log(ratio)).max() < 1.5


def test_ratios_are_of_the_parts_they_name_and_small_parts_have_none():
    n = 2 * _LEAST_ROWS
    rows = pd.DataFrame({"index_date": pd.Timestamp("2020-01-01"), "landmark": pd.Timestamp("2020-01-01")}, index=range(n + 1))
    rows.loc[n // 2 :, "landmark"] = pd.Timestamp("2029-01-01")
    rows.loc[n, "landmark"] = pd.Timestamp("2021-01-01")
    true, risk = np.full(n + 1, 0.1), np.where(np.arange(n + 1) < n // 2, 0.1, 0.2)
    found = ratios(rows, true, risk)
    assert found["0 y"] == pytest.approx(1.0) and found["8 y"] == pytest.approx(0.5)
    assert "1 y" not in found and "0.5 y" not in found


def test_every_case_names_a_way_to_leave_or_none():
    assert {case.cause for case in CASES.values()} == {"", "treatment_start", "last_contact"}


@pytest.mark.slow
def test_a_cox_that_knows_the_time_since_diagnosis_is_as_right_at_diagnosis_as_years_later_and_the_reference_is_not(smm_plan):
    plan = replace(smm_plan, models={name: smm_plan.models[name] for name in ("cox", smm_plan.reference)})
    rows, true, risks = judged(Case(DEFAULT), plan, 2500, 6)
    found = {name: ratios(rows, true[:, 1], risk[:, 1]) for name, risk in risks.items()}
    early_to_late = {name: of["0 y"] / of["6.5 y"] for name, of in found.items()}
    assert 0.9 < early_to_late["cox"] < 1.1
    assert early_to_late[smm_plan.reference] > 1.15


def test_every_model_is_asked_but_the_one_that_gaps_are_measured_from(monkeypatch, smm_plan):
    n = _LEAST_ROWS
    rows = pd.DataFrame({"index_date": pd.Timestamp("2020-01-01"), "landmark": pd.Timestamp("2020-01-01")}, index=range(n))
    true, right = np.full((n, 3), 0.1), np.full((n, 3), 0.1)
    risks = {"boosting": right, "logistic": right * 2, smm_plan.reference: right * 2}
    monkeypatch.setattr(censoring, "CASES", {"a world": Case(DEFAULT)})
    monkeypatch.setattr(censoring, "judged", lambda *_: (rows, true, risks))
    assert [goal.holds for goal in measured()] == [True, False, None]
