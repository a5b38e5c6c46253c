"""Runs in a real store: the same tags, paths and data set in each, so that they compare."""

import pytest

from serving.store.champion import connect

pytestmark = pytest.mark.slow


def test_every_run_has_the_same_tags_and_artifact_paths(trained, results):
    client = connect()
    for result in results.values():
        run = client.get_run(result["run_id"])
        assert run.info.status == "FINISHED"
        assert {"task", "estimator", "cohort_hash", "feature_hash", "git_commit", "training_id"} <= run.data.tags.keys()
        plots = {f.path.removeprefix("plots/") for f in client.list_artifacts(result["run_id"], "plots")}
        assert plots == {"calibration.png", "roc.png", "decision_curve.png", "auc_over_landmarks.png", "brier_over_horizons.png"}
        tables = {f.path for f in client.list_artifacts(result["run_id"]) if not f.is_dir}
        assert tables >= {"performance.csv", "differences.csv", "subgroups.csv", "decision_curves.csv"}
        if not result["published"]:
            explained = {f.path for f in client.list_artifacts(result["run_id"], "explanation")}
            drawn = ("12m", "24m", "60m")
            assert explained == {f"explanation/{name}" for name in (*drawn, "stability.csv", "availability.json")}
            for months in drawn:
                pictures = {f.path.split("/")[-1] for f in client.list_artifacts(result["run_id"], f"explanation/{months}")}
                assert pictures == {"shap_beeswarm.png", "biomarker_importance.png", "dependence.png"}
            assert -1 <= run.data.metrics["shap_rank_correlation_24m"] <= 1


def test_the_runs_of_one_training_stand_under_one_parent_with_the_table_they_were_fitted_on(trained, results):
    client = connect()
    runs = [client.get_run(result["run_id"]) for result in results.values()]
    (parent,) = {run.data.tags["mlflow.parentRunId"] for run in runs}
    assert client.get_run(parent).info.status == "FINISHED"
    for run in [*runs, client.get_run(parent)]:
        (entry,) = run.inputs.dataset_inputs
        assert entry.dataset.digest == runs[0].data.tags["cohort_hash"]
        assert "patient_id" not in entry.dataset.schema
