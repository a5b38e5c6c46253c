"""What a strategy prevents: the trial's effect on what was observed, per person of all, with what it costs."""

import numpy as np
import pandas as pd
import pytest

from myeloma import DataError
from myeloma.calendar import DAYS_PER_YEAR
from training.evaluation.early_treatment.judged import judge
from training.evaluation.early_treatment.strategies import EVERYBODY, MAYO, Strategy, by_model
from training.metrics import Draws

N = 6000


def people(hazard, death=0.03, seed=1, n=N):
    """Return people who progress and die at constant yearly hazards, followed for ten years."""
    rng = np.random.default_rng(seed)
    first, second = rng.exponential(1 / np.broadcast_to(hazard, n)), rng.exponential(1 / death, n)
    time = np.minimum(np.minimum(first, second), 10.0)
    event = np.select([time == first, time == second], ["event", "competing"], "none")
    return pd.DataFrame({"patient_id": [f"P{k}" for k in range(n)], "event": event, "time_to_event": time * DAYS_PER_YEAR})


def judged(rows, *strategies, high=None, draws=20, thresholds=(0.1,)):
    high = np.zeros(len(rows)) if high is None else high
    drawn = Draws.of(rows["patient_id"], draws, 1)
    lines = judge(rows, [Strategy(MAYO, high == 1), *strategies], high, 60, thresholds, drawn)
    return {(line.strategy, line.threshold): line for line in lines}


def every(rows):
    return Strategy(EVERYBODY, np.ones(len(rows), dtype=bool))


@pytest.mark.parametrize(("hazard", "untreated", "reduction"), [(0.10, 0.3677, 0.1653), (0.25, 0.6727, 0.2441)])
def test_treating_everybody_prevents_what_the_arithmetic_says(hazard, untreated, reduction):
    found = judged(rows := people(hazard, n=20_000), every(rows))[EVERYBODY, 0.1]
    assert found.incidence[0] == pytest.approx(untreated, abs=0.01)
    assert found.prevented[0] == pytest.approx(reduction, abs=0.006)
    assert found.prevented[1] < found.prevented[0] < found.prevented[2]
    assert found.net_benefit[0] == pytest.approx(found.prevented[0] - 0.1)
    assert found.number_needed_to_treat[0] == pytest.approx(1 / found.prevented[0])


def test_an_effect_that_ends_with_treatment_prevents_less():
    found = judged(rows := people(0.10, death=1e-9, n=20_000), every(rows))[EVERYBODY, 0.1]
    assert found.incidence[0] - found.if_it_wanes[0] == pytest.approx(0.293, abs=0.01)


def test_figures_are_per_person_of_all_and_differences_on_the_same_people():
    high = np.repeat([1.0, 0.0], [N // 4, N - N // 4])
    rows = people(np.where(high == 1, 0.4, 0.01))
    found = judged(rows, every(rows), high=high)
    mayo, whole = found[MAYO, 0.1], found[EVERYBODY, 0.1]
    assert mayo.treated == 0.25
    assert mayo.prevented[0] < whole.prevented[0]
    assert mayo.above_mayo == (0.0, 0.0, 0.0)
    assert whole.above_mayo[0] == pytest.approx(whole.net_benefit[0] - mayo.net_benefit[0])
    assert whole.above_mayo[2] < 0, "treating those at 5 % costs more than it gains"
    assert mayo.harmed == pytest.approx(0.25 * (0.161 - 0.046))


def test_the_sensitivity_gives_each_group_its_own_effect():
    high = np.repeat([1.0, 0.0], N // 2)
    rows = people(0.2, death=1e-9)
    alone, whole = judged(rows, every(rows), high=high)[MAYO, 0.1], judged(rows, every(rows), high=high)[EVERYBODY, 0.1]
    assert alone.by_group[0] == pytest.approx(0.5 * (np.exp(-0.2 * 5 * 0.36) - np.exp(-1)), abs=0.01)
    assert whole.by_group[0] == pytest.approx(alone.by_group[0] + 0.5 * (np.exp(-0.2 * 5 * 0.63) - np.exp(-1)), abs=0.02)


def test_a_model_treats_from_the_risk_that_gains_the_threshold():
    risk = np.array([0.20, 0.2079, 0.2080, 0.9])
    assert by_model("m", risk, 0.1).treats.tolist() == [False, False, True, True]
    with pytest.raises(DataError, match=r"No risk is reduced by 0\.3"):
        by_model("m", risk, 0.3)


@pytest.mark.parametrize("few", [9, N - 9])
def test_fewer_than_ten_are_not_shown(few):
    rows = people(0.1)
    line = judged(rows, Strategy("rule", np.arange(N) < few, unknown=4))["rule", 0.1]
    assert np.isnan([line.treated, line.harmed, *line.prevented, *line.incidence, *line.above_mayo]).all()
    assert line.unknown == "fewer than 10"


def test_a_strategy_of_a_threshold_stands_under_its_own():
    rows = people(0.1)
    found = judged(rows, by_model("m", np.full(N, 0.3), 0.05), by_model("m", np.full(N, 0.3), 0.1), thresholds=(0.05, 0.1))
    assert list(found) == [(MAYO, 0.05), ("m", 0.05), (MAYO, 0.1), ("m", 0.1)]


def test_the_uncertainty_of_the_effect_is_in_the_interval():
    rows = people(0.2, n=20_000)
    line = judged(rows, every(rows), draws=200)[EVERYBODY, 0.1]
    width = line.prevented[2] - line.prevented[1]
    assert width > 0.12, "the effect alone spans 0.36 to 0.67; 20,000 people alone would span 0.01"


def test_where_20_2_20_is_not_shown_no_difference_tells_of_it():
    rows = people(0.1)
    high = (np.arange(N) < 3).astype(float)
    found = judged(rows, every(rows), high=high)
    assert "fewer than 10" in found[MAYO, 0.1].why
    assert np.isnan(found[EVERYBODY, 0.1].above_mayo).all()
    assert found[EVERYBODY, 0.1].prevented[0] > 0


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"event": "none", "time_to_event": 3000.0}, "only 0 of those treated progress"),
        ({"event": "none", "time_to_event": 400.0}, "nobody who is treated is followed for 60 months"),
    ],
)
def test_too_few_events_or_followed_too_short_is_said_of_the_strategy(change, why):
    rows = people(0.1)
    chosen = np.arange(N) < 50
    for name, value in change.items():
        rows.loc[chosen, name] = value
    line = judged(rows, Strategy("rule", chosen))["rule", 0.1]
    assert why in line.why
    assert np.isnan([line.treated, *line.incidence]).all()


def test_a_strategy_that_treats_nobody_prevents_nothing_and_has_no_incidence():
    rows = people(0.1)
    line = judged(rows, Strategy("rule", np.zeros(N, dtype=bool)))["rule", 0.1]
    assert (line.treated, line.prevented, line.net_benefit) == (0.0, (0.0, 0.0, 0.0), (0.0, 0.0, 0.0))
    assert np.isnan([*line.incidence, *line.number_needed_to_treat]).all()


def test_the_number_needed_to_treat_is_that_of_the_bounds_of_the_reduction():
    line = judged(rows := people(0.2), every(rows), draws=100)[EVERYBODY, 0.1]
    assert line.number_needed_to_treat == pytest.approx((1 / line.prevented[0], 1 / line.prevented[2], 1 / line.prevented[1]))
