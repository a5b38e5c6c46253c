"""What is live, what was live, and the way back, in a real store."""

import json
from dataclasses import replace

import mlflow
import pytest

from myeloma import ConfigError, StateError
from serving.store.champion import connect, load_champion
from training.gate import held_out
from training.registry.candidates import register
from training.registry.compare import promotable
from training.registry.ledger import history
from training.registry.live import promote, rollback
from training.registry.versions import live_version


@pytest.fixture(scope="module")
def again(trained, small_smm_plan):
    """What register says the second time, and which files it read of the people held out."""
    read = []
    with pytest.MonkeyPatch.context() as patch:
        for name in ("read_within", "read_cohort"):
            patch.setattr(held_out, name, _counted(getattr(held_out, name), read))
        outcome = register(json.loads((trained.folder / "evaluation" / "metrics.json").read_text()), small_smm_plan)
    return outcome, read


def _counted(reads, read):
    return lambda path, *plan: read.append((reads.__name__, path.name)) or reads(path, *plan)


@pytest.mark.slow
def test_the_best_by_brier_is_champion_and_the_next_challenger(again, results):
    outcome, _ = again
    fitted = {n: r["metrics"]["brier_24m"] for n, r in results.items() if not r["published"]}
    assert outcome["champion"]["model"] == outcome["live"]["model"] == min(fitted, key=fitted.get)
    assert load_champion("smm").kind == outcome["champion"]["model"]
    assert outcome["challenger"]["model"] == sorted(fitted, key=fitted.get)[1]


@pytest.mark.slow
def test_every_candidate_has_a_version_whose_artifact_was_measured_on_people_held_out(again, results):
    outcome, _ = again
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
            assert "on the very same rows, each judged by a model that had not seen the person" in compared["note"]
            assert compared["lo"] <= compared["value"] <= compared["hi"]


@pytest.mark.slow
def test_candidates_of_one_table_are_judged_on_the_same_people_who_are_read_once(again):
    outcome, read = again
    assert len(outcome["verdicts"]) > 1
    assert read == [("read_within", "table.parquet"), ("read_cohort", "cohort")]


@pytest.mark.slow
def test_the_training_shows_its_candidates_side_by_side_and_what_is_live(again, results):
    outcome, _ = again
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
def test_the_published_score_is_compared_on_the_same_rows_but_never_registered(trained, results, small_smm_plan):
    assert results["mayo_2018"]["metrics"]["rows_24m"] <= results["cox"]["metrics"]["rows_24m"]
    assert results["mayo_2018"]["metrics"]["share_computable_24m"] > 0.8
    with pytest.raises(ConfigError, match="mayo_2018"):
        promote(promotable(small_smm_plan), small_smm_plan, "mayo_2018", "", force=False)


@pytest.mark.slow
def test_promotion_and_rollback_are_remembered(trained, results, small_smm_plan):
    first, before = live_version("smm")[0], len(history("smm"))
    other = next(n for n, r in results.items() if not r["published"] and r["run_id"] != live_version("smm")[1])
    entry = promote(promotable(small_smm_plan), small_smm_plan, other, "a test", force=False, fitted_in=trained.folder / "fit")
    compared = mlflow.artifacts.load_dict(f"runs:/{results[other]['run_id']}/gate.json")["checks"][-1]
    assert compared["name"] == "brier_24m minus the champion's", "the held-out people are here: what register found is found again"
    card = mlflow.artifacts.load_text(f"runs:/{results[other]['run_id']}/model_card.md")
    assert "read = kept + quarantined" in card, "the cohort beside their table is that of the card, too"
    with pytest.raises(StateError, match="is live already; nothing was changed"):
        promote(promotable(small_smm_plan), small_smm_plan, other, "again", force=False)
    assert (entry.replaced, live_version("smm")[0]) == (first, entry.version)
    back = rollback("smm", "it was only a test")
    assert live_version("smm")[0] == back.version == first
    assert [e.action for e in history("smm")][before:] == ["promote", "rollback"]


@pytest.mark.slow
def test_when_nobody_passes_the_champion_stays(trained, results, small_smm_plan):
    before = live_version("smm")
    strict = replace(small_smm_plan, gate=replace(small_smm_plan.gate, auc_at_least=0.99))
    assert register(results, strict)["champion"] is None
    assert live_version("smm") == before
