"""Results of different times are all kept; of those of one time the later row counts, of M-protein none; a repeated one is kept once."""

import numpy as np
import pytest

from features.cohort.order import order_of
from features.intake.quality import inspect
from myeloma.calendar import BAD_DAY, FIRST_DAY, LAST_DAY, NO_DAY

HEADER = "patient_id,collected_at,available_at,biomarker,value,unit\n"


@pytest.fixture
def resolved(received_of):
    """Return a function: rows of one biomarker -> (values kept, {row: reason} refused)."""

    def resolve(*rows, biomarker="flc_kappa"):
        text = HEADER + "\n".join(f"P1,{collected},{available},{biomarker},{value},{unit}" for collected, available, value, unit in rows)
        cohort, quarantine = inspect(received_of(measurements=text))
        kept = cohort.measurements[["source_row", "value"]].itertuples(index=False, name=None)
        return dict(kept), dict(zip(quarantine["row"], quarantine["reason"], strict=True))

    return resolve


def test_the_same_result_again_is_kept_once_the_first(resolved):
    kept, refused = resolved(
        ("2015-02-01", "", "15", "mg/L"), ("2015-02-01", "", "1.5", "mg/dL"), ("2015-02-01", "2015-02-01", "15.0", "mg/L")
    )
    assert kept == {2: 15}
    assert refused == {3: "duplicate_row", 4: "duplicate_row"}


def test_the_same_result_in_two_units_is_one_though_the_division_differs_in_the_last_bit(received_of):
    text = HEADER + "P1,2015-02-01,,flc_kappa,3,mg/L\nP1,2015-02-01,,flc_kappa,0.3,mg/dL"
    assert 0.3 / 0.1 != 3
    assert inspect(received_of(measurements=text))[1]["reason"].tolist() == ["duplicate_row"]


def test_of_different_values_without_times_the_later_row_counts(resolved):
    kept, refused = resolved(("2015-02-01", "", "15", "mg/L"), ("2015-02-01", "", "17", "mg/L"))
    assert kept == {3: 17}
    assert refused == {2: "conflicting_duplicate"}


def test_results_of_different_times_are_all_kept(resolved):
    kept, refused = resolved(
        *((f"2015-02-01T{time}", "", value, "mg/L") for time, value in (("08:00", "15"), ("09:00", "17"), ("10:00:30", "15")))
    )
    assert kept == {2: 15, 3: 17, 4: 15}
    assert refused == {}


def test_one_instant_in_two_zones_is_one_time(resolved):
    kept, refused = resolved(("2015-02-01T08:00Z", "", "15", "mg/L"), ("2015-02-01T10:00+02:00", "", "17", "mg/L"))
    assert (kept, refused) == ({3: 17}, {2: "conflicting_duplicate"})


@pytest.mark.parametrize(("value", "reason"), [("17", "conflicting_duplicate"), ("15", "duplicate_row")])
def test_a_row_without_a_time_yields_to_one_with_it(resolved, value, reason):
    kept, refused = resolved(("2015-02-01 08:00", "", "15", "mg/L"), ("2015-02-01", "", value, "mg/L"))
    assert (kept, refused) == ({2: 15}, {3: reason})


def test_an_operator_makes_another_result(resolved):
    assert resolved(("2015-02-01", "", "<1", "mg/L"), ("2015-02-01", "", "1", "mg/L"))[1] == {2: "conflicting_duplicate"}


@pytest.mark.parametrize("biomarker", ["m_protein", "urine_m_protein"])
def test_two_values_of_a_clonal_protein_may_be_two_clones_so_none_is_taken(resolved, biomarker):
    unit = {"m_protein": "g/dL", "urine_m_protein": "mg/24h"}[biomarker]
    rows = [("2015-02-01", "", "1.5", unit), ("2015-02-01", "", "0.4", unit), ("2015-02-01", "", "1.5", unit)]
    kept, refused = resolved(*rows, ("2015-03-01", "", "1.6", unit), biomarker=biomarker)
    assert kept == {5: 1.6}
    assert refused == dict.fromkeys((2, 3, 4), "conflicting_components")


def test_a_clonal_protein_said_twice_is_one_result(resolved):
    kept, refused = resolved(("2015-02-01", "", "1.5", "g/dL"), ("2015-02-01", "", "15", "g/L"), biomarker="m_protein")
    assert (kept, refused) == ({2: 1.5}, {3: "duplicate_row"})


def test_a_correction_known_later_keeps_both_rows(resolved):
    kept, refused = resolved(
        ("2015-02-01", "2015-02-02", "1.5", "g/dL"), ("2015-02-01", "2015-03-01", "1.7", "g/dL"), biomarker="m_protein"
    )
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
