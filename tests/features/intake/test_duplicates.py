"""Which of several results of one day counts: the later time, or else the later row; a repeated result is kept once."""

import numpy as np
import pytest

from features.intake.duplicates import order_of
from features.intake.quality import inspect
from myeloma.calendar import BAD_DAY, FIRST_DAY, LAST_DAY, NO_DAY

HEADER = "patient_id,collected_at,available_at,biomarker,value,unit\n"


@pytest.fixture
def resolved(received_of):
    """Return a function: rows of one biomarker -> (values kept, {row: reason} refused)."""

    def resolve(*rows):
        text = HEADER + "\n".join(f"P1,{collected},{available},m_protein,{value},{unit}" for collected, available, value, unit in rows)
        cohort, quarantine = inspect(received_of(measurements=text))
        kept = cohort.measurements[["source_row", "value"]].itertuples(index=False, name=None)
        return dict(kept), dict(zip(quarantine["row"], quarantine["reason"], strict=True))

    return resolve


def test_the_same_result_again_is_kept_once_the_first(resolved):
    kept, refused = resolved(
        ("2015-02-01", "", "1.5", "g/dL"), ("2015-02-01", "", "15", "g/L"), ("2015-02-01", "2015-02-01", "1.50", "g/dL")
    )
    assert kept == {2: 1.5}
    assert refused == {3: "duplicate_row", 4: "duplicate_row"}


def test_the_same_result_in_two_units_is_one_though_the_division_differs_in_the_last_bit(received_of):
    text = HEADER + "P1,2015-02-01,,flc_kappa,3,mg/L\nP1,2015-02-01,,flc_kappa,0.3,mg/dL"
    assert 0.3 / 0.1 != 3
    assert inspect(received_of(measurements=text))[1]["reason"].tolist() == ["duplicate_row"]


def test_of_different_values_without_times_the_later_row_counts(resolved):
    kept, refused = resolved(("2015-02-01", "", "1.5", "g/dL"), ("2015-02-01", "", "1.7", "g/dL"))
    assert kept == {3: 1.7}
    assert refused == {2: "conflicting_duplicate"}


def test_of_different_values_the_later_time_of_day_counts_whatever_the_rows(resolved):
    kept, refused = resolved(("2015-02-01T10:30", "", "1.5", "g/dL"), ("2015-02-01T08:00:30", "", "1.7", "g/dL"))
    assert kept == {2: 1.5}
    assert refused == {3: "conflicting_duplicate"}


def test_a_row_without_a_time_yields_to_one_with_it(resolved):
    assert resolved(("2015-02-01 08:00", "", "1.5", "g/dL"), ("2015-02-01", "", "1.7", "g/dL"))[0] == {2: 1.5}


def test_a_result_that_comes_back_later_in_the_day_is_the_one_that_counts(resolved):
    kept, refused = resolved(
        *((f"2015-02-01T{hour}:00", "", value, "g/dL") for hour, value in (("08", "1.5"), ("09", "1.7"), ("10", "1.5")))
    )
    assert kept == {2: 1.5}
    assert refused == {3: "conflicting_duplicate", 4: "duplicate_row"}


def test_an_operator_makes_another_result(resolved):
    assert resolved(("2015-02-01", "", "<0.1", "g/dL"), ("2015-02-01", "", "0.1", "g/dL"))[1] == {2: "conflicting_duplicate"}


def test_a_correction_known_later_keeps_both_rows(resolved):
    kept, refused = resolved(("2015-02-01", "2015-02-02", "1.5", "g/dL"), ("2015-02-01", "2015-03-01", "1.7", "g/dL"))
    assert kept == {2: 1.5, 3: 1.7}
    assert refused == {}


def test_another_day_person_or_biomarker_is_no_duplicate(received_of):
    text = HEADER + "P1,2015-02-01,,bmpc,10,%\nP1,2015-02-02,,bmpc,11,%\nP2,2015-02-01,,bmpc,12,%\nP1,2015-02-01,,hemoglobin,12,g/dL"
    patients = "patient_id,index_date\nP1,2015-01-01\nP2,2015-01-01"
    assert inspect(received_of(patients=patients, measurements=text))[1].empty


@pytest.mark.parametrize("rows", [10, 5000])
def test_many_rows_are_ordered_as_few_are_also_where_a_day_is_none(rows):
    rng = np.random.default_rng(1)
    day = rng.choice(np.array([NO_DAY, BAD_DAY, FIRST_DAY, 16467, LAST_DAY, 2**31 - 1], dtype=np.int32), rows)
    columns = (rng.integers(0, 4, rows), rng.integers(-2, 3, rows).astype(np.int8), day)
    assert order_of(columns).tolist() == np.lexsort(columns[::-1]).tolist()
