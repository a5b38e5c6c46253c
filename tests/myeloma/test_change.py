"""Change against noise: reference change values, refusals, and what stable and rising people show in simulation."""

import math
from math import inf, nan

import numpy as np
import pytest

from myeloma import ConfigError, DataError, catalogue
from myeloma.change import change, noise_factor, reference_change_value, trend
from myeloma.scores.evolving import PANGEA_RULES

CV = 0.081  # total variation of M-protein in stable disease: Katzmann, Clin Chem 2011;57:1687
VISITS = np.arange(6) * 182  # days: every 6 months
IN_18_MONTHS = 3  # visits after the first
LEVEL = 2.0  # g/dL


@pytest.mark.parametrize(
    ("biomarker", "rise", "fall"),
    [  # exp(1.96 x sqrt 2 x sqrt(ln(CV^2 + 1))) - 1, percent, and the fall that undoes it
        ("m_protein", 25.1, 20.1),
        ("flc_kappa", 116, 54),
        ("flc_lambda", 116, 54),
        ("flc_involved", 116, 54),
        ("urine_m_protein", 162, 62),
        ("hemoglobin", 8.2, 7.6),
        ("platelets", 25, 20),
        ("albumin", 9.3, 8.5),
        ("calcium", 6.7, 6.3),
        ("total_protein", 8.7, 8.0),
        ("ldh", 15.8, 13.6),
    ],
)
def test_the_reference_change_value_is_log_normal(biomarker, rise, fall):
    found = reference_change_value(biomarker)
    assert (100 * found.rise, 100 * found.fall) == pytest.approx((rise, fall), abs=0.06 if rise < 20 or biomarker == "m_protein" else 0.5)
    assert (1 + found.rise) * (1 - found.fall) == pytest.approx(1)  # what rises and falls so far is where it was
    assert noise_factor(biomarker) == 1 + found.rise


@pytest.mark.parametrize(
    ("biomarker", "kind"),
    [
        ("m_protein", "total, stable disease"),
        ("flc_kappa", "total, stable disease"),
        ("hemoglobin", "total, healthy"),
        ("creatinine", "within-person"),
    ],
)
def test_every_variation_says_of_what_it_is(biomarker, kind):
    assert catalogue()[biomarker].cv_kind == kind
    assert all(bool(entry.cv_kind) == (entry.cv is not None) for entry in catalogue().biomarkers.values())


@pytest.mark.parametrize(
    ("biomarker", "earlier", "current", "exceeds"),
    [
        ("m_protein", 2.0, 2.2, False),  # PANGEA's 0.2 g/dL is well inside noise at 2 g/dL
        ("m_protein", 2.0, 2.46, False),
        ("m_protein", 2.0, 2.50, False),  # +25 %, the limit of IMWG, is the very edge of noise
        ("m_protein", 2.0, 2.51, True),
        ("m_protein", 2.0, 1.61, False),
        ("m_protein", 2.0, 1.59, True),
        ("m_protein", 2.0, 1.5, True),  # a fall as well
        ("m_protein", 2.0, 0.0, True),
        ("flc_kappa", 100, 180, False),
        ("flc_kappa", 100, 40, True),
        ("flc_involved", 100, 216, False),
        ("flc_involved", 100, 217, True),
        ("flc_involved", 100, 47, False),
        ("flc_involved", 100, 46, True),
        ("creatinine", 1.0, 1.14, False),
        ("creatinine", 1.0, 1.15, True),
        ("hemoglobin", 13.0, 12.0, True),
        ("hemoglobin", 13.0, 12.1, False),
    ],
)
def test_a_change_exceeds_noise_or_does_not(biomarker, earlier, current, exceeds):
    found = change(biomarker, earlier, current)
    assert found.exceeds_noise is exceeds
    assert found.difference == pytest.approx(current - earlier)
    assert found.relative == pytest.approx(current / earlier - 1)
    assert found.reference_change == reference_change_value(biomarker)


@pytest.mark.parametrize("biomarker", ["b2m", "bmpc", "flc_ratio"])
def test_without_a_known_variation_nothing_is_claimed(biomarker):
    found = change(biomarker, 10.0, 12.0)
    assert (found.reference_change, found.exceeds_noise) == (None, None)
    assert found.difference == 2.0
    assert reference_change_value(biomarker) is None
    assert trend(biomarker, [0, 180, 360], [10.0, 11.0, 12.0]) is None


