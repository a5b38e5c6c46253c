"""MEDS shards: one table of coded events a person, with or without units."""

import pandas as pd
import pyarrow
import pyarrow.parquet as parquet
import pytest

from features.intake.quality import clean, inspect
from features.sources.mapping import parse_mapping
from features.sources.meds import read_meds
from myeloma import ConfigError, DataError, StateError

MAPPING = {
    "index": ["ICD10CM//D47.2"],
    "progression": ["ICD10CM//C90.00"],
    "treatment": {"RX//dara": "daratumumab"},
    "biomarkers": {"LAB//50912": {"biomarker": "creatinine", "unit": "mg/dL"}, "LAB//KAPPA": "flc_kappa"},
    "sex": {"female": ["GENDER//F"], "male": ["GENDER//M"]},
    "site": {"codes": {"SITE//1": "north"}},
}
FIRST = [
    (1, None, "GENDER//F", None, None),
    (1, "1944-03-02", "MEDS_BIRTH", None, None),
    (1, "2010-01-01 08:30:00", "ICD10CM//D47.2", None, None),
    (1, "2010-01-01", "LOINC//718-7", 13.7, None),
    (1, "2011-01-01", "LAB//50912", None, "<0.3"),
    (1, "2012-01-01", "ICD10CM//C90.00", None, None),
    (1, "2014-01-01", "MEDS_DEATH", None, None),
]
SECOND = [
    (2, None, "SITE//1", None, None),
    (2, "2012-05-01", "ICD10CM//D47.2", None, None),
    (2, "2011-05-01", "ICD10CM//D47.2", None, None),
    (2, "2012-05-02", "RX//dara", None, None),
    (2, "2012-06-01", "LAB//50912", 1.1, None),
    (2, "2019-09-09", "VISIT", None, None),
    (3, "2012-06-01", "LAB//50912", 1.2, None),
    (3, "2012-06-01", "HEIGHT", 170.0, None),
    (2, "2012-06-01", "HEIGHT", 171.0, None),
]


def table(rows, **more):
    subject, time, code, number, text = zip(*rows, strict=True)
    columns = {
        "subject_id": pyarrow.array(subject, pyarrow.int64()),
        "time": pyarrow.array(pd.to_datetime(pd.Series(time), format="ISO8601"), pyarrow.timestamp("us"), from_pandas=True),
        "code": pyarrow.array(code, pyarrow.string()),
        "numeric_value": pyarrow.array(number, pyarrow.float32()),
        "text_value": pyarrow.array(text, pyarrow.string()),
    }
    return pyarrow.table({**columns, **more})


@pytest.fixture
def folder(tmp_path):
    """A data set as the standard lays it out: two shards in different splits, and metadata."""
    for split, rows in (("train", FIRST), ("held_out", SECOND)):
        (tmp_path / "data" / split).mkdir(parents=True)
        parquet.write_table(table(rows), tmp_path / "data" / split / "0.parquet")
    (tmp_path / "metadata").mkdir()
    pd.DataFrame({"code": ["VISIT"], "description": ["a visit"]}).to_parquet(tmp_path / "metadata" / "codes.parquet")
    return tmp_path


def read(place, today=None, **changed):
    return read_meds(str(place), parse_mapping({**MAPPING, **changed}, "m.yaml"), today)


def test_people_are_read_with_birth_sex_site_and_their_first_index_code(folder):
    patients = read(folder).tables["patients"].set_index("patient_id")[["birth_date", "sex", "site", "index_date"]]
    assert patients.loc["1"].str[:10].tolist() == ["1944-03-02", "female", "", "2010-01-01"]
    assert patients.loc["2"].str[:10].tolist() == ["", "", "north", "2011-05-01"]
    assert "3" not in patients.index


def test_results_keep_their_digits_their_text_and_the_unit_of_the_mapping(folder):
    measured = read(folder).tables["measurements"]
    rows = sorted(measured[["patient_id", "biomarker", "value", "unit", "source_file", "source_row"]].to_numpy().tolist())
    assert rows == [
        ["1", "creatinine", "<0.3", "mg/dL", "data/train/0.parquet", 5],
        ["1", "hemoglobin", "13.7", "", "data/train/0.parquet", 4],
        ["2", "creatinine", "1.1", "mg/dL", "data/held_out/0.parquet", 5],
    ]


