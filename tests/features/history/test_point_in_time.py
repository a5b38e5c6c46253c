"""What became available after a landmark cannot change one bit of its row, whatever it is."""

import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from features import FeatureSpec, build_features
from features.history.columns import STATIC
from features.history.statistics import STATISTICS
from features.history.windows import ANCHORED
from myeloma import catalogue
from tests.features.history.burden.twin import BURDEN

LANDMARK = 20
PLAIN = ("m_protein", "bmpc", "hemoglobin", "creatinine")
CHAINS = ("flc_kappa", "flc_lambda", "kappa_lambda_ratio", "flc_ratio")
SPEC = FeatureSpec(
    tuple(catalogue().keys()),
    ("10d", "365d", "ever", *ANCHORED),
    (*STATISTICS, "below_20", "days_below_20", "delta_1m"),
    tuple(STATIC),
    BURDEN,
)
VALUES = st.integers(1, 900).map(lambda value: value / 10)
NO_SHRINKING = (Phase.explicit, Phase.generate)  # a failure of bytes is told at once, not after minutes of shrinking
EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["P1", "P2"]),
        st.sampled_from(["progression", "death", "treatment_start", "last_contact"]),
        st.integers(LANDMARK + 1, 90),
    ),
    max_size=3,
)
BEGUN = st.lists(st.tuples(st.sampled_from(["P1", "P2"]), st.just("treatment_start"), st.sampled_from([1, 2, 19, 20])), max_size=3)


def known(biomarkers, *, early):
    """Draw results (patient, biomarker, collected, available, value) known by the landmark, or only after it."""

    def row(parts):
        who, what, collected, delay, value = parts
        available = min(collected + delay, LANDMARK) if early else max(collected + delay, LANDMARK + 1)
        return who, what, min(collected, LANDMARK) if early else collected, available, value, "<" if value < 20 else ""

    # Few days of collection, so that a late result often shares its day with an early one.
    parts = st.tuples(
        st.sampled_from(["P1", "P2"]), st.sampled_from(biomarkers), st.sampled_from([1, 2, 19, 20, 21, 40]), st.integers(0, 30), VALUES
    )
    return st.lists(parts.map(row), max_size=10)


def row_bytes(cohort):
    """Return the bits of both patients' rows at the landmark."""
    landmark = pd.Timestamp("2015-01-01") + pd.Timedelta(days=LANDMARK)
    landmarks = pd.DataFrame({"patient_id": ["P1", "P2"], "landmark": landmark})
    return build_features(cohort, landmarks, SPEC).to_numpy().tobytes()


@settings(max_examples=40, phases=NO_SHRINKING)
@given(past=known(PLAIN, early=True), future=known(PLAIN, early=False), other=known(PLAIN, early=False), events=EVENTS, begun=BEGUN)
def test_the_future_changes_no_bit(cohort_of_days, past, future, other, events, begun):
    expected = row_bytes(cohort_of_days(past, begun))
    assert row_bytes(cohort_of_days(past + future, events + begun)) == expected
    assert row_bytes(cohort_of_days(other + past, begun)) == expected


@settings(max_examples=40, phases=NO_SHRINKING)
@given(
    past=known(CHAINS, early=True),
    future=known(CHAINS, early=False),
    other=known(CHAINS, early=False),
    light_chain=st.sampled_from(["kappa", "lambda", ""]),
)
def test_the_future_of_light_chains_changes_no_bit(cohort_of_days, past, future, other, light_chain):
    expected = row_bytes(cohort_of_days(past, light_chain=light_chain))
    assert row_bytes(cohort_of_days(past + future, light_chain=light_chain)) == expected
    assert row_bytes(cohort_of_days(other + past, light_chain=light_chain)) == expected


@pytest.mark.parametrize(
    "late",
    [("flc_kappa", 210.0), ("flc_lambda", 11.0), ("kappa_lambda_ratio", 19.0), ("flc_ratio", 18.0), ("flc_kappa", 0.0)],
    ids=lambda late: f"{late[0]}-{late[1]:g}",
)
def test_a_correction_that_comes_late_does_not_take_away_the_ratio_known_before(cohort_of_days, late):
    chains = [("P1", "flc_kappa", 10, 11, 200.0), ("P1", "flc_lambda", 10, 12, 10.0)]
    biomarker, value = late
    before = row_bytes(cohort_of_days(chains, light_chain="kappa"))
    assert row_bytes(cohort_of_days([*chains, ("P1", biomarker, 10, LANDMARK + 5, value)], light_chain="kappa")) == before


def test_the_present_does_change_the_row(cohort_of_days):
    past = [("P1", "m_protein", 10, 11, 1.0)]
    assert row_bytes(cohort_of_days([*past, ("P1", "m_protein", 15, LANDMARK, 1.0)])) != row_bytes(cohort_of_days(past))
