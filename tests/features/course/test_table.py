"""The table of the course: one row a visit since the first line began, in words, and as a command."""

import numpy as np
import pandas as pd
import pytest

from features.__main__ import app
from features.console import Steps, run
from features.course.table import course_table, summary
from features.intake.ingest import ingest
from features.intake.quality import clean
from features.simulation.treated import simulate
from features.sources import read_tabular
from myeloma import DataError

START = ("P1", "treatment_start", 10, 1, "daratumumab")
FALL = [("P1", "m_protein", day, day, value) for day, value in ((0, 3.0), (5, 2.8), (40, 1.4), (70, 1.2))]


def test_a_row_is_a_visit_from_the_start_of_the_line_on(cohort_of_days):
    table = course_table(cohort_of_days(FALL, [START], "kappa"))
    assert table["visit"].dt.strftime("%d.%m.").tolist() == ["10.02.", "12.03."]
    assert table[["line", "regimen", "visit_response", "response"]].to_numpy().tolist() == [
        [1, "daratumumab", "PR", "SD"],
        [1, "daratumumab", "PR", "PR"],
    ]
    assert table["m_protein_pct_baseline"].tolist() == pytest.approx([-50.0, -57.142857])
    assert table["followed_by"].tolist() == ["serum"] * 2


def test_what_is_missing_leaves_a_range_and_never_a_better_state(cohort_of_days):
    row = course_table(cohort_of_days(FALL, [START], "kappa")).iloc[-1]
    assert (row["mrd"], row["mrd_sustained"]) == ("never tested", "unknown: no informative test")
    assert row["depth"].startswith("PR, since")
    assert row["duration"] == "unknown: mrd, imaging missing"
    assert row["quality_of_life"] == "unknown: quality of life missing"
    assert "urine M-protein not measured" in row["response_notes"]
    assert not any("cured" in str(cell) for cell in row)


def test_a_visit_without_what_is_followed_keeps_no_response_fresh(cohort_of_days):
    anemia = [("P1", "hemoglobin", day, day, 12.0) for day in (200, 300, 400)]
    table = course_table(cohort_of_days([*FALL, *anemia], [START], "kappa")).set_index("visit")
    said = table["depth"].str.split(",").str[0].tolist()
    assert said == ["from less than PR to PR", "PR", "PR", "was PR", "was PR"]


def test_a_visit_that_shows_less_than_was_confirmed_leaves_the_depth_open(cohort_of_days):
    back = [("P1", "m_protein", 100, 100, 0.2), ("P1", "m_protein", 130, 130, 0.2), ("P1", "m_protein", 160, 160, 0.6)]
    table = course_table(cohort_of_days([*FALL, *back], [START], "kappa"))
    assert table["response"].tolist()[-2:] == ["VGPR", "VGPR"]
    assert table["depth"].str.split(",").str[0].tolist()[-2:] == ["from VGPR to CR", "from PR to VGPR"]


def seen(day, m_protein=0.0, band=0.0, marrow=None):
    """Return a visit's results: M-protein, both immunofixations and the marrow where one is taken."""
    results = [("P1", test, day, day, value) for test, value in (("m_protein", m_protein), ("serum_immunofixation", band))]
    marrows = [] if marrow is None else [("P1", "bmpc", day, day, marrow)]
    return [*results, ("P1", "urine_immunofixation", day, day, 0.0), *marrows]


VRD = ("P1", "treatment_start", 10, 1, "VRd")
ILL = [("P1", "m_protein", 0, 0, 3.0), ("P1", "bmpc", 0, 0, 40.0)]
CLEAR = [("P1", "mrd", day, day, 1e-6, "<") for day in (130, 500)] + [("P1", "pet_ct", day, day, 0.0) for day in (130, 500)]
SUSTAINED = [*ILL, *seen(100, marrow=2.0), *seen(130), *seen(500, marrow=2.0), *CLEAR]


def last_of(table):
    """Return the state at the last visit without what is said of how old it is."""
    row = table.iloc[-1]
    return [row["mrd"], row["depth"].split(", since")[0], row["duration"].split(", since")[0]]


@pytest.mark.parametrize(
    ("later", "expected"),
    [
        ([], ["negative", "CR, MRD-negative at 1e-6", "sustained MRD-negative"]),
        (seen(560, 2.0, 1.0), ["negative", "unknown: confirmation of the response missing", "sustained MRD-negative"]),
        ([*seen(560, 1.0, 1.0), *seen(600, 1.0, 1.0)], ["lost", "less than PR", "not MRD-negative"]),
        (seen(560, marrow=30.0), ["negative", "from VGPR to CR, MRD-negative at 1e-6", "sustained MRD-negative"]),
    ],
)
def test_a_relapse_ends_depth_and_negativity_once_it_is_confirmed(cohort_of_days, later, expected):
    assert last_of(course_table(cohort_of_days([*SUSTAINED, *later], [VRD], "kappa"))) == expected


@pytest.mark.parametrize(
    ("event", "depth"),
    [
        (("P1", "progression", 600, None, ""), "less than PR"),
        (("P1", "treatment_start", 600, 2, "KRd"), "from less than PR to CR; response missing"),
    ],
)
def test_a_recorded_progression_and_a_new_line_end_negativity_from_their_day_on(cohort_of_days, event, depth):
    table = course_table(cohort_of_days([*SUSTAINED, *seen(700)], [VRD, event], "kappa"))
    assert last_of(table) == ["lost", depth, "not MRD-negative"]
    assert "since 2016-08-23" in table["duration"].iloc[-1]
    assert table["mrd"].iloc[-2] == "negative"


