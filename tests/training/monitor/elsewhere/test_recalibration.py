"""Recalibration to a site with few people: what is chosen, that few events move little, and that what is changed still adds up."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features import FeatureSpec
from serving.artifact import Calibration, feature_matrix
from serving.models import logistic, logit
from serving.models.competing import CompetingRisk
from serving.predict import explain, predict_die_first, predict_risk
from training.monitor.elsewhere.judged import Judged
from training.monitor.elsewhere.recalibration import Recalibration, Site, chosen, recalibrated, recalibration_of
from training.reference.last_visits import OF_LAST_VISITS
from training.reference.person_time import hazard_of

SPEC = FeatureSpec(("m_protein",), ("ever",), ("last",), ("age", "female"))
DAYS, SLOPE = np.array([0.0, 365.0, 730.0]), 1.6


@pytest.fixture
def artifact(small_artifact, smm_task):
    """Risks near 10 and 18 % that rise with the M-protein, some with death first, and what is remembered of them."""
    made = small_artifact(replace(smm_task, features=replace(SPEC, static=("age",)), horizons=(12, 24)))
    made = replace(made, calibration=replace(made.calibration, slope=SLOPE, intercepts=(1.0, 1.7)))
    bands = {
        "months": [0.0],
        "figures": {"age": [{"quantiles": [50.0]}], "risk_12m": [{"quantiles": [0.1, 0.3]}, None], "risk_24m": [None]},
    }
    kept = {"reference_by_time": bands, OF_LAST_VISITS: [{"days": 183} | bands], "reference_person_time": {"months": [0], "ratio": [1.0]}}
    return replace(made, about=made.about | kept)


def site(artifact, people, factor, seed=1):
    """One visit of each person, whose hazard is so many times what the model says; a tenth is lost each year."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"m_protein__last__ever": rng.uniform(0, 5, people), "age": rng.normal(66, 9, people)})
    x = feature_matrix(artifact, frame)
    risk = predict_risk(artifact, x)
    cumulative = hazard_of(risk, predict_die_first(artifact, x, risk), artifact.horizons).cumulative
    threshold = rng.exponential(1, people) / factor
    event = np.array([np.interp(t, own, DAYS, right=1e6) for t, own in zip(threshold, cumulative, strict=True)])
    end = np.ceil(np.minimum(event, rng.exponential(3650, people)))
    kind = np.where(event <= end, "event", "none")
    keys = {"patient_id": [f"p{k}" for k in range(people)], "landmark": pd.Timestamp("2015-01-01"), "censored_by": "last_contact"}
    rows = frame.assign(**keys, event=kind, time_to_event=end)
    return Judged(rows, {}, {}, risk)


def test_nothing_is_changed_where_the_events_are_those_expected(artifact):
    found = recalibration_of(site(artifact, 200, 1.0, seed=2), artifact)
    assert (found.kind, found.shift, found.slope, found.expected_then) == ("none", 0.0, 1.0, found.expected)
    assert found.why.startswith("nothing is shown to be wrong: a shift: p 0.")


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_a_shift_goes_most_of_the_way_to_what_is_observed_and_not_beyond(artifact, factor):
    found = recalibration_of(site(artifact, 400, factor), artifact)
    assert found.kind == "shift"
    before, after = (np.log(found.observed / expected) for expected in (found.expected, found.expected_then))
    assert np.sign(before) == np.sign(np.log(factor))
    assert 0 <= after / before < 0.35


def test_few_events_move_less_than_many_and_none_beyond_what_is_likeliest(artifact):
    def kept(people):
        of_site = Site(site(artifact, people, 2.2), artifact)
        return of_site.fit(1, shrunk=True).shift / of_site.fit(1, shrunk=False).shift

    few, more, many = (kept(people) for people in (100, 400, 3000))
    assert 0.5 < few < more < many < 1.0
    assert many > 0.95


def test_a_slope_is_taken_where_the_spread_is_plainly_wrong(artifact):
    people = 3000
    there = site(artifact, people, 1.0, seed=5)
    log_odds = logit(there.die_first[:, -1])
    flat = np.exp(-0.6 * (log_odds - log_odds.mean()))  # who has a high risk has fewer events than it says
    found = recalibration_of(site(artifact, people, flat, seed=5), artifact)
    assert found.kind == "shift and slope"
    assert 0.2 < found.slope < 0.7


