"""Long series, whose windows are summed up from kept parts: same values, same bits, and no digits lost."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features import FeatureSpec
from features.history.dense import DENSE
from features.history.plan import plan_of, write_history
from features.history.series import lay_out
from features.history.windows import window_days
from tests.features.history.twin import EVERY, agree, twin

SPEC = FeatureSpec(("m_protein",), ("90d", "ever", "400d"), EVERY, ())


def long_series(rng, days, lags=0.0, corrected=0.0):
    """Return rows of day collected, day available, value: most days measured, some late, some corrected."""
    collected = np.flatnonzero(rng.random(days) < 0.9)
    collected = np.sort(np.concatenate([collected, collected[rng.random(len(collected)) < corrected]]))
    delay = np.where(rng.random(len(collected)) < lags, rng.integers(0, 200, len(collected)), 0)
    return list(zip(collected.tolist(), (collected + delay).tolist(), np.round(rng.gamma(4, 1, len(collected)), 2).tolist(), strict=True))


def features(results, landmarks, spec=SPEC):
    """Return the columns of one person's series at some days."""
    collected, available, value = (np.array(column) for column in zip(*results, strict=True))
    codes = np.zeros(len(value), np.int32), np.zeros(len(value), np.int16)
    series = lay_out(1, spec.biomarkers, (*codes, collected.astype(np.int32), available.astype(np.int32), value.astype(float)))
    plan = plan_of(tuple(spec.columns()))
    out = np.empty((plan.width, len(landmarks)))
    write_history(series, np.zeros(len(landmarks), np.int32), np.array(landmarks, dtype=np.int32), plan, out)
    return pd.DataFrame(out[: len(plan.columns)].T, columns=spec.columns())


@settings(max_examples=8)
@given(
    seed=st.integers(0, 10_000),
    lags=st.sampled_from([0.0, 0.02, 0.5]),
    corrected=st.sampled_from([0.0, 0.2]),
    landmarks=st.lists(st.integers(0, 1100), min_size=1, max_size=3),
)
def test_long_series_have_the_statistics_of_the_slow_twin(seed, lags, corrected, landmarks):
    results = long_series(np.random.default_rng(seed), 1000, lags, corrected)
    expected = [
        {f"m_protein__{name}__{w}": twin(results, "m_protein", day, window_days(w))[name] for w in SPEC.look_backs for name in EVERY}
        for day in landmarks
    ]
    got = features(results, landmarks)
    assert got["m_protein__count__ever"].max() > DENSE or max(landmarks) < 400
    agree(got, pd.DataFrame(expected, columns=SPEC.columns(), dtype=float))


@pytest.mark.parametrize(("lags", "corrected"), [(0.0, 0.0), (0.02, 0.1), (0.5, 0.3)])
def test_a_landmark_has_the_same_bits_alone_in_any_company_and_without_its_future(lags, corrected):
    results = long_series(np.random.default_rng(1), 3000, lags, corrected)
    landmarks = list(range(0, 3100, 29))
    together = features(results, landmarks).to_numpy()
    backwards = features(results, landmarks[::-1]).to_numpy()[::-1]
    assert backwards.tobytes() == together.tobytes()
    for k in (0, 5, 20, 50, 106):
        assert features(results, [landmarks[k]]).to_numpy()[0].tobytes() == together[k].tobytes()
        known = [row for row in results if row[1] <= landmarks[k]] or results[:1]
        assert k == 0 or features(known, [landmarks[k]]).to_numpy()[0].tobytes() == together[k].tobytes()


def test_what_other_windows_are_asked_changes_no_bit():
    results = long_series(np.random.default_rng(2), 2000, 0.1, 0.1)
    together = features(results, [500, 1500, 2100])
    for window in SPEC.look_backs:
        alone = features(results, [500, 1500, 2100], FeatureSpec(("m_protein",), (window,), EVERY, ()))
        assert alone.to_numpy().tobytes() == together[alone.columns].to_numpy().tobytes()


def exact_slope(days, values):
    """Return the least-squares slope per year in rational arithmetic."""
    x, y = [Fraction(int(d)) for d in days], [Fraction(float(v)) for v in values]
    n = len(x)
    cross = n * sum(a * b for a, b in zip(x, y, strict=True)) - sum(x) * sum(y)
    return float(cross / (n * sum(a * a for a in x) - sum(x) ** 2) * Fraction(365.25))


@pytest.mark.parametrize(("values", "step"), [(100, 20), (1_000, 30), (10_000, 18)])
@pytest.mark.parametrize(("offset", "noise"), [(5.0, 1.0), (1e6, 1e-3)])
def test_slopes_keep_their_digits_whatever_the_length_and_the_level(values, step, offset, noise):
    rng = np.random.default_rng(3)
    days = np.cumsum(rng.integers(1, step, values))
    measured = offset + noise * rng.normal(size=values)
    got = features(list(zip(days, days, measured, strict=True)), [days[-1]], FeatureSpec(("m_protein",), ("ever",), ("slope",), ()))
    exact = exact_slope(days, measured)
    scale = noise / (days[-1] - days[0]) * 365.25  # a slope that takes the whole period to cross the noise
    assert abs(got.iloc[0, 0] - exact) <= 1e-13 * max(scale, abs(exact))


def test_a_constant_series_has_exactly_no_slope_and_no_spread():
    results = [(day, day, 1234.567) for day in range(0, 3000, 2)]
    got = features(results, [3000]).iloc[0]
    assert (got["m_protein__slope__ever"], got["m_protein__sd__ever"], got["m_protein__mean__ever"]) == (0.0, 0.0, 1234.567)


def test_a_window_at_the_bound_is_summed_either_way_to_the_same_value():
    results = [(day, day, float(day % 7)) for day in range(DENSE + 2)]
    got = [features(results, [DENSE + extra]).iloc[0]["m_protein__mean__ever"] for extra in (-2, -1, 0, 1)]
    assert got == pytest.approx([np.mean([day % 7 for day in range(DENSE + extra + 1)]) for extra in (-2, -1, 0, 1)], rel=1e-15)


@pytest.mark.slow
def test_the_cost_of_a_long_series_is_not_quadratic():
    """Two hundred thousand days, a landmark at each: a scan would look at twenty thousand million values."""
    days = np.arange(200_000)
    got = features(list(zip(days, days, np.sin(days), strict=True)), days, FeatureSpec(("m_protein",), ("ever",), ("mean", "slope"), ()))
    assert got.iloc[-1, 0] == pytest.approx(np.sin(days).mean(), abs=1e-12)
