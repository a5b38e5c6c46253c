"""What is noticed about one model: the smallest case that shows each, and the nearest that does not."""

import numpy as np
import pandas as pd
import pytest

from training.evaluation.diagnoses.of_fit import EDGE, adds_nothing, no_better_than_score, one_input, overfitting, search_edge
from training.fitting.searched import Searched, read_searched, write_searched

COLUMNS = ["age", "m_protein__last__ever", "m_protein__slope__ever"]


def weights(m_protein, age):
    return pd.DataFrame({"horizon": 24, "biomarker": ["m_protein", "age"], "log_odds": [m_protein, age], "share": [m_protein, age]})


def differences(*lines):
    columns = ["reference", "horizon", "measure", "threshold", "difference", "lo", "hi"]
    return pd.DataFrame(lines, columns=columns)


def test_a_model_that_ranks_people_it_knows_better_than_chance_explains_is_overfitted():
    found = overfitting(seen=0.76, unseen=0.70, upper=0.75, months=24)
    assert found.code == "overfitting"
    assert "0.760" in found.found and "0.750" in found.found and "0.700" in found.found
    assert overfitting(seen=0.75, unseen=0.70, upper=0.75, months=24) is None


def test_without_an_interval_nothing_is_said_of_overfitting():
    assert overfitting(seen=0.9, unseen=0.7, upper=np.nan, months=24) is None


def test_an_input_with_more_than_two_thirds_of_the_contributions_carries_the_model():
    assert one_input(weights(0.67, 0.33), COLUMNS, 24).found == "m_protein has 67% of all contributions at 24 months"
    assert one_input(weights(2 / 3, 1 / 3), COLUMNS, 24) is None


def test_a_model_that_was_given_one_input_is_not_said_to_rest_on_it():
    assert one_input(weights(1.0, 0.0), ["m_protein__last__ever", "m_protein__slope__ever"], 24) is None


def test_an_input_without_any_contribution_adds_nothing():
    assert adds_nothing(weights(0.4, 0.0), COLUMNS, []).found == "without any contribution, of 2 inputs: age"
    assert adds_nothing(weights(0.4, 1e-9), COLUMNS, []) is None


def test_a_contribution_at_another_horizon_counts():
    both = pd.concat([weights(0.4, 0.0), weights(0.4, 0.1).assign(horizon=12)])
    assert adds_nothing(both, COLUMNS, []) is None


def test_a_column_without_a_value_adds_nothing_though_its_input_does():
    found = adds_nothing(weights(0.4, 0.1), COLUMNS, ["m_protein__slope__ever"])
    assert found.found == "without a value on any row, of 3 columns: m_protein__slope__ever"


def test_what_a_model_was_not_given_it_need_not_use():
    assert adds_nothing(weights(0.4, 0.0), ["m_protein__last__ever"], ["m_protein__slope__ever"]) is None


@pytest.mark.parametrize(("value", "end"), [(1.0, "lower"), (1 + 8.9 * EDGE, "lower"), (10 - 8.9 * EDGE, "upper"), (10.0, "upper")])
def test_a_search_ends_at_an_edge_of_its_range(value, end):
    assert f"at the {end} end of 1 to 10" in search_edge("boosting", [Searched("l2", value, 1, 10)]).found


@pytest.mark.parametrize("value", [1 + 9.1 * EDGE, 5, 10 - 9.1 * EDGE])
def test_a_search_that_ends_within_its_range_says_nothing(value):
    assert search_edge("boosting", [Searched("l2", value, 1, 10)]) is None


def test_what_was_drawn_by_its_logarithm_is_placed_by_it():
    near = 1.15  # of 1 to 1000: 0.0002 of the range, 0.02 of its logarithm
    assert search_edge("cox", [Searched("penalty", near, 1, 1000, log=True)]) is None
    assert search_edge("cox", [Searched("penalty", near, 1, 1000, log=False)]) is not None
    assert search_edge("cox", []) is None


def test_a_search_on_another_table_is_not_read(tmp_path):
    searched = [Searched("penalty", 0.1, 1e-5, 1.0, log=True)]
    write_searched(tmp_path / "cox.json", searched, {"cohort_hash": "a"})
    assert read_searched(tmp_path / "cox.json", {"cohort_hash": "a"}) == searched
    assert read_searched(tmp_path / "cox.json", {"cohort_hash": "b"}) == []
    assert read_searched(tmp_path / "boosting.json", {"cohort_hash": "a"}) == []


def test_a_model_whose_interval_of_the_brier_score_reaches_that_of_a_score_is_not_shown_to_be_better():
    found = no_better_than_score(differences(("mayo", 24, "brier", np.nan, -0.01, -0.02, 0.0)), ["mayo"], 24, [])
    assert found.found == "at 24 months, Brier score less that of mayo is -0.0100 (-0.0200 to 0.0000), better below 0"
    better = differences(("mayo", 24, "brier", np.nan, -0.01, -0.02, -0.001))
    assert no_better_than_score(better, ["mayo"], 24, []) is None


def test_the_score_that_comes_nearest_is_the_one_to_beat():
    table = differences(("far", 24, "brier", np.nan, -0.03, -0.04, 0.01), ("near", 24, "brier", np.nan, -0.01, -0.02, -0.001))
    assert no_better_than_score(table, ["far", "near"], 24, []) is None


def test_net_benefit_counts_where_one_would_act_and_nowhere_else():
    brier = ("mayo", 24, "brier", np.nan, -0.01, -0.02, -0.001)
    table = differences(brier, ("mayo", 24, "net_benefit", 0.1, 0.001, 0.0, 0.002))
    assert "net benefit from 10%" in no_better_than_score(table, ["mayo"], 24, [0.1]).found
    assert no_better_than_score(table, ["mayo"], 24, [0.2]) is None


@pytest.mark.parametrize("scores", [[], ["imwg"]])
def test_without_a_published_score_on_the_same_rows_nothing_is_said(scores):
    table = differences(("cox", 24, "brier", np.nan, 0.01, 0.0, 0.02))
    assert no_better_than_score(table, scores, 24, []) is None
