"""Refusals that depend on the value are selection: a tenth is a warning, a quarter an error unless it is accepted."""

import json
from collections import Counter

import pandas as pd
import pytest
from typer.testing import CliRunner

from features.__main__ import app
from features.intake.selection import describe_selection, refuse_selection
from features.sources import read_tabular
from myeloma import DataError

PATIENTS = "patient_id,index_date\n" + "\n".join(f"P{n},2015-01-01" for n in range(20))
HEADER = "patient_id,collected_at,biomarker,value,unit\n"
ROWS = [(f"P{n}", f"2015-{month:02d}-01", "flc_kappa", 20 + n) for n in range(20) for month in range(2, 7)]


def about(reasons, read=100, sites=None):
    counts = {"measurements": {"read": read}}
    return {
        "counts": counts,
        "reasons": {f"measurements.{reason}": rows for reason, rows in reasons.items()},
        "attrition": {"measurements": sites or {"unknown": {"read": read, "reasons": reasons}}},
    }


@pytest.mark.parametrize(("rows", "warned", "stops"), [(9, False, False), (10, True, False), (24, True, False), (25, True, True)])
def test_a_tenth_is_a_warning_and_a_quarter_too_much(rows, warned, stops):
    lines, stop = describe_selection(about({"not_a_number": rows}), Counter())
    assert (bool(lines), stop) == (warned, stops)
    if warned:
        assert lines[0].startswith(
            f"selection: {rows} of 100 rows of measurements ({rows}%) are refused as not_a_number; the cause may be decimal"
        )


@pytest.mark.parametrize(("rows", "read"), [(4, 10), (19, 20)])
def test_a_few_rows_are_slips(rows, read):
    assert not describe_selection(about({"bad_date": rows}, read), Counter())[1]


def test_repeated_rows_lose_nothing():
    assert describe_selection(about({"duplicate_row": 90}), Counter()) == ([], False)


def test_a_site_and_a_biomarker_are_told_where_the_whole_is_not():
    sites = {"A": {"read": 900, "reasons": {}}, "B": {"read": 100, "reasons": {"out_of_range": 30}}}
    lines, stop = describe_selection(about({"out_of_range": 30}, 1000, sites), Counter({("bmpc", ""): 70, ("bmpc", "out_of_range"): 30}))
    assert [line.split(" (")[0] for line in lines] == [
        "selection: 30 of 100 rows of measurements at site B",
        "selection: 30 of 100 results of bmpc",
    ]
    assert stop


def test_the_command_ends_with_an_error_after_the_cohort_is_written_unless_it_is_accepted(tmp_path, write_folder):
    text = HEADER + "\n".join(f'{who},{day},{name},"{f"{value},0" if value % 2 else value}",mg/L' for who, day, name, value in ROWS)
    place = write_folder(tmp_path / "in", patients=PATIENTS, measurements=text)
    words = ["ingest", "--source", "tabular", str(place), str(tmp_path / "cohort"), "--json"]
    ran = CliRunner().invoke(app, words)
    assert isinstance(ran.exception, DataError) and ran.exception.code == "much_refused"
    said = json.loads(ran.stdout)["suspicions"]
    assert any(line.startswith("selection: 50 of 100 rows of measurements (50%) are refused as not_a_number") for line in said)
    assert len(pd.read_parquet(tmp_path / "cohort" / "measurements.parquet")) == 50
    assert CliRunner().invoke(app, [*words, "--accept"]).exit_code == 0


def test_nothing_is_raised_where_little_was_refused(tmp_path):
    refuse_selection(False, tmp_path)
    with pytest.raises(DataError, match="--accept"):
        refuse_selection(True, tmp_path)


def test_a_calendar_in_the_future_gets_the_hint_of_as_of(tmp_path, write_folder):
    place = write_folder(
        tmp_path, patients="patient_id,index_date\nP1,2150-01-01", measurements="patient_id,collected_at,biomarker,value,unit\n"
    )
    ran = CliRunner().invoke(app, ["ingest", "--source", "tabular", str(place), str(tmp_path / "cohort")])
    assert "--as-of" in ran.exception.hint


def test_identifiers_that_lost_their_zeros_are_told(tmp_path, write_folder):
    rows = "0017,2015-02-01,bmpc,12,%\n17,2015-03-01,bmpc,12,%"
    place = write_folder(
        tmp_path, patients="patient_id,index_date\n0017,2015-01-01", measurements=f"patient_id,collected_at,biomarker,value,unit\n{rows}"
    )
    said = json.loads(CliRunner().invoke(app, ["ingest", "--source", "tabular", str(place), str(tmp_path / "c"), "--json"]).stdout)
    assert any("1 identifiers are those of patients but for zeros at their start" in note for note in said["notes"])
    assert read_tabular(place).tables["measurements"]["patient_id"].tolist() == ["0017", "17"], "nothing is guessed"
