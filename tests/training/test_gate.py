"""The gate: every demand, at every horizon, on held-out figures."""

import pytest

from training.gate import judge


@pytest.fixture
def good(smm_task):
    return {f"{name}_{h}m": value for h in smm_task.horizons for name, value in (("auc", 0.8), ("ipa", 0.2), ("oe_ratio", 1.0))}


def test_a_model_that_meets_every_demand_is_promoted(good, smm_task):
    assert judge(good, smm_task).verdict == "promote"


@pytest.mark.parametrize(("metric", "value"), [("auc_12m", 0.59), ("ipa_24m", 0.0), ("oe_ratio_60m", 1.26), ("oe_ratio_60m", 0.79)])
def test_one_failure_at_one_horizon_holds_it_back_and_says_why(good, smm_task, metric, value):
    verdict = judge(good | {metric: value}, smm_task)
    assert verdict.verdict == "hold"
    assert metric in verdict.failures()


@pytest.mark.parametrize(("metric", "value"), [("auc_12m", 0.6), ("oe_ratio_60m", 1.25), ("oe_ratio_60m", 0.8)])
def test_the_bound_itself_is_accepted(good, smm_task, metric, value):
    assert judge(good | {metric: value}, smm_task).verdict == "promote"


def test_a_figure_that_is_missing_holds_it_back(good, smm_task):
    del good["auc_24m"]
    assert "auc_24m is missing" in judge(good, smm_task).failures()
