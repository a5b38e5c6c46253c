"""AQUILA eligibility: each criterion met, not met or unknown, and what is unknown is never a no."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from myeloma.early_treatment.eligibility import (
    CRITERIA,
    NOT_CHECKED,
    RISK_FACTORS,
    criteria,
    eligible,
    findings,
    measurable,
)
from myeloma.immunoparesis import immunoparesis, involved_of
from myeloma.scores.mayo_2018 import MAYO_2018

NAN = math.nan
NORMAL = {"igg": 1000.0, "iga": 150.0, "igm": 100.0}
# ECOG 1, 2 years since diagnosis, IgG without immunoparesis, no defining event: the evidence's cases, where they say nothing else.
PERSON = {"years_since_diagnosis": 2.0, "performance_status": 1.0, "involved": involved_of("IgG"), "defining_event": 0.0} | NORMAL


def judged(**values):
    return float(eligible(PERSON | values))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"m_protein": 3.1, "flc_ratio": 5, "bmpc": 15}, 1),
        ({"m_protein": 2.9, "flc_ratio": 8.0, "bmpc": 10}, 1),
        ({"m_protein": 2.9, "flc_ratio": 7.9, "bmpc": 50.0}, 0),
        ({"m_protein": 1.8, "flc_ratio": 8.0, "bmpc": 12}, 1),
        ({"m_protein": 2.1, "flc_ratio": 7, "bmpc": 21, "iga": NAN, "igm": NAN}, NAN),  # immunoparesis unknown
        ({"m_protein": 3.1, "flc_ratio": 5}, NAN),  # marrow unknown
        ({"m_protein": 3.1, "flc_ratio": 5, "bmpc": 15, "years_since_diagnosis": 5.1}, 0),
        ({"m_protein": 3.1, "flc_ratio": 5, "bmpc": 15, "years_since_diagnosis": 5.0}, 1),
        ({"m_protein": 3.1, "flc_ratio": 100, "flc_involved": 100, "bmpc": 15}, 0),  # a defining event
        ({"m_protein": 3.1, "flc_ratio": 5, "bmpc": 15, "performance_status": 2}, 0),
        ({"m_protein": 3.1, "flc_ratio": 5, "bmpc": 15, "performance_status": NAN}, NAN),
        ({"m_protein": 3.1, "flc_ratio": 5, "bmpc": 15, "defining_event": NAN}, NAN),
        ({"m_protein": 3.1, "flc_ratio": 5, "bmpc": 60, "defining_event": 0}, 0),
        ({"m_protein": 2.0, "flc_ratio": 5, "bmpc": 50.1}, 1),
        ({"m_protein": 2.0, "flc_ratio": 99.9, "flc_involved": 50, "bmpc": 15}, 1),
        ({"m_protein": 3.1, "flc_ratio": 100, "bmpc": 15}, NAN),  # an event if the chain is at least 100 mg/L
        ({"m_protein": 2.0, "flc_ratio": 100, "flc_involved": 99, "bmpc": 15}, 0),  # no event, but not below 100 either
        # measurable disease, and which immunoglobulins count
        ({"involved": involved_of("IgA"), "m_protein": 0.8, "flc_involved": 60, "flc_ratio": 5, "urine_m_protein": 0, "bmpc": 15}, 0),
        ({"involved": involved_of("IgA"), "m_protein": 0.8, "flc_involved": 100, "flc_ratio": 6, "urine_m_protein": 0, "bmpc": 15}, 1),
        ({"m_protein": 1.2, "iga": 50, "igm": 30, "bmpc": 11}, 1),
        ({"m_protein": 1.2, "igm": 30, "flc_ratio": 5, "bmpc": 11, "igd": 0.1}, 0),  # IgD does not count
        ({"involved": -1, "m_protein": 1.2, "flc_ratio": 5, "bmpc": 11}, NAN),  # it may be IgA
    ],
)
def test_golden_cases(values, expected):
    np.testing.assert_equal(judged(**values), float(expected))


@pytest.mark.parametrize(
    ("values", "group", "expected"),
    [
        ({"m_protein": 2.9, "flc_ratio": 8.0, "bmpc": 10.0}, "intermediate", 1),
        ({"m_protein": 2.9, "flc_ratio": 7.9, "bmpc": 50.0}, "high", 0),
        ({"m_protein": 1.8, "flc_ratio": 8.0, "bmpc": 12.0}, "low", 1),
    ],
)
def test_eligible_and_20_2_20_high_are_different_people(values, group, expected):
    assert (MAYO_2018.evaluate(**values).category, judged(**values)) == (group, expected)


@pytest.mark.parametrize(
    ("m_protein", "urine", "chain", "ratio", "kappa_lambda", "expected"),
    [
        (1.0, NAN, NAN, NAN, NAN, 1),
        (0.9, 200, NAN, NAN, NAN, 1),
        (0.9, 199, 100, 6, NAN, 1),
        (0.9, 199, 99, 6, NAN, 0),
        (0.9, 199, 100, 1.5, NAN, 0),  # normal for either chain
        (0.9, 199, 100, 3.0, NAN, NAN),  # abnormal for kappa, normal for lambda
        (0.9, 199, 100, 3.0, 3.0, 1),
        (0.9, 199, 100, 3.0, 1 / 3.0, 0),
        (0.9, NAN, 50, 6, NAN, NAN),
        (NAN, NAN, NAN, NAN, NAN, NAN),
    ],
)
def test_measurable_disease(m_protein, urine, chain, ratio, kappa_lambda, expected):
    found = measurable(*(np.asarray(value, dtype=float) for value in (m_protein, urine, chain, ratio, kappa_lambda)))
    np.testing.assert_equal(float(found), float(expected))


@pytest.mark.parametrize(
    ("heavy_chain", "values", "expected"),
    [
        ("IgG", {"iga": 40, "igm": 20}, 1),
        ("IgG", {"iga": 40, "igm": 100}, 0),
        ("IgG", {"iga": 40}, NAN),
        ("IgG", {"iga": 150}, 0),  # at most one can be low
        ("light_chain", {"igg": 500, "iga": 40, "igm": 100}, 1),
        ("light_chain", {"igg": 500, "iga": 150, "igm": 100}, 0),
        ("light_chain", {"igg": 500, "iga": 150}, NAN),
        ("", {"igg": 500, "iga": 40, "igm": 20}, 1),  # whichever is involved, two are left
        ("", {"igg": 1000, "iga": 40, "igm": 20}, NAN),
        ("", NORMAL, 0),
    ],
)
def test_two_uninvolved_immunoglobulins_are_suppressed(heavy_chain, values, expected):
    np.testing.assert_equal(float(immunoparesis(values, involved_of(heavy_chain), number=2)), float(expected))


def test_a_threshold_in_another_unit_is_the_same_threshold():
    assert judged(m_protein=30 / 10, flc_ratio=5, bmpc=10 * 0.1 * 10) == 1
    assert judged(m_protein=3.0 - 1e-12, flc_ratio=5, bmpc=15) == 1


def test_each_criterion_is_named_with_its_status_and_what_is_not_checked_is_said():
    told = {found.key: found.status for found in findings(PERSON | {"m_protein": 3.1, "flc_ratio": 5.0})}
    assert set(told) == {*CRITERIA, *(f"risk:{name}" for name in RISK_FACTORS)}
    assert told["marrow"] == told["risk:marrow_above_50"] == "unknown"
    assert (told["risk_factor"], told["risk:m_protein"], told["risk:iga"]) == ("met", "met", "not met")
    assert "not checked" in NOT_CHECKED


LEVELS = {
    "m_protein": [0.5, 2.0, 3.5],
    "bmpc": [5.0, 20.0, 55.0],
    "flc_ratio": [1.5, 10.0],
    "flc_involved": [50.0, 150.0],
    "urine_m_protein": [0.0, 300.0],
    "iga": [40.0, 150.0],
    "igm": [20.0, 100.0],
    "involved": [involved_of("IgG"), involved_of("IgA")],
    "performance_status": [1.0, 2.0],
}


@settings(max_examples=200)
@given(st.fixed_dictionaries({name: st.sampled_from([*levels, NAN]) for name, levels in LEVELS.items()}))
def test_with_something_unknown_it_says_only_what_every_way_to_fill_the_gap_says(values):
    values["involved"] = -1 if np.isnan(values["involved"]) else int(values["involved"])
    told = judged(**values)  # the caller says that there is no event, and no value here shows one
    gaps = [name for name, value in values.items() if (value == -1 if name == "involved" else np.isnan(value))]
    if not gaps:
        assert not np.isnan(told)
    filled = itertools.product(*(LEVELS[name] for name in gaps[:3]))
    ways = {judged(**values | dict(zip(gaps, way, strict=False))) for way in filled}
    if told == told and gaps:
        assert ways == {told}


def test_many_people_at_once_are_each_as_alone():
    m_protein, bmpc = np.array([3.1, 2.9, NAN, 3.1]), np.array([15.0, 50.0, 20.0, NAN])
    many = eligible(PERSON | {"m_protein": m_protein, "bmpc": bmpc, "flc_ratio": 5.0})
    np.testing.assert_equal(many, [judged(m_protein=a, bmpc=b, flc_ratio=5.0) for a, b in zip(m_protein, bmpc, strict=True)])
    assert {found.shape for found in criteria(PERSON | {"m_protein": m_protein}).values()} == {(4,)}
