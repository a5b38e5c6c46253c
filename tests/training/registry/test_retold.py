"""After a decision the pages in MLflow say what is live: the training's description, tag and figures, and the version's card."""

from pathlib import Path

from serving.store.champion import connect
from training.places import CARD_MD
from training.registry.candidates import register


def fitted(store, name, **figures):
    """Return what evaluation leaves of a candidate, with the training it is of."""
    results = store.fitted(name, **figures)
    results[name]["training_id"] = connect().get_run(results[name]["run_id"]).data.tags["training_id"]
    return results


def training_of(result):
    return connect().get_run(connect().get_run(result["run_id"]).data.tags["training_id"])


def card_of(result, folder):
    folder.mkdir(exist_ok=True)
    return Path(connect().download_artifacts(result["run_id"], CARD_MD, str(folder))).read_text(encoding="utf-8")


def test_what_a_person_promotes_stands_on_its_trainings_page_and_on_its_card(store, command, tmp_path):
    results = fitted(store, "logistic", auc=0.55)
    register(results, store.plan)
    assert "No candidate is live." in training_of(results["logistic"]).data.tags["mlflow.note.content"]
    code, _ = command('promote --task smm --model logistic --force --reason "the only one there is"')
    assert code == 0
    page = training_of(results["logistic"]).data
    assert page.tags["shown"] == "logistic, champion, version 1"
    assert "No candidate is live." not in page.tags["mlflow.note.content"]
    assert "logistic, version 1, by force: the only one there is." in page.tags["mlflow.note.content"]
    assert page.metrics["auc_24m"] == 0.55
    card = card_of(results["logistic"], tmp_path / "card")
    assert "A person made this version live at 20" in card
    assert "the only one there is" in card
    assert "chooses among candidates by these figures" not in card


def test_a_rollback_stands_on_the_pages_of_both_trainings(store, command):
    first = fitted(store, "logistic")
    register(first, store.plan)
    second = fitted(store, "cox", auc=0.86, brier=0.08)
    register(second, store.plan)
    assert "cox, champion" in training_of(second["cox"]).data.tags["shown"]
    code, _ = command('rollback --task smm --reason "drift"')
    assert code == 0
    assert training_of(first["logistic"]).data.tags["shown"] == "logistic, champion, version 1"
    left = training_of(second["cox"]).data.tags
    assert left["shown"] == "cox, the best of this training; not live: promote"
    assert "logistic, version 1, by rollback: drift." in left["mlflow.note.content"]
