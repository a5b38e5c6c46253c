"""A mend gives what ingesting the corrected source gives, also where rows were put together, or were judged by a day that was named."""

import pandas as pd
import pytest
from typer.testing import CliRunner

from features import read_cohort
from features.__main__ import app
from features.cohort.storage import read_aside
from features.console import Steps
from features.intake.ingest import ingest
from features.intake.mend import export_quarantine, mend
from features.sources import read_tabular
from features.sources.received import received
from myeloma import DataError

QUIET = Steps(quiet=True)
PATIENTS = "patient_id,index_date,birth_date,age_at_index,sex,site,stage,light_chain,fish\n"
HEAD = "patient_id,collected_at,biomarker,value,unit\n"
UNIT = "P2,2015-03-01,m_protein,15,stones\n"
MEASURED = f"{HEAD}P1,2015-02-01,m_protein,15,g/L\nP2,2015-02-01,m_protein,15,g/L\n{UNIT}"
OTHER = "P2,2015-01-01,,,male,A,smm,kappa,\n"
ANSWERS = "".join(f"P1,2015-02-01,qlq_c30_q{item},{answer},\n" for item, answer in zip(range(1, 6), (1, 2, 3, 2, 4), strict=True))


def ingested(folder, write_folder, today=None, **tables):
    source = read_tabular(write_folder(folder.with_name(f"{folder.name}-source"), **tables))
    return ingest(source, folder, QUIET, today)


@pytest.fixture
def both(tmp_path, write_folder):
    """Return a function: tables, a wrong line and the right one -> the cohort mended, and that of the right source."""

    def made(wrong, right, today=None, **tables):
        tables = {"patients": f"{PATIENTS}P1,2015-01-01,,,female,A,smm,kappa,\n{OTHER}", "measurements": MEASURED} | tables
        tables |= {"events": "patient_id,occurred_at,kind\nP1,2018-01-01,last_contact\nP2,2018-01-01,last_contact\n"}
        ingested(tmp_path / "mended", write_folder, today, **tables)
        name = next(name for name, text in tables.items() if wrong in text)
        row = tables[name][: tables[name].index(wrong)].count("\n") + 1
        ingested(tmp_path / "right", write_folder, today, **{each: text.replace(wrong, right) for each, text in tables.items()})
        rows = export_quarantine(tmp_path / "mended", tmp_path / "m.csv")
        columns = tables[name].splitlines()[0].split(",")
        here = (rows["table"] == name) & (rows["row"] == row)
        assert here.sum() == 1, "the wrong line was refused"
        rows.loc[here, columns] = right.strip().split(",")
        rows.to_csv(tmp_path / "m.csv", index=False)
        mend(tmp_path / "mended", tmp_path / "m.csv", QUIET)
        return tmp_path / "mended", tmp_path / "right"

    return made


def assert_alike(mended, right):
    for name in ("patients", "measurements", "events", "received"):
        pd.testing.assert_frame_equal(*(pd.read_parquet(folder / f"{name}.parquet") for folder in (mended, right)))
    order = ["table", "row"]
    refused = [read_aside(folder, "quarantine").drop(columns="id").sort_values(order, ignore_index=True) for folder in (mended, right)]
    pd.testing.assert_frame_equal(*refused)
    about, expected = (read_cohort(folder).about for folder in (mended, right))
    assert about.pop("mended") == 1
    assert about == expected


def rows_of_p1(*rows):
    return PATIENTS + "".join(f"P1,2015-01-01,{row}\n" for row in rows) + OTHER


RIGHT_UNIT = (UNIT, UNIT.replace("stones", "g/L"))


@pytest.mark.parametrize(
    "rows",
    [
        (",,female,A,smm,kappa,", ",,male,A,smm,lambda,"),  # they contradict each other: unknown
        (",,,A,,kappa,", ",,male,,mgus,,"),  # what one of them says counts
        (",,Weib,A,smm,kappa,", ",,male,B,mgus,kappa,del17p"),  # a word that is none
        ("1950-01-01,,female,A,smm,kappa,", "1950-01-01,99,male,A,smm,kappa,"),  # an age that the birth date overrules
    ],
)
def test_rows_of_one_person_say_together_what_they_said_before_another_row_was_mended(both, rows):
    assert_alike(*both(*RIGHT_UNIT, patients=rows_of_p1(*rows)))


@pytest.mark.parametrize("right", [",,female,A,smm,kappa,", ",,female,B,,kappa,", ",,,A,smm,kappa,"])
def test_a_row_that_another_stands_for_can_be_corrected(both, right):
    wrong = ",,male,B,mgus,lambda,"
    start = "P1,2015-01-01,"
    assert_alike(*both(f"{start}{wrong}\n", f"{start}{right}\n", patients=rows_of_p1(",,,A,smm,kappa,", wrong)))


def test_a_row_that_turns_out_to_be_of_another_person_takes_its_cells_with_it(both):
    wrong, right = "P1,2015-01-01,,,male,B,mgus,lambda,\n", "P3,2015-01-01,,,male,B,mgus,lambda,\n"
    mended, right = both(wrong, right, patients=rows_of_p1(",,,A,,kappa,", wrong.removeprefix("P1,2015-01-01,").strip()))
    assert_alike(mended, right)
    assert read_cohort(mended).patients.set_index("patient_id")["sex"].to_dict() == {"P1": "", "P2": "male", "P3": "male"}