def test_a_code_whose_unit_nobody_gives_is_refused(folder):
    quarantine = inspect(read(folder))[1]
    assert quarantine[["reason", "row"]].to_numpy().tolist() == [["unknown_unit", 4]]


def test_a_unit_column_counts_before_the_mapping(folder):
    shard = table(SECOND, unit=["umol/L"] * len(SECOND))
    parquet.write_table(shard, folder / "data" / "held_out" / "0.parquet")
    measured = read(folder).tables["measurements"]
    assert dict(zip(measured["value"], measured["unit"], strict=True)) == {"1.1": "umol/L", "13.7": "", "<0.3": "mg/dL"}


def test_death_progression_treatment_and_the_last_day_of_the_living_are_events(folder):
    events = read(folder).tables["events"]
    assert sorted(zip(events["patient_id"], events["kind"], events["occurred_at"].str[:10], events["detail"], strict=True)) == [
        ("1", "death", "2014-01-01", ""),
        ("1", "progression", "2012-01-01", ""),
        ("2", "last_contact", "2019-09-09", ""),
        ("2", "treatment_start", "2012-05-02", "daratumumab"),
    ]


def test_a_birth_decades_before_the_labs_is_a_birth_and_nothing_else(folder):
    cohort, _ = clean(read(folder))
    assert cohort.patients["age_at_index"].round(0).tolist()[0] == 66
    assert cohort.events["occurred_at"].min().year == 2012


def test_births_that_contradict_each_other_are_unknown(folder):
    rows = [*FIRST, (1, "1954-03-02", "MEDS_BIRTH", None, None)]
    parquet.write_table(table(rows), folder / "data" / "train" / "0.parquet")
    source = read(folder)
    assert source.tables["patients"].set_index("patient_id").loc["1", "birth_date"] == ""
    assert any("contradict themselves" in note for note in source.notes)


def test_codes_that_are_not_mapped_are_counted(folder):
    received = read(folder)
    said = "2 rows with a value have a code that is not mapped and are not read; 1 code of no public form is not shown"
    assert said in received.notes
    assert received.withheld == ["HEIGHT: 2 rows", "VISIT: 1 rows"]


def test_values_that_are_all_empty_give_no_cohort(folder):
    empty = [(s, t, c, None, None) for s, t, c, *_ in (*FIRST, *SECOND)]
    parquet.write_table(table(empty), folder / "data" / "train" / "0.parquet")
    (folder / "data" / "held_out" / "0.parquet").unlink()
    with pytest.raises(DataError, match=r"(?s)No usable measurements.*missing_value"):
        clean(read(folder))


@pytest.mark.parametrize("keep", [0.0, 0.3, 0.9])
def test_a_truncated_shard_is_named(folder, keep):
    path = folder / "data" / "train" / "0.parquet"
    whole = path.read_bytes()
    path.write_bytes(whole[: int(keep * len(whole))])
    with pytest.raises(DataError, match=r"data/train/0\.parquet is not a Parquet file, or it is cut short"):
        read(folder)


def test_a_shard_whose_pages_are_damaged_is_refused_without_a_traceback(folder):
    path = folder / "data" / "train" / "0.parquet"
    whole = bytearray(path.read_bytes())
    whole[4:200] = b"\xff" * 196
    path.write_bytes(whole)
    with pytest.raises(DataError, match="a MEDS shard cannot be read"):
        read(folder)


def test_folders_without_shards_and_other_tables_are_told_apart(tmp_path, folder):
    with pytest.raises(StateError, match="No folder"):
        read(tmp_path / "no")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"holds no \.parquet file"):
        read(tmp_path / "empty")
    pd.DataFrame({"subject_id": [1]}).to_parquet(folder / "data" / "other.parquet")
    with pytest.raises(DataError, match=r"data/other\.parquet has no column time, code, numeric_value"):
        read(folder)


def test_people_without_an_index_code_only_are_no_cohort(folder):
    with pytest.raises(DataError, match="None of 3 people has an index code") as refusal:
        read(folder, index=["D47.2"])
    assert refusal.value.code == "empty_cohort"


