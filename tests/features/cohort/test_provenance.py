"""Of whom a table or a model was made: what was recorded is read, and what was not is not known."""

import pytest

from features.cohort.provenance import Provenance


def test_what_was_written_down_is_what_is_read():
    made_of = Provenance("0a1b", "tabular", "2026-11")
    assert Provenance.of({**made_of.as_json(), "title": "what else is told"}) == made_of


@pytest.mark.parametrize("about", [{}, {"cohort_hash": None, "source": None, "catalogue_version": None}])
def test_what_was_not_recorded_is_not_known_and_not_taken_for_real_people_or_simulated_ones(about):
    assert Provenance.of(about) == Provenance("", "", "")
    assert not Provenance.of(about).simulated
    assert Provenance.of({"source": "simulated"}).simulated
