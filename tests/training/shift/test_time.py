"""Later: what was known at the cut is fitted on, and nothing that was seen after it."""

import pandas as pd
import pytest

from training.shift.time import known_at, over_time


def test_what_happened_after_the_cut_was_not_known_at_it():
    rows = pd.DataFrame(
        {
            "landmark": pd.to_datetime(["2020-01-01", "2020-01-01", "2020-01-01", "2020-06-01"]),
            "event": ["progression", "progression", "death", "none"],
            "time_to_event": [10.0, 60.0, 61.0, 900.0],
            "follow_up": [500.0, 500.0, 61.0, 900.0],
        }
    )
    found = known_at(rows, pd.Timestamp("2020-03-01"))  # 60 days later
    assert found[["event", "time_to_event", "follow_up"]].values.tolist() == [
        ["progression", 10.0, 60.0],
        ["progression", 60.0, 60.0],
        ["none", 60.0, 60.0],
    ]


@pytest.mark.slow
def test_late_people_are_judged_by_a_model_of_early_ones(smm_table, quick, tmp_path):
    found = over_time(smm_table, quick, "cox", tmp_path)
    rows = smm_table.rows
    late = rows[rows["index_date"] > pd.Timestamp(found["cut"].iloc[0])]
    patients = found[(found["measure"] == "patients") & (found["horizon"] == 24)]["estimate"].item()
    assert patients == late["patient_id"].nunique()
    assert found["people_fitted_on"].iloc[0] <= rows["patient_id"].nunique() - patients