def test_meds_has_no_columns_for_sex(folder):
    with pytest.raises(ConfigError, match="no columns for sex or site"):
        read(folder, sex={"read_from": "gender"})


def test_a_row_of_nobody_is_refused_not_lost(folder):
    rows = [*FIRST, (None, "2011-02-01", "LAB//50912", 1.0, None)]
    parquet.write_table(table(rows), folder / "data" / "train" / "0.parquet")
    quarantine = inspect(read(folder))[1]
    assert ["patient_not_in_cohort", 8] in quarantine[["reason", "row"]].to_numpy().tolist()


def test_values_that_are_text_are_refused(folder):
    shard = table(SECOND).set_column(3, "numeric_value", pyarrow.array(["1"] * len(SECOND)))
    parquet.write_table(shard, folder / "data" / "held_out" / "0.parquet")
    with pytest.raises(DataError, match=r"data/held_out/0\.parquet: numeric_value holds no numbers"):
        read(folder)


TODAY = 18_261  # 2019-12-31


def test_a_day_that_cannot_be_does_not_wipe_out_the_contacts_before_it(folder):
    """Nor does it stand for the index date; each is counted."""
    typed = [(2, day, code, None, None) for day in ("2203-01-01", "1700-01-01") for code in ("VISIT", "ICD10CM//D47.2")]
    parquet.write_table(table([*SECOND, *typed]), folder / "data" / "held_out" / "0.parquet")
    source = read(folder, today=TODAY)
    assert source.tables["patients"].set_index("patient_id").loc["2", "index_date"][:10] == "2011-05-01"
    events = source.tables["events"]
    assert events.loc[events["kind"] == "last_contact", "occurred_at"].str[:10].tolist() == ["2019-09-09"]
    assert any(note.startswith("4 rows are no days of contact: not written YYYY-MM-DD") for note in source.notes)
    assert any(note.startswith("2 index codes have no usable date") for note in source.notes)


def test_rows_of_nobody_are_no_contact_of_anybody(folder):
    parquet.write_table(table([*SECOND, (None, "2019-10-10", "VISIT", None, None)]), folder / "data" / "held_out" / "0.parquet")
    assert "" not in set(read(folder).tables["events"]["patient_id"])


@pytest.mark.parametrize(
    ("number", "text", "value"),
    [
        (0.3, "<0.3", "<0.3"),
        (0.3, "> 0.3 mg/dL", ">0.3"),
        (0.3, "0.3", "0.3"),
        (0.3, None, "0.3"),
        (None, "<0.3", "<0.3"),
        (0.3, "low", "0.3"),
    ],
)
def test_a_comparator_that_stands_only_in_the_text_is_kept(folder, number, text, value):
    parquet.write_table(table([*FIRST[:-3], (1, "2011-01-01", "LAB//50912", number, text)]), folder / "data" / "train" / "0.parquet")
    measured = read(folder).tables["measurements"]
    assert value in measured.loc[measured["source_row"] == 5, "value"].tolist()


def test_components_of_the_mapping_add_up(folder):
    rows = [*FIRST, (1, "2013-01-01", "BAND//1", 1.1, None), (1, "2013-01-01", "BAND//2", 0.2, None)]
    parquet.write_table(table(rows), folder / "data" / "train" / "0.parquet")
    bands = {f"BAND//{n}": {"biomarker": "m_protein", "unit": "g/dL", "component": f"{n}"} for n in (1, 2)}
    measured = read(folder, biomarkers=bands).tables["measurements"]
    assert measured.loc[measured["biomarker"] == "m_protein", "value"].tolist() == ["1.3"]


def test_results_of_different_times_are_all_kept(folder):
    rows = [*FIRST, (1, "2013-01-01 08:00", "LAB//50912", 1.1, None), (1, "2013-01-01 18:00", "LAB//50912", 1.3, None)]
    parquet.write_table(table(rows), folder / "data" / "train" / "0.parquet")
    measured = clean(read(folder))[0].measurements
    measured = measured[measured["collected_at"] == pd.Timestamp("2013-01-01")]
    assert measured[["value", "collected_time"]].to_numpy().tolist() == [[1.1, "08:00:00"], [1.3, "18:00:00"]]


