"""Identifiers never reach logs, the tracking store, or error texts: sentinels are planted and searched for."""

import sqlite3
from dataclasses import replace

import pytest

from features import build_table
from features.intake.quality import clean
from features.sources.received import received
from training.evaluation.evaluate import evaluate_task
from training.fitting.fit import fit_task
from training.registry.candidates import register

SENTINEL = "SENTINEL-7731"


@pytest.mark.slow
@pytest.mark.usefixtures("nothing_drawn")
def test_no_identifier_reaches_the_tracking_store_or_the_output(smm_cohort, small_smm_plan, tmp_path, monkeypatch, capfd):
    def renamed(frame):
        return frame.assign(patient_id=SENTINEL + frame["patient_id"])

    cohort = replace(smm_cohort, **{name: renamed(frame) for name, frame in smm_cohort.tables().items()})
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlruns' / 'mlflow.db'}")
    table = build_table(cohort, small_smm_plan.task)
    assert table.rows["patient_id"].str.startswith(SENTINEL).all()
    fit_task(table, small_smm_plan, tmp_path / "fit", "logistic", print, tmp_path / "table.parquet")
    register(evaluate_task(table, small_smm_plan, tmp_path / "fit", tmp_path / "evaluation", print), small_smm_plan)
    captured = capfd.readouterr()
    assert "fitting" in captured.out
    assert SENTINEL not in captured.out + captured.err
    stored = [path for path in (tmp_path / "mlruns").rglob("*") if path.is_file()]
    assert len(stored) > 10
    assert {"model_card.html", "model_card.md"} <= {path.name for path in stored}
    assert [path.name for path in stored if SENTINEL.encode() in path.read_bytes()] == []
    dump = "\n".join(sqlite3.connect(tmp_path / "mlruns" / "mlflow.db").iterdump())
    assert "logistic" in dump
    assert SENTINEL not in dump


def test_no_identifier_reaches_the_description_of_refused_rows(smm_cohort):
    patients = smm_cohort.patients.head(2).assign(patient_id=SENTINEL, source_row=[2, 3], sex=["female", "male"])
    tables = {
        "patients": patients,
        "measurements": smm_cohort.measurements.head(1).assign(patient_id=SENTINEL + "x"),
        "events": smm_cohort.events.head(1).assign(patient_id=SENTINEL + "y", source_row=2),
    }
    with pytest.raises(Exception, match="repeated_patient") as caught:
        clean(received("test", tables, dict.fromkeys(tables, "file.csv")))
    assert SENTINEL not in str(caught.value)