def test_an_answer_whose_day_was_wrong_joins_the_scale_that_was_made_without_it(both):
    measured = HEAD + ANSWERS.replace("P1,2015-02-01,qlq_c30_q5,4", "P1,Feb 2015,qlq_c30_q5,4") + MEASURED.removeprefix(HEAD)
    mended, right = both("P1,Feb 2015,qlq_c30_q5,4,\n", "P1,2015-02-01,qlq_c30_q5,4,\n", measurements=measured)
    assert_alike(mended, right)


def test_answers_stay_counted_when_another_row_is_mended(both):
    assert_alike(*both(*RIGHT_UNIT, measurements=HEAD + ANSWERS + "P1,2015-02-01,qlq_c30_pf,53.3,\n" + MEASURED.removeprefix(HEAD)))


def test_answers_beside_no_scale_that_is_given_stay_a_scale(both):
    assert_alike(*both(*RIGHT_UNIT, measurements=HEAD + ANSWERS + MEASURED.removeprefix(HEAD)))


@pytest.mark.parametrize(("day", "kept"), [("2015-07-01", 2), ("2130-01-01", 3)])
def test_the_day_that_was_named_holds_when_rows_are_mended(both, day, kept):
    late = f"{MEASURED.replace('2015-02-01,m_protein', '2015-02-01,hemoglobin').replace('15,g/L', '13,g/dL')}P1,2016-02-01,bmpc,15,%\n"
    mended, right = both(*RIGHT_UNIT, measurements=late, today=pd.Timestamp(day))
    assert_alike(mended, right)
    assert read_cohort(mended).about["as_of"] == day
    assert len(read_cohort(mended).measurements) == kept + 1
    assert set(read_aside(mended, "quarantine")["reason"]) == ({"future_date"} if kept == 2 else set())


def test_a_shifted_calendar_is_mended_by_the_commands(tmp_path, write_folder):
    tables = {
        "patients": f"{PATIENTS}{OTHER}",
        "measurements": MEASURED,
        "events": "patient_id,occurred_at,kind\nP2,2118-01-01,last_contact\n",
    }
    place = write_folder(tmp_path / "in", **{name: text.replace("2015-", "2115-") for name, text in tables.items()})
    cohort, refused = tmp_path / "cohort", tmp_path / "refused.csv"

    def features(*arguments):
        ran = CliRunner().invoke(app, list(map(str, arguments)))
        assert ran.exit_code == 0, ran.output

    features("ingest", "--source", "tabular", place, cohort, "--as-of", "2130-01-01")
    features("quarantine", cohort, refused)
    refused.write_text(refused.read_text(encoding="utf-8").replace("stones", "g/L"), encoding="utf-8")
    features("mend", cohort, refused)
    assert len(read_cohort(cohort).measurements) == 2


def test_a_cohort_without_a_day_that_was_named_says_none(tmp_path, write_folder):
    ingested(
        tmp_path / "cohort", write_folder, patients=f"{PATIENTS}{OTHER}", measurements=MEASURED, events="patient_id,occurred_at,kind\n"
    )
    assert "as_of" not in read_cohort(tmp_path / "cohort").about


def test_a_cohort_that_does_not_keep_what_was_received_is_not_mended(tmp_path, write_folder):
    ingested(
        tmp_path / "cohort", write_folder, patients=f"{PATIENTS}{OTHER}", measurements=MEASURED, events="patient_id,occurred_at,kind\n"
    )
    rows = export_quarantine(tmp_path / "cohort", tmp_path / "m.csv")
    rows.replace("stones", "g/L").to_csv(tmp_path / "m.csv", index=False)
    (tmp_path / "cohort" / "received.parquet").unlink()
    with pytest.raises(DataError, match=r"received\.parquet cannot be read \(FileNotFoundError\).*ingest the cohort again"):
        mend(tmp_path / "cohort", tmp_path / "m.csv", QUIET)


def test_of_two_files_that_number_their_rows_alike_the_later_result_stays_the_one_that_counts(tmp_path):
    patients = pd.DataFrame({"patient_id": ["P1"], "index_date": ["2015-01-01"], "source_row": [1]})
    rows = [("13", "g/dL", "a"), ("14", "g/dL", "b"), ("14", "g/dL", "c"), ("15", "stones", "c")]
    measured = pd.DataFrame(rows, columns=["value", "unit", "source_file"]).assign(
        patient_id="P1", biomarker="hemoglobin", collected_at="2015-02-01"
    )
    measured = measured.assign(source_row=[3, 3, 3, 4])
    source = received(
        "many",
        {
            "patients": patients,
            "measurements": measured,
            "events": pd.DataFrame({"patient_id": [], "occurred_at": [], "kind": [], "source_row": []}),
        },
        dict.fromkeys(("patients", "measurements", "events"), "many"),
    )
    source.tables["measurements"]["source_file"] = measured["source_file"]
    ingest(source, tmp_path / "cohort", QUIET)
    refused = read_aside(tmp_path / "cohort", "quarantine")
    rows = export_quarantine(tmp_path / "cohort", tmp_path / "m.csv")
    rows.assign(collected_at=rows["collected_at"].where(rows["unit"] != "stones", "2015-03-01")).to_csv(tmp_path / "m.csv", index=False)
    mend(tmp_path / "cohort", tmp_path / "m.csv", QUIET)
    assert read_cohort(tmp_path / "cohort").measurements["value"].tolist() == [14]
    after = read_aside(tmp_path / "cohort", "quarantine")
    assert after["id"].tolist() == refused["id"].tolist()
    assert after["reason"].tolist() == ["conflicting_duplicate", "duplicate_row", "unknown_unit"]
    assert all("source_file" in record for record in after["record"]), "where a row comes from stays known"
