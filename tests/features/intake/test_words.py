"""How and in what a result was measured: kept where a source says it, never a duplicate across kinds, an unknown word counted."""

import pytest

from features import read_cohort
from features.console import Steps
from features.intake.ingest import ingest
from features.intake.mend import export_quarantine, mend
from features.intake.one_person import check_person
from features.intake.quality import inspect

HEAD = "patient_id,collected_at,biomarker,value,unit,method,specimen\n"
DAY = "P1,2015-02-01"


def test_a_cohort_has_the_columns_only_where_a_source_says_something(cohort_of):
    plain = cohort_of(measurements="patient_id,collected_at,biomarker,value,unit\n" + f"{DAY},bmpc,12,%")
    blank = cohort_of(measurements=f"{HEAD}{DAY},bmpc,12,%,,NA")
    assert list(plain.measurements.columns) == list(blank.measurements.columns)
    assert "method" not in plain.measurements
    assert plain.content_hash() == blank.content_hash()
    one = cohort_of(measurements=f"{HEAD}{DAY},bmpc,12,%,Biopsy,")
    assert one.measurements["method"].tolist() == ["biopsy"]
    assert "specimen" not in one.measurements


def test_results_of_two_methods_or_specimens_of_one_day_are_no_duplicates(received_of):
    rows = ["bmpc,30,%,biopsy,", "bmpc,20,%,smear,", "bmpc,20,%,smear,marrow", "mrd,1e-5,1,NGS,marrow", "mrd,1e-5,1,NGS,blood"]
    rows += ["bmpc,20,%,SMEAR,", "bmpc,31,%,biopsy,"]  # the same, and another value of one method
    cohort, quarantine = inspect(received_of(measurements=HEAD + "\n".join(f"{DAY},{row}" for row in rows)))
    assert len(cohort.measurements) == 5
    assert dict(zip(quarantine["row"], quarantine["reason"], strict=True)) == {7: "duplicate_row", 2: "conflicting_duplicate"}


def test_an_unknown_word_makes_the_cell_unknown_and_is_counted_with_the_nearest(received_of):
    rows = [f"P1,2015-0{month}-01,bmpc,12,%,{word},marrow" for month, word in enumerate(["biopsi", "PCR", "smear"], start=1)]
    rows += ["P1,2015-04-01,mrd,1e-5,1,mass spectrometry,bone", "P1,2015-05-01,m_protein,1,g/dL,capillary,serum"]
    cohort, quarantine = inspect(received_of(measurements=HEAD + "\n".join(rows)))
    assert quarantine.empty
    assert cohort.measurements["method"].tolist() == ["", "", "smear", "", "mass_spectrometry"]
    assert cohort.about["notes"] == [
        "measurements.csv: 2 of 5 cells of method hold 2 words that are not accepted, and are taken as unknown; near to biopsy; a mapping "
        "can say what they mean",
        "measurements.csv: 1 of 5 cells of specimen hold 1 word that is not accepted, and are taken as unknown; a mapping can say what "
        "they mean",
    ]


@pytest.mark.parametrize(
    ("biomarker", "unit", "accepted"), [("bmpc", "%", "biopsy, smear, flow"), ("mrd", "1", "NGF, NGS, flow, mass_spectrometry")]
)
def test_a_single_history_is_told_of_an_unknown_word(biomarker, unit, accepted):
    (problem,) = check_person({"index_date": "2015-01-01"}, [("2015-02-01", None, biomarker, 0.5, unit, "PCR", None)]).problems
    assert (problem.reason, problem.column, problem.accepted) == ("unknown_category", "method", f"accepted: {accepted}")


