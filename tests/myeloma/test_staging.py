"""Staging of active myeloma: ISS, R-ISS, R2-ISS, RW-ISS, the consensus genomic staging of 2025, and the points of S-ERMM."""

import itertools

import pytest

from myeloma import DataError
from myeloma.scores import POINT_SCORES
from myeloma.scores.cautions import DEL17P_BOUNDARY, cautions_of
from myeloma.scores.genomic_staging_2025 import GENOMIC_STAGING_2025, GENOMIC_STAGING_2025_FROM_20
from myeloma.scores.rw_iss import RW_ISS
from myeloma.scores.s_ermm import S_ERMM, TOTALS, checked_totals
from myeloma.scores.staging import ISS, R2_ISS, R_ISS

# Tables worked out by hand from the publications that each stage cites.
ISS_TABLE = {  # beta-2 microglobulin mg/L, albumin g/dL
    (3.49, 3.5): "I",
    (3.49, 3.49): "II",
    (3.5, 3.5): "II",
    (3.5, 3.49): "II",
    (5.49, 3.5): "II",
    (5.49, 3.49): "II",
    (5.5, 3.5): "III",
    (5.5, 3.49): "III",
}
R_ISS_TABLE = {  # ISS stage, high-risk cytogenetics, high LDH
    ("I", 0, 0): "I",
    ("I", 0, 1): "II",
    ("I", 1, 0): "II",
    ("I", 1, 1): "II",
    ("II", 0, 0): "II",
    ("II", 0, 1): "II",
    ("II", 1, 0): "II",
    ("II", 1, 1): "II",
    ("III", 0, 0): "II",
    ("III", 0, 1): "III",
    ("III", 1, 0): "III",
    ("III", 1, 1): "III",
}
R2_ISS_STAGES = {
    **dict.fromkeys([0], "I low"),
    **dict.fromkeys([0.5, 1], "II low-intermediate"),
    **dict.fromkeys([1.5, 2, 2.5], "III intermediate-high"),
    **dict.fromkeys([3, 3.5, 4, 4.5, 5], "IV high"),
}
R2_ISS_POINTS = {"I": 0, "II": 1, "III": 1.5}


@pytest.mark.parametrize(("b2m", "albumin"), ISS_TABLE)
def test_iss(b2m, albumin):
    result = ISS.evaluate(b2m=b2m, albumin=albumin)
    assert (result.category, result.risks) == (ISS_TABLE[b2m, albumin], {})


@pytest.mark.parametrize(("b2m", "albumin"), ISS_TABLE)
def test_r_iss(b2m, albumin):
    for cytogenetics, ldh in itertools.product([0, 1], repeat=2):
        result = R_ISS.evaluate(b2m=b2m, albumin=albumin, r_iss_high_risk=cytogenetics, ldh_high=ldh)
        assert result.category == R_ISS_TABLE[ISS_TABLE[b2m, albumin], cytogenetics, ldh], (cytogenetics, ldh)


@pytest.mark.parametrize(("b2m", "albumin"), ISS_TABLE)
def test_r2_iss(b2m, albumin):
    for del17p, ldh, t414, gain in itertools.product([0, 1], repeat=4):
        result = R2_ISS.evaluate(b2m=b2m, albumin=albumin, del17p=del17p, ldh_high=ldh, t_4_14=t414, gain_1q=gain)
        points = R2_ISS_POINTS[ISS_TABLE[b2m, albumin]] + del17p + ldh + t414 + 0.5 * gain
        assert (result.points, result.category) == (points, R2_ISS_STAGES[points])


@pytest.mark.parametrize(
    ("score", "known", "possible"),
    [
        (ISS, {"b2m": 3.0}, ("I", "II")),
        (ISS, {"b2m": 6.0}, ("III",)),  # albumin does not matter
        (ISS, {"albumin": 3.0}, ("II", "III")),
        (ISS, {"albumin": 4.0}, ("I", "II", "III")),
        (R_ISS, {"b2m": 3.0, "albumin": 4.0, "r_iss_high_risk": 0}, ("I", "II")),  # LDH unknown is not LDH normal
        (R_ISS, {"b2m": 4.0, "albumin": 4.0}, ("II",)),
        (R_ISS, {"b2m": 6.0, "ldh_high": 0}, ("II", "III")),
        (R_ISS, {"b2m": 6.0, "ldh_high": 1}, ("III",)),
        (R2_ISS, {"b2m": 3.0, "albumin": 4.0, "del17p": 0, "ldh_high": 0, "t_4_14": 0}, ("I low", "II low-intermediate")),
        (R2_ISS, {"b2m": 6.0, "del17p": 1, "ldh_high": 1}, ("IV high",)),
    ],
)
def test_what_is_unknown_leaves_the_stages_it_leaves(score, known, possible):
    assert score.evaluate(**known).possible == possible


