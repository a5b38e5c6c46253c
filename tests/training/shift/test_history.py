"""Without history: what is left of a specification, and what history adds to it."""

from dataclasses import replace

import pytest

from features.history.columns import FeatureSpec
from tests.features.history.burden.twin import BURDEN
from training.shift.history import gain_from_history, latest_only


def test_without_history_there_are_latest_values_their_age_and_what_is_static():
    spec = FeatureSpec(("m_protein",), ("365d", "ever"), ("last", "age_days", "count", "slope"), ("age",))
    assert latest_only(spec).columns() == ["age", "m_protein__last__ever", "m_protein__age_days__ever"]


def test_the_course_of_the_burden_is_history():
    spec = FeatureSpec(("m_protein",), ("ever",), ("last", "slope"), ("age", "burden_growth"), BURDEN)
    assert latest_only(spec) == FeatureSpec(("m_protein",), ("ever",), ("last",), ("age",))


@pytest.mark.slow
def test_the_gain_from_history_is_a_paired_difference_on_the_held_out_rows(smm_table, quick, trained):
    found = gain_from_history(smm_table, replace(quick, task=replace(quick.task, horizons=(12, 24, 60))), "cox", trained.folder / "fit")
    assert set(found["reference"]) == {"latest_values_only"}
    assert {"auc", "brier", "net_benefit"} <= set(found["measure"])
    assert found["difference"].notna().all()
