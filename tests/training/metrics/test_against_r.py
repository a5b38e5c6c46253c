"""The estimators against R (fixtures/reference.R: survival, riskRegression, pec, Hmisc) and scikit-survival, to 1e-6 and closer."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from training.metrics import Sample, aalen_johansen, all_measures
from training.metrics.calibration import calibration_curve
from training.rows.censoring import FollowUp, ipcw_weights

FIXTURES = Path(__file__).parent / "fixtures"
REFERENCE = json.loads((FIXTURES / "reference.json").read_text())
PEOPLE = dict(iter(pd.read_csv(FIXTURES / "people.csv").groupby("set")))
CASES = [(name, expected) for name, figures in REFERENCE["risks"].items() for expected in figures]
PAIRS = [(name, expected) for name, figures in REFERENCE["concordances"].items() for expected in figures]


def label(value):
    return value if isinstance(value, str) else f"{value['marker']}-{value['horizon']}m"


def follow_up(people):
    return FollowUp.from_arrays(people["time"].to_numpy(dtype=float), people["event"].to_numpy(), people["stratum"].to_numpy())


def sample(people, horizon):
    return Sample.of(follow_up(people), horizon, np.ones((1, len(people))))


@pytest.fixture
def people(name):
    return PEOPLE[name]


@pytest.mark.parametrize(("name", "expected"), CASES, ids=label)
def test_incidence_is_that_of_survfit_whole_counted_and_with_a_group_left_out(people, expected):
    at = [expected["horizon"]]
    assert aalen_johansen(follow_up(people), at)[0] == pytest.approx(expected["incidence"], abs=1e-9)
    counted = aalen_johansen(follow_up(people), at, weight=people["count"].to_numpy(dtype=float))[0]
    assert counted == pytest.approx(expected["incidence_counted"], abs=1e-9)
    assert aalen_johansen(follow_up(people[people["left_out"] == 0]), at)[0] == pytest.approx(expected["incidence_left_out"], abs=1e-9)


@pytest.mark.parametrize(("name", "expected"), CASES, ids=label)
def test_censoring_weights_are_those_of_rttright(people, expected):
    assert ipcw_weights(follow_up(people), expected["horizon"]) == pytest.approx(np.array(expected["weights"]), abs=1e-9)
    judged = sample(people, expected["horizon"])
    assert judged.known[0] == pytest.approx(np.array(expected["weights"]), abs=1e-9)
    assert judged.effective_rows() == pytest.approx(expected["effective"], abs=1e-6)


@pytest.mark.parametrize(("name", "expected"), CASES, ids=label)
def test_auc_brier_and_ipa_are_those_of_riskregression(people, expected):
    found = all_measures(sample(people, expected["horizon"]), people[expected["marker"]].to_numpy(), (0.1,))
    for measure in ("auc", "brier", "ipa"):
        assert found[measure, None][0] == pytest.approx(expected[measure], abs=1e-8), measure


@pytest.mark.parametrize(("name", "expected"), CASES, ids=label)
def test_intercept_slope_and_smoothed_curve_are_those_of_a_weighted_glm(people, expected):
    judged, risk = sample(people, expected["horizon"]), people[expected["marker"]].to_numpy()
    found = all_measures(judged, risk, (0.1,))
    for measure in ("calibration_intercept", "calibration_slope", "ici"):
        assert found[measure, None][0] == pytest.approx(expected[measure], abs=1e-7), measure
    assert calibration_curve(judged, risk) == pytest.approx(np.array(expected["smooth"]), abs=1e-7)


@pytest.mark.parametrize(("name", "expected"), CASES, ids=label)
def test_what_a_threshold_does_is_the_weighted_two_by_two_table(people, expected):
    found = all_measures(sample(people, expected["horizon"]), people[expected["marker"]].to_numpy(), (0.1, 0.4, 0.5))
    for at in expected["at"]:
        for measure in ("sensitivity", "specificity", "ppv", "npv", "net_benefit"):
            assert found[measure, at["threshold"]][0] == pytest.approx(at[measure], abs=1e-9), (measure, at["threshold"])


@pytest.mark.parametrize(("name", "expected"), [pair for pair in PAIRS if pair[0] != "ties"], ids=label)
def test_concordance_is_that_of_pec_where_no_event_shares_its_time_with_a_censoring(people, expected):
    found = all_measures(sample(people, expected["horizon"]), people[expected["marker"]].to_numpy(), (0.1,))["c_index", None][0]
    assert found == pytest.approx(expected["pec"], abs=1e-8)


@pytest.mark.parametrize(("name", "expected"), [pair for pair in PAIRS if pair[0] != "strata"], ids=label)
def test_concordance_with_deaths_called_censored_is_that_of_survival_ties_and_all(people, expected):
    net = people.assign(event=people["event"].where(people["event"] != 2, 0))
    found = all_measures(sample(net, expected["horizon"]), net[expected["marker"]].to_numpy(), (0.1,))["c_index", None][0]
    assert found == pytest.approx(expected["survival"], abs=1e-8)


@pytest.mark.parametrize("horizon", [12.0, 24.0])
def test_auc_brier_and_concordance_are_those_of_scikit_survival_without_deaths(horizon):
    from sksurv.metrics import brier_score, concordance_index_ipcw, cumulative_dynamic_auc
    from sksurv.util import Surv

    people = PEOPLE["smooth"]
    outcome = Surv.from_arrays(people["event"] == 1, people["time"])
    risk = people["risk"].to_numpy()
    found = all_measures(sample(people, horizon), risk, (0.1,))
    assert found["auc", None][0] == pytest.approx(cumulative_dynamic_auc(outcome, outcome, risk, [horizon])[0][0], abs=1e-9)
    assert found["brier", None][0] == pytest.approx(brier_score(outcome, outcome, 1 - risk[:, None], [horizon])[1][0], abs=1e-9)
    assert found["c_index", None][0] == pytest.approx(concordance_index_ipcw(outcome, outcome, risk, tau=horizon)[0], abs=1e-9)