ISS_I, ISS_II, ISS_III = {"b2m": 3.0, "albumin": 4.0}, {"b2m": 4.0, "albumin": 4.0}, {"b2m": 6.0, "albumin": 4.0}
NO_R2_FACTOR = {"del17p": 0, "ldh_high": 0, "t_4_14": 0, "gain_1q": 0}


@pytest.mark.parametrize(
    ("iss", "present", "points", "stage"),
    [
        (ISS_I, [], 0, "I low"),  # also with t(14;16), which it does not ask for
        (ISS_I, ["gain_1q"], 0.5, "II low-intermediate"),
        (ISS_II, [], 1, "II low-intermediate"),
        (ISS_II, ["gain_1q"], 1.5, "III intermediate-high"),
        (ISS_III, [], 1.5, "III intermediate-high"),
        (ISS_III, ["ldh_high"], 2.5, "III intermediate-high"),
        (ISS_III, ["ldh_high", "gain_1q"], 3, "IV high"),
        (ISS_III, ["ldh_high", "gain_1q", "del17p", "t_4_14"], 5, "IV high"),
    ],
)
def test_r2_iss_golden_cases(iss, present, points, stage):
    result = R2_ISS.evaluate(**iss, **NO_R2_FACTOR | dict.fromkeys(present, 1))
    assert (result.points, result.category) == (points, stage)


def test_t_14_16_alone_raises_the_r_iss_and_not_the_r2_iss():
    assert R_ISS.evaluate(**ISS_I, r_iss_high_risk=1, ldh_high=0).category == "II"
    assert R2_ISS.evaluate(**ISS_I, **NO_R2_FACTOR).category == "I low"


def test_r2_iss_without_ldh_is_undetermined_between_0_and_1_point():
    assert R2_ISS.evaluate(**ISS_I, **NO_R2_FACTOR | {"ldh_high": None}).possible == ("I low", "II low-intermediate")
    at_once = R2_ISS.evaluate_arrays(**{name: [value] for name, value in (ISS_I | NO_R2_FACTOR | {"ldh_high": float("nan")}).items()})
    assert (at_once.points_low[0], at_once.points_high[0]) == (0, 1)


NO_RW_FACTOR = {"t_14_16": 0, "ldh_high": 0, "del17p": 0}


@pytest.mark.parametrize(
    ("age", "performance", "iss", "present", "points", "stage"),
    [
        (71, 1, ISS_II, [], 3.5, "III"),
        (70, 0, ISS_I, [], 0, "I"),
        (71, 2, ISS_III, ["ldh_high", "del17p", "t_14_16"], 7, "IV"),
        (71, 0, ISS_I, [], 2, "I"),
        (71, 0, ISS_II, [], 2.5, "II"),
        (71, 1, ISS_I, [], 3, "II"),
        (71, 2, ISS_II, [], 4.5, "III"),
        (71, 2, ISS_III, [], 5, "IV"),
        (60, 4, ISS_III, [], 3, "II"),
    ],
)
def test_rw_iss(age, performance, iss, present, points, stage):
    result = RW_ISS.evaluate(age=age, performance_status=performance, **iss, **NO_RW_FACTOR | dict.fromkeys(present, 1))
    assert (result.points, result.category) == (points, stage)


def test_rw_iss_without_performance_status_is_open():
    assert RW_ISS.evaluate(age=71, **ISS_I, **NO_RW_FACTOR).possible == ("I", "II", "III")


STANDARD = {"del17p_percent": 0, "tp53_mutation": 0, "igh_high_risk": 0, "gain_1q": 0, "del_1p32_copies": 0, "b2m": 3.0, "creatinine": 0.9}


