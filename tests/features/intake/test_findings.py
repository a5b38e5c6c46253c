"""Findings in words, and residual disease: a word is a number of the catalogue, and none found needs the limit down to which one saw."""

import pytest

from features.intake.one_person import check_person
from features.intake.plausibility import suspicions
from features.intake.quality import inspect
from myeloma import catalogue

HEAD = "patient_id,collected_at,biomarker,value,unit\n"
FINDINGS = [key for key in catalogue() if catalogue()[key].words]


def inspected(received_of, *rows):
    """Return the measurements kept and the quarantine of rows (biomarker, value, unit), one a day."""
    text = "\n".join(f"P1,2015-02-{day:02d},{biomarker},{value},{unit}" for day, (biomarker, value, unit) in enumerate(rows, start=1))
    cohort, quarantine = inspect(received_of(measurements=f"{HEAD}{text}\nP1,2015-03-01,bmpc,12,%"))
    return cohort.measurements[cohort.measurements["biomarker"] != "bmpc"], quarantine


@pytest.mark.parametrize("biomarker", FINDINGS)
@pytest.mark.parametrize(("said", "meant"), [("negative", 0), ("Positive", 1), ("0", 0), ("1.0", 1)])
def test_a_finding_is_negative_or_positive_and_keeps_what_was_said(received_of, biomarker, said, meant):
    kept, quarantine = inspected(received_of, (biomarker, said, ""))
    assert quarantine.empty
    assert kept[["value", "unit", "original_value"]].to_numpy().tolist() == [[meant, "{presence}", said]]


@pytest.mark.parametrize(
    ("said", "accepted"),
    [
        ("negativ", 'did you mean "negative"? Accepted: negative, positive. Or 0 or 1'),
        ("weakly", "Accepted: negative, positive. Or 0 or 1"),
        *((number, "Accepted: negative, positive. Or 0 or 1") for number in ("0.5", "2", "<1", "-1")),
    ],
)
def test_another_word_or_number_is_refused_with_the_nearest_word(received_of, said, accepted):
    kept, quarantine = inspected(received_of, ("serum_immunofixation", said, ""))
    assert kept.empty
    assert quarantine[["reason", "column", "accepted"]].to_numpy().tolist() == [["unknown_word", "value", accepted]]


def test_a_word_of_a_finding_is_no_number_of_anything_else(received_of):
    _, quarantine = inspected(received_of, ("m_protein", "negative", "g/dL"))
    assert quarantine["reason"].tolist() == ["not_a_number"]


@pytest.mark.parametrize(
    ("value", "unit", "share"),
    [
        *(("1e-5", "1", 1e-5), ("10^-5", "1", 1e-5), ("2 x 10^-5", "1", 2e-5), ("0.001", "%", 1e-5), ("1", "10*-5", 1e-5)),
        *(("1", "10^-5", 1e-5), ("1", "1E-5", 1e-5), ("10", "per million", 1e-5), ("10", "ppm", 1e-5), ("10", "10*-6", 1e-5)),
    ],
)
def test_one_level_of_residual_disease_in_every_way_to_write_it(received_of, value, unit, share):
    kept, quarantine = inspected(received_of, ("mrd", value, unit), ("mrd", f"<{value}", unit))
    assert quarantine.empty
    assert kept["value"].tolist() == pytest.approx([share, share], rel=1e-12)
    assert kept["operator"].tolist() == ["", "<"]


