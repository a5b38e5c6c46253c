"""What is recorded of therapy and progression: one regimen in two spellings, kinds of progression, lines that overlap."""

import pytest

from features import episodes_of
from features.console import Steps
from features.intake.ingest import ingest
from features.intake.one_person import check_person
from features.intake.quality import inspect

RESULT = "patient_id,collected_at,biomarker,value\nP1,2015-01-10,bmpc,12"
HEAD = "patient_id,occurred_at,kind,detail,line\n"
BEGUN = "P1,2016-01-01,treatment_start,D-VRd,1\n"


@pytest.mark.parametrize("spelt", ["DVRd", "d-vrd", "D\u2011VRd", "D VRd"])
def test_a_regimen_in_two_spellings_is_one_and_keeps_the_first(cohort_of, spelt):
    events = f"{HEAD}{BEGUN}P1,2016-02-01,treatment_start,{spelt},1\nP1,2016-05-01,treatment_stop,{spelt},"
    (line,) = episodes_of(cohort_of(measurements=RESULT, events=events)).to_dict("records")
    assert (line["drugs"], str(line["stop"].date())) == ("D-VRd", "2016-05-01")


def test_an_unknown_regimen_is_kept_as_it_is_written(cohort_of):
    cohort = cohort_of(measurements=RESULT, events=f"{HEAD}P1,2016-01-01,treatment_start,Study drug 7,")
    assert cohort.events["detail"].tolist() == ["Study drug 7"]


@pytest.mark.parametrize(
    ("said", "kept"), [("biochemical", "biochemical"), ("Clinical", "clinical"), ("EXTRAMEDULLARY", "extramedullary"), ("", "")]
)
def test_a_progression_says_of_what_kind_it_is(cohort_of, said, kept):
    cohort = cohort_of(measurements=RESULT, events=f"{HEAD}P1,2016-01-01,progression,{said},")
    assert cohort.events["detail"].tolist() == [said.lower()]
    assert cohort.about["notes"] == []


def test_another_word_is_no_kind_of_progression_and_is_counted(received_of):
    events = f"{HEAD}P1,2016-01-01,progression,biochem,\nP1,2016-02-01,progression,CRAB,\nP1,2016-03-01,progression,clinical,\n{BEGUN}"
    cohort, quarantine = inspect(received_of(measurements=RESULT, events=events))
    assert quarantine.empty
    assert cohort.events.loc[cohort.events["kind"] == "progression", "detail"].tolist() == ["", "", "clinical"]
    assert cohort.events.loc[cohort.events["kind"] == "treatment_start", "detail"].tolist() == ["D-VRd"]
    assert cohort.about["notes"] == [
        "events.csv: 2 of 3 progressions hold a detail that is no kind of progression, taken as unknown (accepted: biochemical, clinical, "
        "extramedullary); near to biochemical"
    ]
    person = check_person(
        {"index_date": "2015-01-01"}, (), [("2016-01-01", "progression", "CRAB"), ("2016-03-01", "Progression", "Clinical")]
    )
    assert (person.detail, person.problems) == (["", "clinical"], [])


def test_lines_that_overlap_are_kept_and_said(tmp_path, received_of):
    late = "P1,2017-01-01,treatment_start,DKd,2\nP1,2017-03-01,treatment_stop,D-VRd,1\n"
    warned = ingest(received_of(measurements=RESULT, events=HEAD + BEGUN + late), tmp_path / "a", Steps(quiet=True)).warnings
    assert warned == [
        "overlapping_lines: 1 lines of therapy of 1 people begin before the line before was stopped. Both are kept as recorded; is a "
        "stop that of another line, or a day mistyped?"
    ]
    in_order = late.replace("2017-03-01", "2016-12-01")
    assert ingest(received_of(measurements=RESULT, events=HEAD + BEGUN + in_order), tmp_path / "b", Steps(quiet=True)).warnings == []
