"""Every decision is kept: who made what live when and why, what is held back, and that two at once lose nothing."""

import multiprocessing
import os

import pytest

from myeloma import ConfigError, StateError
from serving.store.champion import connect
from training.gate.verdict import Check, Verdict
from training.registry import ledger
from training.registry.candidates import register
from training.registry.compare import of_run, promotable
from training.registry.ledger import history
from training.registry.live import promote, rollback
from training.registry.version_page import describe_version
from training.registry.versions import alias_version, find_version, live_version
from training.tracking.run import Run

pytestmark = pytest.mark.slow


def live(store):
    return live_version(store.plan.task.name)[0]


def promote_version(store, version, reason="", force=False):
    found = find_version("smm", version)
    return promote({version: of_run(found.run_id, store.plan)}, store.plan, version, reason, force)


def test_a_better_candidate_replaces_the_champion_and_a_worse_one_waits_as_challenger(store):
    first, outcome = store.register()
    assert (outcome["champion"]["version"], live(store)) == (first, first)
    worse, outcome = store.register(brier=0.11)
    assert (outcome["verdicts"]["logistic"]["verdict"], outcome["champion"], live(store)) == ("hold", None, first)
    assert alias_version("smm", "challenger") == worse
    better, outcome = store.register(brier=0.09)
    assert (outcome["champion"]["version"], live(store), alias_version("smm", "challenger")) == (better, better, worse)


def test_a_candidate_judged_on_other_people_is_not_promoted_by_itself(store):
    first, _ = store.register()
    _, outcome = store.register(judged_hash="other", brier=0.01)
    verdict = outcome["verdicts"]["logistic"]
    assert (verdict["verdict"], live(store)) == ("hold", first)
    assert "not possible" in verdict["checks"][-1]["note"]


def test_what_is_held_back_needs_a_reason_and_what_is_rejected_force_as_well(store):
    first, _ = store.register()
    held, _ = store.register(brier=0.11)
    rejected, outcome = store.register(auc=0.5)
    assert outcome["verdicts"]["logistic"]["verdict"] == "reject"
    assert live(store) == first
    with pytest.raises(StateError, match=r"holds version.*brier_24m minus the champion's is 0\.01"):
        promote(named(store, held), store.plan, f"version {held}", "", force=False)
    assert promote_version(store, held, "simpler").action == "promote"
    for reason in ("", "because"):
        with pytest.raises(StateError, match=r"rejects.*auc_24m is 0\.5"):
            promote_version(store, rejected, reason)
    with pytest.raises(ConfigError, match="needs a reason"):
        promote_version(store, rejected, "  ", force=True)
    with pytest.raises(ConfigError, match="blank"):
        promote_version(store, first, "  ")
    with pytest.raises(ConfigError, match="1001 characters"):
        promote_version(store, first, "x" * 1001)
    entry = promote_version(store, rejected, "a demonstration", force=True)
    assert (entry.action, entry.verdict, live(store)) == ("force", "reject", rejected)


def named(store, version):
    return {f"version {version}": of_run(find_version("smm", version).run_id, store.plan)}


def test_the_history_says_what_was_live_from_when_to_when_by_whom_and_why(store, monkeypatch):
    monkeypatch.setattr(ledger.getpass, "getuser", lambda: "dr_who")
    first, _ = store.register()
    second, _ = store.register(brier=0.11)
    promote_version(store, second, "simpler")
    back = rollback("smm", "drift at one site")
    entries = history("smm")
    assert [(e.version, e.action, e.replaced) for e in entries] == [
        (first, "promote", ""),
        (second, "promote", first),
        (first, "rollback", second),
    ]
    assert [e.reason for e in entries[1:]] == ["simpler", "drift at one site"]
    assert {e.by for e in entries} == {"dr_who"}
    assert [e.until for e in entries] == [entries[1].at, entries[2].at, ""]
    assert (entries[1].verdict, back.version, live(store)) == ("hold", first, first)


def test_rollback_goes_back_one_by_one_and_then_says_that_nothing_is_left(store):
    versions = [store.register(brier=brier)[0] for brier in (0.12, 0.11, 0.10)]
    assert [rollback("smm", "").version for _ in range(2)] == versions[1::-1]
    with pytest.raises(StateError, match="no earlier champion"):
        rollback("smm", "")


def test_where_the_alias_was_moved_by_hand_a_rollback_goes_to_the_last_decision(store):
    versions = [store.register(brier=0.10 - k / 1000)[0] for k in range(2)]
    other, _ = store.register(auc=0.5)  # rejected, and then made live behind the ledger's back
    connect().set_registered_model_alias("smm-progression", "champion", other)
    assert rollback("smm", "").version == versions[1] == live(store)
    assert rollback("smm", "").version == versions[0]


def test_of_a_run_that_was_registered_twice_the_version_asked_for_is_promoted(store):
    first, _ = store.register()
    found = find_version("smm", first)
    again = connect().create_model_version("smm-progression", found.source, run_id=found.run_id, tags={"estimator": "logistic"})
    candidate = {"again": of_run(found.run_id, store.plan)}
    assert promote(candidate, store.plan, "again", "as asked", force=False, version=str(again.version)).version == str(again.version)
    assert live(store) == str(again.version)


def test_register_does_not_undo_a_rollback(store):
    first, _ = store.register()
    results = store.fitted(brier=0.09)
    second = register(results, store.plan)["champion"]["version"]
    rollback("smm", "drift")
    outcome = register(results, store.plan)
    assert (outcome["verdicts"]["logistic"]["verdict"], live(store)) == ("hold", first)
    assert "drift" in outcome["verdicts"]["logistic"]["checks"][-1]["note"]
    assert promote_version(store, second, "the drift was an error").version == second
    assert register(results, store.plan)["verdicts"]["logistic"]["verdict"] == "promote"


