"""How the log-odds go with the time since diagnosis: at each horizon in its own way, and the horizons keep their order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.models.time_varying import TimeVaryingIntercept

COLUMNS = ["age", "months_since_index"]
EFFECT = st.floats(-5, 5)


def at(time_varying, months, intercepts=(-3.0, -2.0)):
    x = np.column_stack([np.full(len(months), 60.0), months])
    return time_varying.levels(np.array(intercepts), time_varying.fading(x, COLUMNS))


def test_an_effect_is_whole_at_diagnosis_and_fades():
    time_varying = TimeVaryingIntercept(scales=(10.0,), latest=1e9, effects=((1.0,), (0.5,)), mean=(0.4,))
    assert at(time_varying, [0.0, 10.0, 1e6]) == pytest.approx(
        np.array([[-2.0, -1.5], [-3 + np.exp(-1), -2 + 0.5 * np.exp(-1)], [-3.0, -2.0]])
    )


def test_later_than_the_latest_it_stays_level():
    time_varying = TimeVaryingIntercept(scales=(10.0,), latest=6.0, effects=((1.0,), (0.5,)), mean=(0.4,))
    assert at(time_varying, [6.5, 600.0]).tolist() == at(time_varying, [6.0, 6.0]).tolist()


def test_without_a_course_the_levels_are_the_intercepts():
    assert at(TimeVaryingIntercept(), [0.0, 30.0]).tolist() == [[-3.0, -2.0]] * 2


def test_where_the_months_are_not_known_the_mean_stands_in():
    time_varying = TimeVaryingIntercept(scales=(10.0,), latest=1e9, effects=((1.0,), (0.5,)), mean=(0.4,))
    assert at(time_varying, [np.nan]) == pytest.approx(np.array([[-2.6, -1.8]]))


@given(
    effects=st.tuples(st.tuples(EFFECT, EFFECT), st.tuples(EFFECT, EFFECT), st.tuples(EFFECT, EFFECT)),
    intercepts=st.tuples(EFFECT, EFFECT, EFFECT),
    months=st.floats(0, 400),
)
def test_levels_never_fall_with_the_horizon_whatever_was_fitted(effects, intercepts, months):
    time_varying = TimeVaryingIntercept(scales=(6.0, 24.0), latest=300.0, effects=effects, mean=(0.2, 0.5))
    assert (np.diff(at(time_varying, [months], intercepts), axis=1) >= 0).all()


def test_what_is_written_is_what_is_read():
    time_varying = TimeVaryingIntercept(scales=(6.0, 24.0), latest=300.0, effects=((0.1, 0.2), (0.3, 0.4)), mean=(0.2, 0.5))
    assert TimeVaryingIntercept.from_dict(time_varying.to_dict(), COLUMNS, len(time_varying.effects)) == time_varying
