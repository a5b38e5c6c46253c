"""Myeloma-defining events: cut-offs as published, two conditions for the light chains, unknown kept apart from not met."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from myeloma.criteria import CRITERIA, CRITERIA_INPUTS, any_met, findings, statuses

NAN = math.nan
ALL_CLEAR = {"calcium": 9.5, "creatinine": 1.0, "hemoglobin": 13.0, "bmpc": 20.0, "flc_ratio": 10.0, "flc_involved": 80.0}
ALL_CLEAR |= {"bone_lesion": 0, "mri_focal_lesions": 0}


def status_of(key, **values):
    return next(found.status for found in findings(values) if found.criterion.key == key)


@pytest.mark.parametrize(
    ("key", "biomarker", "value", "met"),
    [  # Rajkumar, Lancet Oncol 2014;15:e538: hemoglobin, creatinine, calcium strict; marrow and ratio not
        *[("calcium", "calcium", value, met) for value, met in [(10.9, 0), (11.0, 0), (11.1, 1)]],
        *[("renal", "creatinine", value, met) for value, met in [(1.9, 0), (2.0, 0), (2.1, 1)]],
        *[("anemia", "hemoglobin", value, met) for value, met in [(10.1, 0), (10.0, 0), (9.9, 1)]],
        *[("marrow", "bmpc", value, met) for value, met in [(59.9, 0), (60.0, 1), (60.1, 1)]],
        *[("bone", "bone_lesion", value, met) for value, met in [(0, 0), (1, 1)]],
        *[("mri", "mri_focal_lesions", value, met) for value, met in [(0, 0), (1, 0), (2, 1)]],
    ],
)
def test_each_cut_off(key, biomarker, value, met):
    assert status_of(key, **{biomarker: value}) == ("met" if met else "not met")
    assert statuses({biomarker: [value, NAN]})[key].tolist() == pytest.approx([met, NAN], nan_ok=True)
    assert any_met(ALL_CLEAR | {biomarker: value}) == met


@pytest.mark.parametrize(
    ("ratio", "involved", "status"),
    [
        (100, 100, "met"),
        (99.9, 100, "not met"),
        (100, 99.9, "not met"),
        (500, 20, "not met"),  # a high ratio from a suppressed other chain
        (5, 900, "not met"),
        (500, NAN, "unknown"),
        (NAN, 900, "unknown"),
        (5, NAN, "not met"),  # either failing settles it
        (NAN, 20, "not met"),
        (NAN, NAN, "unknown"),
    ],
)
def test_the_light_chains_need_a_ratio_of_100_and_100_mg_per_litre(ratio, involved, status):
    assert status_of("light_chains", flc_ratio=ratio, flc_involved=involved) == status


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, 0.0),
        ({"hemoglobin": 9.5}, 1.0),
        ({"calcium": NAN}, NAN),  # all the others are clear, this one is open
        ({"calcium": NAN, "hemoglobin": 9.5}, 1.0),  # one met settles it
        ({"flc_involved": NAN}, 0.0),  # the ratio alone settles the light chains
        ({"flc_ratio": 150.0, "flc_involved": NAN}, NAN),
        (dict.fromkeys(ALL_CLEAR, NAN), NAN),
    ],
)
def test_one_met_settles_it_and_one_unknown_leaves_it_open(change, expected):
    np.testing.assert_equal(float(any_met(ALL_CLEAR | change)), expected)


def test_what_is_absent_is_unknown():
    assert [found.status for found in findings({})] == ["unknown"] * len(CRITERIA)
    assert [found.value for found in findings({})] == [None] * len(CRITERIA)
    assert math.isnan(any_met({}))
    assert math.isnan(any_met({"hemoglobin": 13.0}))
    assert any_met({"hemoglobin": 9.0}) == 1


def test_findings_keep_the_value_they_rest_on():
    found = {f.criterion.key: (f.status, f.value) for f in findings({"hemoglobin": 9.5, "bmpc": 0.0, "calcium": None, "creatinine": NAN})}
    assert found["anemia"] == ("met", 9.5)
    assert found["marrow"] == ("not met", 0.0)  # 0 % is a value
    assert found["calcium"] == found["renal"] == ("unknown", None)
    assert [f.criterion for f in findings(ALL_CLEAR)] == list(CRITERIA)


def test_every_criterion_has_its_input():
    assert set(CRITERIA_INPUTS) == set(ALL_CLEAR)
    assert set(statuses(ALL_CLEAR)) == {criterion.key for criterion in CRITERIA}


NEAR = {"calcium": [11, 11.1], "creatinine": [2, 2.1], "hemoglobin": [10, 9.9], "bmpc": [59, 60], "flc_ratio": [99, 100]}
NEAR |= {"flc_involved": [99, 100], "bone_lesion": [0, 1], "mri_focal_lesions": [1, 2]}


@settings(max_examples=60)
@given(st.lists(st.fixed_dictionaries({name: st.sampled_from([*values, NAN]) for name, values in NEAR.items()}), min_size=1, max_size=6))
def test_arrays_give_what_single_people_give(people):
    together = {name: np.array([person[name] for person in people], dtype=float) for name in NEAR}
    np.testing.assert_array_equal(any_met(together), [float(any_met(person)) for person in people])
    words = {1.0: "met", 0.0: "not met"}
    for key, found in statuses(together).items():
        assert [words.get(value, "unknown") for value in found.tolist()] == [status_of(key, **person) for person in people]


@settings(max_examples=60)
@given(st.fixed_dictionaries({name: st.sampled_from([*values, NAN]) for name, values in NEAR.items()}))
def test_any_met_is_what_every_way_to_fill_the_gaps_agrees_on(person):
    """Three-valued logic is right when it never claims more than all completions do."""
    lowest = {name: NEAR[name][0] if math.isnan(value) else value for name, value in person.items()}
    highest = {name: NEAR[name][1] if math.isnan(value) else value for name, value in person.items()}
    outcomes = {float(any_met(lowest)), float(any_met(highest))}  # `NEAR` runs from not met to met
    np.testing.assert_equal(float(any_met(person)), outcomes.pop() if len(outcomes) == 1 else NAN)
