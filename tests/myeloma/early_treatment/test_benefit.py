"""What early daratumumab would mean for a risk: the evidence's tables to their printed digits, and what is refused."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from myeloma import DataError
from myeloma.early_treatment.benefit import (
    HARMS,
    IN_MAYO_HIGH,
    MAIN,
    OUTSIDE_MAYO_HIGH,
    benefit,
    benefit_of_one,
    cause_specific_benefit,
    constant_hazards,
    draws_of_effect,
    least_risk,
    natural_frequencies,
    reduction_interval,
    treated_incidence,
)

shares = st.floats(0.001, 0.95)


def printed(number, digits):
    return round(float(number), digits)


@pytest.mark.parametrize(
    ("risk", "treated", "reduction", "needed"),
    [
        (0.062, (0.0309, 0.0228, 0.0420), (0.0311, 0.0200, 0.0392), (32.1, 25.5, 49.9)),
        (0.179, (0.0921, 0.0685, 0.1238), (0.0869, 0.0552, 0.1105), (11.5, 9.1, 18.1)),
        (0.442, (0.2486, 0.1894, 0.3235), (0.1934, 0.1185, 0.2526), (5.2, 4.0, 8.4)),
        (0.592, (0.3555, 0.2758, 0.4515), (0.2365, 0.1405, 0.3162), (4.2, 3.2, 7.1)),
    ],
)
def test_the_table_of_the_main_effect(risk, treated, reduction, needed):
    found = benefit(risk, 24, "published")
    assert tuple(printed(part, 4) for part in found.treated) == treated
    assert tuple(printed(part, 4) for part in found.reduction) == reduction
    assert tuple(printed(part, 1) for part in found.number_needed_to_treat) == needed


@pytest.mark.parametrize("group", [None, IN_MAYO_HIGH, OUTSIDE_MAYO_HIGH])
@given(risks=st.lists(shares | st.sampled_from([0.0, 1.0]), min_size=1, max_size=5))
def test_of_one_person_at_a_few_horizons_it_is_the_same_to_the_last_bit(group, risks):
    months = [12, 24, 36, 48, 60][: len(risks)]
    for risk, until, found in zip(risks, months, benefit_of_one(risks, months, "real", group), strict=True):
        whole, waned = (benefit([risk], [until], "real", wanes=wanes) for wanes in (False, True))
        assert found.treated == tuple(float(part[0]) for part in whole.treated)
        value, lower, upper = (float(part[0]) for part in whole.reduction)
        assert found.reduction == (value, lower, upper)
        needed = [float(part[0]) for part in whole.number_needed_to_treat]
        assert found.number_needed_to_treat == (None if math.isnan(needed[0]) else (needed[0], min(needed[1:]), max(needed[1:])))
        assert found.reduction_if_it_wanes == waned.reduction.value[0]
        of_group = None if group is None else benefit([risk], [until], "real", group).reduction.value[0]
        assert found.reduction_in_group == of_group


def test_one_constant_ratio_reproduces_the_trial_at_five_years():
    found = benefit(1 - 0.408, 60, "real")
    assert [printed(1 - part, 3) for part in found.treated] == [0.645, 0.724, 0.548]  # 0.631 was observed


def test_in_the_mayo_high_group():
    rate = math.log(2) / 22.1  # a month: a median of 22.1 months
    two, five = (benefit(1 - math.exp(-rate * months), months, "published", IN_MAYO_HIGH) for months in (24, 60))
    assert [printed(part, 3) for part in (two.untreated, *two.treated, two.reduction.value)] == [0.529, 0.237, 0.159, 0.354, 0.292]
    assert [printed(part, 1) for part in two.number_needed_to_treat] == [3.4, 2.7, 5.7]
    assert [printed(part, 3) for part in (five.untreated, five.treated.value, five.reduction.value)] == [0.848, 0.492, 0.356]
    assert printed(five.number_needed_to_treat.value, 1) == 2.8


def test_outside_the_mayo_high_group():
    found = benefit(0.179, 24, "published", OUTSIDE_MAYO_HIGH)
    assert [printed(part, 3) for part in (found.treated.value, found.reduction.value)] == [0.117, 0.062]
    assert printed(found.number_needed_to_treat.value, 1) == 16.1
    assert printed(found.number_needed_to_treat.upper, 0) == 154


def test_the_two_groups_are_labelled_as_a_sensitivity():
    assert all(effect.label.startswith("sensitivity") for effect in (IN_MAYO_HIGH, OUTSIDE_MAYO_HIGH))
    assert not MAIN.label.startswith("sensitivity")


def test_the_two_groups_together_are_the_main_effect():
    parts = [(math.log(e.hazard_ratio), (math.log(e.upper / e.lower) / 3.92) ** -2) for e in (IN_MAYO_HIGH, OUTSIDE_MAYO_HIGH)]
    together = sum(log * weight for log, weight in parts) / sum(weight for _, weight in parts)
    assert math.exp(together) == pytest.approx(MAIN.hazard_ratio, abs=0.01)


@pytest.mark.parametrize(("rate", "untreated", "treated", "reduction"), [(0.10, 0.3677, 0.2024, 0.1653), (0.25, 0.6727, 0.4286, 0.2441)])
def test_with_death_competing_the_effect_acts_on_progression_alone(rate, untreated, treated, reduction):
    assert printed(treated_incidence(rate, 0.03, 1.0, 60), 4) == untreated
    assert printed(treated_incidence(rate, 0.03, 0.49, 60), 4) == treated
    death = treated_incidence(0.03, rate, 1.0, 60)  # the hazards the other way round
    found = cause_specific_benefit(treated_incidence(rate, 0.03, 1.0, 60), death, 60, "real")
    assert [printed(part, 4) for part in (found.untreated, found.treated.value, found.reduction.value)] == [untreated, treated, reduction]


@pytest.mark.parametrize(("untreated", "naive"), [(0.3677, 0.1665), (0.6727, 0.2512)])
def test_the_power_of_the_incidence_overstates_by_less_than_a_hundredth(untreated, naive):
    assert benefit(untreated, 60, "real").reduction.value == pytest.approx(naive, abs=1e-4)


@pytest.mark.parametrize(("rate", "untreated", "waned", "lasting"), [(0.10, 0.393, 0.293, 0.217), (0.25, 0.713, 0.580, 0.458)])
def test_an_effect_that_ends_with_treatment_is_the_other_end(rate, untreated, waned, lasting):
    risk = 1 - math.exp(-5 * rate)
    assert printed(risk, 3) == untreated
    assert printed(benefit(risk, 60, "real", wanes=True).treated.value, 3) == waned
    assert printed(benefit(risk, 60, "real").treated.value, 3) == lasting
    assert printed(treated_incidence(rate, 0.0, 0.49, 60, wanes=True), 3) == waned
    assert benefit(risk, 36, "real", wanes=True).treated.value == benefit(risk, 36, "real").treated.value


def test_an_interval_with_zero_in_it_gives_no_number_needed_to_treat():
    crossing = OUTSIDE_MAYO_HIGH.__class__(0.8, 0.6, 1.1, "an effect that may be none")
    found = benefit([0.3, 0.0], 24, "real", crossing)
    assert found.reduction.lower[0] < 0 < found.reduction.upper[0]
    assert np.isnan(found.number_needed_to_treat).all()
    assert np.isnan(benefit(0.0, 24, "real").number_needed_to_treat).all()


def test_harms_stand_beside_with_the_number_needed_to_harm():
    assert [printed(harm.number_needed_to_harm, 1) for harm in HARMS] == [9.7, 8.7]


def test_natural_frequencies():
    assert natural_frequencies(benefit(0.442, 24, "published"), 24) == [
        "Of 100 people like this, 44 progress or die within 24 months without daratumumab, and 25 with it: 19 fewer (12 to 25).",
        "Of 100 people in the trial, 40 had an adverse event of grade 3 or 4 with daratumumab and 30 without: 10 more.",
        "Of 100 people in the trial, 16 had an infection of grade 3 or more with daratumumab and 5 without: 11 more.",
    ]
    assert natural_frequencies(benefit([0.1, math.nan], 24, "real"), 24, k=1) == ["The risk is unknown, so no benefit is."]


def test_a_risk_below_two_in_a_hundred_is_told_of_a_thousand():
    (said, *_) = natural_frequencies(benefit(0.006, 24, "published"), 24)
    assert said.startswith(
        "Of 1,000 people like this, 6 progress or die within 24 months without daratumumab, and 3 with it: 3 fewer (2 to 4)"
    )


def test_no_words_promise_a_longer_life_or_name_a_label():
    said = " ".join(natural_frequencies(benefit(0.442, 24, "published"), 24)).lower()
    assert not any(word in said for word in ("prolong", "live longer", "on label", "off label"))


@pytest.mark.parametrize("months", [60.1, 72, 0, -1, math.nan])
def test_a_horizon_beyond_what_is_known_is_refused(months):
    for refused in (lambda: benefit(0.3, months, "real"), lambda: cause_specific_benefit(0.3, 0.1, months, "real")):
        with pytest.raises(DataError, match="nothing is known beyond 60"):
            refused()


def test_a_simulated_risk_is_refused_with_the_reason():
    calls = [lambda s: benefit(0.3, 24, s), lambda s: cause_specific_benefit(0.3, 0.1, 24, s), lambda s: reduction_interval([0.3], 24, s)]
    for call in calls:
        with pytest.raises(DataError, match="the model was fitted to simulated people"):
            call("simulated")
        with pytest.raises(DataError, match='whose source is ""'):
            call("")


@pytest.mark.parametrize("risk", [-0.1, 1.1, 44.2, math.inf])
def test_a_risk_that_is_none_is_refused(risk):
    with pytest.raises(DataError, match=r"A risk of .* cannot be"):
        benefit([0.1, risk], 24, "real")


def test_incidences_that_leave_nobody_are_refused():
    with pytest.raises(DataError, match="leave nobody"):
        cause_specific_benefit(0.7, 0.3, 24, "real")


def test_the_uncertainty_of_the_effect_is_that_of_the_published_interval():
    drawn = draws_of_effect(200_000, seed=1)
    np.testing.assert_allclose(np.quantile(drawn, [0.025, 0.5, 0.975]), [MAIN.lower, MAIN.hazard_ratio, MAIN.upper], rtol=0.01)
    assert (np.log(drawn).mean(), np.log(drawn).std()) == pytest.approx((-0.7133, 0.1585), abs=1e-3)
    assert np.quantile(draws_of_effect(200_000, 1, IN_MAYO_HIGH), 0.975) == pytest.approx(0.58, rel=0.02)


def test_a_risk_that_is_uncertain_widens_the_interval():
    rng = np.random.default_rng(2)
    known = reduction_interval(np.full((4000, 1), 0.442), 24, "real")
    spread = reduction_interval(np.clip(rng.normal(0.442, 0.08, (4000, 1)), 0, 1), 24, "real")
    np.testing.assert_allclose([part[0] for part in known], benefit(0.442, 24, "real").reduction, atol=0.006)
    assert spread.upper[0] - spread.lower[0] > 1.2 * (known.upper[0] - known.lower[0])


@given(shares, shares, st.sampled_from([12, 24, 48, 60]), st.booleans())
def test_a_higher_risk_gains_more_in_people_and_treatment_never_raises_it(one, other, months, wanes):
    low, high = sorted((one, other))
    found = benefit([low, high], months, "real", wanes=wanes)
    assert (found.treated.value <= found.untreated + 1e-12).all()
    assert found.treated.value[0] <= found.treated.value[1]
    assert (found.reduction.lower <= found.reduction.value).all()
    assert (found.reduction.value <= found.reduction.upper).all()


@given(shares, shares, st.sampled_from([12, 24, 60]))
def test_constant_hazards_give_back_the_incidences(progression, death, months):
    first, second = progression / 2, death / 2.1
    rate, of_death = constant_hazards(first, second, months)
    assert treated_incidence(rate, of_death, 1.0, months) == pytest.approx(first)
    assert treated_incidence(of_death, rate, 1.0, months) == pytest.approx(second)
    assert treated_incidence(rate, of_death, 0.49, months) <= first


@given(shares, st.sampled_from([48, 60]))
def test_waning_lies_between_no_effect_and_a_lasting_one(risk, months):
    waned, lasting = (benefit(risk, months, "real", wanes=wanes).treated.value for wanes in (True, False))
    assert lasting <= waned <= risk


def test_nobody_at_risk_and_unknown_stay_what_they_are():
    found = cause_specific_benefit([0.0, math.nan, 0.2], [0.0, 0.1, math.nan], 24, "real")
    np.testing.assert_equal(found.treated.value, [0.0, math.nan, math.nan])


@given(st.floats(0.01, 0.25))
def test_the_least_risk_that_gains_so_much_gains_just_that(reduction):
    risk = least_risk(reduction)
    assert benefit(risk, 60, "real").reduction.value == pytest.approx(reduction, abs=1e-9)
    assert benefit(risk * 0.99, 60, "real").reduction.value < reduction


@pytest.mark.parametrize("reduction", [0.0, -0.1, 0.26, 5.0, math.nan])
def test_a_reduction_that_no_risk_has_is_refused(reduction):
    with pytest.raises(DataError, match="No risk is reduced by"):
        least_risk(reduction)


def test_the_words_say_what_the_risk_is_of():
    assert "44 progress within 24 months" in natural_frequencies(benefit(0.442, 24, "published"), 24, event="progress")[0]
