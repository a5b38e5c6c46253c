"""Mending: refused rows go out, come back corrected, take with them what hung on them, and no row is lost or counted twice."""

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from features import read_cohort
from features.__main__ import app
from features.cohort.storage import read_aside
from features.console import Steps
from features.intake.ingest import ingest
from features.intake.mend import export_quarantine, mend
from features.sources import read_tabular
from myeloma import ConfigError, DataError, StateError
from tests.features.sources.fhir.resources import BASE, bundle, coded, condition, observation, patient, read

QUIET = Steps(quiet=True)
PATIENTS = """
    patient_id,index_date,birth_date,age_at_index,sex,site
    P1,2015-01-01,1950-01-01,,female,athens
    P2,2015-01-01,,61.5,male,boston
    P3,01/02/2015,,,,
"""
MEASURED = """
    patient_id,collected_at,available_at,biomarker,value,unit
    P1,2015-02-01T10:00:00+02:00,,hemoglobin,13.5,g/dL
    P1,2015-02-01T08:00:00Z,,hemoglobin,13.7,g/dL
    P1,2015-03-01,2015-03-04,bmpc,high,%
    P2,2015-02-01,,flc_kappa,20,
    P2,2015-02-01,,M_Protein,<12,g/L
    P3,2015-02-01,,bmpc,15,%
"""
EVENTS = """
    patient_id,occurred_at,kind,detail
    P1,01/06/2017,progression,
    P2,2018-01-01,last_contact,
"""
RIGHT = {"01/02/2015": "2015-02-01", "high": "12", ",20,\n": ",20,mg/L\n", "01/06/2017": "2017-06-01"}


@pytest.fixture
def folders(tmp_path, write_folder):
    """Return the folder received and the cohort made of it."""
    received = write_folder(tmp_path / "received", patients=PATIENTS, measurements=MEASURED, events=EVENTS)
    ingest(read_tabular(received), tmp_path / "cohort", QUIET)
    return received, tmp_path / "cohort"


def corrected(folder, path, **cells):
    """Export the quarantine with one cell set for the rows of a reason: reason=(column, value)."""
    rows = export_quarantine(folder, path)
    for reason, (column, value) in cells.items():
        rows.loc[rows["reason"] == reason, column] = value
    rows.to_csv(path, index=False)
    return path


def counts(folder):
    return {name: (n["read"], n["kept"], n["quarantined"]) for name, n in read_cohort(folder).about["counts"].items()}


def test_the_export_has_a_column_a_cell_and_what_only_follows_stands_last(tmp_path, folders):
    export_quarantine(folders[1], tmp_path / "refused.csv")
    rows = pd.read_csv(tmp_path / "refused.csv", dtype=str, keep_default_na=False)
    follow = rows["reason"].isin(["event_refused", "patient_not_in_cohort"]).tolist()
    assert follow == sorted(follow)
    assert set(rows.loc[rows["reason"] == "unknown_unit", "value"]) == {"20"}


def test_who_was_set_aside_comes_back_when_the_event_is_mended_and_so_do_the_results(tmp_path, folders):
    _, cohort = folders
    assert counts(cohort)["patients"] == (3, 1, 2)
    rows = export_quarantine(cohort, tmp_path / "refused.csv")
    rows.loc[rows["occurred_at"] == "01/06/2017", "occurred_at"] = "2017-06-01"
    rows.to_csv(tmp_path / "mended.csv", index=False)
    done = mend(cohort, tmp_path / "mended.csv", QUIET)
    assert (done.corrected, done.left, done.refused_again, done.newly_refused) == (1, 1, 0, 0)
    assert done.followed == 2, "the person and the later of two results of one time; the earlier and the high one have reasons of their own"
    after = read_cohort(cohort)
    assert after.patients["patient_id"].tolist() == ["P1", "P2"]
    assert after.measurements.query("patient_id == 'P1'")["value"].tolist() == [13.7]
    assert set(read_aside(cohort, "quarantine").query("row == 2 and table == 'measurements'")["reason"]) == {"conflicting_duplicate"}


def test_a_row_that_is_still_wrong_stays_with_its_new_reason_and_its_name(tmp_path, folders):
    _, cohort = folders
    name = read_aside(cohort, "quarantine").query("reason == 'unknown_unit'")["id"].item()
    done = mend(cohort, corrected(cohort, tmp_path / "m.csv", unknown_unit=("value", "lots")), QUIET)
    assert (done.corrected, done.left, done.refused_again) == (1, 0, 1)
    row = read_aside(cohort, "quarantine").set_index("id").loc[name]
    assert (row["reason"], row["row"], row["received"]) == ("not_a_number", 5, "")


