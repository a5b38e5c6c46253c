"""Myeloma-defining events: cut-offs as published, two conditions for the light chains, unknown kept apart from not met."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from myeloma.criteria import CONDITION, CRITERIA, CRITERIA_INPUTS, findings, statuses
from myeloma.three_valued import any_of
from myeloma.units import to_canonical

NAN = math.nan
ALL_CLEAR = {"calcium": 9.5, "creatinine": 1.0, "hemoglobin": 13.0, "bmpc": 20.0, "flc_ratio": 10.0, "flc_involved": 80.0}
ALL_CLEAR |= {"bone_lesion": 0, "mri_focal_lesions": 0, "age": 60.0, "female": 0.0}
REPORTED = {"egfr_reported": 90.0, "egfr_reported__age_days": 0.0, "creatinine__age_days": 0.0}
LIMITS = {"hemoglobin_lower_limit": 13.5, "calcium_upper_limit": 10.2}  # a laboratory's own
WOMAN_OF_75 = {"age": 75.0, "female": 1.0}


def any_met(values):
    return any_of(list(statuses(values).values()))


def status_of(key, **values):
    return next(found.status for found in findings(values) if found.criterion.key == key)


@pytest.mark.parametrize(
    ("key", "biomarker", "value", "met"),
    [  # Rajkumar, Lancet Oncol 2014;15:e538: hemoglobin, creatinine, calcium strict; marrow and ratio not
        *[("calcium", "calcium", value, met) for value, met in [(10.9, 0), (11.0, 0), (11.1, 1)]],
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
    ("creatinine", "age", "female", "status"),
    [  # creatinine at which the estimated clearance falls below 40, by sex and age
        *[(2.01, age, sex, "met") for age in (50, NAN) for sex in (0, 1, NAN)],  # above 2 nothing else is asked
        (1.90, 75, 1, "met"),
        (1.30, 75, 1, "not met"),
        *[(limit - 0.01, age, 0, "not met") for limit, age in [(1.90, 60), (1.80, 70), (1.71, 80)]],
        *[(limit + 0.01, age, 0, "met") for limit, age in [(1.90, 60), (1.80, 70), (1.71, 80)]],
        *[(limit - 0.01, age, 1, "not met") for limit, age in [(1.57, 50), (1.49, 60), (1.41, 70), (1.34, 80)]],
        *[(limit + 0.01, age, 1, "met") for limit, age in [(1.57, 50), (1.49, 60), (1.41, 70), (1.34, 80)]],
        (2.00, 40, 0, "not met"),  # eGFR 42
        (2.00, 75, NAN, "met"),  # man or woman
        (1.50, 75, NAN, "unknown"),  # a woman's is below 40, a man's is not
        (1.00, 75, NAN, "not met"),  # man or woman
        (1.90, NAN, 1, "met"),  # at 18 too
        (1.60, NAN, 1, "unknown"),
        (1.90, NAN, NAN, "unknown"),
        (0.80, NAN, NAN, "not met"),  # at any age, man or woman
        (NAN, 75, 1, "unknown"),
    ],
)
def test_the_renal_event_is_a_high_creatinine_or_a_low_clearance(creatinine, age, female, status):
    assert status_of("renal", creatinine=creatinine, age=age, female=female) == status


@pytest.mark.parametrize(
    ("reported", "creatinine", "status"),
    [  # woman of 75: eGFR 38.7 at a creatinine of 1.38, 41.0 at 1.30
        (39.9, NAN, "met"),  # a low clearance alone is enough
        (40.0, NAN, "not met"),  # a creatinine above 2 would give less than 26
        (39, 1.38, "met"),
        (41, 1.30, "not met"),
        (41, 1.38, "unknown"),  # the two contradict each other
        (39, 1.30, "unknown"),
        (90, 2.01, "met"),  # the other limb
        (NAN, 1.38, "met"),
        (NAN, NAN, "unknown"),
    ],
)
def test_a_reported_rate_of_the_same_day_counts_beside_the_computed_one(reported, creatinine, status):
    assert status_of("renal", creatinine=creatinine, egfr_reported=reported, **WOMAN_OF_75) == status
    days = {"creatinine__age_days": 3.0, "egfr_reported__age_days": 3.0}
    assert status_of("renal", creatinine=creatinine, egfr_reported=reported, **WOMAN_OF_75, **days) == status


@pytest.mark.parametrize(
    ("reported", "reported_age", "creatinine", "creatinine_age", "status"),
    [
        (39, 0, 1.0, 1, "met"),
        (41, 0, 1.38, 1, "not met"),
        (39, 1, 1.0, 0, "not met"),
        (41, 1, 1.38, 0, "met"),
        (90, 0, 2.01, 900, "met"),  # the latest creatinine is above 2, however old
    ],
)
def test_the_later_of_a_reported_and_a_computed_rate_counts(reported, reported_age, creatinine, creatinine_age, status):
    ages = {"creatinine__age_days": creatinine_age, "egfr_reported__age_days": reported_age}
    assert status_of("renal", creatinine=creatinine, egfr_reported=reported, **ages, **WOMAN_OF_75) == status


@pytest.mark.parametrize(
    ("reported", "age", "female", "status"),
    [  # the rate at a creatinine of 2.0 mg/dL: 48.7 in a man of 18, the highest of all; 43.7 at 35; 22 in a woman of 100
        (39.9, NAN, NAN, "met"),
        (45, 18, 0, "unknown"),  # a creatinine of 2.1 would give 45.9
        (49, 18, 0, "not met"),
        (45, 35, 0, "not met"),
        (45, NAN, NAN, "unknown"),
        (49, NAN, NAN, "not met"),
        (41, 60, 1, "not met"),
    ],
)
def test_a_reported_rate_alone_is_not_met_only_where_it_leaves_no_creatinine_above_2(reported, age, female, status):
    assert status_of("renal", egfr_reported=reported, age=age, female=female) == status


@pytest.mark.parametrize(
    ("hemoglobin", "female", "limit", "status"),
    [
        *[(9.9, sex, limit, "met") for sex in (0, 1, NAN) for limit in (13.5, NAN)],
        (11.4, 0, 13.5, "met"),
        (11.5, 0, 13.5, "not met"),  # 2 g/dL below is not more than 2
        (11.3, 0, 13.3, "not met"),  # nor is it in binary arithmetic
        (10.0, 1, 12.0, "not met"),
        (11.0, 0, 11.5, "not met"),
        *[(value, 0, NAN, "unknown") for value in (10.0, 11.0, 11.5, 11.9)],  # a laboratory's limit may be 12, or 14
        *[(value, NAN, NAN, "unknown") for value in (10.0, 11.9)],
        *[(value, sex, NAN, "not met") for value in (12.0, 13.0) for sex in (0, NAN)],
        (10.0, 1, NAN, "not met"),  # a woman's limit is 12.0
        (NAN, 0, 13.5, "unknown"),
    ],
)
def test_anemia_is_below_10_or_more_than_2_below_the_laboratorys_limit(hemoglobin, female, limit, status):
    assert status_of("anemia", hemoglobin=hemoglobin, female=female, hemoglobin_lower_limit=limit) == status


@pytest.mark.parametrize(
    ("calcium", "limit", "status"),
    [
        (11.1, NAN, "met"),
        *[(value, NAN, "not met") for value in (10.6, 11.0)],  # no upper limit that was read lies below 10.1
        (10.9, 9.8, "met"),
        (10.8, 9.8, "not met"),
        (11.0, 10.2, "not met"),
        (11.1, 10.5, "met"),
        (NAN, 10.2, "unknown"),
    ],
)
def test_calcium_is_above_11_or_more_than_1_above_the_laboratorys_limit(calcium, limit, status):
    assert status_of("calcium", calcium=calcium, calcium_upper_limit=limit) == status


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
    assert math.isnan(any_met(ALL_CLEAR | {"hemoglobin": 11.0}))  # the laboratory's limit is not known
    assert any_met(ALL_CLEAR | {"hemoglobin": 11.0} | {"hemoglobin_lower_limit": 12.5}) == 0
    assert any_met({"hemoglobin": 9.0}) == 1


def test_findings_keep_the_value_they_rest_on():
    found = {f.criterion.key: (f.status, f.value) for f in findings({"hemoglobin": 9.5, "bmpc": 0.0, "calcium": None, "creatinine": NAN})}
    assert found["anemia"] == ("met", 9.5)
    assert found["marrow"] == ("not met", 0.0)  # 0 % is a value
    assert found["calcium"] == found["renal"] == ("unknown", None)
    assert [f.criterion for f in findings(ALL_CLEAR)] == list(CRITERIA)


def note_on(key, **values):
    return next(found.note for found in findings(values) if found.criterion.key == key)


def test_a_clearance_is_said_to_be_an_estimate():
    by_estimate = note_on("renal", creatinine=1.9, **WOMAN_OF_75)
    assert by_estimate == "met by an estimated clearance: eGFR 27.2 mL/min/1.73 m2 by CKD-EPI 2021, from creatinine, age and sex"
    assert note_on("renal", creatinine=2.5, **WOMAN_OF_75).startswith("with an estimated clearance: eGFR 19.6 ")
    assert note_on("renal", creatinine=1.9) == "without age and sex no clearance is estimated"
    assert note_on("renal", **WOMAN_OF_75) == ""  # nothing was measured


def test_which_of_two_rates_counts_is_said():
    def note(reported, reported_age=0.0, **values):
        ages = {"creatinine__age_days": 5.0, "egfr_reported__age_days": reported_age}
        return note_on("renal", egfr_reported=reported, **ages, **values)

    told = "a reported eGFR of 35 mL/min/1.73 m2"
    assert note(35.0, **WOMAN_OF_75) == f"met by {told}, an estimate of the clearance"
    assert note(45.0) == "with a reported eGFR of 45 mL/min/1.73 m2, an estimate of the clearance; creatinine itself is not known"
    assert note(35.0, creatinine=1.0, **WOMAN_OF_75) == f"met by {told}, an estimate of the clearance, later than creatinine"
    assert note(35.0, 9.0, creatinine=1.0, **WOMAN_OF_75).endswith(f"; {told} is earlier and does not count")
    assert note(35.0, 5.0, creatinine=1.0, **WOMAN_OF_75).endswith(f"; {told} contradicts it, so neither counts")
    assert note(35.0, 5.0, creatinine=1.9, **WOMAN_OF_75).endswith(f"; {told} agrees")
    assert note(35.0, 5.0, creatinine=1.9).startswith(f"met by {told}; without age and sex")


def test_what_is_lacking_for_a_status_is_said():
    lacking = "the laboratory's lower limit, which would decide, is not known"
    assert note_on("anemia", hemoglobin=11.0, female=0.0) == lacking
    assert note_on("anemia", hemoglobin=11.0, female=0.0, hemoglobin_lower_limit=13.5) == ""
    assert note_on("anemia", hemoglobin=13.0) == note_on("calcium", calcium=9.0) == ""


@pytest.mark.parametrize(
    ("key", "received", "unit", "status", "said"),
    [  # the publication prints > 2.75 mmol/L and > 177 umol/L; 11 mg/dL is 2.7445 and 2 mg/dL is 176.84
        ("calcium", 2.7445, "mmol/L", "not met", False),
        ("calcium", 2.75, "mmol/L", "met", True),
        ("calcium", 2.76, "mmol/L", "met", False),
        ("renal", 176.84, "umol/L", "not met", False),
        ("renal", 177.0, "umol/L", "met", True),
        ("renal", 178.0, "umol/L", "met", False),
    ],
)
def test_the_limits_in_mg_per_dl_decide_and_where_the_printed_one_in_si_units_is_not_passed_that_is_said(key, received, unit, status, said):
    name = {"renal": "creatinine"}.get(key, key)
    values = {name: to_canonical(name, received, unit), "egfr_reported": 50.0}
    assert status_of(key, **values) == status
    assert ("not above the limit published in SI units" in note_on(key, **values)) == said


def test_the_condition_and_the_size_of_lesions_are_said():
    assert ">= 10 %" in CONDITION and "plasmacytoma" in CONDITION
    labels = {criterion.key: criterion.label for criterion in CRITERIA}
    assert "at least 5 mm" in labels["mri"]
    assert "clearance < 40 mL/min" in labels["renal"]


def test_every_criterion_has_its_input():
    assert set(CRITERIA_INPUTS) == set(ALL_CLEAR | REPORTED | LIMITS)
    assert set(statuses(ALL_CLEAR)) == {criterion.key for criterion in CRITERIA}


NEAR = {"calcium": [11, 11.1], "creatinine": [2, 2.1], "hemoglobin": [10, 9.9], "bmpc": [59, 60], "flc_ratio": [99, 100]}
NEAR |= {"flc_involved": [99, 100], "bone_lesion": [0, 1], "mri_focal_lesions": [1, 2]}
OF_THE_PERSON = {"age": [40, 80], "female": [0, 1], "hemoglobin_lower_limit": [12, 12], "calcium_upper_limit": [10.2, 10.2]}


def people(**choices):
    """Draw people whose values lie at the choices, or are unknown."""
    return st.fixed_dictionaries({name: st.sampled_from([*values, NAN]) for name, values in choices.items()})


@settings(max_examples=60)
@given(st.lists(people(**NEAR, **OF_THE_PERSON), min_size=1, max_size=6))
def test_arrays_give_what_single_people_give(persons):
    together = {name: np.array([person[name] for person in persons], dtype=float) for name in persons[0]}
    np.testing.assert_array_equal(any_met(together), [float(any_met(person)) for person in persons])
    words = {1.0: "met", 0.0: "not met"}
    for key, found in statuses(together).items():
        assert [words.get(value, "unknown") for value in found.tolist()] == [status_of(key, **person) for person in persons]


@settings(max_examples=60)
@given(people(**NEAR), st.fixed_dictionaries({name: st.sampled_from(values) for name, values in OF_THE_PERSON.items()}))
def test_any_met_is_what_every_way_to_fill_the_gaps_agrees_on(person, known):
    """Three-valued logic is right when it never claims more than all completions do."""
    lowest = {name: NEAR[name][0] if math.isnan(value) else value for name, value in person.items()}
    highest = {name: NEAR[name][1] if math.isnan(value) else value for name, value in person.items()}
    lowest["creatinine"] = 0.8 if math.isnan(person["creatinine"]) else person["creatinine"]  # clear at every age
    outcomes = {float(any_met(filled | known)) for filled in (lowest, highest)}  # `NEAR` runs from not met to met
    np.testing.assert_equal(float(any_met(person | known)), outcomes.pop() if len(outcomes) == 1 else NAN)


@settings(max_examples=100)
@given(
    st.sampled_from([0.8, 1.2, 1.4, 1.6, 1.8, 2.0]),
    st.sampled_from([NAN, 20.0, 50.0, 75.0, 95.0]),
    st.sampled_from([NAN, 0.0, 1.0]),
)
def test_the_renal_status_holds_for_every_age_and_sex_that_are_possible(creatinine, age, female):
    told = status_of("renal", creatinine=creatinine, age=age, female=female)
    ages, sexes = ([18.0, 45.0, 70.0, 100.0, 120.0] if math.isnan(age) else [age]), ([0.0, 1.0] if math.isnan(female) else [female])
    possible = {status_of("renal", creatinine=creatinine, age=a, female=f) for a in ages for f in sexes}
    assert told == (possible.pop() if len(possible) == 1 else "unknown")
