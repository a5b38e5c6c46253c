"""Bad input of the kinds that real exports hold: a message, nothing half-written, nothing lost, and no day shifted."""

import errno
import os
from pathlib import Path

import pandas as pd
import pytest

from features.__main__ import app
from features.console import Steps, run
from features.intake.ingest import ingest
from features.intake.quality import inspect
from features.simulation.smm import simulate
from features.sources import read_tabular
from features.sources.received import received
from myeloma import DataError

QUIET = Steps(quiet=True)
HEADER = "patient_id,collected_at,biomarker,value,unit\n"
MEASURED = HEADER + "P1,2015-02-01,bmpc,15,%"


def test_times_of_several_zones_keep_the_day_as_written_and_are_noted(received_of):
    times = ["2015-02-01T23:30:00-08:00", "2015-02-02T00:30:00+09:00", "2015-02-03T12:00:00"]
    rows = "\n".join(f"P1,{time},bmpc,1{k},%" for k, time in enumerate(times))
    cohort, quarantine = inspect(received_of(measurements=HEADER + rows))
    assert quarantine.empty
    assert cohort.measurements["collected_at"].dt.strftime("%Y-%m-%d").tolist() == ["2015-02-01", "2015-02-02", "2015-02-03"]
    assert cohort.about["notes"] == [
        "measurements.csv: collected_at holds times in 3 zones (none, +09:00, -08:00); the calendar day is taken as written in each"
    ]


@pytest.mark.parametrize(
    ("zones", "noted"),
    [
        (("Z", "+00:00", " UTC"), "is stored in UTC"),
        (("Z", ""), "2 zones (none, Z)"),
        (("+01:00[Europe/Berlin]", "+02:00[Europe/Berlin]"), ""),
        (("+01:00[Berlin]", "+02:00[Berlin]"), "2 zones (+01:00, +02:00)"),
    ],
)
def test_utc_is_noted_however_it_is_written_and_a_zone_by_its_name_is_one(received_of, zones, noted):
    rows = "\n".join(f"P1,2015-02-0{k} 23:30{zone},bmpc,1{k},%" for k, zone in enumerate(zones, start=1))
    cohort, quarantine = inspect(received_of(measurements=HEADER + rows))
    assert quarantine.empty
    notes = cohort.about["notes"]
    assert len(notes) == bool(noted) and all(noted in note for note in notes)


def test_a_time_that_is_not_understood_is_refused_and_not_cut(received_of):
    times = ["10:00 Smith", "10:00 CEST", "25:00", "24:00", "10:60", "9:15", "10h30", "10:00+15:00", "13:00 PM"]
    rows = "".join(f"\nP1,2015-02-{day:02d} {time},bmpc,1,%" for day, time in enumerate(times, start=1))
    cohort, quarantine = inspect(received_of(measurements=HEADER + "P1,2015-03-01 10:00Z,bmpc,2,%" + rows))
    assert len(cohort.measurements) == 1
    assert quarantine["reason"].tolist() == ["bad_date"] * len(times)
    assert "HH:MM" in quarantine["accepted"][0]


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        *(("10:00:30.250Z", "10:00:30.250Z"), ("10:00 UTC", "10:00Z"), ("7:05 pm", "19:05"), ("12:00 AM", "00:00")),
        *(("10:00+01:00[Europe/Berlin]", "10:00+01:00"), ("10:00:30,5-0800", "10:00:30.5-0800")),
    ],
)
def test_clock_forms_that_are_understood(cohort_of, written, kept):
    assert cohort_of(measurements=HEADER + f'P1,"2015-03-01 {written}",bmpc,2,%').measurements["collected_time"].tolist() == [kept]


@pytest.mark.parametrize(
    ("zone", "day", "noted"), [("UTC", "2015-02-01", True), ("Europe/Athens", "2015-02-02", False), (None, "2015-02-01", False)]
)
def test_typed_times_keep_the_day_of_their_zone_and_utc_is_noted(zone, day, noted):
    instant = pd.Series(pd.to_datetime(["2015-02-01 23:30"]))
    instant = instant.dt.tz_localize("UTC").dt.tz_convert(zone) if zone else instant
    tables = {
        "patients": pd.DataFrame({"patient_id": ["P1"], "index_date": ["2015-01-01"], "source_row": 1}),
        "measurements": pd.DataFrame(
            {"patient_id": "P1", "collected_at": instant, "biomarker": "bmpc", "value": 1.0, "unit": "%", "source_row": 1}
        ),
        "events": pd.DataFrame(columns=["patient_id", "occurred_at", "kind", "source_row"]),
    }
    cohort, quarantine = inspect(received("typed", tables, dict.fromkeys(tables, "file.parquet")))
    assert quarantine.empty
    row = cohort.measurements.iloc[0]
    assert f"{row['collected_at']:%Y-%m-%d}" == day
    assert row["collected_time"] == ("01:30:00" if zone == "Europe/Athens" else "23:30:00")
    assert bool(cohort.about["notes"]) == noted