@pytest.mark.parametrize(
    ("value", "unit", "reason", "said"),
    [
        *((word, "1", "limit_needed", 'as in "<1e-5"') for word in ("negative", "not detected", "positive", "0", "0.0")),
        ("2", "", "unknown_unit", "accepted in 1, %, 10*-4, 10*-5, 10*-6"),
        ("2", "10E-5", "unknown_unit", "accepted in"),  # 10^-5, or 10 times that
        ("1e-5", "10*-5", "out_of_range", "between 1e-08 and 1; is the unit right?"),
        ("2", "1", "out_of_range", "between 1e-08 and 1;"),
        ("-1", "10*-5", "out_of_range", "between"),
    ],
)
def test_residual_disease_that_could_mean_two_things_is_refused(received_of, value, unit, reason, said):
    kept, quarantine = inspected(received_of, ("mrd", value, unit))
    assert kept.empty
    assert quarantine[["reason", "column"]].to_numpy().tolist() == [[reason, "unit" if reason == "unknown_unit" else "value"]]
    assert said in quarantine["accepted"][0]


@pytest.mark.parametrize(
    ("biomarker", "unit", "first", "second"),
    [("dira", "", "positive", "negative"), ("mrd", "1", "<1e-5", "3e-6"), ("mrd", "1", "3e-6", "<1e-5"), ("mrd", "1", "1e-5", "2e-5")],
)
def test_of_two_findings_of_one_time_none_is_taken_and_two_methods_are_two_facts(received_of, biomarker, unit, first, second):
    rows = f"{HEAD}P1,2015-02-01,{biomarker},{first},{unit}\nP1,2015-02-01,{biomarker},{second},{unit}\nP1,2015-03-01,bmpc,12,%"
    cohort, quarantine = inspect(received_of(measurements=rows))
    assert cohort.measurements["biomarker"].tolist() == ["bmpc"]
    assert quarantine["reason"].tolist() == ["conflicting_findings"] * 2
    same = rows.replace(f",{second},", f",{first},")
    assert inspect(received_of(measurements=same))[1]["reason"].tolist() == ["duplicate_row"]


def test_a_scale_has_its_names_and_its_range(received_of):
    kept, quarantine = inspected(received_of, ("QLQ_C30_Global", "75", ""), ("qlq_c30_physical", "0", ""), ("qlq_c30_pf", "140", ""))
    assert kept["biomarker"].tolist() == ["qlq_c30_pf", "qlq_c30_ql"]
    assert quarantine[["reason", "accepted"]].to_numpy().tolist() == [
        ["out_of_range", "qlq_c30_pf lies between 0 and 100 {score}; is the unit right?"]
    ]


def test_what_falls_by_powers_of_ten_is_no_slip_of_a_unit(cohort_of):
    levels = ["1e-2", "1e-3", "1e-4", "<1e-6"]
    rows = "\n".join(f"P1,2015-0{month}-01,mrd,{level},1" for month, level in enumerate(levels, start=1))
    scales = "\n".join(f"P1,2015-0{month}-01,qlq_c30_fa,{level}," for month, level in enumerate([5, 80, 80, 90], start=1))
    assert suspicions(cohort_of(measurements=f"{HEAD}{rows}\n{scales}")).empty


@pytest.mark.parametrize("value", ["negative", "POSITIVE", 1, 0.0, True, "maybe", "", None, "<1"])
def test_a_single_history_is_read_as_a_cohort_is(received_of, value):
    kept, quarantine = inspected(received_of, ("dira", "" if value is None else value, ""))
    person = check_person({"index_date": "2015-01-01"}, [("2015-02-01", None, "dira", value, None)])
    assert [(p.reason, p.accepted) for p in person.problems] == list(zip(quarantine["reason"], quarantine["accepted"], strict=True))
    assert person.value.tolist() == kept["value"].tolist()


@pytest.mark.parametrize("value", [">50", "<50"])
def test_a_bound_of_a_score_is_no_score(received_of, value):
    kept, quarantine = inspected(received_of, ("qlq_c30_ql", value, ""), ("m_protein", "<0.1", "g/dL"))
    assert kept["biomarker"].tolist() == ["m_protein"]
    assert quarantine[["reason", "column"]].to_numpy().tolist() == [["censored_score", "value"]]
    assert "a score of 0 to 100, without < or >" in quarantine["accepted"][0]
