"""ISS, R-ISS and R2-ISS: every combination against a table written out by hand."""

import itertools

import pytest

from myeloma.scores import POINT_SCORES
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


def test_staging_is_for_active_myeloma_only():
    assert {key for key, score in POINT_SCORES.items() if score.population == "mm"} == {"iss", "r_iss", "r2_iss"}