def test_a_complete_response_without_new_immunofixation_grows_old(cohort_of_days):
    later = [("P1", "m_protein", day, day, 0.0) for day in (700, 900, 1100)]
    table = course_table(cohort_of_days([*SUSTAINED, *later], [VRD], "kappa"))
    assert [text.split("evidence ")[1] for text in table["depth"].tail(3)] == ["7 months old", "13 months old", "20 months old"]
    assert table["depth"].tail(3).str.startswith("was CR").all()


def test_each_depth_has_its_own_first_day(cohort_of_days):
    deeper = [("P1", "mrd", 130, 130, 1e-5, "<"), ("P1", "mrd", 500, 500, 1e-6, "<")]
    table = course_table(cohort_of_days([*ILL, *seen(100, marrow=2.0), *seen(130), *seen(500, marrow=2.0), *deeper], [VRD], "kappa"))
    assert table["depth"].tolist()[-2:] == [
        "from CR, MRD-negative at 1e-5 to CR, MRD-negative at 1e-6, since 2015-05-11; mrd at 1e-6 missing",
        "CR, MRD-negative at 1e-6, since 2016-05-15",
    ]


def test_what_cannot_be_judged_has_no_first_day(cohort_of_days):
    table = course_table(cohort_of_days([*SUSTAINED, *seen(700)], [VRD, ("P1", "treatment_start", 600, 2, "KRd")], "kappa"))
    assert table["response"].iloc[-1] == "NE"
    assert "since" not in table["depth"].iloc[-1]


def test_a_small_band_under_an_antibody_may_be_the_drug(cohort_of_days):
    cohort = cohort_of_days([*FALL, ("P1", "m_protein", 100, 100, 0.1), ("P1", "m_protein", 130, 130, 0.1)], [START], "kappa")
    cohort.patients["heavy_chain"] = "IgG"
    table = course_table(cohort)
    assert table["drug_band"].tolist() == [0.0, 0.0, 1.0, 1.0]
    assert "the band may be an antibody's" in table["response_notes"].iloc[-1]
    assert table["response"].iloc[-1] == "VGPR"


def test_quality_of_life_is_set_against_the_persons_own_baseline(cohort_of_days):
    answers = [("P1", "qlq_c30_ql", day, day, value) for day, value in ((0, 50.0), (40, 70.0), (70, 30.0))]
    table = course_table(cohort_of_days([*FALL, *answers], [START], "kappa"))
    assert table["qlq_c30_ql_change"].tolist() == [20.0, -20.0]
    assert table["qlq_c30_ql_verdict"].tolist() == ["better", "worse"]
    assert table["quality_of_life"].str.split(",").str[0].tolist() == ["better", "worse"]


def test_nobody_treated_is_said_with_what_to_do(cohort_of_days):
    with pytest.raises(DataError, match="Nobody of this cohort has a visit since the start of a therapy") as refused:
        course_table(cohort_of_days(FALL, []))
    assert "treatment_start" in refused.value.hint


def test_rows_of_a_person_depend_on_nobody_else():
    cohort = clean(simulate(40, seed=3))[0]
    table = course_table(cohort)
    one = table["patient_id"].iloc[len(table) // 2]
    alone = type(cohort)(
        **{name: frame[frame["patient_id"] == one].reset_index(drop=True) for name, frame in cohort.tables().items()}, about=cohort.about
    )
    there = course_table(alone)
    pd.testing.assert_frame_equal(there, table[table["patient_id"] == one].reset_index(drop=True)[there.columns], check_dtype=False)
    assert summary(table)["patients"] <= 40
    assert np.isfinite(table["months_since_line"]).all()


def test_another_ending_than_parquet_or_csv_is_refused_before_anything_is_read(tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        run(app, ["course", str(tmp_path / "no_cohort"), "--out", "course.xlsx"])
    assert ended.value.code == 1
    assert 'The output "course.xlsx" ends neither in .parquet nor in .csv.' in capsys.readouterr().err


def test_the_command_writes_the_course_of_a_plain_export(tmp_path, capsys, monkeypatch):
    (tmp_path / "patients.csv").write_text("patient_id,index_date,age_at_index,heavy_chain,light_chain\nA,2020-01-01,60,IgG,kappa\n")
    (tmp_path / "measurements.csv").write_text(
        "patient_id,collected_at,biomarker,value,unit\n"
        "A,2020-01-01,m_protein,30,g/L\nA,2020-03-01,m_protein,2.9,g/L\nA,2020-04-01,m_protein,2.8,g/L\n"
        "A,2020-04-01,mrd,<10,10*-6\nA,2020-04-01,serum_immunofixation,positive,\n"
    )
    (tmp_path / "events.csv").write_text("patient_id,occurred_at,kind,detail\nA,2020-01-05,treatment_start,VRd\n")
    monkeypatch.chdir(tmp_path)
    ingest(read_tabular(tmp_path), tmp_path / "cohort", Steps(quiet=True))
    with pytest.raises(SystemExit) as ended:
        run(app, ["course", "cohort", "--out", "course.csv"])
    assert ended.value.code == 0, capsys.readouterr().err
    said = capsys.readouterr().out
    assert "course.csv: 2 visits of 1 people" in said
    assert "response at the last visit: VGPR 1" in said
    written = pd.read_csv("course.csv")
    assert written[["response", "mrd"]].to_numpy().tolist() == [["SD", "never tested"], ["VGPR", "negative"]]
