"""Later: what was known at the cut is fitted on, and nothing that was seen after it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from training.rows.small_cells import SUPPRESSED
from training.shift.time import known_at, over_time


def test_what_happened_after_the_cut_was_not_known_at_it():
    rows = pd.DataFrame(
        {
            "landmark": pd.to_datetime(["2020-01-01", "2020-01-01", "2020-01-01", "2020-06-01"]),
            "event": ["event", "event", "competing", "none"],
            "time_to_event": [10.0, 60.0, 61.0, 900.0],
            "follow_up": [500.0, 500.0, 61.0, 900.0],
            "censored_by": ["", "", "", "treatment"],
        }
    )
    found = known_at(rows, pd.Timestamp("2020-03-01"))  # 60 days later
    assert found[["event", "time_to_event", "follow_up", "censored_by"]].values.tolist() == [
        ["event", 10.0, 60.0, ""],
        ["event", 60.0, 60.0, ""],
        ["none", 60.0, 60.0, "last_contact"],
    ]


@pytest.mark.slow
def test_late_people_are_judged_by_a_model_of_early_ones(smm_table, quick, tmp_path):
    found = over_time(smm_table, quick, "cox", tmp_path)
    rows = smm_table.rows
    late = rows[rows["index_date"] > pd.Timestamp(found["cut"].iloc[0])]
    patients = found[(found["measure"] == "patients") & (found["horizon"] == 24)]["estimate"].item()
    assert patients == late["patient_id"].nunique()
    assert found["people_fitted_on"].iloc[0] <= rows["patient_id"].nunique() - patients


def test_how_few_of_the_late_people_progress_is_not_written_down(smm_table, quick, tmp_path, monkeypatch):
    monkeypatch.setattr("training.shift.time.risks_of", lambda fit, judged, *rest: np.full((len(judged), 2), 0.1))
    cut = pd.Timestamp(over_time(smm_table, quick, "cox", tmp_path)["cut"].iloc[0])
    late = smm_table.rows["index_date"] > cut
    progressing = smm_table.rows.loc[late & (smm_table.rows["event"] == "event"), "patient_id"].unique()
    rows = smm_table.rows.assign(event=smm_table.rows["event"].mask(smm_table.rows["patient_id"].isin(progressing[9:]), "none"))
    events = over_time(replace(smm_table, rows=rows), quick, "cox", tmp_path).query("measure == 'events'")
    assert events["estimate"].isna().all()
    assert set(events["why"]) == {SUPPRESSED}
