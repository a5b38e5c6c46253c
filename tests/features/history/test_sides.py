"""What is computed from limits: the truth lies on a side that is named, whatever the results were in truth."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.history.arrays import COMPUTED, REPORTED, Histories, places
from features.history.derived import DERIVED, with_derived
from features.history.sides import Sides

INPUTS = ("flc_kappa", "flc_lambda", "calcium", "albumin", "creatinine")
PLAIN = (120.0, 10.0, 9.4, 3.6, 1.1)  # within the catalogue's limits, and so are the truths below
TRUTHS = {"<": (0.4, 0.9999), ">": (1.0001, 2.0), "": (1.0,)}  # far away and near: of two limits one may settle little


@pytest.fixture(scope="module")
def derived(cohort_of_days):
    """Return a function: light chain, values by biomarker of each person, all of one day -> derived values and operators by biomarker."""

    def derive(light_chain, people, operators):
        who = [f"P{k:03}" for k in range(len(people))]
        rows = [
            (key, name, 5, 5, value, operators.get(name, ""))
            for key, values in zip(who, people, strict=True)
            for name, value in values.items()
        ]
        cohort = cohort_of_days(rows, [])
        patients = cohort.patients.assign(light_chain=light_chain, sex="female", age_at_index=66.0)
        found = with_derived(Histories.of(replace(cohort, patients=patients), operators=True))
        names = zip(DERIVED, places(DERIVED), strict=True)
        chosen = {name: found.biomarker == place for name, place in names}
        return {name: (found.value[rows], found.operator[rows]) for name, rows in chosen.items() if rows.any()}

    return derive


@settings(max_examples=40)
@given(
    st.sampled_from(["kappa", "lambda"]),
    st.dictionaries(st.sampled_from(INPUTS), st.sampled_from("<>"), max_size=3),
    st.tuples(*(st.floats(0.7, 1.3) for _ in INPUTS)),
)
def test_every_truth_lies_on_a_side_that_is_named(derived, light_chain, operators, scale):
    values = dict(zip(INPUTS, np.multiply(PLAIN, scale).tolist(), strict=True))
    ways = [{}]
    for name in INPUTS:
        ways = [way | {name: values[name] * by} for way in ways for by in TRUTHS[operators.get(name, "")]]
    truths = derived(light_chain, ways, {})
    for name, (value, operator) in derived(light_chain, [values], operators).items():
        (below,), (above,) = Sides.of(operator)
        truth, _ = truths[name]
        assert len(truth) == len(ways)
        assert below == (truth < value * (1 - 1e-9)).any() and above == (truth > value * (1 + 1e-9)).any(), name


@pytest.mark.parametrize(("kappa", "lambda_", "side"), [(129.0, "<", "above"), (129.0, ">", "below")])
def test_where_the_chain_is_not_known_the_larger_is_the_involved_one(derived, kappa, lambda_, side):
    told = derived("", [{"flc_kappa": kappa, "flc_lambda": 1.3}], {"flc_lambda": lambda_})
    (below,), (above,) = Sides.of(told["flc_ratio"][1])
    assert (below, above) == (side == "below", side == "above")
    assert told["flc_involved"][1].tolist() == [COMPUTED]


@pytest.mark.parametrize(("light_chain", "ratio", "side"), [("kappa", 90.0, "above"), ("lambda", 0.01, "below"), ("", 90.0, "above")])
def test_a_reported_ratio_that_is_a_limit_is_turned_with_the_chain(derived, light_chain, ratio, side):
    told = derived(light_chain, [{"kappa_lambda_ratio": ratio}], {"kappa_lambda_ratio": ">"})
    (below,), (above,) = Sides.of(told["flc_ratio"][1])
    assert (below, above) == (side == "below", side == "above")


def test_of_results_that_are_numbers_nothing_is_a_limit(derived):
    assert {operator.item() for _, operator in derived("kappa", [dict(zip(INPUTS, PLAIN, strict=True))], {}).values()} == {COMPUTED}


def test_a_reported_operator_says_on_which_side_and_a_computed_one_none():
    sides = Sides.of(np.array([*range(len(REPORTED)), COMPUTED], np.int8))
    assert [side.tolist() for side in sides] == [[False, True, False, False], [False, False, True, False]]
