"""Relapse beside progression: clinical signs, a biochemical relapse that is a reason to treat, relapse from CR; each with its days."""

import numpy as np
import pytest

from myeloma.calendar import NEVER
from myeloma.treated.response.assessments import lines
from myeloma.treated.response.course import response_course
from myeloma.treated.response.relapse import relapses
from tests.myeloma.treated.courses import NAN, NEGATIVE, SERUM_3, START, visits_of


def found(rows, days=None, next_therapy=NEVER, version="imwg2016"):
    visits, therapy = visits_of(rows, days), lines([START], next_therapy)
    return relapses(visits, therapy, response_course(visits, therapy, version))


def signs(name, values, sign, **options):
    """Return the sign of each visit after the first, of a person in whom one thing was measured."""
    return found([{name: value} for value in values], **options).signs[sign][1:]


@pytest.mark.parametrize(
    ("name", "values", "sign", "expected"),
    [
        ("calcium", [9.5, 11.0, 11.1, NAN], "calcium", [0, 1, NAN]),
        ("calcium", [12.0, 11.5, 10.9, 11.2], "calcium", [0, 0, 1]),  # high from the start is not new
        ("calcium", [NAN, 11.5, 9.0, 11.5], "calcium", [NAN, 0, 1]),
        ("hemoglobin", [12.0, 10.1, 10.0, 9.9], "hemoglobin", [0, 1, 1]),
        ("hemoglobin", [11.0, 9.9, 9.9], "hemoglobin", [1, 1]),
        ("hemoglobin", [9.0, 9.5, 9.2], "hemoglobin", [0, 0]),  # low from the start is not new
        ("hemoglobin", [9.0, 13.3, 13.3, 11.3], "hemoglobin", [0, 0, 1]),
        ("hemoglobin", [9.0, 13.3, 11.3, 11.3], "hemoglobin", [0, 0, 0]),  # 13.3 stood alone
        ("hemoglobin", [NAN, 9.0, 12.0], "hemoglobin", [NAN, NAN]),
        ("creatinine", [1.0, 2.9, 3.0, NAN], "creatinine", [0, 1, NAN]),
        ("new_lesion", [NAN, 0.0, 1.0, NAN], "lesion", [0, 1, NAN]),
        ("plasmacytoma", [0.0, 1.0, 1.0], "lesion", [1, NAN]),
        ("plasmacytoma", [1.0, 1.0, NAN], "lesion", [NAN, NAN]),
    ],
)
def test_clinical_signs_are_new_and_three_valued(name, values, sign, expected):
    np.testing.assert_array_equal(signs(name, values, sign), expected)


@pytest.mark.parametrize(
    ("name", "before", "now", "expected"),
    [  # each (value, side on which the truth lies)
        ("hemoglobin", (11.0, ""), (10.0, "below"), 1),
        ("hemoglobin", (11.0, ""), (10.5, "below"), NAN),
        ("hemoglobin", (11.0, ""), (10.0, "above"), 0),
        ("hemoglobin", (11.0, "above"), (10.5, ""), NAN),  # it may have fallen by 2
        ("calcium", (9.5, ""), (10.5, "above"), NAN),
        ("calcium", (9.5, ""), (11.0, "above"), 1),
        ("calcium", (12.0, "below"), (11.5, ""), NAN),  # it may be new
        ("creatinine", (1.0, ""), (2.5, "above"), NAN),
        ("creatinine", (1.0, "below"), (2.5, ""), NAN),
        ("creatinine", (1.0, "below"), (3.0, "above"), 1),
    ],
)
def test_a_sign_of_a_limit_is_open_where_it_may_be_on_either_side(name, before, now, expected):
    rows = [{name: value, **({f"{name}_{side}": 1.0} if side else {})} for value, side in (before, now)]
    np.testing.assert_array_equal(found(rows).signs[name][1:], [expected])


@pytest.mark.parametrize(
    ("nadir", "now", "expected"),  # a rise of 1 g/dL
    [((0.8, "below"), (1.55, ""), NAN), ((0.2, "below"), (1.2, ""), 1), ((0.1, ""), (0.5, "above"), NAN), ((0.2, "below"), (0.9, ""), 0)],
)
def test_a_biochemical_relapse_from_or_to_a_limit_is_open_where_it_may_be_none(nadir, now, expected):
    rows = [{"m_protein": value, **({f"m_protein_{side}": 1.0} if side else {})} for value, side in ((3.0, ""), nadir, nadir, now)]
    rows = [{**row, "urine_m_protein": 0.0, "flc_involved": 10.0} for row in rows]
    np.testing.assert_array_equal(found(rows).signs["significant_biochemical"][-1:], [expected])


@pytest.mark.parametrize(("marrow", "expected"), [((5.0, "below"), 0), ((6.0, "below"), NAN), ((3.0, "above"), NAN), ((5.0, "above"), 1)])
def test_relapse_from_cr_by_a_marrow_at_a_limit(marrow, expected):
    deep = {"m_protein": 0.0, "urine_m_protein": 0.0, **NEGATIVE, "bmpc": 2.0}
    seen = found([SERUM_3, deep, deep, {**deep, "bmpc": marrow[0], f"bmpc_{marrow[1]}": 1.0}])
    np.testing.assert_array_equal(seen.signs["from_cr"][-1:], [expected])


def test_calcium_of_2011_is_11_5():
    np.testing.assert_array_equal(signs("calcium", [9.5, 11.5, 11.6], "calcium", version="imwg2011"), [0, 1])


