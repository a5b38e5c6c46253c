"""What is live, what was live, and the way back, in a real store."""

import json
from dataclasses import replace

import mlflow
import pytest

from myeloma import ConfigError, StateError
from serving.store import connect, load_champion
from training.compare import Candidate, as_table, candidates, promotable, worst_subgroup
from training.evidence import held_out
from training.registry.candidates import register
from training.registry.ledger import history
from training.registry.live import promote, rollback
from training.registry.versions import live_version


@pytest.fixture
def results(trained):
    return json.loads((trained.folder / "evaluation" / "metrics.json").read_text())


@pytest.mark.slow
def test_the_best_by_brier_is_champion_and_the_next_challenger(trained, results, small_smm_task):
    again = register(results, small_smm_task)
    fitted = {n: r["metrics"]["brier_24m"] for n, r in results.items() if not r["published"]}
    assert again["champion"]["model"] == again["live"]["model"] == min(fitted, key=fitted.get)
    assert load_champion("smm").kind == again["champion"]["model"]
    assert again["challenger"]["model"] == sorted(fitted, key=fitted.get)[1]


@pytest.mark.slow
def test_every_candidate_has_a_version_whose_artifact_was_measured_on_people_held_out(trained, results, small_smm_task):
    outcome = register(results, small_smm_task)
    for name, verdict in outcome["verdicts"].items():
        checks = {check["name"]: check for check in verdict["checks"]}
        assert checks["batch minus HTTP answer"]["value"] == 0.0
        assert checks["batch minus HTTP answer"]["note"] == "5 people"
        assert checks["base + contributions - logit(risk)"]["value"] < 1e-9
        assert checks["outcome columns among the features"]["holds"]
        assert sum("known harm" in key for key in checks) == 3, name
        if name != outcome["live"]["model"]:
            compared = checks["brier_24m minus the champion's"]
            assert compared["value"] == pytest.approx(
                results[name]["metrics"]["brier_24m"] - results[outcome["live"]["model"]]["metrics"]["brier_24m"]
            )
            assert "scored on the same" in compared["note"]


@pytest.mark.slow
def test_candidates_of_one_table_are_judged_on_the_same_people_who_are_read_once(trained, results, small_smm_task, monkeypatch):
    read = []

    def counted(name):
        reads = getattr(held_out, name)
        monkeypatch.setattr(held_out, name, lambda path: read.append((name, path.name)) or reads(path))

    counted("read_table")
    counted("read_cohort")
    assert len(register(results, small_smm_task)["verdicts"]) > 1
    assert read == [("read_table", "table.parquet"), ("read_cohort", "cohort")]


@pytest.mark.slow
def test_the_training_shows_its_candidates_side_by_side_and_what_is_live(trained, results, small_smm_task):
    outcome = register(results, small_smm_task)
    note = connect().get_run(results["cox"]["training_id"]).data.tags["mlflow.note.content"]
    assert note.startswith(f"Live after this training: {outcome['live']['model']}, version {outcome['live']['version']}.")
    shown = [line.split(" | ")[0].removeprefix("| ") for line in note.splitlines() if line.startswith("| ")][1:]
    assert set(shown) == set(results)
    assert shown[0] == outcome["live"]["model"]
    assert "| published score |" in note


@pytest.mark.slow
def test_the_main_figures_at_the_primary_horizon_are_logged_first(results):
    for name in ("cox", "boosting"):
        assert list(results[name]["metrics"])[:3] == ["auc_24m", "brier_24m", "oe_ratio_24m"]


@pytest.mark.slow
def test_the_published_score_is_compared_on_the_same_rows_but_never_registered(trained, results, small_smm_task):
    assert results["mayo_2018"]["metrics"]["rows_24m"] <= results["cox"]["metrics"]["rows_24m"]
    assert results["mayo_2018"]["metrics"]["share_computable_24m"] > 0.8
    with pytest.raises(ConfigError, match="mayo_2018"):
        promote(promotable(small_smm_task), small_smm_task, "mayo_2018", "", force=False)