def test_mending_twice_with_one_file_changes_nothing(tmp_path, folders):
    _, cohort = folders
    file = corrected(cohort, tmp_path / "m.csv", unknown_unit=("unit", "mg/L"), bad_date=("index_date", "soon"))
    assert mend(cohort, file, QUIET).left == 1
    before = {path.name: path.read_bytes() for path in cohort.iterdir()}
    again = mend(cohort, file, QUIET)
    assert (again.corrected, again.unknown, again.ingested) == (0, 1, None)
    assert {path.name: path.read_bytes() for path in cohort.iterdir()} == before


def test_the_read_counts_never_change(tmp_path, folders):
    _, cohort = folders
    before = counts(cohort)
    mend(cohort, corrected(cohort, tmp_path / "m.csv", unknown_unit=("unit", "mg/L"), bad_date=("index_date", "2015-02-01")), QUIET)
    after = counts(cohort)
    assert {name: read for name, (read, _, _) in after.items()} == {name: read for name, (read, _, _) in before.items()}
    assert all(read == kept + refused for read, kept, refused in after.values())


def test_mending_everything_gives_what_the_right_input_would_have_given(tmp_path, folders, write_folder):
    _, cohort = folders
    text = {"patients": PATIENTS, "measurements": MEASURED, "events": EVENTS}
    for wrong, right in RIGHT.items():
        text = {name: table.replace(wrong, right) for name, table in text.items()}
    ingest(read_tabular(write_folder(tmp_path / "right", **text)), tmp_path / "expected", QUIET)
    rows = export_quarantine(cohort, tmp_path / "m.csv").replace({"01/02/2015": "2015-02-01", "high": "12", "01/06/2017": "2017-06-01"})
    rows.loc[rows["reason"] == "unknown_unit", "unit"] = "mg/L"
    rows.to_csv(tmp_path / "m.csv", index=False)
    mend(cohort, tmp_path / "m.csv", QUIET)
    for name in ("patients", "measurements", "events"):
        assert (cohort / f"{name}.parquet").read_bytes() == (tmp_path / "expected" / f"{name}.parquet").read_bytes()
    mended, expected = (read_cohort(path).about for path in (cohort, tmp_path / "expected"))
    assert mended.pop("mended") == 4
    assert mended == expected


def test_a_correction_that_contradicts_a_kept_row_sends_that_row_to_the_quarantine(tmp_path, folders):
    _, cohort = folders
    rows = export_quarantine(cohort, tmp_path / "m.csv")
    rows.loc[rows["index_date"] == "01/02/2015", ["patient_id", "index_date"]] = ["P2", "2015-02-01"]
    rows.to_csv(tmp_path / "m.csv", index=False)
    with pytest.raises(DataError, match="No usable patients"):
        mend(cohort, tmp_path / "m.csv", QUIET)
    rows.loc[rows["occurred_at"] == "01/06/2017", "occurred_at"] = "2017-06-01"
    rows.to_csv(tmp_path / "m.csv", index=False)
    done = mend(cohort, tmp_path / "m.csv", QUIET)
    assert (done.left, done.refused_again, done.newly_refused) == (1, 1, 3), "the second row of P2, and its patient, result and event"
    assert read_aside(cohort, "quarantine").query("reason == 'repeated_patient'")["row"].tolist() == [3, 4]


@pytest.mark.parametrize("name", ["quarantine.parquet", "patients.parquet"])
def test_what_is_written_never_takes_the_place_of_a_file_of_a_cohort(folders, name):
    before = (folders[1] / name).read_bytes()
    with pytest.raises(ConfigError, match="is a file of the cohort"):
        export_quarantine(folders[1], folders[1] / name)
    assert (folders[1] / name).read_bytes() == before


def test_a_parquet_file_is_mended_as_well_as_a_csv(tmp_path, folders):
    _, cohort = folders
    rows = export_quarantine(cohort, tmp_path / "m.parquet")
    rows.loc[rows["reason"] == "unknown_unit", "unit"] = "mg/L"
    rows.to_parquet(tmp_path / "m.parquet", index=False)
    assert mend(cohort, tmp_path / "m.parquet", QUIET).left == 1


