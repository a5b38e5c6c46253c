"""What is noticed about the table: the smallest case that shows each, and the nearest that does not."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features import FeatureSpec, FeatureTable
from tests.features.history.burden.twin import BURDEN
from training.evaluation.diagnoses.of_data import borrowed_burden, outcome_like, same_person, thin_horizons

EVENTS = 20  # with the event, and as many without


def told(values, events=EVENTS):
    """Return what is said of a column whose first `events` people have the event."""
    n = len(values)
    case = (np.arange(n) < events).astype(float)
    return outcome_like(pd.DataFrame({"x": values}, dtype=float), pd.Series(range(n)), case, 1 - case, 24)


def ranked(wrong):
    """Return values that put the people with the event above all others, but for so many of either."""
    return [1.0] * (EVENTS - wrong) + [0.0] * wrong + [0.0] * (EVENTS - wrong) + [1.0] * wrong


def test_a_column_that_alone_tells_nineteen_of_twenty_is_like_the_outcome():
    assert told(ranked(1)).found == "almost alone tell who has the event within 24 months: x by its value"
    assert told(ranked(2)) is None  # an AUC of 0.9


def test_the_other_way_round_it_is_too():
    assert told([-value for value in ranked(1)]) is not None


def test_a_column_that_is_missing_for_those_with_the_event_is_like_the_outcome():
    values = np.linspace(0, 1, 2 * EVENTS)
    values[:EVENTS] = np.nan
    assert told(values).found.endswith("x by whether it has one")
    values[: EVENTS // 2] = 0.5
    assert told(values) is None


def test_fewer_than_twenty_people_with_the_event_tell_nothing():
    assert told(ranked(0)[1:], events=EVENTS - 1) is None


def test_rows_without_a_known_outcome_do_not_count():
    values, case = np.array([*ranked(0), *[1.0] * 40]), np.zeros(80)
    case[:EVENTS] = 1
    control = np.zeros(80)
    control[EVENTS : 2 * EVENTS] = 1
    assert outcome_like(pd.DataFrame({"x": values}), pd.Series(range(80)), case, control, 24) is not None


def test_a_thin_horizon_is_named_with_the_reason_and_without_the_advice():
    found = thin_horizons({12: "fewer than 10 people here progress within 12 months, at least 20 are needed; pool more people.", 24: ""})
    assert found.found == "12 months: fewer than 10 people here progress within 12 months, at least 20 are needed"
    assert thin_horizons({12: "", 24: ""}) is None


def visit(patient_id, part, m_protein=1.5, hemoglobin=12.1, day="2020-03-01", sex="female", age=60.0):
    return patient_id, pd.Timestamp(day), sex, age, m_protein, hemoglobin, part


def twice(*visits):
    columns = ["patient_id", "landmark", "sex", "age", "m_protein__last__ever", "hemoglobin__last__ever", "part"]
    rows = pd.DataFrame(list(visits), columns=columns)
    return same_person(rows.drop(columns="part"), rows["part"].to_numpy())


def test_two_identifiers_with_the_same_results_on_one_day_on_two_sides_of_a_split_are_one_person():
    found = twice(visit("a", part=-1), visit("b", part=0))
    assert found.found.endswith("likely one person: fewer than 10"), "nobody is counted who is one of few, or named"


@pytest.mark.parametrize(
    ("what", "other"),
    [
        ("on one side", {"part": -1}),
        ("a result differs", {"hemoglobin": 12.2}),
        ("one result is too few", {"hemoglobin": np.nan}),
        ("another day", {"day": "2020-03-02"}),
        ("the other sex", {"sex": "male"}),
        ("a sex that is not known", {"sex": ""}),
        ("more than a year older", {"age": 61.1}),
        ("an age that is not known", {"age": np.nan}),
    ],
)
def test_two_people_are_not_one_where(what, other):
    assert twice(visit("a", part=-1), visit("b", **{"part": 0} | other)) is None, what


def test_a_year_more_or_less_of_age_is_the_same_age():
    assert twice(visit("a", part=-1, age=60.0), visit("b", part=0, age=60.9)) is not None


def test_another_day_on_which_a_result_differs_tells_them_apart():
    later = {"day": "2020-09-01"}
    assert twice(visit("a", -1), visit("b", 0), visit("a", -1, **later), visit("b", 0, m_protein=2.0, **later)) is None


def test_a_result_that_stands_on_for_years_counts_once():
    alone = {"hemoglobin": np.nan}
    days = ("2020-03-01", "2020-09-01")
    assert twice(*(visit(name, part, day=day, **alone) for name, part in (("a", -1), ("b", 0)) for day in days)) is None


@pytest.mark.parametrize("written", ["p7", " P7", "0P7"])
def test_identifiers_that_differ_in_how_they_are_written_are_one(written):
    assert twice(visit("P7", part=-1), visit(written, part=0, m_protein=3.0, hemoglobin=9.0)) is not None


def test_the_same_number_of_somebody_of_another_age_is_another_person():
    assert twice(visit("7", part=-1), visit("007", part=0, m_protein=3.0, hemoglobin=9.0, age=70.0)) is None


def test_a_table_without_latest_values_is_searched_by_identifier_alone():
    rows = pd.DataFrame([visit(name, 0)[:4] for name in ("P7", "p7", "b")], columns=["patient_id", "landmark", "sex", "age"])
    assert same_person(rows, np.array([-1, 0, 0])) is not None
    assert same_person(rows[1:], np.array([-1, 0])) is None


def test_as_many_alike_of_the_other_sex_say_that_it_is_chance():
    by_chance = [visit("c", -1, 2.5), visit("d", 0, 2.5, sex="male")]
    assert twice(visit("a", -1), visit("b", 0), *by_chance) is None


@pytest.mark.parametrize(
    ("source", "people", "says"),
    [
        ("tabular", "simulated", "of simulated people"),
        ("tabular", "unknown", "of people that nobody describes"),
        ("tabular", "real", ""),
        ("simulated", "simulated", ""),
        ("", "simulated", ""),  # of a table that does not say of whom it is nothing can be said
    ],
)
def test_parameters_of_the_burden_that_are_of_nobody_real_are_told_of_real_people(source, people, says):
    spec = FeatureSpec((), (), (), ("age", "burden_growth"), replace(BURDEN, people=people))
    found = borrowed_burden(FeatureTable(pd.DataFrame(), spec, {"source": source}))
    assert (found.found if found else "").endswith(says)
    assert (found is None) == (says == "")


def test_a_task_without_the_burden_borrows_none():
    assert borrowed_burden(FeatureTable(pd.DataFrame(), FeatureSpec((), (), (), ("age",)), {"source": "tabular"})) is None
