"""Answers become scales by person and day; what is no answer is refused with the others of its scale; a given scale has to agree."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features import read_cohort
from features.console import Steps
from features.intake.ingest import ingest
from features.intake.items import VERSION
from features.intake.mend import export_quarantine, mend
from features.intake.one_person import check_person
from features.intake.quality import inspect
from features.sources.answers import answers
from myeloma import catalogue
from myeloma.treated.quality_of_life import instruments, score

HEAD = "patient_id,collected_at,biomarker,value,unit\n"
OTHER = "P1,2015-09-01,bmpc,12,%"
MY20 = [2, 2, 1, 1, 3, 1, 1, 1, 2, 1, 3, 1, 1, 2, 1, 1, 2, 2, 3, 2]  # the evidence's golden case


def table(*rows, day="2015-02-01"):
    """Return the table of rows (name, value), all of one day, and a result of another."""
    return HEAD + "\n".join([*(f"P1,{day},{name},{value}," for name, value in rows), OTHER])


def scales(cohort):
    kept = cohort.measurements[cohort.measurements["biomarker"] != "bmpc"]
    return dict(zip(kept["biomarker"], kept["value"].round(2), strict=True))


def items(instrument, first, values):
    return [(f"{instrument}_q{number}", value) for number, value in enumerate(values, start=first) if value is not None]


def test_every_item_belongs_to_a_scale_of_the_catalogue():
    assert sorted(answers(), key=lambda name: int(name.rpartition("q")[2])) == [
        *(f"qlq_c30_q{k}" for k in range(1, 31)),
        *(f"qlq_my20_q{k}" for k in range(31, 51)),
    ]
    assert {one.scale for one in answers().values()} == {key for key in catalogue() if key.startswith("qlq_")}
    assert instruments()["qlq_c30"].version == VERSION


def test_a_whole_module_gives_its_scales_and_keeps_no_answer(cohort_of):
    cohort = cohort_of(measurements=table(*items("qlq_my20", 31, MY20)))
    assert scales(cohort) == {"qlq_my20_ds": 22.22, "qlq_my20_se": 13.33, "qlq_my20_bi": 66.67, "qlq_my20_fp": 55.56}
    assert cohort.about["counts"]["measurements"] == {"read": 21, "kept": 21, "quarantined": 0}
    assert set(cohort.measurements["unit"]) == {"{score}", "%"}


@pytest.mark.parametrize(
    ("values", "pf"),
    [([1, 2, 2, 3, 1], 73.33), ([1, 2, None, 3, 1], 75.0), ([1, None, None, None, 2], None), ([1.0, "2", 2, "3.0", 1], 73.33)],
)
def test_at_least_half_of_the_items_make_a_scale(received_of, values, pf):
    cohort, quarantine = inspect(received_of(measurements=table(*items("qlq_c30", 1, values))))
    assert scales(cohort) == ({} if pf is None else {"qlq_c30_pf": pf})
    assert quarantine["reason"].tolist() == ([] if pf is not None else ["answers_incomplete"] * 2)


@pytest.mark.parametrize("value", [5, 0, "<2", 1.5, "often"])
def test_what_is_no_answer_is_refused_with_the_others_of_its_scale_and_day(received_of, value):
    rows = [("qlq_c30_q21", value), ("qlq_c30_q22", 2), ("qlq_c30_q23", 2), ("qlq_c30_q8", 3)]
    cohort, quarantine = inspect(received_of(measurements=table(*rows)))
    assert scales(cohort) == {"qlq_c30_dy": 66.67}
    assert quarantine["reason"].tolist() == ["bad_answer", "answers_incomplete", "answers_incomplete"]
    assert quarantine["accepted"].tolist()[:2] == [
        "qlq_c30_q21 is answered by a whole number from 1 to 4; leave the row out where it was not answered",
        "another answer of this scale and day was refused; correct that one, and mend takes all of them",
    ]


def test_an_answer_has_no_unit(received_of):
    _, quarantine = inspect(received_of(measurements=HEAD + f"P1,2015-02-01,qlq_c30_q8,3,mg/dL\n{OTHER}"))
    assert quarantine[["reason", "accepted"]].to_numpy().tolist() == [["unknown_unit", "an answer has no unit"]]


@pytest.mark.parametrize(("given", "kept"), [("75", 75), ("75.4", 75.4), ("74.5", 74.5), ("80", None), ("25", None)])
def test_a_scale_that_is_given_stands_if_its_answers_say_the_same(received_of, given, kept):
    rows = [("qlq_c30_q29", 6), ("qlq_c30_q30", 5), ("qlq_c30_global", given)]
    cohort, quarantine = inspect(received_of(measurements=table(*rows)))
    assert scales(cohort) == ({} if kept is None else {"qlq_c30_ql": kept})
    assert quarantine["reason"].tolist() == ([] if kept else ["scale_conflict"] * 3)


def test_two_days_two_people_and_two_hours_are_scored_apart(cohort_of):
    days = ["P1,2015-02-01", "P1,2015-03-01", "P2,2015-02-01", "P2,2015-03-01 08:00", "P2,2015-03-01 18:00"]
    rows = "\n".join(f"{day},qlq_c30_q{item},{answer}," for day, answer in zip(days, [1, 2, 3, 4, 2], strict=True) for item in (26, 27))
    cohort = cohort_of(patients="patient_id,index_date\nP1,2015-01-01\nP2,2015-01-01", measurements=f"{HEAD}{rows}")
    kept = cohort.measurements[["patient_id", "collected_at", "collected_time", "value"]]
    assert kept["value"].round(1).tolist() == [100, 66.7, 33.3, 0, 66.7]
    assert kept["patient_id"].tolist() == ["P1", "P1", "P2", "P2", "P2"]


def test_a_mended_answer_finds_the_others_of_its_scale(tmp_path, received_of):
    rows = [("qlq_c30_q26", 5), ("qlq_c30_q27", 2), ("qlq_c30_q8", 3)]
    ingest(received_of(measurements=table(*rows)), tmp_path / "cohort", Steps(quiet=True))
    export_quarantine(tmp_path / "cohort", tmp_path / "refused.csv")
    frame = pd.read_csv(tmp_path / "refused.csv", dtype=str)
    frame.assign(value=frame["value"].replace("5", "3")).to_csv(tmp_path / "refused.csv", index=False)
    assert mend(tmp_path / "cohort", tmp_path / "refused.csv", Steps(quiet=True)).followed == 1
    assert scales(read_cohort(tmp_path / "cohort")) == {"qlq_c30_dy": 66.67, "qlq_c30_sf": 50.0}


def test_answers_of_an_older_version_are_noticed(received_of):
    rows = "\n".join(f"P{k},2015-02-01,qlq_c30_q{item},{1 + (k + item) % 2}," for k in range(30) for item in range(1, 6))
    people = "patient_id,index_date\n" + "\n".join(f"P{k},2015-01-01" for k in range(30))
    cohort, _ = inspect(received_of(patients=people, measurements=f"{HEAD}{rows}"))
    assert "150 answers to items 1 to 5 of the QLQ-C30 are 1 and 2 alone, as in versions below 3" in cohort.about["notes"][0]
    rows += "\nP1,2015-03-01,qlq_c30_q1,4,\nP1,2015-03-01,qlq_c30_q2,4,"
    cohort, _ = inspect(received_of(patients=people, measurements=f"{HEAD}{rows}"))
    assert cohort.about["notes"] == []


def test_answers_that_were_left_blank_say_nothing_of_the_version(received_of):
    days = [f"{day:%Y-%m-%d}" for day in pd.date_range("2015-02-01", periods=40)]
    rows = [f"P1,{day},qlq_c30_q{number},," for day in days for number in range(1, 6)]
    patients = "patient_id,index_date\nP1,2015-01-01"
    cohort, quarantine = inspect(received_of(patients=patients, measurements=HEAD + "\n".join([*rows, OTHER])))
    assert (quarantine["reason"] == "missing_value").sum() == 200
    assert not any("versions below" in note for note in cohort.about["notes"])


ANSWERS = st.dictionaries(st.sampled_from(sorted(answers())), st.integers(1, 4), max_size=50)


@settings(max_examples=25, deadline=None)
@given(said=ANSWERS)
def test_scales_are_those_of_the_rules_and_a_single_history_gives_the_same(received_of, said):
    cohort, quarantine = inspect(received_of(measurements=table(*said.items())))
    expected = {}
    for key in instruments():
        mine = {answers()[name].item: np.array([float(value)]) for name, value in said.items() if answers()[name].instrument == key}
        made = score(key, mine, instruments()[key].version) if mine else {}
        expected |= {name: float(found[0]) for name, found in made.items() if name in catalogue() and not np.isnan(found[0])}
    kept = cohort.measurements[cohort.measurements["biomarker"] != "bmpc"]
    assert dict(zip(kept["biomarker"], kept["value"], strict=True)) == expected
    person = check_person({"index_date": "2015-01-01"}, [("2015-02-01", None, name, value, "") for name, value in said.items()])
    assert [catalogue().keys()[place] for place in person.biomarker] == kept["biomarker"].tolist()
    assert person.value.tolist() == kept["value"].tolist()
    assert [problem.reason for problem in person.problems] == quarantine["reason"].tolist()
