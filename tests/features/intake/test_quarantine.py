"""The quarantine: nothing is lost, rows can be found again, the order of rows does not matter, and nobody is named."""

import json

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.cohort.schema import QUARANTINE_COLUMNS
from features.intake.quality import clean, describe_problems, inspect
from features.sources import read_tabular
from features.sources.received import received
from myeloma import DataError

DATES = st.sampled_from(
    ["2015-01-01", "2016-05-05", "2017-01-01T10:00:00Z", "1940-01-01", "1500-01-01", "03/04/2020", "2020-02-30", "", "NA"]
)
IDS = st.sampled_from(["P1", "P2", "P3", " P1 ", "", "P9"])
PATIENT = st.fixed_dictionaries(
    {
        "patient_id": IDS,
        "index_date": DATES,
        "birth_date": DATES,
        "age_at_index": st.sampled_from(["", "60", "old", "-1", "inf"]),
        "sex": st.sampled_from(["", "Female", "x"]),
        "fish": st.sampled_from(["", "normal", "t(4;14)|del(17p)", "?"]),
    }
)
MEASUREMENT = st.fixed_dictionaries(
    {
        "patient_id": IDS,
        "collected_at": DATES,
        "available_at": DATES,
        "biomarker": st.sampled_from(["m_protein", "BMPC", "m_protien", "", "flc_ratio"]),
        "value": st.sampled_from(["1.5", "<0.1", "> 500", "1,5", "", "NA", "1e999", "nan", "-3", "\u0663"]),
        "unit": st.sampled_from(["g/dL", "g/L", "%", "", "mmol/L"]),
    }
)
EVENT = st.fixed_dictionaries(
    {"patient_id": IDS, "occurred_at": DATES, "kind": st.sampled_from(["progression", "Death", "last_contact", "treatment_start", "", "x"])}
)


def frames_of(rows):
    """Return tables of text with the rows numbered from 2."""
    headers = {"patients": ["patient_id", "index_date"], "measurements": ["patient_id", "collected_at", "biomarker", "value", "unit"]}
    headers["events"] = ["patient_id", "occurred_at", "kind"]
    frames = {name: pd.DataFrame(content, columns=None if content else headers[name], dtype=object) for name, content in rows.items()}
    return {name: frame.assign(source_row=range(2, len(frame) + 2)) for name, frame in frames.items()}


@settings(max_examples=60)
@given(
    patients=st.lists(PATIENT, min_size=1, max_size=5),
    measurements=st.lists(MEASUREMENT, max_size=6),
    events=st.lists(EVENT, max_size=5),
)
def test_every_row_read_is_either_kept_or_quarantined(patients, measurements, events):
    frames = frames_of({"patients": patients, "measurements": measurements, "events": events})
    cohort, quarantine = inspect(received("dirty", frames, {name: f"{name}.csv" for name in frames}))
    for name, frame in frames.items():
        refused = quarantine.loc[quarantine["table"] == name, "row"]
        assert len(frame) == len(cohort.tables()[name]) + len(refused)
        assert refused.is_unique
        assert cohort.about["counts"][name] == {"read": len(frame), "kept": len(cohort.tables()[name]), "quarantined": len(refused)}
    kept, refused = set(cohort.measurements["source_row"]), set(quarantine.loc[quarantine["table"] == "measurements", "row"])
    assert kept | refused == set(frames["measurements"]["source_row"])
    assert sum(cohort.about["reasons"].values()) == len(quarantine)
    assert (quarantine[["reason", "column", "accepted"]] != "").all(axis=None)


CLEAN = {
    "patients": [{"patient_id": p, "index_date": "2015-01-01", "sex": "female"} for p in ("P1", "P2", "P3")],
    "measurements": [
        {"patient_id": p, "collected_at": f"2015-0{m}-01", "biomarker": b, "value": str(m), "unit": "g/L" if b == "m_protein" else "%"}
        for p in ("P1", "P2")
        for m in (2, 3, 4)
        for b in ("m_protein", "bmpc")
    ],
    "events": [
        {"patient_id": p, "occurred_at": "2018-01-01", "kind": k}
        for p, k in (("P1", "death"), ("P1", "progression"), ("P2", "last_contact"))
    ],
}
CLEAN["measurements"] += [{**CLEAN["measurements"][0], "value": "high"}, {**CLEAN["measurements"][0], "unit": ""}]


