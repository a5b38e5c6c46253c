"""`compare --with`: a difference is shown where both trainings were judged on the same rows, and nowhere else."""

from types import SimpleNamespace

import pytest
from rich.console import Console

from myeloma import ConfigError, StateError
from training.registry import two_trainings as module
from training.registry.two_trainings import as_table, two_trainings

SAME = {"cohort_hash": "c", "feature_hash": "f", "judged_hash": "j", "weighing_hash": "w"}


def run(run_id, training_id=None, metrics=None, **tags):
    parent = {"training_id": training_id} if training_id else {"kind": "training"}
    data = SimpleNamespace(tags={**SAME, **parent, **tags}, params={}, metrics=metrics or {})
    return SimpleNamespace(info=SimpleNamespace(run_id=run_id, artifact_uri="file:///nowhere"), data=data)


def figures(auc, brier):
    return {"auc_24m": auc, "auc_24m_lo": auc - 0.1, "auc_24m_hi": auc + 0.1, "brier_24m": brier}


NEWEST = [
    run("new", metrics=figures(0.8, 0.06)),
    run("a2", "new", figures(0.8, 0.06), estimator="cox", gate_verdict="promote"),
    run("b2", "new", figures(0.7, 0.07), estimator="boosting"),
]
OLDER = [run("old1"), run("a1", "old1", figures(0.75, 0.065), estimator="cox", gate_verdict="hold")]


@pytest.fixture
def store(monkeypatch):
    return lambda *runs: monkeypatch.setattr(module, "runs_of", lambda task: list(runs))


def shown(plan, found):
    console = Console(width=150, record=True)
    console.print(as_table(plan, found))
    return console.export_text()


@pytest.mark.parametrize("name", ["old1", "a1", "o"])
def test_the_other_training_is_named_by_its_run_or_a_candidates(store, smm_plan, name):
    store(*NEWEST, *OLDER)
    found = two_trainings(smm_plan, name)
    assert (found.here, found.there) == ("new", "old1")
    assert [pair.estimator for pair in found.pairs] == ["cox", "boosting"]


def test_on_the_same_rows_the_difference_is_shown(store, smm_plan):
    store(*NEWEST[:2], *OLDER)
    text = shown(smm_plan, two_trainings(smm_plan, "old1"))
    assert "0.800 (0.700-0.900)" in text
    assert "+0.050" in text
    assert "-0.0050" in text
    assert "gate: hold" in text
    assert "Both were judged on the very same rows." in text


@pytest.mark.parametrize(
    ("tag", "words"),
    [
        ("judged_hash", "other people or visits held out"),
        ("cohort_hash", "another cohort"),
        ("feature_hash", "other features"),
        ("weighing_hash", "the same rows, weighed for censoring otherwise"),
    ],
)
def test_on_other_rows_the_figures_stand_beside_each_other_and_no_difference_is_shown(store, smm_plan, tag, words):
    store(*NEWEST[:2], run("a1", "old1", figures(0.75, 0.065), estimator="cox", **{tag: "other"}))
    text = shown(smm_plan, two_trainings(smm_plan, "a1"))
    assert words in text
    assert "0.750" in text
    assert "+0.050" not in text
    assert "it would be of people as well as of models" in text


def test_runs_that_do_not_say_how_their_rows_were_weighed_do_not_compare(store, smm_plan):
    runs = [*NEWEST[:2], OLDER[0], run("a1", "old1", figures(0.75, 0.065), estimator="cox")]
    del runs[1].data.tags["weighing_hash"], runs[3].data.tags["weighing_hash"]
    store(*runs)
    text = shown(smm_plan, two_trainings(smm_plan, "old1"))
    assert "how rows were weighed for censoring is not known" in text
    assert "+0.050" not in text


def test_a_candidate_of_one_training_alone_is_said_to_be_that(store, smm_plan):
    store(*NEWEST, *OLDER)
    pairs = {pair.estimator: pair for pair in two_trainings(smm_plan, "old1").pairs}
    assert pairs["boosting"].apart == ("not in both",)
    assert pairs["boosting"].there is None


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("zzz", '"zzz" names no run of smm'),
        ("new", "new is the newest training of smm itself"),
        ("", '"" begins the names of 2 trainings'),
        ("search", '"search" names no run of smm'),
    ],
)
def test_what_names_no_other_training_is_refused(store, smm_plan, name, said):
    store(*NEWEST, *OLDER, run("search", metrics={"loss": 1.0}, kind="search"))
    with pytest.raises(ConfigError, match=said):
        two_trainings(smm_plan, name)


def test_a_training_that_was_never_evaluated_has_nothing_to_compare(store, smm_plan):
    store(*NEWEST, run("old1"), run("a1", "old1", estimator="cox"))
    with pytest.raises(StateError, match="No candidate of the training old1 was evaluated"):
        two_trainings(smm_plan, "a1")
    store()
    with pytest.raises(StateError, match="Nothing is evaluated for smm"):
        two_trainings(smm_plan, "a1")
