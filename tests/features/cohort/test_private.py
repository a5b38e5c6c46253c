"""Files with records are their owner's alone; no cell of a CSV is run by a spreadsheet, and what was escaped comes back."""

import os
import stat

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.cohort.files import whole_file, whole_folder, write_csv
from features.cohort.private import as_cell, for_spreadsheets, from_cell
from features.console import Steps
from features.intake.ingest import ingest
from features.intake.mend import export_quarantine, mend
from features.sources import read_tabular


@pytest.fixture(autouse=True)
def _open_to_everybody():
    former = os.umask(0)
    yield
    os.umask(former)


def modes(folder):
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.rglob("*"))}


def test_a_file_is_readable_by_its_owner_alone_also_while_it_is_written_and_over_an_open_one(tmp_path):
    (tmp_path / "risks.csv").touch(0o666)
    (tmp_path / ".risks.csv.part").touch(0o666)
    with whole_file(tmp_path / "risks.csv") as work:
        work.write_text("P1")
        assert stat.S_IMODE(work.stat().st_mode) == 0o600
    assert modes(tmp_path)["risks.csv"] == 0o600


def test_a_folder_and_what_is_in_it_is_its_owners(tmp_path):
    with whole_folder(tmp_path / "cohort", tmp_path / "work") as work:
        assert stat.S_IMODE(work.stat().st_mode) == 0o700
        (work / "inner").mkdir()
        (work / "inner" / "patients.parquet").write_text("P1")
    assert modes(tmp_path / "cohort") == {"cohort": 0o700, "inner": 0o700, "patients.parquet": 0o600}


MEASURED = "patient_id,collected_at,biomarker,value,unit\n=P1,2015-02-01,bmpc,15,%\n=P1,2015-03-01,bmpc,=1+1,%\n=P1,2015-04-01,bmpc,-5,%"


@pytest.fixture
def cohort(tmp_path, write_folder):
    write_folder(tmp_path / "received", patients="patient_id,index_date\n=P1,2015-01-01", measurements=MEASURED)
    ingest(read_tabular(tmp_path / "received"), tmp_path / "cohort", Steps(quiet=True))
    return tmp_path / "cohort"


def test_a_cohort_is_its_owners(cohort):
    assert set(modes(cohort).values()) == {0o700, 0o600}


def test_refused_rows_go_out_escaped_come_back_as_they_were_and_are_found_again(cohort, tmp_path):
    export_quarantine(cohort, tmp_path / "refused.csv")
    assert modes(tmp_path)["refused.csv"] == 0o600
    rows = pd.read_csv(tmp_path / "refused.csv", dtype=str, keep_default_na=False)
    assert rows[["patient_id", "value"]].to_numpy().tolist() == [["'=P1", "'=1+1"], ["'=P1", "-5"]], "a number is no formula"
    assert mend(cohort, tmp_path / "refused.csv", Steps(quiet=True)).corrected == 0
    rows.assign(value=["12", "11"]).to_csv(tmp_path / "refused.csv", index=False)
    assert mend(cohort, tmp_path / "refused.csv", Steps(quiet=True)).left == 2


@pytest.mark.parametrize("text", ["=1+1", "+49171", "-x", "@SUM(A1)", "\t=1", "\r=1", "'=1", "''@x"])
def test_what_a_spreadsheet_runs_begins_with_an_apostrophe(text):
    assert as_cell(text) == (text if text == "+49171" else f"'{text}")


@given(st.text(alphabet="'=+-@\t\rP1.", max_size=6))
def test_every_text_comes_back(text):
    assert from_cell(as_cell(text)) == text


def test_numbers_days_and_categories_of_a_table_stay_what_they_are(tmp_path):
    table = pd.DataFrame(
        {"n": [-1.5], "day": pd.to_datetime(["2015-01-01"]), "kind": pd.Categorical(["=x"]), "text": ["-x"], "none": [None]}
    )
    shown = for_spreadsheets(table)
    assert shown.loc[0, ["n", "kind", "text", "none"]].tolist() == [-1.5, "'=x", "'-x", None]
    assert shown["day"].equals(table["day"])
    write_csv(table, tmp_path / "figures.csv")
    assert (tmp_path / "figures.csv").read_text().splitlines()[1] == "-1.5,2015-01-01,'=x,'-x,"