@settings(max_examples=25)
@given(data=st.data())
def test_the_result_does_not_depend_on_the_order_of_rows(data):
    def results(rows):
        frames = frames_of(rows)
        cohort, quarantine = inspect(received("order", frames, {name: name for name in frames}))
        refused = sorted(quarantine[["table", "reason", "record"]].itertuples(index=False, name=None))
        return [frame.drop(columns="source_row", errors="ignore") for frame in cohort.tables().values()], refused

    expected, expected_refused = results(CLEAN)
    got, refused = results({name: data.draw(st.permutations(rows)) for name, rows in CLEAN.items()})
    for frame, other in zip(expected, got, strict=True):
        pd.testing.assert_frame_equal(frame, other)
    assert refused == expected_refused


def test_row_numbers_point_at_the_line_of_the_csv(tmp_path, write_folder):
    measurements = """
        patient_id,collected_at,biomarker,value,unit
        P1,2015-02-01,bmpc,15,%

        P1,2015-03-01,bmpc,high,%
        P1,2015-04-01,bmpc,16,%
        P1,2015-05-01,bmpc,16,g/L
    """
    folder = write_folder(tmp_path, measurements=measurements)
    _, quarantine = clean(read_tabular(folder))
    lines = (folder / "measurements.csv").read_text(encoding="utf-8").splitlines()
    assert [lines[row - 1].strip() for row in quarantine["row"]] == ["P1,2015-03-01,bmpc,high,%", "P1,2015-05-01,bmpc,16,g/L"]


def test_a_refused_row_is_kept_as_received(received_of):
    _, quarantine = inspect(received_of(measurements="patient_id,collected_at,biomarker,value,unit\nP1,2015-02-01,Bmpc,high,%"))
    assert quarantine.columns.tolist() == list(QUARANTINE_COLUMNS)
    record = json.loads(quarantine["record"][0])
    assert (record["patient_id"], record["biomarker"], record["value"], record["unit"]) == ("P1", "Bmpc", "high", "%")


def test_problems_are_told_one_line_a_kind_with_count_first_row_and_what_is_accepted(received_of):
    rows = "patient_id,collected_at,biomarker,value,unit\nP1,2015-02-01,bmpc,high,%\nP1,2015-03-01,bmpc,low,%\nP1,soon,bmpc,5,%"
    _, quarantine = inspect(received_of(measurements=rows))
    lines = describe_problems(quarantine).splitlines()
    assert len(lines) == 2
    assert any('not_a_number: 2 rows of measurements.csv (value); first at row 2: received "high", a number' in line for line in lines)
    assert any("bad_date: 1 row of measurements.csv (collected_at); first at row 4: dates are written YYYY-MM-DD" in line for line in lines)


WHO = "SENTINEL-4711"
BAD = {
    "patients": [",".join((WHO, *rest)) for rest in (("soon", ""), ("2015-01-01", "x"), ("", ""))],
    "measurements": [
        f"{WHO},{rest}"
        for rest in ("2015-01-01,bmpc,1,%", "soon,bmpc,1,%", "2015-01-01,x,1,%", "2015-01-01,bmpc,x,%", "2015-01-01,bmpc,1,x")
    ],
    "events": [f"{WHO},{rest}" for rest in ("2015-01-01,x", "soon,death", "2014-01-01,death")],
}
GOOD = {"patients": f"{WHO},2015-01-01,male", "measurements": f"{WHO},2015-01-01,bmpc,1,%", "events": f"{WHO},2016-01-01,death"}
HEADERS = {
    "patients": "patient_id,index_date,sex",
    "measurements": "patient_id,collected_at,biomarker,value,unit",
    "events": "patient_id,occurred_at,kind",
}


@pytest.mark.parametrize(("table", "row"), [(table, row) for table, rows in BAD.items() for row in rows])
def test_messages_and_counts_never_name_a_person(received_of, table, row):
    text = {name: f"{header}\n{GOOD[name] if name != table else row}" for name, header in HEADERS.items()}
    cohort, quarantine = inspect(received_of(**text))
    assert WHO not in describe_problems(quarantine)
    assert WHO not in json.dumps(cohort.about)
    assert WHO not in "".join(quarantine["received"])


@pytest.mark.parametrize("table", ["patients", "measurements"])
def test_the_error_about_unusable_data_never_names_a_person(received_of, table):
    text = {name: "\n".join([header, *([GOOD[name]] if name != table else BAD[name])]) for name, header in HEADERS.items()}
    if table == "measurements":
        text["measurements"] = "\n".join([HEADERS[table], *BAD[table][1:]])
    with pytest.raises(DataError) as refusal:
        clean(received_of(**text))
    assert WHO not in str(refusal.value)
