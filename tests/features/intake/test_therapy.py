"""Starts and stops of treatment that contradict each other are refused with a reason; what is kept makes the lines of therapy."""

import pandas as pd
import pytest

from features import cohort_of_frames, episodes_of, read_cohort
from features.console import Steps
from features.intake.ingest import ingest
from features.intake.mend import export_quarantine, mend
from features.intake.quality import inspect
from features.sources.tabular import read_tabular

RESULT = "patient_id,collected_at,biomarker,value\nP1,2015-01-10,bmpc,12"
HEAD = "patient_id,occurred_at,kind,detail,line\n"


def inspected(received_of, *events):
    """Return the cohort and the reasons by row of events (day, kind, detail, line) of one patient."""
    text = HEAD + "\n".join(f"P1,{day},treatment_{kind},{detail},{line}" for day, kind, detail, line in events)
    cohort, quarantine = inspect(received_of(measurements=RESULT, events=text))
    refused = quarantine[quarantine["table"] == "events"]
    return cohort, [
        (int(row) - 2, reason, column) for row, reason, column in zip(refused["row"], refused["reason"], refused["column"], strict=True)
    ]


BEGUN = ("2016-01-01", "start", "VRd", 1)


def test_a_line_that_a_table_program_wrote_as_a_decimal_is_that_line(received_of):
    cohort, refused = inspected(received_of, BEGUN, ("2017-01-01", "start", "DKd", "2.0"))
    assert refused == [] and cohort.events["line"].tolist() == [1, 2]


@pytest.mark.parametrize("line", ["0", "second", "7"])
def test_a_line_of_any_other_event_says_nothing_and_costs_nobody_anything(received_of, line):
    text = f"{HEAD}P1,2016-01-01,treatment_start,VRd,1\nP1,2017-01-01,progression,,{line}\nP1,2018-01-01,death,,{line}"
    cohort, quarantine = inspect(received_of(measurements=RESULT, events=text))
    assert quarantine.empty and cohort.events["line"].fillna(0).tolist() == [1, 0, 0]


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (("2016-05-01", "stop", "VRd", 1), None),
        (("2016-05-01", "stop", "vrd", ""), None),
        (("2016-05-01", "stop", "", ""), None),
        (("2016-01-01", "stop", "VRd", 1), None),  # one dose, one day
        (("2015-12-31", "stop", "VRd", 1), ("stop_before_start", "occurred_at")),
        (("2015-12-31", "stop", "", ""), ("stop_before_start", "occurred_at")),
        (("2016-05-01", "stop", "DKd", 1), ("stop_without_start", "detail")),
        (("2016-05-01", "stop", "VRd", 2), ("stop_without_start", "detail")),
        (("2016-05-01", "stop", "VRd", "second"), ("bad_line", "line")),
    ],
)
def test_a_stop_needs_the_start_of_what_it_names(received_of, event, reason):
    cohort, refused = inspected(received_of, BEGUN, event)
    assert refused == ([(1, *reason)] if reason else [])
    assert len(cohort.patients) == 1, "who was treated when is known all the same"
    assert len(episodes_of(cohort)) == 1


def test_a_stop_without_any_start_sets_the_person_aside_who_would_pass_as_untreated(received_of):
    cohort, refused = inspected(received_of, ("2016-05-01", "stop", "VRd", 1))
    assert refused[0][1:] == ("stop_without_start", "detail") and len(cohort.patients) == 0


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (("2016-05-01", "start", "DKd", 2), None),
        (("2016-05-01", "start", "DKd", 1), None),
        (("2016-05-01", "start", "DKd", ""), None),
        (("2015-12-31", "start", "DKd", 2), ("line_backwards", "line")),  # then line 1 begins after line 2
        (("2016-01-01", "start", "DKd", 2), None),
        (("2016-05-01", "start", "DKd", 0), ("bad_line", "line")),
        (("2016-05-01", "start", "DKd", "1.5"), ("bad_line", "line")),
        (("2016-05-01", "start", "DKd", "100"), ("bad_line", "line")),
    ],
)
def test_a_start_whose_line_cannot_be_right_sets_the_person_aside(received_of, event, reason):
    cohort, refused = inspected(received_of, BEGUN, event)
    assert [one[1:] for one in refused if one[1] != "patient_not_in_cohort"] == ([reason] if reason else [])
    assert len(cohort.patients) == (reason is None), "otherwise a line that began would pass as none"