@pytest.mark.slow
def test_promotion_and_rollback_are_remembered(trained, results, small_smm_task):
    first, before = live_version("smm")[0], len(history("smm"))
    other = next(n for n, r in results.items() if not r["published"] and r["run_id"] != live_version("smm")[1])
    entry = promote(promotable(small_smm_task), small_smm_task, other, "a test", force=False, fitted_in=trained.folder / "fit")
    compared = mlflow.artifacts.load_dict(f"runs:/{results[other]['run_id']}/gate.json")["checks"][-1]
    assert compared["name"] == "brier_24m minus the champion's", "the held-out people are here: what register found is found again"
    card = mlflow.artifacts.load_text(f"runs:/{results[other]['run_id']}/model_card.md")
    assert "read = kept + quarantined" in card, "the cohort beside their table is that of the card, too"
    with pytest.raises(StateError, match="is live already; nothing was changed"):
        promote(promotable(small_smm_task), small_smm_task, other, "again", force=False)
    assert (entry.replaced, live_version("smm")[0]) == (first, entry.version)
    back = rollback("smm", "it was only a test")
    assert live_version("smm")[0] == back.version == first
    assert [e.action for e in history("smm")][before:] == ["promote", "rollback"]


@pytest.mark.slow
def test_when_nobody_passes_the_champion_stays(trained, results, small_smm_task):
    before = live_version("smm")
    strict = replace(small_smm_task, gate=replace(small_smm_task.gate, auc_at_least=0.99))
    assert register(results, strict)["champion"] is None
    assert live_version("smm") == before


@pytest.mark.slow
def test_the_table_shows_every_candidate_with_the_figures_of_its_run(trained, results, small_smm_task):
    found = candidates(small_smm_task)
    assert {c.estimator for c in found} == set(results)
    assert all(c.metrics == pytest.approx(results[c.estimator]["metrics"]) for c in found)
    assert sum(c.champion_version is not None for c in found) == 1
    assert as_table(small_smm_task, found).row_count >= len(found)


def test_the_worst_subgroup_has_events_enough_and_is_no_landmark(smm_task):
    def of(**groups):
        metrics = {f"oe_ratio_24m_at_{name}": ratio for name, (ratio, _) in groups.items()}
        metrics |= {f"events_24m_at_{name}": events for name, (_, events) in groups.items()} | {"oe_ratio_24m_at_sex_male_lo": 0.01}
        return worst_subgroup(smm_task, Candidate("boosting", "", None, metrics, "", None))

    groups = {"sex_male": (1.2, 90.0), "sex_female": (0.7, 50.0), "site_east": (3.0, 49.0), "0y": (5.0, 90.0)}
    assert of(**groups) == ("sex_female", 0.7, 50)  # 1 / 0.7 is 1.43
    assert of(site_east=(3.0, 49.0)) is None


@pytest.mark.slow
def test_every_run_has_the_same_tags_and_artifact_paths(trained, results):
    from serving.store import connect

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
            # One slope per column and an intercept per horizon: the contributions are the same at each, and drawn once.
            drawn = ("24m",) if result["name"] == "logistic" else ("12m", "24m", "60m")
            assert explained == {f"explanation/{name}" for name in (*drawn, "stability.csv", "availability.json")}
            for months in drawn:
                pictures = {f.path.split("/")[-1] for f in client.list_artifacts(result["run_id"], f"explanation/{months}")}
                assert pictures == {"shap_beeswarm.png", "biomarker_importance.png", "dependence.png"}
            assert -1 <= run.data.metrics["shap_rank_correlation_24m"] <= 1


@pytest.mark.slow
def test_the_runs_of_one_training_stand_under_one_parent_with_the_table_they_were_fitted_on(trained, results):
    from serving.store import connect

    client = connect()
    runs = [client.get_run(result["run_id"]) for result in results.values()]
    (parent,) = {run.data.tags["mlflow.parentRunId"] for run in runs}
    assert client.get_run(parent).info.status == "FINISHED"
    for run in [*runs, client.get_run(parent)]:
        (entry,) = run.inputs.dataset_inputs
        assert entry.dataset.digest == runs[0].data.tags["cohort_hash"]
        assert "patient_id" not in entry.dataset.schema
