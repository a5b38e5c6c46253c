"""What acting at a threshold does, by hand; and calibration where the truth is known."""

import numpy as np
import pytest

from training.metrics import Sample, all_measures
from training.metrics.calibration import calibration_curve, calibration_measures, spline_basis
from training.metrics.decision import decision_measures
from training.rows.censoring import COMPETING, EVENT, NONE, FollowUp


def sample(time, event, horizon=10.0):
    return Sample.of(FollowUp.from_arrays(np.array(time, dtype=float), np.array(event)), horizon, np.ones((1, len(time))))


def test_four_people_by_hand():
    # At a threshold of 20 %: one true positive, one false positive (who died first), one false negative, one true negative.
    four = sample([5, 5, 5, 20], [EVENT, COMPETING, EVENT, NONE])
    found = decision_measures(four, np.array([0.9, 0.8, 0.1, 0.1]), (0.2,), (0.2,))
    assert {name: values[0] for (name, _), values in found.items()} == pytest.approx(
        {
            "sensitivity": 0.5,
            "specificity": 0.5,
            "ppv": 0.5,
            "npv": 0.5,
            "net_benefit": (1 - 1 * 0.25) / 4,
            "net_benefit_treat_all": (2 - 2 * 0.25) / 4,
        }
    )


def test_a_risk_at_the_threshold_is_acted_on():
    found = decision_measures(sample([5, 20], [EVENT, NONE]), np.array([0.2, 0.1]), (0.2,), ())
    assert found["sensitivity", 0.2][0] == 1.0


def test_where_nobody_reaches_the_threshold_there_is_no_predictive_value_and_no_benefit():
    found = decision_measures(sample([5, 20], [EVENT, NONE]), np.array([0.1, 0.1]), (0.5,), (0.5,))
    assert np.isnan(found["ppv", 0.5][0])
    assert found["net_benefit", 0.5][0] == 0.0


@pytest.mark.parametrize("acts", [True, False])
def test_a_share_of_all_or_none_is_exactly_that_in_every_draw_so_it_lies_within_its_interval(acts):
    rng = np.random.default_rng(1)
    event, counts = rng.choice([EVENT, COMPETING, NONE], 300), rng.integers(0, 4, (50, 300)).astype(float)
    judged = Sample.of(FollowUp.from_arrays(rng.uniform(1, 20, 300), event), 10.0, counts)
    found = decision_measures(judged, np.full(300, 0.3 if acts else 0.1), (0.2,), ())
    assert set(found["specificity", 0.2]) == {0.0 if acts else 1.0}
    assert set(found["sensitivity", 0.2]) == {1.0 if acts else 0.0}


@pytest.fixture
def calibrated():
    """Twenty thousand people without censoring whose risk is what is predicted; a fifth die first."""
    rng = np.random.default_rng(5)
    risk = rng.beta(1.5, 6.0, 20_000)
    progressed = rng.random(20_000) < risk
    return sample(np.where(progressed | (rng.random(20_000) < 0.2), 5, 20), np.where(progressed, EVENT, COMPETING)), risk


def test_a_true_risk_has_intercept_0_slope_1_and_an_ici_near_0(calibrated):
    judged, risk = calibrated
    found = {name: values[0] for name, values in calibration_measures(judged, risk).items()}
    assert found == pytest.approx({"calibration_intercept": 0.0, "calibration_slope": 1.0, "ici": 0.0}, abs=0.05)
    assert calibration_curve(judged, risk) == pytest.approx(risk, abs=0.08)


def test_a_risk_twice_as_spread_has_a_slope_of_one_half_and_one_too_high_an_intercept_below_0(calibrated):
    judged, risk = calibrated
    odds = risk / (1 - risk)
    assert calibration_measures(judged, odds**2 / (1 + odds**2))["calibration_slope"][0] == pytest.approx(0.5, abs=0.03)
    assert calibration_measures(judged, 2 * odds / (1 + 2 * odds))["calibration_intercept"][0] == pytest.approx(-np.log(2), abs=0.05)


def test_the_ici_of_a_score_is_the_mean_distance_of_its_classes():
    found = calibration_measures(sample([5, 5, 20, 20, 20], [1, 2, 0, 0, 0]), np.array([0.3, 0.3, 0.1, 0.1, 0.1]))
    assert found["ici"][0] == pytest.approx((2 * abs(0.5 - 0.3) + 3 * abs(0.0 - 0.1)) / 5)


def test_one_risk_for_all_has_no_slope_and_one_class_alone_no_regression():
    same = all_measures(sample([5, 20, 20], [1, 0, 0]), np.full(3, 0.2), (0.1,))
    assert np.isnan(same["calibration_slope", None][0])
    assert same["auc", None][0] == 0.5
    everybody = all_measures(sample([5, 6, 7], [1, 1, 1]), np.array([0.2, 0.3, 0.4]), (0.1,))
    assert np.isnan(everybody["calibration_slope", None][0])
    assert np.isnan(everybody["auc", None][0])


def test_the_spline_is_straight_beyond_its_outer_knots():
    x = np.linspace(-5, 5, 1001)
    curve = spline_basis(x) @ np.array([0.1, 0.5, 2.0, -1.0])
    assert np.abs(np.diff(curve, 2)[950:]).max() < 1e-12
    assert np.abs(np.diff(curve, 2)[:40]).max() < 1e-12


@pytest.mark.parametrize("seed", [37, 151, 161, 213])
def test_a_curve_that_falls_to_nothing_where_nobody_at_low_risk_progresses_is_read_without_an_overflow(seed):
    rng = np.random.default_rng(seed)
    risk = rng.beta(0.6, 1.5, 120)
    progressed = rng.random(120) < np.where(risk < 0.35, 0.0, risk - 0.3)
    counts = np.vstack([np.ones(120), rng.multinomial(120, np.full(120, 1 / 120), 30)])
    people = FollowUp.from_arrays(np.where(progressed, 5.0, 20.0), np.where(progressed, EVENT, NONE))
    found = calibration_measures(Sample.of(people, 10.0, counts), risk)["ici"]  # a warning fails the test
    assert ((found >= 0) & (found <= 1) | np.isnan(found)).all()
    assert np.isfinite(found).any()
