"""`python -m training monitor` on a small store: the report, the run, what it must not tell, and what it refuses."""

import json
import re
import sqlite3
from dataclasses import replace

import pandas as pd
import pytest

from features import read_cohort, write_cohort
from features.cohort.schema import QUARANTINE_COLUMNS
from serving.store.champion import connect
from training.registry.compare import candidates

pytestmark = pytest.mark.slow
SENTINEL = "SENTINEL-7731"


def written(trained, folder, change):
    """A cohort folder like the trained one's, with each table passed through `change`."""
    cohort = read_cohort(trained.cohort)
    write_cohort(replace(cohort, **{n: change(n, f) for n, f in cohort.tables().items()}), folder, pd.DataFrame(columns=QUARANTINE_COLUMNS))
    return folder


def test_a_watch_leaves_a_report_findings_and_a_run_that_is_no_candidate(command, trained, small_smm_plan, tmp_path):
    before = candidates(small_smm_plan)
    line = f"monitor {trained.cohort} --task smm --since 2014-01-01 --until 2015-12-31 --json"
    code, out, _ = command(line)
    told = json.loads(out)
    assert (code, told["since"], told["until"]) == (0, "2014-01-01", "2015-12-31")
    assert told["verdict"] in ("nothing to do", "look", "retrain")
    assert {f["kind"] for f in told["findings"]} >= {"missing", "older", "level", "risk", "outcome"}
    assert any("simulated" in note for note in told["notes"])
    assert any("trained on" in note for note in told["notes"])
    charted = told["over_time"]
    assert (charted["months"], charted["until"], charted["false_alarms_a_year"] <= 0.2) == (36, "2015-12-31", True)
    assert [(chart["looks_for"], chart["months_to_find"] > 0) for chart in charted["charts"]] == [(1.5, True), (0.667, True)]
    logged = connect().get_run(told["run_id"])
    assert {"oe_ratio_person_time", "cusum_too_many", "cusum_too_few_limit", "cusum_false_alarms_a_year"} <= set(logged.data.metrics)
    assert (logged.data.tags["kind"], logged.data.tags["verdict"], logged.info.status) == ("monitor", told["verdict"], "FINISHED")
    assert {"people", "changed", "level_m_protein", "level_m_protein_lo", "risk_24m"} <= set(logged.data.metrics)
    assert sorted(file.path for file in connect().list_artifacts(told["run_id"])) == ["findings.json", "report.html"]
    assert candidates(small_smm_plan) == before
    report = (tmp_path / told["report"]).read_bytes()
    command(line)
    assert (tmp_path / told["report"]).read_bytes() == report  # same input, same bytes


def test_the_report_stands_alone_and_escapes_what_it_was_given(command, trained, tmp_path):
    def hostile(name, frame):
        if name == "patients":
            return frame.assign(site=frame["site"].replace("north", "<script>alert(1)</script>"))
        changed = (frame["biomarker"] == "m_protein") & frame["patient_id"].isin(north) if name == "measurements" else False
        return frame.assign(value=frame["value"].where(~changed, frame["value"] / 10)) if name == "measurements" else frame

    patients = read_cohort(trained.cohort).patients
    north = set(patients.loc[patients["site"] == "north", "patient_id"])
    cohort = written(trained, tmp_path / "hostile", hostile)
    code, out, _ = command(f"monitor {cohort} --task smm --since 2014-01-01 --until 2015-12-31 --out watch")
    assert (code, "smm: look. A unit may have changed" in out) == (0, True)
    page = (tmp_path / "watch" / "report.html").read_text()
    assert "alert(1)" not in page, "sites whose names are no codes are numbered"
    assert "<script" not in page
    assert re.findall(r'(?:src|href)="(?!data:image/png;base64,)', page) == []
    assert "://" not in page
    assert page.count("data:image/png;base64,") == 2
    assert 'alt="CUSUM charts of observed against expected events from 2012-12-30; too many:' in page
    assert page.rstrip().endswith("</html>")


def test_no_identifier_reaches_the_report_the_output_or_the_store(command, trained, tmp_path):
    cohort = written(trained, tmp_path / "named", lambda name, frame: frame.assign(patient_id=SENTINEL + frame["patient_id"].astype(str)))
    _, out, err = command(f"monitor {cohort} --task smm --since 2014-01-01 --until 2015-12-31 --out watch --json")
    assert SENTINEL not in out + err
    assert [p.name for p in (tmp_path / "watch").iterdir() if SENTINEL.encode() in p.read_bytes()] == []
    dump = "\n".join(sqlite3.connect(tmp_path / "mlruns" / "mlflow.db").iterdump())
    assert "monitor" in dump
    assert SENTINEL not in dump


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("monitor {cohort} --task mgus", "has no champion"),
        ("monitor {cohort} --task smm --since 1990-01-01 --until 1990-06-01", "No visit of anybody at risk"),
        ("monitor {cohort} --task smm --since 2015-01-01 --until 2014-01-01", "after its end"),
        ("monitor {cohort} --task smm --since soon", "is not a date"),
        ("monitor {cohort} --task smm --chart-since 2024-12-31 --until 2015-12-31", "The charts begin on 2024-12-31, after their end"),
        ("monitor {cohort} --task smm --false-alarms 0", "0 false alarms a year cannot be kept to"),
        ("monitor {cohort} --task smm --delay -1", "cannot be known 1 days before"),
        ("monitor nowhere --task smm", "No cohort folder"),
        ("monitor {cohort} --task sm", "Unknown task"),
    ],
)
def test_what_cannot_be_watched_is_refused_in_words(command, trained, tmp_path, line, says):
    code, _, err = command(line.format(cohort=trained.cohort))
    assert (code, says in err) == (1, True), err
    assert not (tmp_path / "data").exists()