def test_wrong_files_are_refused(tmp_path, folders):
    _, cohort = folders
    with pytest.raises(ConfigError, match=r"neither \.csv nor \.parquet"):
        export_quarantine(cohort, tmp_path / "refused.xlsx")
    with pytest.raises(StateError, match="No file"):
        mend(cohort, tmp_path / "nothing.csv", QUIET)
    (tmp_path / "m.csv").write_text("value\n1\n", encoding="utf-8")
    with pytest.raises(DataError, match="no column id"):
        mend(cohort, tmp_path / "m.csv", QUIET)
    (tmp_path / "m.csv").write_text("id,value\nx,1\nx,2\n", encoding="utf-8")
    with pytest.raises(DataError, match="names 1 row"):
        mend(cohort, tmp_path / "m.csv", QUIET)


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_is_mended_the_rows_are_those_that_were_read(tmp_path_factory, write_folder, data):
    place = tmp_path_factory.mktemp("mend")
    ingest(read_tabular(write_folder(place / "in", patients=PATIENTS, measurements=MEASURED, events=EVENTS)), place / "cohort", QUIET)
    rows = export_quarantine(place / "cohort", place / "m.csv")
    cells = {"patient_id": ["P1", "P2", "P4"], "index_date": ["2015-01-01", "x"], "collected_at": ["2015-02-01", "2015-02-01T09:00"]}
    cells |= {"value": ["1", "<2", "many"], "unit": ["%", "g/dL", "mg/L"], "occurred_at": ["2014-01-01", "2019-01-01"]}
    for _ in range(data.draw(st.integers(1, 4))):
        column = data.draw(st.sampled_from(sorted(cells)))
        rows.loc[data.draw(st.sampled_from(list(rows.index))), column] = data.draw(st.sampled_from(cells[column]))
    rows.to_csv(place / "m.csv", index=False)
    try:
        mend(place / "cohort", place / "m.csv", QUIET)
    except DataError as error:
        assert error.code == "nothing_usable"
    cohort, quarantine = read_cohort(place / "cohort"), read_aside(place / "cohort", "quarantine")
    for name, frame in cohort.tables().items():
        refused = quarantine.loc[quarantine["table"] == name, "row"]
        read = len({"patients": PATIENTS, "measurements": MEASURED, "events": EVENTS}[name].split()) - 1
        assert sorted([*frame["source_row"], *refused]) == list(range(2, 2 + read))
    assert quarantine["id"].is_unique


def test_a_person_whose_identical_row_was_refused_stays_when_another_row_is_mended(tmp_path):
    people = (
        "patient_id,index_date,birth_date,sex\nA,2015-01-01,1950-02-03,female\nA,2015-01-01,1950-02-03,female\nB,2015-01-01,1950-02-03,F\n"
    )
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "patients.csv").write_text(people)
    (tmp_path / "raw" / "measurements.csv").write_text("patient_id,collected_at,biomarker,value,unit\nA,2015-02-01,m_protein,2,g/dL\n")
    (tmp_path / "raw" / "events.csv").write_text("patient_id,occurred_at,kind\nA,2016-01-01,last_contact\n")
    runner = CliRunner()
    for arguments in (
        ["ingest", "--source", "tabular", tmp_path / "raw", tmp_path / "cohort"],
        ["quarantine", tmp_path / "cohort", tmp_path / "refused.csv"],
    ):
        assert runner.invoke(app, list(map(str, arguments))).exit_code == 0
    refused = tmp_path / "refused.csv"
    refused.write_text(refused.read_text().replace(",F,", ",female,"))
    assert runner.invoke(app, ["mend", str(tmp_path / "cohort"), str(refused)]).exit_code == 0
    assert read_cohort(tmp_path / "cohort").patients["patient_id"].tolist() == ["A", "B"]


@pytest.fixture
def refused_by_source(tmp_path):
    """Return a cohort of which the source itself refused two results with all their cells, and a death without a day."""
    absent = observation(day="2016-01-01", dataAbsentReason=coded("x", "error"))
    donor = observation(day="2016-02-01", focus=[{"reference": "RelatedPerson/donor"}])
    died = [patient("b", deceasedBoolean=True), condition("b"), observation("b")]
    bundle(tmp_path / "one.json", *BASE, absent, donor, *died)
    ingest(read(tmp_path / "one.json"), tmp_path / "cohort", QUIET)
    return tmp_path / "cohort"


def test_what_the_source_refused_stays_refused_when_another_row_is_mended(tmp_path, refused_by_source):
    mended = mend(refused_by_source, corrected(refused_by_source, tmp_path / "r.csv", undated_death=("occurred_at", "2016-03-01")), QUIET)
    assert (mended.corrected, mended.left, mended.followed) == (1, 1, 2)
    assert sorted(read_aside(refused_by_source, "quarantine")["reason"]) == ["absent_value", "other_focus"]
    assert len(read_cohort(refused_by_source).measurements) == 2


def test_what_the_source_refused_comes_back_when_it_is_corrected_itself(tmp_path, refused_by_source):
    mend(refused_by_source, corrected(refused_by_source, tmp_path / "r.csv", absent_value=("value", "12.5")), QUIET)
    assert "absent_value" not in set(read_aside(refused_by_source, "quarantine")["reason"])
    assert sorted(read_cohort(refused_by_source).measurements["value"]) == [12.5, 13.7]
