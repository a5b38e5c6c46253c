"""The stage that results show: at the limits of Rajkumar et al., Lancet Oncol 2014;15:e538, and never where one is not known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from myeloma.stage import shows_mgus, shows_smoldering

NAN = np.nan
VALUE = st.one_of(st.just(NAN), st.floats(0, 100))


@pytest.mark.parametrize(
    ("m_protein", "urine", "bmpc", "smoldering", "mgus"),
    [
        (3.0, 0.0, 5.0, 1, 0),
        (2.999, 499.0, 9.9, 0, 1),
        (0.5, 500.0, NAN, 1, NAN),
        (NAN, NAN, 10.0, 1, 0),
        (2.0, NAN, NAN, NAN, NAN),
        (NAN, NAN, NAN, NAN, NAN),
        (30 / 10, NAN, NAN, 1, 0),
    ],
)
def test_each_limit_and_what_is_open(m_protein, urine, bmpc, smoldering, mgus):
    assert shows_smoldering(m_protein, urine, bmpc) == pytest.approx(smoldering, nan_ok=True)
    assert shows_mgus(m_protein, bmpc) == pytest.approx(mgus, nan_ok=True)


@given(VALUE, VALUE, VALUE)
def test_nobody_is_shown_to_have_both(m_protein, urine, bmpc):
    both = shows_smoldering(m_protein, NAN, bmpc) == 1 and shows_mgus(m_protein, bmpc) == 1
    assert not both


@given(VALUE, VALUE, VALUE)
def test_what_is_learned_never_takes_back_what_was_shown(m_protein, urine, bmpc):
    if shows_smoldering(m_protein, NAN, NAN) == 1:
        assert shows_smoldering(m_protein, urine, bmpc) == 1
