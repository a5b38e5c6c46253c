"""Results reported with < or > : a criterion or a score is settled where all that a limit leaves says the same, else unknown."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.history.sides import Sides
from features.intake.one_person import check_person
from features.table.score_inputs import criteria_of
from myeloma import catalogue
from myeloma.criteria import statuses
from myeloma.scores.score import Factor

NAN = np.nan
NUMBERS = {"calcium": 9.5, "creatinine": 1.0, "hemoglobin": 13.0, "bmpc": 20.0, "flc_ratio": 10.0, "flc_involved": 150.0}
OTHERS = {"age": 60.0, "female": 0.0, "hemoglobin_lower_limit": 13.5, "calcium_upper_limit": 10.2}


def arrays(values):
    return {name: np.array([value]) for name, value in values.items()}


def limit(sign):
    return Sides(np.array([sign in ("<", "?")]), np.array([sign in (">", "?")]))


def told(values, **signs):
    found = criteria_of(arrays(OTHERS | values), {name: limit(sign) for name, sign in signs.items()})
    return {key: status.item() for key, status in found.items()}


@pytest.mark.parametrize(
    ("biomarker", "sign", "value", "key", "expected"),
    [
        ("bmpc", ">", 50.0, "marrow", NAN),
        ("bmpc", ">", 60.0, "marrow", 1.0),
        ("bmpc", "<", 60.0, "marrow", 0.0),
        ("bmpc", "<", 65.0, "marrow", NAN),
        ("hemoglobin", "<", 10.0, "anemia", 1.0),
        ("hemoglobin", "<", 12.0, "anemia", NAN),
        ("hemoglobin", ">", 12.0, "anemia", 0.0),
        ("hemoglobin", ">", 9.0, "anemia", NAN),
        ("creatinine", ">", 2.0, "renal", 1.0),
        ("creatinine", "<", 0.5, "renal", 0.0),
        ("creatinine", "<", 3.0, "renal", NAN),
        ("calcium", ">", 11.0, "calcium", 1.0),
        ("calcium", "<", 12.0, "calcium", NAN),
        ("flc_ratio", ">", 99.0, "light_chains", NAN),
        ("flc_ratio", ">", 100.0, "light_chains", 1.0),
        ("flc_ratio", "<", 100.0, "light_chains", 0.0),
        ("flc_ratio", "?", 50.0, "light_chains", NAN),
    ],
)
def test_a_limit_settles_a_criterion_only_from_the_cut_off_on(biomarker, sign, value, key, expected):
    np.testing.assert_equal(told(NUMBERS | {biomarker: value}, **{biomarker: sign})[key], expected)


def test_a_ratio_that_is_open_upwards_is_not_met_where_the_involved_chain_is_known_to_be_small():
    assert told(NUMBERS | {"flc_ratio": 99.0, "flc_involved": 80.0}, flc_ratio=">")["light_chains"] == 0.0
    np.testing.assert_equal(told(NUMBERS | {"flc_ratio": 99.0, "flc_involved": 80.0}, flc_ratio=">", flc_involved=">")["light_chains"], NAN)


def truths(value, sign):
    below, above = (value * 0.01, value * 0.6, value * 0.999), (value * 1.001, value * 3.0, value * 100.0)
    return [*(below if sign in ("<", "?") else ()), *(above if sign in (">", "?") else ())] or [value]


@given(
    st.dictionaries(st.sampled_from(list(NUMBERS)), st.sampled_from(["<", ">", "?", ""]), max_size=2),
    st.fixed_dictionaries({name: st.floats(0.2 * value, 8.0 * value) for name, value in NUMBERS.items()}),
)
def test_what_is_settled_is_what_every_truth_agrees_on(signs, values):
    found = told(values, **{name: sign for name, sign in signs.items() if sign})
    ways = [{}]
    for name, sign in signs.items():
        ways = [way | {name: truth} for way in ways for truth in truths(values[name], sign)]
    for key, status in found.items():
        possible = {float(statuses(arrays(OTHERS | values | way))[key].item()) for way in ways}
        assert np.isnan(status) or possible == {status}


@pytest.mark.parametrize(
    ("direction", "least", "most", "settled"),
    [
        (">", 1.0, 2.0, True),
        (">", 1.0, 2.1, False),
        ("outside", 2.5, 2.9, True),
        ("outside", 0.1, 9.0, False),  # outside at either end, inside between
        ("outside", 4.1, 9.0, True),
    ],
)
def test_a_factor_of_a_score_is_settled_where_the_whole_range_has_one_level(direction, least, most, settled):
    factor = Factor("x", (2.0,) if direction == ">" else (2.0, 4.0), direction, "")
    assert factor.is_settled(np.array([least]), np.array([most])).tolist() == [settled]


@pytest.mark.parametrize(
    ("biomarker", "written", "key", "expected"),
    [
        *(
            ("bmpc", ">=60", "marrow", 1.0),
            ("bmpc", ">=59", "marrow", NAN),
            ("bmpc", "<=60", "marrow", NAN),
            ("bmpc", "<=59", "marrow", 0.0),
        ),
        *(("hemoglobin", ">=11.5", "anemia", 0.0), ("hemoglobin", "<=11.5", "anemia", NAN), ("creatinine", "<=2", "renal", NAN)),
        *(("calcium", "<=11", "calcium", 0.0), ("calcium", ">=11", "calcium", NAN)),
    ],
)
def test_a_limit_that_is_included_is_neither_weaker_nor_stronger_than_what_was_written(biomarker, written, key, expected):
    person = check_person({"index_date": "2015-01-01"}, [("2015-02-01", None, biomarker, written, catalogue()[biomarker].unit)])
    sign = ("", "<", ">")[person.operator[0]]
    np.testing.assert_equal(told(NUMBERS | {biomarker: person.value[0]}, **{biomarker: sign})[key], expected)
