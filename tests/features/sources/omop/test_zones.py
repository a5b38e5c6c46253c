"""Time stamps with a zone in OMOP tables: a file says the zone, and its day counts; a database keeps UTC alone, which is noted."""

import duckdb
import pandas as pd
import pyarrow
import pyarrow.parquet as parquet
import pytest

from features.intake.quality import clean
from features.sources.mapping import parse_mapping
from features.sources.omop.reader import read_omop

BORN, BEGUN, DRAWN, DIED = "1950-07-07 00:00", "2015-01-01 00:30", "2015-07-02 00:30", "2018-01-01 00:10"


def tables(zone):
    """Return the tables of one person, everything of whom happened soon after a local midnight."""

    def at(text):
        stamp = pd.Series(pd.to_datetime([text]))
        return stamp.dt.tz_localize(zone) if zone else stamp

    return {
        "person": {"person_id": [1], "gender_concept_id": [8532], "year_of_birth": [1950], "birth_datetime": at(BORN)},
        "condition_occurrence": {"person_id": [1], "condition_concept_id": [100], "condition_start_datetime": at(BEGUN)},
        "measurement": {
            **{"person_id": [1], "measurement_concept_id": [3000963], "measurement_datetime": at(DRAWN), "value_as_number": [13.7]},
            **{"unit_source_value": ["g/dL"]},
        },
        "death": {"person_id": [1], "death_datetime": at(DIED)},
    }


def cohort_of(place):
    return clean(read_omop(str(place), parse_mapping({"index": [100], "progression": [200]}, "m.yaml")))[0]


@pytest.mark.parametrize(("zone", "time"), [("Europe/Berlin", "00:30:00+02:00"), (None, "00:30:00"), ("-08:00", "00:30:00-08:00")])
def test_the_local_day_of_a_parquet_file_counts(tmp_path, zone, time):
    for name, columns in tables(zone).items():
        parquet.write_table(pyarrow.table(columns), tmp_path / f"{name}.parquet")
    cohort = cohort_of(tmp_path)
    assert cohort.patients[["birth_date", "index_date"]].astype(str).to_numpy().tolist() == [["1950-07-07", "2015-01-01"]]
    assert cohort.measurements[["collected_at", "collected_time"]].astype(str).to_numpy().tolist() == [["2015-07-02", time]]
    assert cohort.events["occurred_at"].astype(str).tolist() == ["2018-01-01"]
    assert not [note for note in cohort.about["notes"] if "UTC" in note or "zone" in note]


def test_a_database_keeps_instants_whose_days_are_those_of_utc_and_that_is_noted(tmp_path):
    place = tmp_path / "cdm.duckdb"
    with duckdb.connect(str(place)) as connection:
        for name, columns in tables("Europe/Berlin").items():
            connection.register("frame", pyarrow.table(columns))
            connection.execute(f"CREATE TABLE {name} AS SELECT * FROM frame")
            connection.unregister("frame")
    cohort = cohort_of(place)
    assert cohort.measurements[["collected_at", "collected_time"]].astype(str).to_numpy().tolist() == [["2015-07-01", "22:30:00+00"]]
    said = [note.partition(" is stored in UTC")[0] for note in cohort.about["notes"] if "stored in UTC" in note]
    assert said == ["person: index_date", "person: birth_date", "condition_occurrence, death: occurred_at", "measurement: collected_at"]