def test_a_sign_of_the_blood_needs_two_consecutive_visits_and_a_lesion_none():
    once = found([{"calcium": 9.0}, {"calcium": 12.0}, {"calcium": 9.0}, {"calcium": 12.0}])
    assert once.day["calcium"][0] == NEVER
    twice = found([{"calcium": 9.0}, {"calcium": 12.0}, {}, {"calcium": 12.0}])
    assert (twice.day["calcium"][0], twice.known_day["calcium"][0]) == (START + 28, START + 84)
    lesion = found([{"calcium": 9.0}, {"calcium": 12.0, "new_lesion": 1.0}])
    assert lesion.day["clinical"][0] == lesion.known_day["lesion"][0] == START + 28


@pytest.mark.parametrize(
    ("values", "days", "day"),
    [
        ([3.0, 0.5, 0.5, 1.0], 61, 3),  # doubled within two months, from 5 g/L
        ([3.0, 0.5, 0.5, 1.0], 62, None),
        ([3.0, 0.3, 0.3, 0.9], 61, None),  # more than doubled, but not from the reference
        ([3.0, 0.3, 0.3, 1.0], 61, 3),
        ([3.0, 0.5, 0.5, 1.5, 1.5], 90, 3),  # + 10 g/L twice
        ([3.0, 0.5, 0.5, 1.5, 1.4], 90, None),
        ([6.0, 6.0, 6.0, 7.4, 7.5], 90, None),  # 25 % of 6.0 is more than 1.0
        ([6.0, 6.0, 6.0, 7.5, 7.5], 90, 3),
    ],
)
def test_a_significant_biochemical_relapse_by_serum(values, days, day):
    visits = [{"m_protein": value} for value in values]
    when = [START + days * k for k in range(len(values))]
    assert found(visits, when).day["significant_biochemical"][0] == (NEVER if day is None else when[day])


def test_a_significant_biochemical_relapse_by_urine_or_by_light_chains_with_an_abnormal_ratio():
    urine = [{"urine_m_protein": value} for value in (1000, 100, 100, 600, 600)]
    assert found(urine).day["significant_biochemical"][0] == START + 84
    for ratio_normal, day in ((0.0, START + 84), (1.0, NEVER), (NAN, NEVER)):
        chains = [{"flc_involved": value, "flc_ratio_normal": ratio_normal} for value in (500, 20, 20, 220, 220)]
        assert found(chains).day["significant_biochemical"][0] == day


CLEAR = {"m_protein": 0.0, "urine_m_protein": 0.0, **NEGATIVE}
BACK = CLEAR | {"serum_immunofixation": 1.0}


@pytest.mark.parametrize(
    ("later", "day", "known"),
    [
        ([BACK, BACK], 84, 112),
        ([BACK, CLEAR, BACK], None, None),
        ([BACK], None, None),
        ([CLEAR | {"bmpc": 5.0}], 84, 84),
        ([CLEAR | {"bmpc": 4.9}], None, None),
        ([CLEAR | {"new_lesion": 1.0}], 84, 84),
        ([BACK | {"drug_band": 1.0}] * 2, None, None),  # the band may be an antibody's
        ([BACK | {"drug_band": NAN}] * 2, None, None),
        ([BACK | {"drug_band": 0.0}] * 2, 84, 112),
    ],
)
def test_relapse_from_cr_is_dated_and_is_no_progression(later, day, known):
    rows = [SERUM_3, CLEAR | {"bmpc": 2.0}, CLEAR, *later]
    relapse = found(rows)
    assert relapse.day["from_cr"][0] == (NEVER if day is None else START + day)
    assert relapse.known_day["from_cr"][0] == (NEVER if known is None else START + known)
    visits = visits_of(rows)
    assert response_course(visits, lines([START])).progression[0] == float(any("new_lesion" in row for row in later))


def test_who_was_not_in_confirmed_cr_does_not_relapse_from_it():
    assert found([SERUM_3, CLEAR | {"bmpc": 2.0}, BACK, BACK]).day["from_cr"][0] == NEVER


QUIET = {"new_lesion": 0.0, "plasmacytoma": 0.0, "calcium": 9.5, "hemoglobin": 12.0, "creatinine": 1.0}
RISEN = {"m_protein": 4.0, "urine_m_protein": 0.0}


@pytest.mark.parametrize(
    ("at_progression", "kind"),
    [(QUIET, 0.0), ({}, NAN), (QUIET | {"hemoglobin": 9.0}, 1.0), ({"hemoglobin": 9.0}, 1.0), (QUIET | {"new_lesion": NAN}, NAN)],
)
def test_progression_is_clinical_biochemical_or_not_known_to_be_either(at_progression, kind):
    relapse = found([SERUM_3 | QUIET, SERUM_3 | QUIET, RISEN | at_progression, RISEN | at_progression])
    np.testing.assert_equal(relapse.kind[0], kind)
    np.testing.assert_equal(found([SERUM_3 | QUIET, SERUM_3 | QUIET, RISEN | at_progression]).kind[0], NAN)


def test_what_comes_after_a_new_therapy_is_no_sign_of_this_line():
    relapse = found([{"calcium": 9.0}, {"calcium": 12.0}, {"calcium": 12.0}], next_therapy=START + 30)
    np.testing.assert_array_equal(relapse.signs["calcium"], [NAN, 1.0, NAN])
    assert relapse.day["calcium"][0] == NEVER
