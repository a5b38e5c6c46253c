"""What stands beside a score: only where it concerns the score, and only where the inputs are known."""

import math

import numpy as np
import pytest

from myeloma.scores import SCORES
from myeloma.scores.cautions import (
    BEFORE_TREATMENT,
    CAUTIONS,
    FLC_INTERVAL,
    FLC_REDUCED_FILTRATION,
    PUBLISHED_LIMITS,
    cautions_of,
    since_treatment,
)

NAN = math.nan


def cautions_on(key, **values):
    return [caution for caution, holds in cautions_of(SCORES[key], values).items() if holds]


@pytest.mark.parametrize(
    ("ratio", "egfr", "expected"),
    [
        *[(ratio, 40, []) for ratio in (0.26, 1.0, 1.65, NAN)],  # no point for the light chains
        (1.66, 90, [FLC_INTERVAL]),
        (1.66, NAN, [FLC_INTERVAL]),
        (0.2, 90, [FLC_INTERVAL]),
        (1.66, 60, [FLC_INTERVAL]),
        (1.66, 59.9, [FLC_INTERVAL, FLC_REDUCED_FILTRATION]),
        (3.10, 20, [FLC_INTERVAL, FLC_REDUCED_FILTRATION]),
        (3.11, 20, [FLC_INTERVAL]),
        (0.25, 20, [FLC_INTERVAL]),
    ],
)
@pytest.mark.parametrize("key", ["mgus_2005", "mgus_2005_net", "cmg_2017"])
def test_an_abnormal_ratio_may_be_normal_by_newer_intervals(key, ratio, egfr, expected):
    assert cautions_on(key, kappa_lambda_ratio=ratio, egfr=egfr) == expected


def test_scores_of_smoldering_myeloma_have_cut_offs_of_their_own():
    assert cautions_on("mayo_2008", kappa_lambda_ratio=2.0, egfr=40.0) == []


@pytest.mark.parametrize("key", ["pethema", "czech_heidelberg", "cmg_2017"])
@pytest.mark.parametrize(("immunoparesis", "expected"), [(1.0, [PUBLISHED_LIMITS]), (0.0, [PUBLISHED_LIMITS]), (NAN, [])])
def test_immunoparesis_by_published_limits_is_labelled(key, immunoparesis, expected):
    assert cautions_on(key, immunoparesis=immunoparesis) == expected


def test_many_rows_get_what_one_gets():
    ratio, egfr = np.array([1.0, 2.0, 2.0, NAN]), np.array([50.0, 50.0, NAN, 50.0])
    found = cautions_of(SCORES["mgus_2005"], {"kappa_lambda_ratio": ratio, "egfr": egfr})
    assert found[FLC_INTERVAL].tolist() == [False, True, True, False]
    assert found[FLC_REDUCED_FILTRATION].tolist() == [False, True, False, False]


@pytest.mark.parametrize(("key", "expected"), [("iss", True), ("r_iss", True), ("r2_iss", True), ("s_ermm", False)])
def test_results_of_since_treatment_that_were_left_aside_are_told_of_scores_that_ask_for_them(key, expected):
    assert (cautions_on(key, **{since_treatment("b2m"): 1.0}) == [BEFORE_TREATMENT]) == expected
    assert cautions_on(key, **{since_treatment("b2m"): 0.0}) == []


def test_every_caution_names_its_source():
    assert all(any(character.isdigit() for character in text) for text in CAUTIONS.values())
    assert "IgG 700-767, IgA 61-70, IgM 37-40 mg/dL" in CAUTIONS[PUBLISHED_LIMITS]
