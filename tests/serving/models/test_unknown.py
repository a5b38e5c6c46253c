"""What is said of people of whom nothing is known of some biomarkers: a regression for each pattern, and its shares."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import t

from features import FeatureSpec
from serving.artifact import Artifact, Calibration, load_artifact, save_artifact
from serving.models import logit
from serving.models.base import ImpossibleModelError
from serving.models.design import LinearDesign
from serving.models.linear import HorizonLogistic
from serving.models.unknown import UnknownBiomarkers, hidden
from serving.predict import explain, predict_interval, predict_risk, recalibrated
from training.monitor.elsewhere.recalibration import with_calibration

SPEC = FeatureSpec(("m_protein", "hemoglobin"), ("ever",), ("last", "slope"), ("age",))
COLUMNS = SPEC.columns()
M, M_SLOPE, H, H_SLOPE, AGE = (
    COLUMNS.index(name)
    for name in ("m_protein__last__ever", "m_protein__slope__ever", "hemoglobin__last__ever", "hemoglobin__slope__ever", "age")
)


def straight(*features):
    """Return a design that leaves the values of some columns as they are, missing ones at 0."""
    n = len(features)
    rest = {"fill": (0.0,) * n, "mean": (0.0,) * n, "sd": (1.0,) * n, "knots": {}, "spline_mean": (), "indicated": (), "missing_share": ()}
    return LinearDesign(features, ("linear",) * n, (-100.0,) * n, (100.0,) * n, **rest)


# Patterns: nothing known of M-protein; of hemoglobin; of both. In each two horizons: level, slope, M-protein, hemoglobin.
LINES = np.array(
    [
        [[0.5, 2.0, 0.0, 0.3], [0.4, 1.5, 0.0, 0.3]],
        [[0.1, 1.1, 0.2, 0.0], [0.1, 1.1, 0.2, 0.0]],
        [[-1.0, 1.0, 0.0, 0.0], [-0.5, 1.0, 0.0, 0.0]],
    ]
)
SOME = UnknownBiomarkers(("m_protein", "hemoglobin"), straight(COLUMNS[M], COLUMNS[H]), LINES, COLUMNS)
MODEL = HorizonLogistic(straight(COLUMNS[M], COLUMNS[H], COLUMNS[AGE]), np.array([0.8, -0.2, 0.02]), np.array([-3.0, -2.0]), COLUMNS)
ARTIFACT = Artifact(
    "logistic",
    MODEL,
    SPEC,
    (12, 24),
    Calibration(0.9, (0.1, 0.2)),
    {"treatment": "censor"},
    resampled=(replace(MODEL, coefficients=np.array([1.0, -0.2, 0.02])), replace(MODEL, coefficients=np.array([0.6, -0.2, 0.02]))),
    unknown=SOME,
)


def person(**known):
    """Return one row of whom only these columns are known."""
    row = np.full((1, len(COLUMNS)), np.nan)
    for place, value in known.items():
        row[0, globals()[place]] = value
    return row


NO_M = person(H=2.0, H_SLOPE=0.0, AGE=60.0)
NOTHING = person()


def test_a_biomarker_is_unknown_where_no_column_of_it_has_a_value():
    rows = np.vstack([person(M=1.0, H=2.0), person(M_SLOPE=0.0, H=2.0), person(H=2.0), person(M=1.0), NOTHING])
    assert SOME.patterns(rows).tolist() == [0, 0, 1, 2, 3]


def test_a_count_of_0_tells_of_no_result():
    counted = FeatureSpec(("m_protein", "hemoglobin"), ("ever",), ("last", "count"), ())
    some = replace(SOME, columns=counted.columns())  # M-protein and its count, hemoglobin and its count
    assert some.columns[1] == "m_protein__count__ever"
    rows = np.array([[1.0, 1.0, 13.0, 2.0], [np.nan, 0.0, 13.0, 2.0], [np.nan, 0.0, np.nan, 0.0], [np.nan, np.nan, np.nan, 1.0]])
    assert some.patterns(rows).tolist() == [0, 1, 3, 1]


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_what_is_hidden_looks_as_if_there_were_no_result(kind):
    columns = ["m_protein__last__ever", "m_protein__count__ever", "m_protein__count__since_line", "age"]
    x = np.array([[1.0, 3.0, np.nan, 60.0]], kind)
    found = hidden(x, columns, np.array([True, True, True, False]))
    np.testing.assert_array_equal(found, [[np.nan, 0.0, np.nan, 60.0]])
    assert found.dtype == kind and x[0, 0] == 1.0
    np.testing.assert_array_equal(hidden(x, columns, np.array([[False, True, False, False]])), [[1.0, 0.0, np.nan, 60.0]])


def test_the_regression_of_the_pattern_takes_the_place_of_the_recalibration():
    margin = -3.0 - 0.2 * 2.0 + 0.02 * 60.0
    assert logit(predict_risk(ARTIFACT, NO_M))[0] == pytest.approx([0.5 + 2.0 * margin + 0.3 * 2.0, 0.4 + 1.5 * (margin + 1.0) + 0.3 * 2.0])


def test_people_of_whom_all_is_known_are_told_what_the_recalibration_says():
    x = person(M=1.0, H=2.0)
    without = replace(ARTIFACT, unknown=None)
    assert (predict_risk(ARTIFACT, x) == predict_risk(without, x)).all()
    assert (explain(ARTIFACT, x).contributions == explain(without, x).contributions).all()


def test_contributions_add_up_and_what_the_unknown_adds_stands_at_the_unknown():
    explained, known = explain(ARTIFACT, NO_M), explain(ARTIFACT, person(M=1.0, H=2.0, AGE=60.0))
    assert explained.base + explained.contributions.sum(axis=2) == pytest.approx(logit(explained.risks), abs=1e-12)
    assert explained.base == pytest.approx(known.base), "the base is that of everybody"
    assert explained.contributions[0, 0, H] == pytest.approx(2.0 * -0.2 * 2.0 + 0.3 * 2.0)
    assert explained.contributions[0, 0, AGE] == pytest.approx(2.0 * 0.02 * 60.0)
    assert (explained.contributions[0, :, [M_SLOPE, H_SLOPE]] == 0).all()


def test_several_unknown_share_alike():
    explained = explain(ARTIFACT, NOTHING)
    assert explained.base + explained.contributions.sum(axis=2) == pytest.approx(logit(explained.risks), abs=1e-12)
    assert (explained.contributions[0, :, M] == explained.contributions[0, :, H]).all()


def test_no_risk_falls_as_the_horizon_grows_and_its_reasons_are_those_of_the_horizon_that_speaks():
    lines = LINES.copy()
    lines[0, 1, 0] = -9.0
    falling = replace(ARTIFACT, unknown=replace(SOME, coefficients=lines))
    explained = explain(falling, NO_M)
    assert explained.risks[0, 1] == explained.risks[0, 0] == predict_risk(ARTIFACT, NO_M)[0, 0]
    assert explained.contributions[0, 1, H] == pytest.approx(2.0 * -0.2 * 2.0 + 0.3 * 2.0)
    assert explained.base + explained.contributions.sum(axis=2) == pytest.approx(logit(explained.risks), abs=1e-12)


def test_a_horizon_whose_own_regression_does_not_speak_has_the_interval_of_the_one_that_does():
    lines = LINES.copy()
    lines[0, 1, 0] = -9.0
    halves = tuple(replace(MODEL, intercepts=MODEL.intercepts + np.array([-by, 3.0 * by])) for by in (0.1, -0.1))
    lower, upper = predict_interval(replace(ARTIFACT, resampled=halves, unknown=replace(SOME, coefficients=lines)), NO_M)
    assert lower[0, 1] == lower[0, 0] < upper[0, 0] == upper[0, 1]


def test_the_interval_is_as_wide_as_the_slope_of_the_pattern_makes_it():
    spread = [np.diff(np.log(np.array(bounds) / (1 - np.array(bounds))), axis=0)[0, 0, 0] for bounds in (
        predict_interval(replace(ARTIFACT, unknown=unknown), person(M_SLOPE=0.0, M=3.0)) for unknown in (None, SOME)
    )]  # fmt: skip
    assert spread[1] / spread[0] == pytest.approx(1.1 / 0.9)


APART = np.array([0.3, -0.1])  # of a pair of halves: what each one's regressions lie above those of the whole
OF_HALVES = np.array([LINES, LINES])
OF_HALVES[:, :, :, 0] += APART[:, None, None]
WITH_HALVES = replace(
    ARTIFACT, resampled=(MODEL, MODEL), resampled_calibrations=(ARTIFACT.calibration,) * 2, unknown=replace(SOME, of_halves=OF_HALVES)
)


def reach(artifact, x):
    return np.diff(logit(np.array(predict_interval(artifact, x))), axis=0)[0] / 2.0


@pytest.mark.parametrize("x", [NO_M, NOTHING, person(M=3.0, AGE=60.0)])
def test_how_far_the_regressions_of_the_halves_lie_apart_makes_the_interval(x):
    assert reach(WITH_HALVES, x) == pytest.approx(t.ppf(0.975, 1) * np.abs(APART[0] - APART[1]) / 2.0)
    explained = explain(WITH_HALVES, x)
    for found, bound in zip((explained.lower, explained.upper), predict_interval(WITH_HALVES, x), strict=True):
        np.testing.assert_array_equal(found, bound)


def test_of_people_of_whom_all_is_known_they_say_nothing():
    known = person(M=3.0, H=2.0, AGE=60.0)
    assert reach(WITH_HALVES, known) == pytest.approx(0.0, abs=1e-9)
    several = np.vstack([known, NO_M])
    np.testing.assert_array_equal(reach(WITH_HALVES, several), np.vstack([reach(WITH_HALVES, known), reach(WITH_HALVES, NO_M)]))


def test_bounds_do_not_fall_where_the_regression_of_a_half_does():
    falling = OF_HALVES.copy()
    falling[0, 0, 1, 0] -= 9.0
    for bound in predict_interval(replace(WITH_HALVES, unknown=replace(SOME, of_halves=falling)), NO_M):
        assert bound[0, 1] >= bound[0, 0]


def test_the_interval_holds_the_risk_where_a_slope_is_negative_too():
    lines = LINES.copy()
    lines[1, :, 1] = -0.2
    falling, x = replace(ARTIFACT, unknown=replace(SOME, coefficients=lines)), person(M=3.0)
    lower, upper = predict_interval(falling, x)
    risk = predict_risk(falling, x)
    assert (lower < risk).all() and (risk < upper).all()


def test_a_row_has_the_same_answer_to_the_last_bit_whoever_comes_with_it():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(400, len(COLUMNS)))
    x[rng.random(x.shape) < 0.5] = np.nan
    together = recalibrated(ARTIFACT, x, MODEL.margins(x)).log_odds
    alone = np.vstack([recalibrated(ARTIFACT, row[None], MODEL.margins(row[None])).log_odds for row in x])
    assert (together == alone).all()
    explained = explain(ARTIFACT, x).contributions
    assert (explained == np.vstack([explain(ARTIFACT, row[None]).contributions for row in x])).all()


def test_an_artifact_keeps_it_and_one_of_before_there_was_any_has_none(tmp_path):
    x = np.vstack([NO_M, NOTHING, person(M=1.0, H=2.0)])
    for k, artifact in enumerate((ARTIFACT, WITH_HALVES, replace(ARTIFACT, unknown=None))):
        save_artifact(artifact, tmp_path / str(k))
        loaded = load_artifact(tmp_path / str(k))
        assert (predict_risk(loaded, x) == predict_risk(artifact, x)).all()
        np.testing.assert_array_equal(predict_interval(loaded, x), predict_interval(artifact, x))
        assert (loaded.unknown is None) == (artifact.unknown is None)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"biomarkers": ["m_protein", "bmpc"]}, "bmpc, of which it has no column"),
        ({"biomarkers": ["m_protein", "m_protein"]}, "accepted: 1 to 7, none of them twice"),
        ({"biomarkers": []}, "accepted: 1 to 7"),
        ({"biomarkers": ["m_protein"]}, "coefficients has the shape|coefficients have the shape"),
        ({"coefficients": [[[float("nan")] * 4] * 2] * 3}, "not finite"),
        ({"of_halves": OF_HALVES[:1].tolist()}, r"of_halves has the shape \(1, 3, 2, 4\), accepted: \(2, 3, 2, 4\)"),
        ({"of_halves": []}, "of_halves has the shape"),
    ],
)
def test_what_no_fit_writes_is_refused(wrong, says):
    assert (UnknownBiomarkers.load(SOME.save(), COLUMNS, 2).coefficients == LINES).all()
    with pytest.raises(ImpossibleModelError, match=says):
        UnknownBiomarkers.load(SOME.save() | wrong, COLUMNS, 2, halves=2)


@pytest.mark.parametrize(("shift", "slope"), [(0.5, 1.0), (-0.3, 1.4)])
def test_a_recalibration_moves_people_of_whom_something_is_unknown_as_it_moves_all_others(shift, slope):
    before = ARTIFACT.calibration
    calibration = Calibration(slope * before.slope, tuple(shift + slope * np.array(before.intercepts)))
    moved = with_calibration(ARTIFACT, calibration)
    for x in (NO_M, NOTHING, person(M=3.0, H=2.0, AGE=60.0)):
        then, now = (logit(predict_risk(one, x)) for one in (ARTIFACT, moved))
        assert now == pytest.approx(shift + slope * then)
        found = explain(moved, x)
        assert found.base + found.contributions.sum(axis=2) == pytest.approx(logit(found.risks))
        assert reach(with_calibration(WITH_HALVES, calibration), x) == pytest.approx(slope * reach(WITH_HALVES, x), abs=1e-9)