def test_rows_without_a_value_whose_code_is_not_mapped_are_counted(folder):
    assert any(note.startswith("1 rows without a value have a code that is not mapped") for note in read(folder).notes)


def test_birthdays_that_so_many_share_are_years(folder):
    births = [(who, f"19{who}-01-01" if who % 2 else f"19{who}-05-{who}", "MEDS_BIRTH", None, None) for who in range(10, 32)]
    index = [(who, "2012-05-01", "ICD10CM//D47.2", None, None) for who in range(10, 32)]
    parquet.write_table(table([*births, *index]), folder / "data" / "train" / "0.parquet")
    source = read(folder)
    patients = source.tables["patients"].set_index("patient_id")
    assert (patients.loc["11", "birth_date"], patients.loc["11", "age_at_index"]) == ("", 100.84)
    assert patients.loc["12", "birth_date"].startswith("1912-05-12")
    assert any(note.startswith("11 birthdays stand on a day that so many share") for note in source.notes)


def test_files_that_are_no_shards_are_counted(folder):
    assert not any("ending" in note for note in read(folder).notes), "metadata is known to be no shard"
    (folder / "data" / "train" / "1.csv").write_text("x")
    assert "1 files of the folder have an ending that is not read" in read(folder).notes


def test_findings_answers_and_residual_disease_are_read_by_what_the_mapping_says_of_their_codes(tmp_path):
    rows = [
        (1, "2010-01-01", "ICD10CM//D47.2", None, None),
        (1, "2010-02-01", "IFE", None, "not seen"),
        (1, "2010-02-01", "PET", None, "Positive"),
        (1, "2010-02-01", "MRD//NGS", 2e-5, "<0.00002"),
        (1, "2010-02-01", "MRD//NGF//BLOOD", 3e-5, None),
        (1, "2010-02-01", "QLQ//8", 3.0, None),
        (1, "2010-02-01", "PD", None, None),
    ]
    parquet.write_table(table(rows), tmp_path / "0.parquet")
    mapping = {
        "progression": {"PD": "extramedullary"},
        "biomarkers": {
            "IFE": "urine_immunofixation",
            "PET": "pet_ct",
            "MRD//NGS": {"biomarker": "mrd", "unit": 1, "method": "NGS", "specimen": "marrow"},
            "MRD//NGF//BLOOD": {"biomarker": "mrd", "unit": 1, "method": "NGF", "specimen": "blood"},
            "QLQ//8": "qlq_c30_q8",
        },
        "results": {"not seen": "negative"},
    }
    cohort, quarantine = inspect(read(tmp_path, **mapping))
    assert quarantine.empty
    measured = cohort.measurements.assign(value=cohort.measurements["value"].round(6))
    assert measured[["biomarker", "value", "operator", "method", "specimen"]].to_numpy().tolist() == [
        ["mrd", 3e-5, "", "NGF", "blood"],
        ["mrd", 2e-5, "<", "NGS", "marrow"],
        ["pet_ct", 1, "", "", ""],
        ["qlq_c30_dy", 66.666667, "", "", ""],
        ["urine_immunofixation", 0, "", "", ""],
    ]
    assert cohort.events.loc[cohort.events["kind"] == "progression", "detail"].tolist() == ["extramedullary"]


def zoned(zone, rows):
    """Return a shard whose times are those of the rows, in a zone, as pandas and pyarrow write them."""
    shard = table(rows)
    local = shard["time"].to_pandas()
    times = pyarrow.array(local.dt.tz_localize(zone) if zone else local, pyarrow.timestamp("us", zone), from_pandas=True)
    return shard.set_column(1, "time", times)


OF_A_NIGHT = [
    (9, "1950-07-07 00:00:00", "MEDS_BIRTH", None, None),
    (9, "2015-01-01 00:30:00", "ICD10CM//D47.2", None, None),
    (9, "2015-07-02 00:30:00", "LAB//50912", 1.1, None),
    (9, "2016-01-02 23:30:00", "LAB//50912", 1.2, None),
    (9, "2017-01-01 00:10:00", "ICD10CM//C90.00", None, None),
    (9, "2018-01-01 00:20:00", "MEDS_DEATH", None, None),
]