@pytest.mark.parametrize(
    ("changed", "category"),
    [
        ({}, "standard"),
        ({"igh_high_risk": 1}, "standard"),
        ({"igh_high_risk": 1, "gain_1q": 1}, "high"),
        ({"igh_high_risk": 1, "del_1p32_copies": 1}, "high"),
        ({"gain_1q": 1}, "standard"),
        ({"del_1p32_copies": 1}, "standard"),
        ({"del_1p32_copies": 1, "gain_1q": 1}, "high"),
        ({"del_1p32_copies": 2}, "high"),
        ({"b2m": 5.5, "creatinine": 1.19}, "high"),
        ({"b2m": 5.5, "creatinine": 1.20}, "standard"),
        ({"b2m": 5.4, "creatinine": 1.0}, "standard"),
        ({"del17p_percent": 20.1}, "high"),
        ({"del17p_percent": 20.0}, "standard"),
        ({"tp53_mutation": 1}, "high"),
        ({"tp53_mutation": None}, None),  # del17p absent, TP53 not sequenced: never standard
        ({"tp53_mutation": None, "del_1p32_copies": 2}, "high"),
        ({"del17p_percent": None}, None),
        ({"creatinine": None}, "standard"),  # it could not raise a low beta-2 microglobulin
        ({"b2m": None}, None),
        ({"b2m": 5.5, "creatinine": None}, None),
    ],
)
def test_consensus_genomic_staging_of_2025(changed, category):
    assert GENOMIC_STAGING_2025.evaluate(**STANDARD | changed).category == category


def test_a_person_tested_for_nothing_is_unknown():
    assert GENOMIC_STAGING_2025.evaluate().possible == ("standard", "high")
    assert GENOMIC_STAGING_2025.evaluate().category is None


def test_del17p_in_exactly_20_percent_is_flagged_and_high_by_the_other_reading():
    at_20 = STANDARD | {"del17p_percent": 20.0}
    assert [score.evaluate(**at_20).category for score in (GENOMIC_STAGING_2025, GENOMIC_STAGING_2025_FROM_20)] == ["standard", "high"]
    assert cautions_of(GENOMIC_STAGING_2025, {"del17p_percent": [19.9, 20.0, float("nan")]})[DEL17P_BOUNDARY].tolist() == [
        False,
        True,
        False,
    ]


NO_ERMM_FACTOR = {"ldh_high": 0, "t_4_14": 0, "del17p": 0, "albumin_abnormal": 0, "bmpc": 60, "lambda_chain": 0}
ERMM_POINTS = {"ldh_high": 5, "t_4_14": 5, "del17p": 3, "albumin_abnormal": 3, "bmpc": 3, "lambda_chain": 2}


@pytest.mark.parametrize("present", list(itertools.product([0, 1], repeat=6)))
def test_s_ermm_is_points_without_groups(present):
    inputs = {name: ((60, 60.1) if name == "bmpc" else (0, 1))[there] for name, there in zip(ERMM_POINTS, present, strict=True)}
    expected = sum(points * there for points, there in zip(ERMM_POINTS.values(), present, strict=True))
    result = S_ERMM.evaluate(**inputs)
    assert (result.points, result.category, result.risks) == (expected, str(expected), {})


def test_s_ermm_totals_that_cannot_be_are_refused():
    assert (0, 2, 3, *range(5, 17), 18, 19, 21) == TOTALS
    for total in (1, 4, 17, 20, 22, 2.5):
        with pytest.raises(DataError, match=f"S-ERMM of {total:g} points cannot be"):
            checked_totals([5, total])
    assert len(checked_totals(TOTALS)) == 18


def test_s_ermm_of_unknown_ldh_can_be_two_totals():
    assert S_ERMM.evaluate(**NO_ERMM_FACTOR | {"ldh_high": None}).possible == ("0", "5")


def test_staging_is_for_active_myeloma_only():
    staging = {"iss", "r_iss", "r2_iss", "rw_iss", "s_ermm", "genomic_staging_2025", "genomic_staging_2025_from_20"}
    assert {key for key, score in POINT_SCORES.items() if score.population == "mm"} == staging
