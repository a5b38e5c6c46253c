"""The true risk of relapse is the average over a person's futures, it is calibrated, and it is there for every landmark at risk."""

import numpy as np
import pandas as pd
import pytest

from features.intake.quality import clean
from features.simulation.life_table import death_rate
from features.simulation.smm.truth import HORIZONS
from features.simulation.treated import CONTRAST, TREATED, simulate, simulate_truth
from features.simulation.treated.course import draw_lives
from features.simulation.treated.disease import limit_of_burden, regrown
from features.simulation.treated.people import draw_people
from features.simulation.treated.truth import risks_at
from features.table.landmarks import visit_landmarks
from myeloma.calendar import DAYS_PER_YEAR, horizon_days
from training.metrics.incidence import aalen_johansen
from training.rows.censoring import FollowUp

RISKS = [f"risk_{h}m" for h in HORIZONS]
WORLDS = pytest.mark.parametrize("world", [TREATED, CONTRAST], ids=["treated", "contrast"])
WEEK = 7 / DAYS_PER_YEAR


def by_brute_force(world, lives, one, time, futures=10_000):
    """Draw futures week by week: waking, then relapse or death, whichever comes first."""
    rng = np.random.default_rng(5)
    people, therapy = lives.people, lives.therapy
    limit = limit_of_burden(world, people)[one]
    woke = np.full(futures, lives.course.wake[one] if lives.course.wake[one] <= time else np.inf)
    free, relapsed = np.ones(futures, dtype=bool), np.full(futures, np.inf)
    for since in np.arange(0, 5.02, WEEK):
        now = time + since + WEEK / 2
        held = 0.0 if now < world.wake_from else therapy.hold[one] if now < therapy.stop[one] else 1.0
        wakes = np.isinf(woke) & (rng.random(futures) < -np.expm1(-held * people.wake_rate[one] * WEEK))
        woke[wakes] = now
        rate = np.full(futures, world.unforeseen)
        awake = np.isfinite(woke)
        burden = regrown(world, people.left[one], people.growth[one], now - woke[awake])
        found = 0.0 if people.smoldering[one] else world.found / (1 + (world.found_at * limit / burden) ** world.found_sharpness)
        rate[awake] += found + people.clinical_frailty[one] * world.clinical * (burden / 0.2) ** world.clinical_power
        age = people.age[one] + therapy.start_day[one] / DAYS_PER_YEAR + now
        death = world.death_excess + world.death_factor * death_rate(age, people.female[one])
        ended = free & (rng.random(futures) < -np.expm1(-(rate + death) * WEEK))
        relapses = ended & (rng.random(futures) < rate / (rate + death))
        relapsed[relapses] = since + WEEK * rng.random(relapses.sum())
        free &= ~ended
    return np.array([(relapsed <= h / 12).mean() for h in HORIZONS])


@WORLDS
def test_the_true_risk_is_the_average_over_drawn_futures(world):
    lives = draw_lives(world, draw_people(world, 600, seed=11), 11)
    course, people, myeloma = lives.course, lives.people, ~lives.people.smoldering
    awake = np.flatnonzero(myeloma & (course.wake < 1.0) & (course.progression > 1.6))
    cases = [(np.flatnonzero(people.cured)[0], 1.0), (awake[0], 1.5), (awake[people.growth[awake].argmax()], 1.2)]
    if world.sleeps:
        asleep = np.flatnonzero(myeloma & (course.wake > 3.0) & ~people.cured)
        cases += [(asleep[people.wake_rate[asleep].argmax()], 0.0), (asleep[people.age[asleep].argmax()], 2.0)]
        cases += [(np.flatnonzero(people.smoldering & (course.wake > 2.0))[0], 1.9)]  # therapy ends after 36 months
    chosen, time = np.array([case[0] for case in cases]), np.array([case[1] for case in cases])
    ours = risks_at(world, lives, chosen, time)
    drawn = np.array([by_brute_force(world, lives, one, at) for one, at in cases])
    error = np.sqrt(np.maximum(drawn * (1 - drawn), 1e-4) / 10_000)
    assert (np.abs(ours - drawn) < 4 * error + 0.004).all()  # see features.simulation.treated.truth


@WORLDS
def test_as_many_relapse_as_the_truth_says_in_all_and_in_every_fifth(world):
    people = 12_000
    lives = draw_lives(world, draw_people(world, people, seed=21), 21)
    course = lives.course
    time = np.random.default_rng(1).choice([0.25, 1.0, 2.0, 4.0], people)
    first = np.minimum(course.progression, course.watched)
    there = np.flatnonzero(first > time)
    truth = risks_at(world, lives, there, time[there])
    event = np.select([course.progression[there] == first[there], course.death[there] == first[there]], ["event", "competing"], "none")
    after = pd.DataFrame({"time_to_event": (first - time)[there] * DAYS_PER_YEAR, "event": event})
    for column, horizon in enumerate(HORIZONS):
        fifth = pd.qcut(pd.Series(truth[:, column]).rank(method="first"), 5, labels=False).to_numpy()
        for rows in (np.ones(len(there), dtype=bool), *(fifth == k for k in range(5))):
            days = horizon_days(horizon)
            incidence = aalen_johansen(FollowUp.of(after[rows]), [days])[0]
            known = ((after["event"] != "none") | (after["time_to_event"] >= days))[rows].sum()
            assert abs(incidence - truth[rows, column].mean()) < 3.5 * np.sqrt(max(incidence * (1 - incidence), 1e-4) / known)


@WORLDS
def test_there_is_one_true_risk_for_every_landmark_from_therapy_to_relapse_and_it_rises_with_the_horizon(world):
    cohort, truth = clean(simulate(150, 4, world))[0], simulate_truth(150, 4, world)
    events = cohort.events
    start = events[events["kind"] == "treatment_start"].groupby("patient_id")["occurred_at"].min()
    told = events[(events["kind"] == "progression") | (events["line"] == 2)].groupby("patient_id")["occurred_at"].min()
    landmarks = visit_landmarks(cohort)
    after = landmarks["landmark"] >= landmarks["patient_id"].map(start)
    before = ~(landmarks["landmark"] >= landmarks["patient_id"].map(told))
    both = landmarks[after & before].merge(truth, how="left", validate="one_to_one")
    assert both["risk_12m"].notna().all()
    assert len(both) < len(truth) < 1.03 * len(both)  # on some days a sample was taken in vain
    assert ((truth[RISKS] > 0) & (truth[RISKS] < 1)).all(axis=None)
    assert (truth["risk_12m"] <= truth["risk_24m"]).all()
    assert (truth["risk_24m"] <= truth["risk_60m"]).all()


def test_a_cured_person_has_only_the_relapse_that_nothing_foretells():
    lives = draw_lives(TREATED, draw_people(TREATED, 400, seed=3), 3)
    cured = np.flatnonzero(lives.people.cured)
    risk = risks_at(TREATED, lives, cured, np.ones(len(cured)))
    assert (risk <= -np.expm1(-TREATED.unforeseen * np.array([1, 2, 5]))).all()


def test_what_has_woken_is_a_higher_risk_than_what_sleeps():
    lives = draw_lives(TREATED, draw_people(TREATED, 3000, seed=3), 3)
    there = (lives.course.progression > 2.0) & ~lives.people.cured & ~lives.people.smoldering
    awake, asleep = (np.flatnonzero(there & rows) for rows in (lives.course.wake <= 2.0, lives.course.wake > 2.0))
    means = [risks_at(TREATED, lives, rows, np.full(len(rows), 2.0))[:, 1].mean() for rows in (awake, asleep)]
    assert means[0] > 4 * means[1]