@pytest.mark.parametrize(
    ("p", "kind"),
    [
        ({"shift": 0.21, "both": 0.06, "slope": 0.01}, "none"),
        ({"shift": 0.20, "both": 0.30, "slope": 0.06}, "shift"),
        ({"shift": 0.01, "both": 0.01, "slope": 0.05}, "shift and slope"),
        ({"shift": 0.90, "both": 0.05, "slope": 0.02}, "shift and slope"),
    ],
)
def test_the_closed_test_gives_up_nothing_first_and_then_the_shift(p, kind):
    assert chosen(p) == kind


def test_too_few_expected_events_change_nothing_whatever_is_observed(artifact):
    few = recalibration_of(site(artifact, 35, 3.0), artifact)
    assert (few.kind, few.expected < 10, few.observed > 10) == ("none", True, True)
    assert "events are expected of these people, at least 10 are needed" in few.why


def test_a_dozen_expected_events_are_enough_where_far_more_are_seen_and_go_part_of_the_way(artifact):
    found = recalibration_of(site(artifact, 140, 2.0), artifact)
    assert (found.kind, 10 <= found.expected < 20, found.expected < found.expected_then < found.observed) == ("shift", True, True)


def test_a_shift_that_would_tell_of_fewer_than_ten_people_is_not_made(artifact):
    found = recalibration_of(site(artifact, 250, 0.15), artifact)
    assert (found.kind, found.observed < 10) == ("none", True)
    assert found.why.startswith("fewer than 10 people had the event, where ")


def test_of_sites_where_nothing_is_wrong_few_are_changed_and_little(artifact):
    found = [recalibration_of(site(artifact, 150, 1.0, seed), artifact) for seed in range(60)]
    assert np.mean([one.kind != "none" for one in found]) <= 0.25 + 2 * np.sqrt(0.25 * 0.75 / 60)
    assert np.mean([abs(np.log(one.expected_then / one.expected)) for one in found]) < 0.06


def test_the_changed_model_still_adds_up_keeps_its_order_and_remembers_risks_as_they_are_now(artifact):
    changed = Calibration(0.7 * SLOPE, (0.4 + 0.7 * 1.0, 0.4 + 0.7 * 1.7))
    found = Recalibration("shift and slope", 0.4, 0.7, changed, 100, 30, 20.0, 28.0, {}, "")
    new = recalibrated(artifact, found, {"recalibrated": {"kind": found.kind}})
    x = np.array([[2.0, 60.0], [4.0, np.nan]])
    before, after = explain(artifact, x), explain(new, x)
    assert logit(after.risks) == pytest.approx(0.4 + 0.7 * logit(before.risks))
    assert after.base + after.contributions.sum(axis=2) == pytest.approx(logit(after.risks))
    assert after.contributions == pytest.approx(0.7 * before.contributions)
    assert new.about["reference_by_time"]["figures"]["risk_12m"] == [
        {"quantiles": pytest.approx(logistic(0.4 + 0.7 * logit(np.array([0.1, 0.3]))).tolist())},
        None,
    ]
    assert new.about["reference_by_time"]["figures"]["age"] == [{"quantiles": [50.0]}]
    assert new.about[OF_LAST_VISITS] == [{"days": 183} | new.about["reference_by_time"]]
    assert artifact.calibration.intercepts == (1.0, 1.7)  # what it was before is as it was


@pytest.mark.parametrize("slope", [0.3, 3.0])
def test_a_slope_spreads_people_and_keeps_their_mean_and_the_order_of_the_horizons(artifact, slope):
    there = site(artifact, 300, 1.0)
    x, changed = feature_matrix(artifact, there.rows), Site(there, artifact).changed(0.0, slope)
    before, after = (one.log_odds(artifact.model.margins(x)) for one in (artifact.calibration, changed))
    assert after.mean(axis=0) == pytest.approx(before.mean(axis=0))
    assert after.std(axis=0) == pytest.approx(slope * before.std(axis=0))
    assert (np.diff(changed.intercepts) >= 0).all()


def test_death_first_never_takes_more_than_the_changed_risk_leaves(artifact):
    dying = CompetingRisk(((2.0, 0.5, 0.0, 0.3), (3.0, 0.5, 0.0, 0.3)), 66.0, 0.5)
    found = Recalibration("shift", 1.5, 1.0, Calibration(SLOPE, (2.5, 3.2)), 100, 30, 20.0, 28.0, {}, "")
    risk = predict_risk(recalibrated(artifact, found, {}), np.array([[5.0, 90.0]]))
    assert (risk + dying.risks(np.array([90.0]), np.array([1.0]), risk) <= 1.0 + 1e-12).all()
