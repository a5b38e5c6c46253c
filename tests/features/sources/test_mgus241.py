"""The data set mgus of R's package survival: everybody arrives, in the units and with the outcomes that R has."""

import hashlib

import numpy as np
import pandas as pd
import pytest

from features import build_table
from features.intake.quality import clean
from features.sources import read_mgus241
from myeloma import DataError, StateError
from training.metrics import aalen_johansen
from training.rows.censoring import FollowUp

HEADER = "id,age,sex,dxyr,pcdx,pctime,futime,death,alb,creat,hgb,mspike\n"


@pytest.fixture(scope="module")
def raw(root):
    return pd.read_csv(root / "data/mgus241/mgus241.csv")


@pytest.fixture(scope="module")
def table(root, mgus_task):
    return build_table(clean(read_mgus241(root / "data/mgus241"))[0], mgus_task)


def test_the_file_is_the_one_named_by_its_checksum_with_its_licence_beside_it(root):
    folder = root / "data" / "mgus241"
    digest = hashlib.sha256((folder / "mgus241.csv").read_bytes()).hexdigest()
    assert digest in (folder / "README.md").read_text()
    assert "GNU LIBRARY GENERAL PUBLIC LICENSE" in (folder / "LICENSE").read_text()


def test_first_events_and_their_incidence_are_those_of_r(table):
    """R: survfit(Surv(time, factor(first event)) ~ 1) at 5, 10 and 20 years; data/mgus241/README.md."""
    assert table.rows["event"].value_counts().to_dict() == {"event": 64, "competing": 163, "none": 14}
    found = aalen_johansen(FollowUp.of(table.rows), [365.25 * years for years in (5, 10, 20)])
    np.testing.assert_allclose(found, [0.0456, 0.1286, 0.2241], atol=5e-5)


def test_values_arrive_unchanged_beside_the_right_person(table, raw):
    rows = table.rows.set_index("patient_id").loc["mgus-" + raw["id"].astype(str)]
    for ours, theirs in (("m_protein", "mspike"), ("hemoglobin", "hgb"), ("creatinine", "creat")):
        np.testing.assert_allclose(rows[f"{ours}__last__ever"], raw[theirs], rtol=1e-12)
    np.testing.assert_array_equal(rows["age"], raw["age"])
    np.testing.assert_array_equal(rows["female"], raw["sex"] == "female")
    np.testing.assert_array_equal(rows["landmark"].dt.year, raw["dxyr"] + 1900)
    np.testing.assert_array_equal(rows["time_to_event"], raw["pctime"].fillna(raw["futime"]))


def test_progression_found_on_the_day_of_death_counts(table, raw):
    tied = "mgus-" + raw.loc[raw["pctime"] >= raw["futime"], "id"].astype(str)
    assert len(tied) == 3
    assert table.rows.set_index("patient_id").loc[tied, "event"].tolist() == ["event"] * 3


def test_units_are_those_of_mgus2_in_which_people_of_both_have_the_same_values(raw, root):
    """R's page names no unit: people of the same age, sex and year of whom two values agree have no other value at all."""
    later = pd.read_csv(root / "data/mgus2/mgus2.csv").assign(dxyr=lambda rows: rows["dxyr"] - 1900)
    pairs = raw.assign(sex=raw["sex"].map({"female": "F", "male": "M"})).merge(later, on=["age", "sex", "dxyr"])
    values = [(pairs[f"{name}_x"], pairs[f"{name}_y"]) for name in ("hgb", "creat", "mspike")]
    equal = sum(((a - b).abs() < 1e-9).astype(int) for a, b in values)
    other = sum(((a - b).abs() >= 1e-9).astype(int) for a, b in values)
    assert (equal >= 2).sum() == 29
    assert other[equal >= 2].sum() == 0


def test_a_missing_file_is_a_state_error(tmp_path):
    with pytest.raises(StateError, match=r"No file .*mgus241\.csv"):
        read_mgus241(tmp_path)


@pytest.mark.parametrize(
    ("content", "code", "message"),
    [
        (b"id,age,sex\n1,60,F\n", "missing_column", "lacks the columns dxyr, pctime"),
        (HEADER.encode() + b"1,60,male,68,,,soon,1,,,,2\n", "not_a_number", "holds text where a number belongs"),
        (HEADER.encode(), "empty_cohort", "holds no patients"),
    ],
    ids=["other columns", "text", "only a header"],
)
def test_a_file_that_is_not_mgus_is_refused(tmp_path, content, code, message):
    (tmp_path / "mgus241.csv").write_bytes(content)
    with pytest.raises(DataError, match=message) as refusal:
        read_mgus241(tmp_path)
    assert refusal.value.code == code