def test_registering_again_changes_nothing(store):
    results = store.fitted()
    once, again = register(results, store.plan), register(results, store.plan)
    assert once["champion"] == again["champion"]
    assert len(history("smm")) == len(connect().search_model_versions("name = 'smm-progression'")) == 1


def test_a_version_shows_what_a_person_needs_to_decide_and_its_run_keeps_the_verdict(store):
    version, _ = store.register()
    found = find_version("smm", version)
    assert found.tags["gate_verdict"] == "promote"
    assert found.tags["auc_24m"] == "0.800 (0.760-0.840)"
    assert {"brier_24m", "oe_ratio_24m", "cohort", "judged_at", "feature_hash", "git_commit", "gate_not_met"} <= found.tags.keys()
    assert found.description.startswith("PROMOTE says the gate of logistic")
    assert "Not met: -. Not shown: -. Not measured: -." in found.description
    assert connect().get_run(found.run_id).data.tags["mlflow.note.content"] == found.description
    assert "champion" in connect().get_registered_model("smm-progression").description
    import mlflow

    kept = mlflow.artifacts.load_dict(f"runs:/{found.run_id}/gate.json")
    assert kept["verdict"] == "promote"
    assert {"name", "value", "lo", "hi", "accepted", "holds", "note", "otherwise", "applies", "doubt"} == kept["checks"][0].keys()


def test_a_version_says_apart_what_is_not_met_not_shown_and_not_measured(store):
    verdict = Verdict((Check("a", 1.0, "> 2", False), Check("b", 1.0, "> 0", None), Check("c", None, "> 0", None)))
    run = Run.known(find_version("smm", store.register()[0]).run_id, store.plan.task)
    tags, description = describe_version(store.plan, run, verdict, "2026-01-01")
    assert [tags[f"gate_not_{found}"] for found in ("met", "shown", "measured")] == ["a", "b", "c"]
    assert "Not met: a. Not shown: b. Not measured: c." in description


def test_a_version_says_the_level_of_an_interval_only_beside_one(store):
    run = Run.known(find_version("smm", store.register()[0]).run_id, store.plan.task)
    there = {name: value for name, value in run.metrics.items() if not name.startswith(("brier_24m", "oe_ratio_24m"))}
    run.metrics = there | {"oe_ratio_24m": 1.1}
    _, description = describe_version(store.plan, run, Verdict(()), "2026-01-01")
    assert "- AUC at 24 months: 0.800 (0.760-0.840), 95 % interval\n" in description
    assert "- Brier score at 24 months: not available\n" in description
    assert "- observed / expected at 24 months: 1.10 (no interval)\n" in description


def test_a_version_or_an_alias_that_is_not_there_names_those_that_are(store):
    store.register()
    with pytest.raises(StateError, match=r"no version 7.*versions there are: 1"):
        find_version("smm", "7")
    with pytest.raises(StateError, match='has the alias "challenger"'):
        find_version("smm", "challenger")
    with pytest.raises(StateError, match="run: python -m training register"):
        find_version("nobody", "1")


def test_a_decision_that_rests_on_an_older_champion_is_refused_and_changes_nothing(store):
    store.register(brier=0.11)
    seen = next(reversed(ledger.read("smm")))
    store.register(brier=0.10)
    entry = history("smm")[-1]
    with pytest.raises(StateError, match="changed by somebody else"):
        ledger.append("smm", entry, after=seen)
    assert len(history("smm")) == 2


def test_where_only_published_scores_are_judged_there_is_nothing_to_promote(store):
    store.register()
    scores = {name: candidate for name, candidate in promotable(store.plan).items() if candidate.published}
    with pytest.raises(StateError, match="No model of smm is evaluated"):
        promote(scores, store.plan, "", "", force=False)


def test_a_published_score_cannot_be_promoted(store):
    store.register()
    with pytest.raises(ConfigError, match="mayo_2018"):
        promote(promotable(store.plan), store.plan, "mayo_2018", "", force=False)


def _decide(uri, plan, versions, start, report):
    os.environ["MLFLOW_TRACKING_URI"] = uri
    done, refused = [], 0
    start.wait()
    for version in versions:
        for _ in range(40):
            try:
                run_id = find_version("smm", version).run_id
                done.append(promote({version: of_run(run_id, plan)}, plan, version, f"{os.getpid()}:{version}", force=False).reason)
                break
            except StateError as error:
                if error.code == "live_already":
                    break
                refused += 1
    report.put((done, refused))


def test_promotions_of_several_processes_at_once_are_all_kept_in_one_order(store):
    versions = [store.register(brier=0.10 + k / 1000)[0] for k in range(4)]
    context = multiprocessing.get_context("forkserver")  # a process without threads or connections, from which the three are forked:
    context.set_forkserver_preload(["training.registry.compare", "training.registry.live", "mlflow.pyfunc"])  # MLflow is imported once
    start, report = context.Barrier(3), context.Queue()
    uri = os.environ["MLFLOW_TRACKING_URI"]
    orders = (versions[1:], versions[:0:-1], [versions[2], versions[0], versions[3]])
    processes = [context.Process(target=_decide, args=(uri, store.plan, order, start, report)) for order in orders]
    for process in processes:
        process.start()
    found = [report.get(timeout=120) for _ in processes]
    for process in processes:
        process.join()
    entries = history("smm")
    claimed = sorted(reason for done, _ in found for reason in done)
    assert claimed
    assert sorted(e.reason for e in entries[1:]) == claimed  # none lost, none twice
    assert [e.replaced for e in entries] == ["", *(e.version for e in entries[:-1])]  # one chain
    assert live(store) == entries[-1].version
