"""Fitting what a test would probably show: on results of the day, from what was known beside them and before."""

import numpy as np
import pandas as pd
import pytest

from features.history.columns import FeatureSpec
from serving.models.expected import LEVELS
from tests.features.history.burden.twin import BURDEN
from training.estimators.expected import fit_expected

SPEC = FeatureSpec(("m_protein", "bmpc"), ("ever",), ("last", "age_days"), ("age",))


def made(people=800, visits=3, seed=1):
    """Return rows of people whose marrow is 10 x M-protein + noise at the first visit and at the third, a year apart each."""
    rng = np.random.default_rng(seed)
    rows = []
    for person in range(people):
        marrow, age = np.nan, np.nan
        for visit in range(visits):
            m_protein = rng.uniform(1, 3)
            if visit != 1:
                marrow, age = 10 * m_protein + rng.normal(0, 2), 0.0
            else:
                age = 365.0
            rows.append((f"p{person}", pd.Timestamp("2015-01-01") + pd.Timedelta(days=365 * visit), 60.0, m_protein, 0.0, marrow, age))
    columns = [
        "patient_id",
        "landmark",
        "age",
        "m_protein__last__ever",
        "m_protein__age_days__ever",
        "bmpc__last__ever",
        "bmpc__age_days__ever",
    ]
    return pd.DataFrame(rows, columns=columns).sample(frac=1.0, random_state=1)


def test_four_results_of_five_lie_between_the_tenth_and_the_ninetieth_percentile_of_people_not_fitted_to():
    (marrow,) = fit_expected(made(), SPEC)
    assert marrow.beside == ("age", "m_protein")
    fresh = made(seed=2)
    first = fresh[fresh["landmark"] == "2015-01-01"]
    ends = np.array([marrow.values(row, np.nan, np.nan) for row in first[["age", "m_protein__last__ever"]].to_numpy()])
    low, high = ends[:, LEVELS.index(0.1)], ends[:, LEVELS.index(0.9)]
    assert first["bmpc__last__ever"].between(low, high).mean() == pytest.approx(0.8, abs=0.05)
    assert (high - low).mean() == pytest.approx(2 * 1.2816 * 2, rel=0.1)


def test_only_a_result_of_the_day_is_learnt_from_and_the_one_before_is_that_of_an_earlier_row():
    (marrow,) = fit_expected(made(), SPEC)
    assert marrow.repeated.columns[-2:] == ("bmpc_before", "years")
    assert marrow.repeated.fill[-1] == pytest.approx(730 / 365.25)  # the second visit has none of its own
    assert abs(marrow.repeated.coefficients[-2]) < 0.15  # what was before says nothing here


def test_of_few_results_or_without_their_days_nothing_is_fitted():
    (few,) = fit_expected(made(40), SPEC)
    assert (few.first, few.repeated) == (None, None)
    assert fit_expected(made(), FeatureSpec(("m_protein", "bmpc"), ("ever",), ("last",), ("age",))) == ()


def test_the_burden_which_rests_on_the_result_itself_tells_nothing_of_it():
    spec = FeatureSpec(("m_protein", "bmpc"), ("ever",), ("last", "age_days"), ("age", "burden_growth"), BURDEN)
    rows = made().assign(burden_growth=lambda of: of["bmpc__last__ever"])
    assert fit_expected(rows, spec) == fit_expected(rows, SPEC)
