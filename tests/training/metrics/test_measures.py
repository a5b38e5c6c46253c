"""The measures in one line: R's figures to 1e-8, a censoring distribution of other people, and what is refused in words."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from myeloma import DataError
from training import metrics
from training.metrics import CensoringDistribution, Draws, bootstrap_interval, main_measures
from training.metrics.figures import figures

FIXTURES = Path(__file__).parent / "fixtures"
REFERENCE = json.loads((FIXTURES / "reference.json").read_text())
PEOPLE = dict(iter(pd.read_csv(FIXTURES / "people.csv").groupby("set")))
CASES = [(name, expected) for name, found in REFERENCE["risks"].items() for expected in found]
PAIRS = [(name, expected) for name, found in REFERENCE["concordances"].items() for expected in found]
OF_RISKS = (metrics.auc, metrics.concordance, metrics.brier, metrics.ipa, metrics.oe_ratio, metrics.ici, metrics.calibration_curve)


def label(value):
    return value if isinstance(value, str) else f"{value['marker']}-{value['horizon']}m"


def given(name, expected):
    """Return the arguments as a notebook has them, and the strata where the reference has more than one."""
    people = PEOPLE[name]
    strata = people["stratum"] if people["stratum"].nunique() > 1 else None
    return (people["time"], people["event"], people[expected["marker"]], expected["horizon"]), strata


@pytest.mark.parametrize(("name", "expected"), CASES, ids=label)
def test_measures_are_those_of_r(name, expected):
    arguments, strata = given(name, expected)
    for measure in ("auc", "brier", "ipa", "ici"):
        assert getattr(metrics, measure)(*arguments, censoring=strata) == pytest.approx(expected[measure], abs=1e-8), measure
    assert metrics.calibration_curve(*arguments, censoring=strata) == pytest.approx(np.array(expected["smooth"]), abs=1e-8)
    for at in expected["at"]:
        assert metrics.net_benefit(*arguments, at["threshold"], strata) == pytest.approx(at["net_benefit"], abs=1e-8)


@pytest.mark.parametrize(("name", "expected"), CASES, ids=label)
def test_incidence_and_what_was_expected_are_those_of_r(name, expected):
    (time, event, risk, horizon), strata = given(name, expected)
    counts = PEOPLE[name]["count"]
    assert metrics.cumulative_incidence(time, event, [horizon]) == pytest.approx([expected["incidence"]], abs=1e-8)
    assert metrics.cumulative_incidence(time, event, horizon, weights=counts) == pytest.approx([expected["incidence_counted"]], abs=1e-8)
    if strata is None:
        assert metrics.oe_ratio(time, event, risk, horizon) == pytest.approx(expected["incidence"] / risk.mean(), abs=1e-8)


@pytest.mark.parametrize(("name", "expected"), [pair for pair in PAIRS if pair[0] != "ties"], ids=label)
def test_concordance_is_that_of_pec(name, expected):
    arguments, strata = given(name, expected)
    assert metrics.concordance(*arguments, censoring=strata) == pytest.approx(expected["pec"], abs=1e-8)


@pytest.mark.parametrize("horizon", [12.0, 24.0])
def test_with_the_censoring_of_other_people_they_are_those_of_scikit_survival(horizon):
    from sksurv.metrics import brier_score, concordance_index_ipcw, cumulative_dynamic_auc
    from sksurv.util import Surv

    people = PEOPLE["smooth"]
    other, here = people.iloc[:100], people.iloc[100:]
    here = here[here["time"] < other["time"].max()]
    theirs, ours = (Surv.from_arrays(part["event"] == 1, part["time"]) for part in (other, here))
    arguments = here["time"], here["event"], here["risk"], horizon, CensoringDistribution.fit(other["time"], other["event"])
    risk = here["risk"].to_numpy()
    assert metrics.auc(*arguments) == pytest.approx(cumulative_dynamic_auc(theirs, ours, risk, [horizon])[0][0], abs=1e-9)
    assert metrics.brier(*arguments) == pytest.approx(brier_score(theirs, ours, 1 - risk[:, None], [horizon])[1][0], abs=1e-9)
    assert metrics.concordance(*arguments) == pytest.approx(concordance_index_ipcw(theirs, ours, risk, tau=horizon)[0], abs=1e-9)


@pytest.mark.parametrize("measure", OF_RISKS[:6])
@pytest.mark.parametrize("name", ["ties", "deaths"])
def test_the_censoring_of_the_same_people_given_is_the_one_estimated(measure, name):
    people = PEOPLE[name]
    arguments = people["time"], people["event"], people["risk"], 24.0
    fitted = CensoringDistribution.fit(people["time"], people["event"])
    assert measure(*arguments, censoring=fitted) == pytest.approx(measure(*arguments), abs=1e-12)


@pytest.mark.parametrize("measure", OF_RISKS[:6])
def test_a_weight_of_two_is_the_same_as_standing_there_twice(measure):
    people = PEOPLE["deaths"]
    twice = people.loc[people.index.repeat(people["count"])]
    weighted = measure(people["time"], people["event"], people["risk"], 24.0, weights=people["count"])
    # A smoothed curve has its knots at quantiles of the rows as they are given.
    within = 0.01 if measure is metrics.ici else 1e-9
    assert weighted == pytest.approx(measure(twice["time"], twice["event"], twice["risk"], 24.0), abs=within)


def test_strata_may_be_any_labels():
    people = PEOPLE["strata"]
    arguments = people["time"], people["event"], people["risk"], 24.0
    named = people["stratum"].map({0: "low risk", 1: "of high risk"})
    assert metrics.auc(*arguments, censoring=named) == metrics.auc(*arguments, censoring=people["stratum"])
    assert metrics.auc(*arguments, censoring=named) != metrics.auc(*arguments)


def test_the_interval_is_that_of_the_products_own_figures():
    people = pd.concat([PEOPLE["deaths"]] * 2, ignore_index=True)
    ids = pd.Series(np.arange(len(people)) // 2).astype(str)
    rows = people.assign(patient_id=ids, event=people["event"].map({0: "none", 1: "event", 2: "competing"}), time_to_event=people["time"])
    days = 24.0 * 365.25 / 12
    rows["time_to_event"] *= 365.25 / 12
    table = figures(rows, {"m": rows[["risk"]].to_numpy()}, (24,), Draws.of(ids, 40, 3), main_measures).set_index("measure")
    for name in ("auc", "brier", "oe_ratio"):
        measure = getattr(metrics, name)
        found = bootstrap_interval(measure, rows["time_to_event"], people["event"], rows["risk"], days, patient_id=ids, draws=40, seed=3)
        assert tuple(found) == pytest.approx(tuple(table.loc[name, ["estimate", "lo", "hi"]]), abs=1e-9), name


FOLLOWED_FOR_500_DAYS = CensoringDistribution.fit([100.0, 500.0], [0, 0])
TIME, EVENT, RISK = [200.0, 300.0, 400.0, 900.0], [1, 2, 1, 0], [0.4, 0.1, 0.2, 0.3]


@pytest.mark.parametrize("measure", OF_RISKS)
@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"time": [200.0, 300.0, -1.0, 900.0]}, "time is -1 at position 2, accepted: days, 0 or more."),
        ({"time": [200.0, np.nan, 400.0, 900.0]}, "time is nan at position 1, accepted: days, 0 or more. Hint: leave out, first,"),
        ({"time": [], "event": []}, "time has no value: there is nobody to judge."),
        ({"time": [TIME]}, "time has the shape (1, 4), accepted: one value a person."),
        ({"event": [1, 2, 1]}, "event has 3 values, time has 4."),
        ({"event": [1, 3, 1, 0]}, "event is 3 at position 1, accepted: 0 (none), 1 (the event) or 2 (a competing event first)."),
        ({"event": [1, 0.5, 1, 0]}, "event is 0.5 at position 1, accepted: 0 (none)"),
        ({"event": ["event", "competing", "none", "none"]}, "event does not hold numbers, accepted: 0 (none)"),
        ({"risk": [0.4, np.inf, 0.2, 0.3]}, "risk is inf at position 1, accepted: "),
        ({"risk": [0.4, 0.2]}, "risk has 2 values, time has 4."),
        ({"horizon": 0.0}, "horizon is 0.0, accepted: one number of days, more than 0. Hint: 24 months are 730.5 days."),
        ({"horizon": [365.0, 730.0]}, "horizon is [365.0, 730.0], accepted: one number of days"),
        ({"horizon": 1000.0}, "Nobody is followed for 1000 days; the longest time is 900."),
        ({"censoring": [0, 1]}, "censoring has 2 strata, time has 4 values."),
        ({"weights": [1, 1, -1, 1]}, "weights is -1 at position 2, accepted: 0 or more."),
        ({"weights": [0, 0, 0, 0]}, "weights are all 0: there is nobody to judge."),
        (
            {"censoring": CensoringDistribution.fit([100.0, 500.0], [0, 0])},
            "By the censoring distribution nobody is followed for 600 days.",
        ),
    ],
)
def test_what_would_say_nothing_is_refused_in_words(measure, changed, says):
    arguments = {"time": TIME, "event": EVENT, "risk": RISK, "horizon": 600.0} | changed
    with pytest.raises(DataError, match=re.escape(says)):
        measure(**arguments)


@pytest.mark.parametrize("measure", [metrics.auc, metrics.concordance, metrics.ipa, metrics.ici])
def test_without_cases_or_without_controls_there_is_nothing_to_compare(measure):
    with pytest.raises(DataError, match="Nobody has the event within 600 days"):
        measure(TIME, [0, 2, 0, 0], RISK, 600.0)
    with pytest.raises(DataError, match="Nobody is known to be free of the event within 1000 days"):
        measure(TIME, [1, 1, 1, 1], RISK, 1000.0)


@pytest.mark.parametrize("measure", [metrics.brier, metrics.ipa, metrics.oe_ratio, metrics.ici])
def test_a_risk_in_percent_is_refused_where_it_has_to_be_a_probability(measure):
    with pytest.raises(DataError, match=r"risk is 40 at position 0, accepted: a probability, 0 to 1\. Hint: divide percent by 100"):
        measure(TIME, EVENT, [40, 10, 20, 30], 600.0)


def test_any_number_may_rank_people():
    logits = np.log(np.array(RISK) / (1 - np.array(RISK)))
    assert metrics.auc(TIME, EVENT, logits, 600.0) == metrics.auc(TIME, EVENT, RISK, 600.0)


def test_a_draw_with_nobody_who_has_the_event_is_left_out_of_the_interval():
    found = bootstrap_interval(metrics.auc, TIME, EVENT, RISK, 600.0, draws=50)
    assert 0 <= found.lo <= found.estimate <= found.hi <= 1


def risks_of(spread, edge, n=1500, seed=0):
    """Return times, events and risks that are right; with an edge, most people have all but one risk, and few a high one."""
    rng = np.random.default_rng(seed)
    log_odds = rng.normal(-3.0, spread, n)
    if edge:
        log_odds = np.concatenate([rng.normal(-6.5, 0.02, n - 200), rng.normal(0.0, 2.0, 200)])
    risk = 1 / (1 + np.exp(-log_odds))
    event = (rng.random(n) < risk).astype(int)
    return np.where(event, 300.0, 900.0), event, risk


@pytest.mark.parametrize(("spread", "edge", "seed"), [(0.01, False, 0), (1e-5, False, 0), (1.0, True, 0), (1.0, True, 2), (1.0, True, 3)])
def test_the_calibration_curve_settles_however_the_risks_lie(spread, edge, seed):
    time, event, risk = risks_of(spread, edge, seed=seed)
    assert 0 < metrics.ici(time, event, risk, 730.5) < 0.03
    curve = metrics.calibration_curve(time, event, risk, 730.5)
    assert curve.mean() == pytest.approx(event.mean(), abs=1e-6)  # as a logistic regression with an intercept has it


def test_where_the_curve_has_no_solution_there_is_no_figure():
    risk = np.linspace(0.01, 0.99, 200)
    event = (risk > 0.5).astype(int)  # separated: the curve would be infinitely steep
    assert np.isnan(metrics.ici(np.where(event, 300.0, 900.0), event, risk, 730.5))


@pytest.mark.parametrize("measure", [metrics.brier, metrics.oe_ratio, metrics.auc])
def test_where_everybody_without_the_event_is_last_seen_on_the_day_of_the_horizon_nothing_is_said(measure):
    time, event, risk = [200, 300, 730, 730], [1, 1, 0, 0], [0.5] * 4
    assert np.isfinite(measure(time, event, risk, 729))
    with pytest.raises(DataError, match="Nobody is followed for 730 days; the longest time is 730"):
        measure(time, event, risk, 730)


def test_a_draw_in_which_nobody_is_followed_beyond_the_horizon_is_left_out_of_the_interval():
    time, event = [200] * 10 + [500] * 49 + [800], [1] * 10 + [0] * 50
    found = bootstrap_interval(metrics.brier, time, event, [0.9] * 60, 730, draws=400)
    assert found.lo == pytest.approx(0.597, abs=0.005)
    with pytest.raises(DataError, match="the longest time is 500"):
        metrics.brier(time, event, [0.9] * 60, 730, weights=[1] * 59 + [0])
