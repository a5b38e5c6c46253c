"""What is said, or refused, before anything is fitted."""

import errno
import json
import os
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features import read_table, write_table
from myeloma import ConfigError, StateError
from serving.store.reading import runs_of
from training.estimators import check_models
from training.evaluation.evaluate import evaluate_task
from training.fitting.fit import fit_task, judged_hash, weighing_hash
from training.gate.held_out import Sources, judged_people


@pytest.mark.parametrize(
    ("models", "says"),
    [
        ({"ensemble": {"members": ["boosting", "logistik"]}}, "logistik"),
        ({"cox": {"covariates": ["m_protein__last__evr"]}}, "m_protein__last__ever"),
        ({"cox": {"covariates": ["age"] * 13}}, "at most 12 covariates, not 13"),
        ({"forest": {}}, "Unknown model"),
        ({"logistic": {"penalties": ["strong"]}}, r"training\.smm\.models\.logistic"),
    ],
)
def test_a_mistake_in_any_model_is_found_before_the_first_is_fitted(smm_plan, models, says):
    with pytest.raises(ConfigError, match=says):
        check_models(replace(smm_plan, models={**smm_plan.models, **models}))


def test_a_background_with_more_biomarkers_than_shapley_values_can_look_at_is_refused(smm_plan):
    spec = smm_plan.task.features
    many = replace(spec, biomarkers=(*spec.biomarkers, "calcium", "igg", "iga", "igm"))
    plan = replace(smm_plan, task=replace(smm_plan.task, features=many))
    with pytest.raises(ConfigError, match="at most 12 biomarkers and static columns, not 13: its exact Shapley values") as told:
        check_models(plan)
    assert told.value.code == "backgrounds"
    check_models(replace(plan, models={**plan.models, "logistic": {**plan.models["logistic"], "backgrounds": [0.0]}}))


@pytest.mark.slow
def test_a_table_that_was_changed_after_the_fit_is_not_judged_on_although_it_keeps_its_hashes(trained, small_smm_plan, tmp_path):
    table = read_table(trained.folder / "table.parquet")
    for column, value in (("event", "none"), ("m_protein__last__ever", 1.0), ("sex", "male")):
        changed = replace(table, rows=table.rows.assign(**{column: value}))
        with pytest.raises(
            StateError, match=r"fitted on another table than this one: it is of the same .* values in it were changed since"
        ):
            evaluate_task(changed, small_smm_plan, trained.folder / "fit", tmp_path, print)
    under_other_rules = replace(table, about={**table.about, "event": "transplant"})
    with pytest.raises(ConfigError, match="other rules than task smm has: event transplant, now progression"):
        evaluate_task(under_other_rules, small_smm_plan, trained.folder / "fit", tmp_path, print)
    elsewhere = replace(table, about={**table.about, "cohort_hash": "0" * 16})
    with pytest.raises(StateError, match=r"fitted on another table than this one\."):
        evaluate_task(elsewhere, small_smm_plan, trained.folder / "fit", tmp_path, print)


@pytest.mark.slow
def test_nor_is_the_gate_shown_such_a_table(trained, small_smm_plan, tmp_path):
    record = json.loads((trained.folder / "fit" / "logistic" / "run_id.json").read_text())
    cohort = trained.folder / "cohort"
    assert judged_people(record, small_smm_plan.task, Sources(trained.folder / "table.parquet", cohort, small_smm_plan)) is not None
    table = read_table(trained.folder / "table.parquet")
    write_table(replace(table, rows=table.rows.assign(m_protein__last__ever=1.0)), tmp_path / "table.parquet")
    assert judged_people(record, small_smm_plan.task, Sources(tmp_path / "table.parquet", cohort, small_smm_plan)) is None
    without = Sources(tmp_path / "none.parquet", cohort, small_smm_plan)
    assert without.cohort is None  # whose people these are is not known without the table


@pytest.mark.parametrize(
    ("column", "other"), [("patient_id", "c"), ("fold", 1), ("event", "none"), ("time_to_event", 700.0), ("risk_24m", None)]
)
def test_figures_compare_where_people_split_and_outcomes_are_the_same_whatever_the_risks(column, other):
    judged = pd.DataFrame({"patient_id": ["a"], "landmark": pd.Timestamp("2020-01-01"), "fold": 0, "event": "event"})
    judged = judged.assign(time_to_event=300.0, risk_24m=0.1)
    assert (judged_hash(judged) == judged_hash(judged.assign(**{column: other}))) == (column == "risk_24m")


def test_rows_that_a_former_version_judged_have_the_hash_that_it_gave_them():
    judged = pd.DataFrame({"patient_id": ["a", "b", "c"], "landmark": pd.to_datetime(["2020-01-01"] * 3), "fold": [0, 0, 1]})
    now = judged.assign(event=["none", "event", "competing"], time_to_event=[1.0, 2.0, 3.0])
    assert judged_hash(now) == "b28b704d71c8028e"  # made with the last commit whose tables said `progression` and `death`


@pytest.mark.parametrize(
    ("column", "other", "same"),
    [
        ("censoring_stratum", [0, 0, 1, 1] * 30, False),
        ("staying_24m", 2.0 - np.arange(120) / 120, False),
        ("study_reach", 100.0, False),
        ("staying_24m", 1.0 + 1e-9 * np.arange(120), True),
        ("risk_24m", 0.3, True),
    ],
)
def test_what_rows_are_weighed_by_is_known_by_its_hash_and_not_by_the_last_digits_of_a_fit(column, other, same):
    judged = pd.DataFrame({"time_to_event": np.arange(120) * 12.0 + 5, "event": ["none", "event"] * 60, "study_reach": np.inf})
    judged = judged.assign(censoring_stratum=0, staying_24m=1.0, risk_24m=0.1)
    assert (weighing_hash(judged, (24,)) == weighing_hash(judged.assign(**{column: other}), (24,))) == same


@pytest.mark.slow
@pytest.mark.parametrize("breaks", ["log_params", "log_model", "tag_run"])
def test_a_fit_that_breaks_off_leaves_no_row_of_anybody_no_file_in_the_store_and_a_run_that_failed(
    breaks, smm_table, small_smm_plan, tmp_path, monkeypatch, empty_database
):
    (tmp_path / "mlruns").mkdir()
    (tmp_path / "mlruns" / "mlflow.db").write_bytes(empty_database.read_bytes())
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlruns' / 'mlflow.db'}")
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    monkeypatch.setattr(f"training.tracking.{breaks}", lambda *_: (_ for _ in ()).throw(full), raising=False)
    with pytest.raises(OSError, match="No space left"):
        fit_task(smm_table, small_smm_plan, tmp_path / "fit", "cox", lambda text: None, tmp_path / "table.parquet")
    assert list((tmp_path / "fit").rglob("*")) == []
    assert [path for path in (tmp_path / "mlruns" / "artifacts").rglob("*") if path.is_file()] == []
    assert {run.info.status for run in runs_of("smm")} == {"FAILED"}