@pytest.mark.parametrize(
    ("biomarker", "value", "unit", "right", "wrong"),
    [
        ("creatinine", 1.1, "mg/dL", ["Serum", "plasma", "Blut", "serum specimen"], ["urine", "24-h-Urin", "Knochenmark", "Liquor"]),
        ("urine_m_protein", 300, "mg/24h", ["Sammelurin"], ["serum"]),
        ("hemoglobin", 13, "g/dL", ["EDTA-Blut"], ["plasma", "urine"]),
        ("bmpc", 12, "%", ["bone marrow", "blood"], ["urine", "serum"]),
        ("mrd", 1e-5, "1", ["KM", "peripheral blood"], ["Urin"]),
        ("qlq_c30_ql", 50, "", ["urine"], []),  # nothing is measured in anything
    ],
)
def test_a_specimen_that_is_another_refuses_the_result(received_of, biomarker, value, unit, right, wrong):
    rows = [f"P1,2015-{month:02d}-01,{biomarker},{value},{unit},,{word}" for month, word in enumerate([*right, *wrong, ""], start=1)]
    cohort, quarantine = inspect(received_of(measurements=HEAD + "\n".join(rows)))
    assert quarantine[["reason", "column"]].to_numpy().tolist() == [["wrong_specimen", "specimen"]] * len(wrong)
    assert len(cohort.measurements) == len(right) + 1
    told = [(f"2015-{month:02d}-01", None, biomarker, value, unit, None, word) for month, word in enumerate([*right, *wrong], start=1)]
    problems = check_person({"index_date": "2015-01-01"}, told).problems
    assert [(problem.row, problem.reason) for problem in problems] == [(len(right) + k, "wrong_specimen") for k in range(len(wrong))]


def test_a_value_of_urine_never_stands_in_for_one_of_serum_of_that_day(received_of):
    rows = [f"{DAY},creatinine,0.9,mg/dL,,Serum", f"{DAY},creatinine,9.5,mg/dL,,Urin"]
    for order in (rows, rows[::-1]):
        cohort, quarantine = inspect(received_of(measurements=HEAD + "\n".join(order)))
        assert cohort.measurements["value"].tolist() == [0.9]
        assert cohort.measurements["specimen"].tolist() == [""]  # serum, plasma and blood are not told apart
        assert quarantine["accepted"].tolist() == [
            "creatinine is measured in serum, plasma or blood, and of another specimen it is another test: leave the row out, or correct "
            "the specimen"
        ]


def test_a_specimen_that_is_not_known_is_counted_in_a_cohort_and_told_of_one_person(received_of):
    cohort, quarantine = inspect(received_of(measurements=f"{HEAD}{DAY},creatinine,0.9,mg/dL,,tube 3"))
    assert quarantine.empty and len(cohort.measurements) == 1
    (note,) = cohort.about["notes"]
    assert note.startswith("measurements.csv: 1 of 1 cells of specimen hold 1 word that is not accepted")
    told = [("2015-02-01", None, "creatinine", 0.9, "mg/dL", None, "tube 3")]
    (problem,) = check_person({"index_date": "2015-01-01"}, told).problems
    assert (problem.reason, problem.accepted) == ("unknown_category", "accepted: serum, plasma, blood")


def test_methods_survive_a_mend(tmp_path, received_of):
    rows = f"{DAY},bmpc,30,%,biopsy,marrow\nP1,2015-03-01,bmpc,high,%,smear,\nP1,2015-04-01,m_protein,1,g/dL,,"
    ingest(received_of(measurements=HEAD + rows), tmp_path / "cohort", Steps(quiet=True))
    export_quarantine(tmp_path / "cohort", tmp_path / "refused.csv")
    text = (tmp_path / "refused.csv").read_text(encoding="utf-8")
    (tmp_path / "refused.csv").write_text(text.replace("high", "20"), encoding="utf-8")
    assert mend(tmp_path / "cohort", tmp_path / "refused.csv", Steps(quiet=True)).left == 1
    kept = read_cohort(tmp_path / "cohort").measurements
    assert kept[["biomarker", "value", "method", "specimen"]].to_numpy().tolist() == [
        ["bmpc", 30, "biopsy", "marrow"],
        ["bmpc", 20, "smear", ""],
        ["m_protein", 1, "", ""],
    ]
