"""The stage that results show: at the limits of Rajkumar et al., Lancet Oncol 2014;15:e538, and never where one is not known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from myeloma.stage import mgus, reaches, smoldering

NAN = np.nan
KNOWN = st.sampled_from([0.0, 1.0, NAN])


@pytest.mark.parametrize(
    ("value", "below", "above", "expected"),
    [
        (3.0, False, False, 1),
        (2.999, False, False, 0),
        (3.0, True, False, 0),  # less than 3 is not 3
        (3.1, True, False, NAN),
        (2.0, True, False, 0),
        (3.0, False, True, 1),
        (2.9, False, True, NAN),
        (NAN, False, False, NAN),
        (30 / 10, False, False, 1),
    ],
)
def test_a_limit_is_reached_not_reached_or_open(value, below, above, expected):
    assert reaches(value, 3.0, below, above) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    ("m_protein", "urine", "bmpc", "myeloma", "is_smoldering", "is_mgus"),
    [
        (1, 0, 0, 0, 1, 0),
        (0, 0, 0, 0, 0, 1),
        (0, 1, 0, 0, 1, 0),
        (NAN, NAN, 1, 0, 1, 0),
        (0, NAN, NAN, NAN, NAN, NAN),
        (NAN, NAN, NAN, NAN, NAN, NAN),
        (1, 1, 1, 1, 0, 0),
    ],
)
def test_what_the_limits_show_together(m_protein, urine, bmpc, myeloma, is_smoldering, is_mgus):
    one, two, three, four = (np.array(value, dtype=float) for value in (m_protein, urine, bmpc, myeloma))
    assert smoldering(one, two, three, four) == pytest.approx(is_smoldering, nan_ok=True)
    assert mgus(one, two, three) == pytest.approx(is_mgus, nan_ok=True)


@given(KNOWN, KNOWN, KNOWN, KNOWN)
def test_nobody_is_shown_to_have_both(m_protein, urine, bmpc, myeloma):
    arrays = [np.array(value) for value in (m_protein, urine, bmpc, myeloma)]
    assert not (smoldering(*arrays) == 1 and mgus(*arrays[:3]) == 1)
