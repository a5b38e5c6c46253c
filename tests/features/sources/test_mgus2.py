"""The real mgus2 data: its published counts come through to the table, and another file is refused."""

import numpy as np
import pandas as pd
import pytest

from features.intake.quality import inspect
from features.sources import read_mgus2
from myeloma import DataError, StateError

# Published with the R package `survival`: 1,384 people, 115 progressions, 860 deaths without one.
PEOPLE = {"event": 115, "competing": 860, "none": 409}
HEADER = "id,age,sex,dxyr,hgb,creat,mspike,ptime,pstat,futime,death\n"


@pytest.fixture(scope="module")
def raw(root):
    return pd.read_csv(root / "data/mgus2/mgus2.csv")


def test_nobody_is_lost_or_refused(root):
    cohort, quarantine = inspect(read_mgus2(root / "data/mgus2"))
    assert quarantine.empty
    assert len(cohort.patients) == 1384
    assert set(cohort.patients["stage"]) == {"mgus"}


def test_first_events_are_those_published(mgus_table):
    assert len(mgus_table.rows) == mgus_table.rows["patient_id"].nunique() == 1384
    assert mgus_table.rows["event"].value_counts().to_dict() == PEOPLE


@pytest.mark.parametrize(("column", "missing"), [("hemoglobin", 13), ("creatinine", 30), ("m_protein", 11)])
def test_missing_values_stay_missing(mgus_table, column, missing):
    assert mgus_table.rows[f"{column}__last__ever"].isna().sum() == missing


def test_values_arrive_unchanged_beside_the_right_person(mgus_table, raw):
    rows = mgus_table.rows.set_index("patient_id").loc[raw["id"].astype(str)]
    for ours, theirs in (("m_protein", "mspike"), ("hemoglobin", "hgb"), ("creatinine", "creat")):
        np.testing.assert_allclose(rows[f"{ours}__last__ever"], raw[theirs], rtol=1e-12)
    np.testing.assert_array_equal(rows["age"], raw["age"])
    np.testing.assert_array_equal(rows["female"], raw["sex"] == "F")


def test_progression_in_the_month_of_death_counts_as_progression(mgus_table, raw):
    tied = raw[(raw["pstat"] == 1) & (raw["death"] == 1) & (raw["ptime"] == raw["futime"])]
    assert len(tied) == 9
    events = mgus_table.rows.set_index("patient_id")["event"]
    assert events[tied["id"].astype(str)].tolist() == ["event"] * 9


def test_times_are_months_in_days(mgus_table, raw):
    rows = mgus_table.rows.set_index("patient_id").loc[raw["id"].astype(str)]
    months = np.where(raw["pstat"] == 1, raw["ptime"], raw["futime"])
    assert np.abs(rows["time_to_event"].to_numpy() / (365.25 / 12) - months).max() < 0.02


def test_the_file_or_its_folder_may_be_named(root):
    by_file, by_folder = read_mgus2(root / "data/mgus2/mgus2.csv"), read_mgus2(root / "data/mgus2")
    pd.testing.assert_frame_equal(by_file.tables["measurements"], by_folder.tables["measurements"])


def test_a_missing_file_is_a_state_error(tmp_path):
    with pytest.raises(StateError, match=r"No file .*mgus2\.csv"):
        read_mgus2(tmp_path)


@pytest.mark.parametrize(
    ("content", "code", "message"),
    [
        (b"", "not_csv", "is not a CSV file"),
        (b"\x89PNG\xff\xfe\x00", "not_csv", "is not a CSV file"),
        (b"id,age,sex\n1,60,F\n", "missing_column", "lacks the columns dxyr, hgb"),
        (HEADER.encode() + b"1,60,F,1981,high,1,1,3,0,3,1\n", "not_a_number", "holds text where a number belongs"),
        (HEADER.encode() + b"1,60,F,,13,1,1,3,0,3,1\n", "not_a_number", "holds text where a number belongs"),
        (HEADER.encode(), "empty_cohort", "holds no patients"),
    ],
    ids=["empty", "binary", "other columns", "text", "no year", "only a header"],
)
def test_a_file_that_is_not_mgus2_is_refused(tmp_path, content, code, message):
    path = tmp_path / "mgus2.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message) as refusal:
        read_mgus2(path)
    assert refusal.value.code == code
