"""What a table must be to be fitted on: each thing that cannot be is refused with its count, each that says little is told."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.table.table import KEYS, OUTCOMES
from myeloma import ConfigError, DataError
from training.estimators import check_models
from training.fitting.suitable import check_table, thin_horizons, without_values


@pytest.fixture
def changed(mgus_table):
    """Return a function that gives the table with columns changed."""
    return lambda **columns: replace(mgus_table, rows=mgus_table.rows.assign(**columns))


def first(values, value):
    """Return the values with the first one replaced."""
    return np.concatenate([[value], values.to_numpy()[1:]])


def test_a_table_as_it_was_built_is_taken(mgus_table, mgus_task):
    check_table(mgus_table, mgus_task)


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("event", "relapse", "1 of the table's 1384 rows have an event other than none, event, competing"),
        ("time_to_event", np.nan, "no positive number of days"),
        ("time_to_event", 0.0, "no positive number of days"),
        ("hemoglobin__last__ever", np.inf, "an infinite feature"),
    ],
)
def test_a_cell_that_no_build_writes_is_refused(changed, mgus_table, mgus_task, column, value, says):
    with pytest.raises(DataError, match=says) as refusal:
        check_table(changed(**{column: first(mgus_table.rows[column], value)}), mgus_task)
    assert "python -m features build COHORT TABLE --task mgus" in refusal.value.hint


def test_a_row_that_stands_twice_is_refused(mgus_table, mgus_task):
    twice = mgus_table.rows.iloc[[0, *range(len(mgus_table.rows))]]
    with pytest.raises(DataError, match="1 of the table's 1385 rows have the same patient_id and landmark as another"):
        check_table(replace(mgus_table, rows=twice), mgus_task)


def test_too_few_events_are_told_before_a_horizon_that_nobody_reaches(mgus_table, mgus_task):
    rows = mgus_table.rows.assign(time_to_event=np.minimum(mgus_table.rows["time_to_event"], 100.0))
    with pytest.raises(DataError, match="Nobody is followed for 240 months: the longest time after a landmark is 3 months"):
        check_table(replace(mgus_table, rows=rows), mgus_task)
    with pytest.raises(DataError, match="people progress in this table; fitting needs at least 20"):
        check_table(replace(mgus_table, rows=rows.iloc[:30]), mgus_task)


def test_another_feature_hash_and_a_missing_column_are_refused(mgus_table, mgus_task):
    other = replace(mgus_task, features=replace(mgus_task.features, biomarkers=("m_protein",)))
    with pytest.raises(ConfigError, match=r"they differ in biomarkers \(feature_hash"):
        check_table(mgus_table, other)
    with pytest.raises(DataError, match="lacks the column event"):
        check_table(replace(mgus_table, rows=mgus_table.rows.drop(columns="event")), mgus_task)


def test_a_table_that_was_built_under_any_other_rule_is_refused(mgus_table, mgus_plan, other_rule):
    rule, differing = other_rule
    with pytest.raises(ConfigError, match=f"built under other rules than task mgus has: {rule} .*, now ") as refusal:
        check_table(mgus_table, differing(mgus_plan).task)
    assert refusal.value.hint == "build it again: python -m features build COHORT TABLE --task mgus"


@pytest.mark.parametrize("name", [*KEYS, *OUTCOMES])
def test_no_outcome_and_no_key_can_be_a_feature_or_a_covariate(mgus_plan, name):
    with pytest.raises(ConfigError, match=f'Unknown static column "{name}"'):
        replace(mgus_plan.task.features, static=("age", name))
    with pytest.raises(ConfigError, match=f'names the covariate "{name}", which the task has not'):
        check_models(replace(mgus_plan, models={"cox": {"covariates": ["age", name]}}))


def test_a_biomarker_without_a_value_is_named_with_what_to_do(mgus_table, mgus_task, changed):
    assert without_values(mgus_table, mgus_task) == []
    (told,) = without_values(changed(creatinine__last__ever=np.nan), mgus_task)
    assert told.startswith("creatinine has no value on any row")
    assert "take it out of tasks.mgus.biomarkers" in told


def test_features_without_a_value_of_a_biomarker_that_has_some_are_counted(smm_table, smm_task):
    rows = smm_table.rows.assign(bmpc__slope__ever=np.nan, bmpc__trend_pct__ever=np.nan, bmpc__last__ever=1.0)
    spec = replace(smm_table.spec, biomarkers=("bmpc",), statistics=("last", "slope", "trend_pct"))
    (told,) = without_values(replace(smm_table, rows=rows, spec=spec), smm_task)
    assert told == "2 features have no value on any row and add nothing; the first is bmpc__slope__ever"


def test_a_horizon_of_one_class_is_told(mgus_table, mgus_task, changed):
    assert thin_horizons(mgus_table, mgus_task) == []
    later = mgus_table.rows["time_to_event"] + 2000.0
    (told,) = thin_horizons(changed(time_to_event=later), mgus_task)
    assert told.startswith("60 months: the risk at this horizon rests on too little and will not be judged, so the gate will hold")
    assert "only 0 people here progress" in told


def test_a_horizon_that_lies_beyond_the_studys_end_for_nearly_all_visits_is_told(mgus_table, mgus_task):
    """Whoever comes again and again a month before the study's end has events within a year, but nobody was followed so long."""
    rows = mgus_table.rows
    end = (rows["landmark"] + pd.to_timedelta(rows["follow_up"], unit="D")).max()
    late = rows.assign(landmark=end - pd.Timedelta(days=300), follow_up=300.0, time_to_event=np.minimum(rows["time_to_event"], 290.0))
    both = pd.concat([late, late.assign(landmark=end - pd.Timedelta(days=299), follow_up=299.0), rows.nlargest(5, "follow_up")])
    (told,) = thin_horizons(replace(mgus_table, rows=both.reset_index(drop=True)), replace(mgus_task, horizons=(12,)))
    assert "only" in told or "fewer than 10" in told
