"""C in counting-process form: pairs of a case and those at risk at its time."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sksurv.metrics import concordance_index_censored

from benchmarks.concordance import concordance


def by_pairs(start, stop, event, predictor):
    right = pairs = 0.0
    for i in np.flatnonzero(event):
        for j in range(len(stop)):
            at_risk = start[j] < stop[i] <= stop[j] and not (event[j] and stop[j] == stop[i])
            pairs += at_risk
            right += at_risk * (0.5 if predictor[i] == predictor[j] else float(predictor[i] > predictor[j]))
    return right / pairs if pairs else float("nan")


def test_a_case_is_compared_with_those_at_risk_at_its_time_only():
    # The second row ends before the event, the third begins after it: neither was there.
    assert np.isnan(concordance([0, 0, 5], [4, 3, 9], [True, False, False], [1, 2, 3]))
    assert concordance([0, 0, 3], [4, 4, 9], [True, False, False], [2, 1, 3]) == 0.5


def test_ties_of_the_predictor_count_half():
    assert concordance([0, 0], [1, 2], [True, False], [7, 7]) == 0.5


def test_two_events_of_one_day_are_no_pair():
    assert np.isnan(concordance([0, 0], [1, 1], [True, True], [1, 2]))


rows = st.lists(st.tuples(st.integers(0, 4), st.integers(1, 4), st.booleans(), st.integers(0, 3)), min_size=1, max_size=12)


@given(rows)
def test_it_is_the_count_over_all_pairs(drawn):
    start, length, event, predictor = (np.array(column) for column in zip(*drawn, strict=True))
    ours, theirs = concordance(start, start + length, event, predictor), by_pairs(start, start + length, event, predictor)
    assert ours == pytest.approx(theirs, nan_ok=True)


def test_with_one_row_per_person_it_is_harrells_c():
    rng = np.random.default_rng(1)
    stop, event, predictor = rng.exponential(1, 300), rng.random(300) < 0.6, rng.normal(size=300)
    expected = concordance_index_censored(event, stop, predictor)[0]
    assert concordance(np.zeros(300), stop, event, predictor) == pytest.approx(expected, abs=1e-12)