@pytest.mark.parametrize(("earlier", "current"), [(0, 1), (-1, 1), (nan, 1), (inf, 1), (1, nan), (1, inf), (1, -0.1)])
def test_a_value_that_is_none_is_refused(earlier, current):
    with pytest.raises(DataError, match="m_protein: no change can be computed") as refusal:
        change("m_protein", earlier, current)
    assert refusal.value.code == "out_of_range"


def test_an_unknown_biomarker_is_refused():
    with pytest.raises(ConfigError, match="m_protien"):
        change("m_protien", 1.0, 2.0)


@pytest.mark.parametrize(
    ("days", "values"), [([], []), ([0], [2.0]), ([0, 0], [2.0, 2.5]), ([0, 180], [2.0, nan]), ([0, 180], [0.0, 2.0]), ([0], [nan])]
)
def test_fewer_than_two_days_with_a_value_give_no_trend(days, values):
    assert trend("m_protein", days, values) is None


def test_a_trend_is_shrunk_towards_none_and_says_what_it_rests_on():
    one_year = trend("m_protein", [0, 365.25], [2.0, 2.5])
    raw, error = math.log(1.25), math.sqrt(2 * math.log1p(CV**2))
    assert 0 < one_year.slope < raw
    assert 0 < one_year.standard_error < error
    assert one_year.slope / raw == pytest.approx((one_year.standard_error / error) ** 2)  # one belief for both
    assert one_year.values == 2
    assert trend("m_protein", [0, 180, 365.25], [2.0, nan, 2.5]) == one_year


def test_a_change_and_a_trend_of_two_values_go_by_one_rule():
    """Without shrinkage the trend of two values a century apart exceeds noise where their difference does."""
    for later in (40, 46, 47, 100, 216, 217, 300):
        of_two = trend("flc_kappa", [0, 36525], [100.0, later])
        assert (of_two.rises or of_two.falls) is change("flc_kappa", 100.0, later).exceeds_noise


def test_a_trend_rises_falls_or_neither_and_does_not_know_its_origin():
    days = [0, 180, 360, 540]
    rising, falling, flat = ([2.0, 2.3, 2.7, 3.1], [3.1, 2.7, 2.3, 2.0], [2.0, 2.2, 2.0, 2.2])
    assert [(t.rises, t.falls) for t in (trend("m_protein", days, v) for v in (rising, falling, flat))] == [
        (True, False),
        (False, True),
        (False, False),
    ]
    later = trend("m_protein", [day + 10_000 for day in days], rising)
    assert later.slope == pytest.approx(trend("m_protein", days, rising).slope, rel=1e-9)


def measured(people, rise_per_year, seed):
    """Return M-protein of people by visit: a straight line times log-normal errors with the published variation."""
    sigma = math.sqrt(math.log1p(CV**2))
    errors = np.random.default_rng(seed).lognormal(-(sigma**2) / 2, sigma, (people, len(VISITS)))
    return (LEVEL + rise_per_year * VISITS / 365.25) * errors


def test_in_stable_people_the_pangea_flag_fires_often_and_the_trend_rarely():
    stable = measured(1500, 0.0, seed=1)
    flagged, rising = [], []
    for last in range(IN_18_MONTHS, len(VISITS)):  # visits with a full window
        window = slice(last - IN_18_MONTHS, last + 1)
        days, values = VISITS[window], stable[:, window]
        flagged.append(PANGEA_RULES["mspike_traj"].met(values[:, -1], values[:, :-1].min(axis=1)).mean())
        rising.append(np.mean([trend("m_protein", days, person).rises for person in values]))
    assert np.mean(flagged) == pytest.approx(0.37, abs=0.02)  # computed once from 200,000 simulated people
    assert np.mean(rising) < 0.03


def test_a_rise_of_0_6_a_year_is_found_within_18_months_in_nine_of_ten_people():
    rising = measured(1000, 0.6, seed=2)
    ends = range(2, IN_18_MONTHS + 2)
    found = [any(trend("m_protein", VISITS[:end], person[:end]).rises for end in ends) for person in rising]
    assert np.mean(found) >= 0.90
