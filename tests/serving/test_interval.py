"""The interval of a risk: fits to halves, each with a recalibration of its own."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import t

from serving.artifact import Calibration, load_artifact, save_artifact
from serving.models import logit
from serving.models.ensemble import Ensemble
from serving.predict import explain, predict_interval, predict_risk
from tests.model_kinds import HORIZONS, artifact_of, fitted, people
from training.monitor.elsewhere.recalibration import with_calibration

OWN = (Calibration(0.7, (0.0, 0.3, 0.5)), Calibration(1.2, (0.2, 0.2, 0.2)))
X = people(60)[0]
KNOWN = ~np.isnan(X).any(axis=1)


@pytest.fixture(params=["logistic", "ensemble"])
def artifact(request):
    return replace(artifact_of(request.param), resampled_calibrations=OWN)


def reach(artifact, x):
    """Return half the width of the interval at the first horizon, in log-odds, checked to lie alike on both sides of the risk."""
    (lower, upper), risk = predict_interval(artifact, x), logit(predict_risk(artifact, x))
    below, above = (risk - logit(lower))[:, 0], (logit(upper) - risk)[:, 0]
    assert below == pytest.approx(above, rel=1e-6)  # of a risk near 1 few digits are left
    return above


def log_odds_of_halves(artifact, calibrations):
    x = X[KNOWN]
    return np.array([one.log_odds(model.margins(x))[:, 0] for one, model in zip(calibrations, artifact.resampled, strict=True)])


def test_a_pair_of_halves_gives_students_t_with_1_degree_of_freedom_times_half_of_how_far_they_lie_apart(artifact):
    one, other = log_odds_of_halves(artifact, OWN)
    assert reach(artifact, X[KNOWN]) == pytest.approx(t.ppf(0.975, 1) * np.abs(one - other) / 2)


def test_of_several_pairs_what_the_halves_of_a_pair_have_in_common_counts_by_how_it_differs_between_pairs(artifact):
    four, shift = (*OWN, Calibration(0.8, (0.5, 0.6, 0.7)), Calibration(0.9, (0.1, 0.1, 0.1))), 0.3
    pairs = replace(artifact, resampled=artifact.resampled * 2, resampled_calibrations=four)
    fits = log_odds_of_halves(pairs, four).reshape(2, 2, -1)
    variance = np.mean(((fits[:, 0] - fits[:, 1]) / 2) ** 2, axis=0) + np.var(fits.mean(axis=1), axis=0, ddof=1)
    assert reach(pairs, X[KNOWN]) == pytest.approx(t.ppf(0.975, 2) * np.sqrt(variance))
    shifted = replace(pairs, resampled_calibrations=tuple(one.moved(np.full(3, shift), 1.0) for one in four))
    assert reach(shifted, X[KNOWN]) == pytest.approx(reach(pairs, X[KNOWN])), "what all fits to halves have in common is no variance"


def test_a_model_of_before_halves_had_one_of_their_own_has_the_recalibration_of_all_and_the_interval_it_had(artifact, tmp_path):
    before = replace(artifact, resampled_calibrations=())
    apart = (
        log_odds_of_halves(artifact, (artifact.calibration,) * 2) - artifact.calibration.log_odds(artifact.model.margins(X[KNOWN]))[:, 0]
    )
    assert reach(before, X[KNOWN]) == pytest.approx(t.ppf(0.975, 1) * np.sqrt(np.mean(apart**2, axis=0)))
    save_artifact(before, tmp_path)
    assert load_artifact(tmp_path).resampled_calibrations == ()


def test_an_artifact_keeps_the_recalibrations_of_its_halves(artifact, tmp_path):
    save_artifact(artifact, tmp_path)
    loaded = load_artifact(tmp_path)
    assert loaded.resampled_calibrations == OWN
    for ends in zip(predict_interval(loaded, X), predict_interval(artifact, X), strict=True):
        np.testing.assert_array_equal(*ends)


def test_of_a_person_of_whom_nothing_is_known_the_level_is_as_uncertain_as_the_recalibration_of_others():
    artifact = artifact_of("logistic")
    nothing, up = np.full((1, X.shape[1]), np.nan), np.array([0.4, 0.4, 0.4])
    alike = replace(artifact, resampled=(artifact.model,) * 2)
    assert reach(alike, nothing) == pytest.approx(0.0, abs=1e-9)
    apart = replace(alike, resampled_calibrations=tuple(artifact.calibration.moved(by, 1.0) for by in (up, -up)))
    assert reach(apart, nothing) == pytest.approx(t.ppf(0.975, 1) * up[0])


def test_a_row_has_the_same_interval_to_the_last_bit_whoever_comes_with_it(artifact):
    together, explained = predict_interval(artifact, X), explain(artifact, X)
    alone = [predict_interval(artifact, row[None]) for row in X]
    for bound, ends, of_explained in zip(together, zip(*alone, strict=True), (explained.lower, explained.upper), strict=True):
        np.testing.assert_array_equal(bound, np.vstack(ends))
        np.testing.assert_array_equal(bound, of_explained)


@pytest.mark.parametrize(("shift", "slope"), [(0.5, 1.0), (-0.3, 1.4)])
def test_a_recalibration_to_a_site_moves_the_interval_as_it_moves_the_risk(artifact, shift, slope):
    before = artifact.calibration
    moved = with_calibration(artifact, Calibration(slope * before.slope, tuple(shift + slope * np.array(before.intercepts))))
    assert reach(moved, X) == pytest.approx(slope * reach(artifact, X))


def test_a_member_that_one_half_gives_no_weight_costs_the_others_nothing():
    kinds = ("logistic", "cox")
    members = {kind: fitted(kind) for kind in kinds}
    models = [Ensemble(members, dict(zip(kinds, weights, strict=True))) for weights in ((0.7, 0.3), (1.0, 0.0), (0.0, 1.0))]
    each = np.array([model.margins(X) for model in models])
    np.testing.assert_array_equal(Ensemble.together(models)(X), each)
    for first in range(3):
        margins, contributions = Ensemble.explaining(models[first:])(X)
        np.testing.assert_array_equal(margins, each[first:])
        np.testing.assert_array_equal(contributions, models[first].contributions(X))


def test_horizons_stay_in_order(artifact):
    assert artifact.horizons == HORIZONS
    for bound in predict_interval(artifact, X):
        assert (np.diff(bound, axis=1) >= 0).all()