def test_the_start_of_a_refused_row_opens_nothing(received_of):
    _, refused = inspected(received_of, ("2090-01-01", "start", "VRd", 1), ("2016-05-01", "stop", "VRd", 1))
    assert [reason for _, reason, _ in refused] == ["future_date", "stop_without_start"]


def test_two_rows_that_differ_in_the_line_alone_are_two_events(received_of):
    cohort, refused = inspected(received_of, BEGUN, (*BEGUN[:3], 2), BEGUN)
    assert [reason for _, reason, _ in refused] == ["duplicate_row"]
    assert episodes_of(cohort)["line"].tolist() == [1, 2]


@pytest.mark.parametrize("line", ["", "NA"])
def test_a_column_in_which_no_line_is_recorded_is_no_column(received_of, line):
    cohort, refused = inspected(received_of, (*BEGUN[:3], line))
    assert refused == []
    assert "line" not in cohort.events


def test_frames_may_hold_lines_as_numbers_with_gaps():
    patients = pd.DataFrame({"patient_id": ["P1"], "index_date": ["2015-01-01"]})
    results = pd.DataFrame({"patient_id": ["P1"], "collected_at": "2015-02-01", "biomarker": "bmpc", "value": 12, "unit": "%"})
    events = pd.DataFrame({"patient_id": "P1", "occurred_at": ["2016-01-01", "2017-01-01"], "kind": "treatment_start", "line": [None, 2.0]})
    cohort, refused = cohort_of_frames(patients, results, events)
    assert refused.empty
    assert episodes_of(cohort)["line"].tolist() == [1, 2]


def test_a_slip_in_the_name_of_the_column_is_pointed_out(received_of):
    received = received_of(measurements=RESULT, events="patient_id,occurred_at,kind,detail,lines\nP1,2016-01-01,treatment_start,VRd,2")
    assert [note for note in received.notes if "line" in note] == ["events.csv: column 5 is not used; is line meant?"]


@pytest.mark.parametrize("header", [True, False])
def test_a_line_is_mended_like_any_cell(write_folder, tmp_path, header):
    wrong = HEAD + "P1,2016-01-01,treatment_start,VRd,one\nP2,2016-01-01,treatment_start,VRd,2" if header else None
    stop = "patient_id,occurred_at,kind,detail\nP1,2016-01-01,treatment_start,VRd\nP1,2015-01-01,treatment_stop,VRd"
    source = write_folder(
        tmp_path / "source",
        patients="patient_id,index_date\nP1,2015-01-01\nP2,2015-01-01",
        measurements="patient_id,collected_at,biomarker,value,unit\nP1,2015-01-10,bmpc,12,%\nP2,2015-01-10,bmpc,12,%",
        events=wrong or stop,
    )
    folder = tmp_path / "cohort"
    ingest(read_tabular(source), folder, Steps(quiet=True))
    rows = export_quarantine(folder, tmp_path / "refused.csv")
    assert ("line" in rows) == header
    right = {"line": "1"} if header else {"occurred_at": "2016-02-01"}
    rows.loc[rows["table"] == "events", list(right)] = list(right.values())
    rows.to_csv(tmp_path / "refused.csv", index=False)
    mend(folder, tmp_path / "refused.csv", Steps(quiet=True))
    episodes = episodes_of(read_cohort(folder))
    assert episodes["line"].tolist() == ([1, 2] if header else [1])
    assert episodes["stop"].notna().tolist() == ([False, False] if header else [True])
