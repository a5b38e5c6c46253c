"""The level at which the time free of the event is bounded: in 1 of 20 the event comes sooner, whoever is lost, and death first is none."""

import numpy as np
import pandas as pd
import pytest

from myeloma.calendar import DAYS_PER_MONTH
from training.estimators.event_free import fit_event_free
from training.rows.censoring import REACH

HORIZONS = (12, 24, 60)
EDGES = np.array(HORIZONS)


def people(n=6000, seed=0, per_month=0.01, lost=0.02, death=0.005):
    """Return outcomes, true risks (death competing, constant hazards), and the true months to the event; infinite where death is first."""
    rng = np.random.default_rng(seed)
    hazard = per_month * rng.lognormal(0.0, 0.8, n)
    event, died, left = rng.exponential(1 / hazard), rng.exponential(1 / death, n), rng.exponential(1 / lost, n)
    both = hazard + death
    risks = (hazard / both)[:, None] * -np.expm1(-both[:, None] * EDGES)
    first = np.argmin([left, event, died], axis=0)
    rows = pd.DataFrame(
        {
            "patient_id": np.arange(n).astype(str),
            "event": np.array(["none", "event", "competing"])[first],
            "time_to_event": np.minimum(np.minimum(left, event), died) * DAYS_PER_MONTH,
        }
    )
    return rows, risks, np.where(event < died, event, np.inf)


def too_early(free, risks, months):
    """Return the share, among those whose bound lies before the last horizon, with the event before it."""
    bound = free.months(risks, HORIZONS)
    before = bound < HORIZONS[-1]
    return (months < bound)[before].mean()


@pytest.mark.parametrize("lost", [0.0001, 0.02, 0.05])
def test_in_1_of_20_new_people_the_event_comes_before_the_bound_however_many_are_lost(lost):
    rows, risks, _ = people(lost=lost)
    free, (_, new, months) = fit_event_free(rows, risks, HORIZONS), people(seed=1, n=40_000)
    assert too_early(free, new, months) == pytest.approx(0.05, abs=0.008)
    assert free.level == pytest.approx(0.05, abs=0.008)


@pytest.mark.parametrize("wrong_by", [0.5, 2.0])
def test_risks_that_are_wrong_are_made_up_for_by_the_level(wrong_by):
    rows, risks, _ = people()
    free, (_, new, months) = fit_event_free(rows, np.minimum(risks * wrong_by, 0.99), HORIZONS), people(seed=1, n=40_000)
    assert too_early(free, np.minimum(new * wrong_by, 0.99), months) == pytest.approx(0.05, abs=0.01)


def test_where_low_risks_are_too_low_nobody_is_told_a_time_that_does_not_hold_for_those_at_lowest_risk():
    rows, risks, _ = people(n=20_000)
    sharpened = 1 / (1 + np.exp(-2.5 * (np.log(risks / (1 - risks)) + 1.0)))
    free = fit_event_free(rows, sharpened, HORIZONS)
    assert free.longest < 50.0
    _, new, months = people(seed=1, n=40_000)
    bound = free.months(1 / (1 + np.exp(-2.5 * (np.log(new / (1 - new)) + 1.0))), HORIZONS)
    told_the_longest = bound == bound.max()
    assert told_the_longest.sum() > 2000
    assert (months < bound)[told_the_longest].mean() == pytest.approx(0.05, abs=0.01)


def test_where_low_risks_are_right_the_longest_time_is_the_last_horizon():
    rows, risks, _ = people(per_month=0.003)
    assert fit_event_free(rows, risks, HORIZONS).longest == 60.0


def test_what_happens_after_the_last_horizon_changes_nothing():
    rows, risks, _ = people()
    later = rows["time_to_event"] > HORIZONS[-1] * DAYS_PER_MONTH
    assert later.sum() > 500
    changed = rows.assign(event=rows["event"].where(~later, "event"), time_to_event=rows["time_to_event"].where(~later, 9999.0))
    assert fit_event_free(changed, risks, HORIZONS) == fit_event_free(rows, risks, HORIZONS)


def test_whoever_dies_first_has_not_had_the_event():
    rows, risks, months = people(death=0.05, lost=0.0001)
    free = fit_event_free(rows, risks, HORIZONS)
    assert (rows["event"] == "competing").mean() > 0.5
    assert too_early(free, risks, months) == pytest.approx(0.05, abs=0.005)


@pytest.mark.parametrize(("n", "is_said"), [(250, False), (700, True)])
def test_with_fewer_than_20_people_who_have_the_event_before_their_bound_nothing_is_said(n, is_said):
    rows, risks, _ = people(n=n, lost=0.0001)
    assert (fit_event_free(rows, risks, HORIZONS) is not None) == is_said


def test_people_are_counted_and_not_their_visits():
    rows, risks, _ = people(n=250, lost=0.0001)
    often = pd.concat([rows] * 4, ignore_index=True)
    assert fit_event_free(often, np.vstack([risks] * 4), HORIZONS) is None


def test_where_nobody_reaches_any_level_nothing_is_said():
    rows, risks, _ = people(per_month=1e-6)
    assert fit_event_free(rows, risks, HORIZONS) is None


def test_visits_that_the_study_could_not_follow_to_the_next_horizon_have_no_say():
    """Their events do not count, so they must not count as free of it either."""
    rows, risks, _ = people()
    late = pd.DataFrame({"patient_id": rows["patient_id"], "event": "none", "time_to_event": 100.0, REACH: 100.0})
    both = pd.concat([rows.assign(**{REACH: np.inf}), late], ignore_index=True)
    found, alone = fit_event_free(both, np.vstack([risks, risks]), HORIZONS), fit_event_free(rows, risks, HORIZONS)
    assert (found.level, found.longest) == pytest.approx((alone.level, alone.longest))
