"""Which candidates of a plan are not fitted: one whose fit broke off is told from one that nobody asked for."""

from dataclasses import replace

import pytest

from training.fitting.unfitted import ASKED, asked_in_words, not_fitted, not_fitted_in_words


@pytest.fixture
def plan(smm_plan):
    return replace(smm_plan, models={name: {} for name in ("logistic", "cox")}, reference=None, scores=("mayo_2018",))


def of(asked, *names):
    return {name: {"table": "data/smm/table.parquet", ASKED: asked_in_words(asked)} for name in names}


def test_all_that_the_plan_names_and_that_is_not_there_is_named_in_its_order(plan):
    assert not_fitted(plan, ["cox"]) == ["logistic", "mayo_2018"]
    assert not_fitted_in_words(plan, of(["cox"], "logistic", "cox", "mayo_2018")) == ""


def test_a_fit_that_broke_off_is_told_with_what_fits_the_rest(plan):
    said = not_fitted_in_words(plan, of(["logistic", "cox", "mayo_2018"], "logistic"))
    assert said.startswith("2 of the 3 candidates planned for smm are not fitted: cox, mayo_2018; a fit that was asked for")
    assert "broke off" in said
    assert "python -m training fit data/smm/table.parquet --task smm" in said


def test_one_model_fitted_on_purpose_is_no_broken_fit(plan):
    said = not_fitted_in_words(plan, of(["cox"], "cox"))
    assert "no fit was asked for them (--model)" in said
    assert "broke off" not in said


def test_a_candidate_added_to_the_plan_since_did_not_break_off(plan):
    assert "broke off" not in not_fitted_in_words(plan, of(["cox", "logistic"], "cox", "logistic"))


def test_records_of_before_say_what_is_missing_and_claim_no_reason(plan):
    said = not_fitted_in_words(plan, {"cox": {}})
    assert "are not fitted: logistic, mayo_2018. " in said
    assert "broke off" not in said
    assert "asked" not in said