def test_a_birth_date_decades_before_the_results_is_an_age(cohort_of):
    cohort = cohort_of(patients="patient_id,index_date,birth_date\nP1,2015-01-01,1925-01-01", measurements=MEASURED)
    assert cohort.patients["age_at_index"].round(1).tolist() == [90.0]


def test_a_birth_among_the_events_is_refused_with_where_it_belongs_and_sets_nobody_aside(received_of):
    cohort, quarantine = inspect(received_of(measurements=MEASURED, events="patient_id,occurred_at,kind\nP1,1950-01-01,Birth"))
    assert cohort.patients["patient_id"].tolist() == ["P1"]
    assert quarantine[["reason", "column"]].to_numpy().tolist() == [["unknown_category", "kind"]]
    assert "give it as birth_date of patients" in quarantine["accepted"][0]


def test_a_person_with_results_and_no_row_of_patients_is_refused_row_by_row(received_of):
    _, quarantine = inspect(received_of(measurements=MEASURED + "\nP7,2015-02-01,bmpc,15,%\nP7,2015-03-01,bmpc,15,%"))
    assert quarantine[["row", "reason"]].to_numpy().tolist() == [[3, "patient_not_in_cohort"], [4, "patient_not_in_cohort"]]


def test_a_truncated_parquet_file_is_refused_and_the_older_cohort_stays(tmp_path, write_folder):
    ingest(simulate(3, seed=1), tmp_path / "cohort", QUIET)
    older = (tmp_path / "cohort" / "measurements.parquet").read_bytes()
    folder = write_folder(tmp_path / "in", measurements=None)
    path = folder / "measurements.parquet"
    pd.DataFrame({"patient_id": ["P1"] * 1000}).to_parquet(path)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(DataError, match=r"measurements\.parquet is not a Parquet file, or it is cut short"):
        ingest(read_tabular(folder), tmp_path / "cohort", QUIET)
    assert (tmp_path / "cohort" / "measurements.parquet").read_bytes() == older


def _no_permission(*_, **__):
    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def test_a_file_that_may_not_be_read_is_named(tmp_path, write_folder, monkeypatch):
    folder = write_folder(tmp_path, measurements=MEASURED)
    monkeypatch.setattr("features.sources.tabular.pd.read_csv", _no_permission)
    with pytest.raises(DataError, match=r"patients\.csv cannot be read: no permission") as refusal:
        read_tabular(folder)
    assert refusal.value.code == "no_permission"


def test_a_full_disk_is_told_as_one(tmp_path, monkeypatch, capsys):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(SystemExit) as ended:
        run(app, ["simulate", str(tmp_path / "cohort"), "--patients", "2"])
    assert ended.value.code == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("Error: The disk is full")
    assert "Hint: free some space and run the same command again" in err
    assert not (tmp_path / "cohort").exists()


def test_quarantine_and_mend_say_what_they_did(tmp_path, write_folder, capsys):
    folder = write_folder(tmp_path / "in", measurements=MEASURED + "\nP1,2015-03-01,bmpc,high,%")
    said = []
    for words in (
        ["ingest", "--source", "tabular", folder, tmp_path / "cohort"],
        ["quarantine", tmp_path / "cohort", tmp_path / "refused.csv"],
        ["mend", tmp_path / "cohort", tmp_path / "refused.csv"],
        ["mend", tmp_path / "cohort", tmp_path / "mended.csv"],
    ):
        if (tmp_path / "refused.csv").exists():
            text = (tmp_path / "refused.csv").read_text(encoding="utf-8")
            (tmp_path / "mended.csv").write_text(text.replace(",high,", ",12,"), encoding="utf-8")
        with pytest.raises(SystemExit) as ended:
            run(app, [str(word) for word in words])
        assert not ended.value.code
        said.append(capsys.readouterr().out)
    assert "not_a_number 1" in said[0]
    assert "1 refused rows, of which 0 only follow" in said[1]
    assert "Nothing changed" in said[2]
    assert "1 rows corrected: 1 taken into the cohort, 0 refused again" in said[3]
