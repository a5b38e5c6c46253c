"""The Cox model: lifelines' coefficients and baseline to eight digits, with ties, weights and penalty, and what does not converge."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import CoxPHFitter

from training.estimators.hazards import _efron, converged


def people(n=300, covariates=3, ties=True, seed=1):
    rng = np.random.default_rng(seed)
    z = rng.standard_normal((n, covariates)) * rng.uniform(0.3, 3, covariates)
    time = rng.exponential(np.exp(-0.4 * z[:, 0]) * 500) + 1
    time = np.ceil(time / 60) if ties else time
    return z - z.mean(axis=0), time, rng.random(n) < 0.6, rng.uniform(0.2, 2.0, n)


def by_lifelines(z, time, observed, share, penalty):
    data = pd.DataFrame(z).add_prefix("z").assign(time=time, observed=observed, share=share)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitter = CoxPHFitter(penalizer=penalty)
        options = {"precision": 1e-13, "r_precision": 1e-15}
        return fitter.fit(data, duration_col="time", event_col="observed", weights_col="share", fit_options=options)


@pytest.mark.parametrize("ties", [True, False])
@pytest.mark.parametrize("penalty", [0.0, 0.001, 0.3])
def test_the_coefficients_and_the_baseline_are_those_of_lifelines(ties, penalty):
    given_to_both = people(ties=ties)
    ours, theirs = converged(*given_to_both, penalty), by_lifelines(*given_to_both, penalty)
    np.testing.assert_allclose(ours.coefficients, theirs.params_, rtol=1e-6, atol=1e-8)
    baseline = theirs.baseline_cumulative_hazard_.iloc[:, 0]
    np.testing.assert_allclose(ours.times, baseline.index)
    np.testing.assert_allclose(ours.cumulative, baseline, rtol=1e-6)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.booleans(), st.sampled_from([0.001, 0.1]))
def test_any_people_have_the_coefficients_of_lifelines(seed, ties, penalty):
    given_to_both = people(60, 2, ties, seed)
    ours, theirs = converged(*given_to_both, penalty), by_lifelines(*given_to_both, penalty)
    np.testing.assert_allclose(ours.coefficients, theirs.params_, rtol=1e-5, atol=1e-7)


def test_the_gradient_is_that_of_the_likelihood():
    z, time, observed, share = people(80)
    order = np.argsort(time, kind="stable")
    rows = z[order], time[order], observed[order], share[order]
    beta, small = np.array([0.2, -0.1, 0.3]), 1e-5
    _, gradient, information = _efron(*rows, beta)
    for j, along in enumerate(np.eye(3) * small):
        up, down = _efron(*rows, beta + along), _efron(*rows, beta - along)
        assert (up[0] - down[0]) / (2 * small) == pytest.approx(gradient[j], rel=1e-6)
        np.testing.assert_allclose((down[1] - up[1]) / (2 * small), information[j], rtol=1e-5)


def test_doubled_weights_change_nothing_but_the_weight_of_the_penalty():
    z, time, observed, share = people()
    once, twice = (converged(z, time, observed, share * times, 0.0) for times in (1, 2))
    np.testing.assert_allclose(once.coefficients, twice.coefficients, rtol=1e-7)
    np.testing.assert_allclose(once.cumulative, twice.cumulative, rtol=1e-7)


def test_rows_that_do_not_count_change_nothing():
    z, time, observed, share = people()
    none = np.zeros(20)
    late = converged(
        np.vstack([z, z[:20]]), np.append(time, none + time.max()), np.append(observed, none == 0), np.append(share, none), 0.01
    )
    np.testing.assert_allclose(late.coefficients, converged(z, time, observed, share, 0.01).coefficients, rtol=1e-9)


def test_a_baseline_is_at_covariates_of_zero_wherever_these_lie():
    z, time, observed, share = people()
    here, there = converged(z, time, observed, share, 0.01), converged(z + 2.0, time, observed, share, 0.01)
    np.testing.assert_allclose(there.cumulative * np.exp(2.0 * here.coefficients.sum()), here.cumulative, rtol=1e-6)


def test_a_covariate_that_separates_the_events_gets_a_penalty():
    z, time, observed, share = people()
    apart = np.column_stack([z[:, 0], np.where(observed, 1.0, -1.0) * (time < np.quantile(time, 0.9))])
    time = np.where(observed, 1.0, time + 1)
    assert np.isfinite(converged(apart, time, observed, share, 0.0).coefficients).all()


def test_what_can_never_converge_is_none():
    z, time, observed, share = people()
    z[0, 0] = np.nan
    assert converged(z, time, observed, share, 0.01) is None


def test_a_covariate_that_never_changes_has_no_effect():
    z, time, observed, share = people()
    z[:, 1] = 0.0
    assert converged(z, time, observed, share, 0.01).coefficients[1] == 0.0
