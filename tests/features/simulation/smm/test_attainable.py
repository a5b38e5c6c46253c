"""The attainable risk: with one marker it is a closed form, elsewhere the truth lies around it, and it looks back only."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.intake.quality import clean
from features.simulation.smm import CONTRAST, DEFAULT, simulate, simulate_truth
from features.simulation.smm.attainable import attainable_risks
from features.simulation.smm.courses import moved, weighed
from features.simulation.smm.likelihood import BIOMARKERS, Histories
from features.simulation.smm.people import Scores, draw_arrival, draw_scores, traits_of
from features.simulation.smm.truth import HORIZONS
from myeloma import DataError
from myeloma.calendar import DAYS_PER_YEAR, horizon_days

RISKS = [f"risk_{h}m" for h in HORIZONS]
ONE_MARKER = replace(
    DEFAULT,
    sites=tuple(replace(site, burden=1.0, chains_missing=1.0) for site in DEFAULT.sites),
    marker_correlation=(0.0, 0.0, 0.0),
    slow_growth=0.0,
    slow_growth_sd=0.0,
    fast_present=0.0,
    fast_arrival=1e-12,
    marrow_at_index=0.0,
    marrow_later=0.0,
    hemoglobin_missing=1.0,
    creatinine_missing=1.0,
    intensity=0.05,
    per_log_burden=0.0,
    per_m_protein=1.5,
    per_log_flc_ratio=0.0,
    per_growth=0.0,
    treatment=0.0,
    death_factor=1e-9,
    discovery=dict.fromkeys(DEFAULT.discovery, 0.0),
)


def visits_of(people, seed, world):
    cohort, _ = clean(simulate(people, seed, world))
    truth = simulate_truth(people, seed, world)
    return cohort, truth, truth[["patient_id", "landmark"]]


def in_closed_form(cohort, visits):
    """Return the risks in the world of one marker, constant and lognormal, by a sum over its values; frailty is gamma."""
    world, index_date = ONE_MARKER, cohort.patients.set_index("patient_id")["index_date"]
    scores = np.linspace(-6, 6, 4001)
    level = np.clip(world.m_protein * np.exp(world.m_protein_spread * scores), 0.1, 6.0)
    hazard, shape = world.intensity * np.exp(world.per_m_protein * (level - 1.2)), world.frailty_shape
    spread, out = np.sqrt(np.log1p(world.cv["m_protein"] ** 2)), []
    for patient, landmark in visits.itertuples(index=False):
        rows = cohort.measurements
        seen = rows.loc[(rows["patient_id"] == patient) & (rows["available_at"] <= landmark), "value"].to_numpy()
        z = (np.log(seen[:, None] / level) + spread**2 / 2) / spread
        before = hazard * (landmark - index_date[patient]).days / DAYS_PER_YEAR
        log = -(scores**2) / 2 - (z**2).sum(axis=0) / 2 - shape * np.log1p(before / shape)
        weight = np.exp(log - log.max())
        years = np.array([horizon_days(h) for h in HORIZONS])[:, None] / DAYS_PER_YEAR
        risk = 1 - np.exp(-world.unforeseen * years) * ((shape + before) / (shape + before + hazard * years)) ** shape
        out.append(risk @ weight / weight.sum())
    return np.array(out)


def test_with_one_marker_it_is_the_closed_form():
    cohort, _, visits = visits_of(40, 3, ONE_MARKER)
    found = attainable_risks(ONE_MARKER, cohort, visits)[RISKS].to_numpy()
    exact = in_closed_form(cohort, visits)
    error = (found - exact) / np.sqrt(exact * (1 - exact))
    assert exact.max() - exact.min() > 0.3, "the marker tells"
    assert np.abs(error).max() < 0.03
    assert np.abs(error.mean()) < 0.002


@pytest.mark.slow
@pytest.mark.parametrize("world", [DEFAULT, CONTRAST], ids=["default", "contrast"])
def test_the_truth_is_on_average_what_is_attainable_and_follows_it_one_to_one(world):
    cohort, truth, visits = visits_of(150, 5, world)
    found = attainable_risks(world, cohort, visits, draws=200)
    for name in RISKS:
        true, attainable = truth[name].to_numpy(), found[name].to_numpy()
        left = pd.DataFrame({"sum": true - attainable, "product": (true - attainable) * (attainable - attainable.mean())})
        by_person = left.groupby(visits["patient_id"]).sum()
        assert abs(by_person["sum"].sum()) < 4 * np.sqrt((by_person["sum"] ** 2).sum()), name
        assert abs(by_person["product"].sum()) < 4 * np.sqrt((by_person["product"] ** 2).sum()), name
        assert np.corrcoef(np.log(true), np.log(attainable))[0, 1] > 0.6


def test_courses_that_nothing_was_seen_of_keep_the_distribution_of_people_when_they_are_moved():
    many, rng = 20_000, np.random.default_rng(1)
    scores = draw_scores(DEFAULT, many, rng)
    arrival = draw_arrival(DEFAULT, traits_of(DEFAULT, np.ones(many), scores, np.ones(many)), rng)
    nothing = Histories(
        mix=np.ones(1),
        kappa=np.ones(1, dtype=bool),
        age=np.full(1, 60.0),
        female=np.zeros(1, dtype=bool),
        landmark=np.zeros((1, 1)),
        day=np.zeros((1, 1)),
        value={name: np.full((1, 1), np.nan) for name in BIOMARKERS},
        known={name: np.full((1, 1), 1) for name in BIOMARKERS},
    )
    before = weighed(DEFAULT, nothing, Scores(scores.normal[:, None], scores.growth[None]), arrival[None], 0)
    after = before
    for _ in range(5):
        after = moved(DEFAULT, nothing, after, 0, np.ones(1), rng)
    assert (after.normal != before.normal).mean() > 0.5
    assert after.normal.mean(axis=(1, 2)) == pytest.approx(np.zeros(7), abs=0.04)
    assert after.normal.std(axis=(1, 2)) == pytest.approx(np.ones(7), abs=0.03)
    assert np.corrcoef(after.normal[:3, 0])[0, 1:] == pytest.approx(np.array(DEFAULT.marker_correlation[:2]), abs=0.02)
    there, there_then = before.arrival < 0, after.arrival < 0
    assert there_then.mean() == pytest.approx(there.mean(), abs=0.015)
    assert after.arrival[there_then].mean() == pytest.approx(before.arrival[there].mean(), abs=0.15)
    assert after.growth[there_then].mean() == pytest.approx(before.growth[there].mean(), abs=0.015)


def test_nothing_after_the_landmark_is_read():
    cohort, _, visits = visits_of(30, 4, DEFAULT)
    early = visits.groupby("patient_id").head(2)
    last = cohort.measurements["patient_id"].map(early.groupby("patient_id")["landmark"].max())
    later = cohort.measurements["available_at"] > last
    assert later.sum() > 100
    changed = replace(cohort, measurements=cohort.measurements.assign(value=cohort.measurements["value"].where(~later, 1.0)))
    ours, theirs = (attainable_risks(DEFAULT, of_one, early, draws=50) for of_one in (cohort, changed))
    pd.testing.assert_frame_equal(ours, theirs)


def test_the_order_of_the_visits_changes_nothing():
    cohort, _, visits = visits_of(10, 4, DEFAULT)
    mixed = visits.sample(frac=1.0, random_state=1)
    ours, theirs = (attainable_risks(DEFAULT, cohort, of_one, draws=50) for of_one in (visits, mixed))
    pd.testing.assert_frame_equal(ours, theirs.sort_values(["patient_id", "landmark"], ignore_index=True))


def test_people_of_another_cohort_are_refused():
    cohort, _, visits = visits_of(5, 4, DEFAULT)
    elsewhere = replace(cohort, patients=cohort.patients.assign(site="elsewhere"))
    with pytest.raises(DataError, match='of the site "elsewhere", which the simulated world does not have'):
        attainable_risks(DEFAULT, elsewhere, visits)


@pytest.mark.parametrize("name", ["light_chain", "sex"])
def test_what_is_unknown_of_a_person_is_refused_and_taken_for_nothing(name):
    cohort, _, visits = visits_of(5, 4, DEFAULT)
    unknown = replace(cohort, patients=cohort.patients.assign(**{name: ["", *cohort.patients[name][1:]]}))
    with pytest.raises(DataError, match=f"1 of 5 people have no {name}, which everybody of a simulated world has"):
        attainable_risks(DEFAULT, unknown, visits)