@pytest.mark.parametrize(
    ("zone", "offsets"),
    [
        (None, ["", ""]),
        ("Europe/Berlin", ["+02:00", "+01:00"]),
        ("America/New_York", ["-04:00", "-05:00"]),
        ("+05:30", ["+05:30", "+05:30"]),
    ],
)
def test_the_local_day_as_written_counts_whatever_the_zone_of_the_times(tmp_path, zone, offsets):
    parquet.write_table(zoned(zone, OF_A_NIGHT), tmp_path / "0.parquet")
    cohort, quarantine = clean(read(tmp_path))
    assert quarantine.empty
    assert cohort.patients[["birth_date", "index_date"]].astype(str).to_numpy().tolist() == [["1950-07-07", "2015-01-01"]]
    measured = cohort.measurements
    assert measured["collected_at"].astype(str).tolist() == measured["available_at"].astype(str).tolist() == ["2015-07-02", "2016-01-02"]
    assert measured["collected_time"].tolist() == [f"00:30:00{offsets[0]}", f"23:30:00{offsets[1]}"]
    assert cohort.events["occurred_at"].astype(str).tolist() == ["2017-01-01", "2018-01-01"]
    assert not [note for note in cohort.about["notes"] if "zone" in note or "UTC" in note]


def test_times_stored_in_utc_are_noted(tmp_path):
    parquet.write_table(zoned("UTC", OF_A_NIGHT), tmp_path / "0.parquet")
    cohort, _ = clean(read(tmp_path))
    assert cohort.measurements["collected_time"].tolist() == ["00:30:00+00", "23:30:00+00"]
    said = [note.partition(" is stored in UTC")[0] for note in cohort.about["notes"] if "stored in UTC" in note]
    assert said == [f"MEDS shards: {column}" for column in ("index_date", "birth_date", "occurred_at", "collected_at")]


def test_shards_of_different_zones_are_each_read_in_their_own_and_noted(tmp_path):
    """One birthday in two zones is one birthday; a shard without a zone, or with text, is taken as written."""
    again = [OF_A_NIGHT[0], (9, "2015-07-03 00:30:00", "LAB//50912", 1.3, None)]
    parquet.write_table(zoned("Europe/Berlin", OF_A_NIGHT), tmp_path / "0.parquet")
    parquet.write_table(zoned("Asia/Tokyo", again), tmp_path / "1.parquet")
    parquet.write_table(zoned(None, [(9, "2015-07-04 00:30:00", "LAB//50912", 1.4, None)]), tmp_path / "2.parquet")
    text = pyarrow.array(["2015-07-05T00:30:00-08:00"])
    shard = table([(9, "2015-07-05", "LAB//50912", 1.5, None)]).set_column(1, "time", text)
    parquet.write_table(shard, tmp_path / "3.parquet")
    cohort, _ = clean(read(tmp_path))
    measured = cohort.measurements.sort_values("value")
    assert measured["collected_at"].astype(str).tolist() == ["2015-07-02", "2016-01-02", "2015-07-03", "2015-07-04", "2015-07-05"]
    assert measured["collected_time"].tolist()[2:] == ["00:30:00+09:00", "00:30:00", "00:30:00-08:00"]
    assert cohort.patients["birth_date"].astype(str).tolist() == ["1950-07-07"]
    said = "collected_at holds times in 4 zones (none, -08:00, Asia/Tokyo, Europe/Berlin)"
    assert any(said in note for note in cohort.about["notes"])


def test_a_zone_that_nobody_knows_is_refused_by_the_name_of_its_shard(tmp_path):
    times = pyarrow.array([1_500_000_000_000_000], pyarrow.timestamp("us", "Nowhere/Land"))
    shard = table([(9, "2015-01-01", "LAB//50912", 1.0, None)]).set_column(1, "time", times)
    parquet.write_table(shard, tmp_path / "0.parquet")
    with pytest.raises(DataError, match=r'0\.parquet: the time zone "Nowhere/Land" of time is not known.*Europe/Berlin'):
        read(tmp_path)
