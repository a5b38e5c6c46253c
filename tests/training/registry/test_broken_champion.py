"""What replaces something broken does not need it whole, and the doctor names what takes a deletion back."""

import os
import shutil
import sqlite3
from contextlib import closing

import pytest

from myeloma import StateError
from serving.store.champion import connect, load_champion
from training.registry.ledger import history
from training.registry.live import rollback
from training.registry.relocate import PLACES
from training.registry.versions import live_version

pytestmark = pytest.mark.slow
MODEL = "smm-progression"


@pytest.fixture
def three(store, made_once):
    """A store of three versions, made once and copied: the second is live, the third waits."""

    def make(folder):
        for brier in (0.10, 0.09, 0.12):
            store.register(brier=brier)
        shutil.copytree(store.folder / "mlruns", folder / "mlruns")
        (folder / "made_in").write_text(str(store.folder))

    once = made_once("three_versions", make)
    if (made_in := (once / "made_in").read_text()) == str(store.folder):
        return store
    shutil.rmtree(store.folder / "mlruns")
    shutil.copytree(once / "mlruns", store.folder / "mlruns")
    with closing(sqlite3.connect(store.folder / "mlruns" / "mlflow.db")) as database, database:
        for table, column in PLACES:
            database.execute(f"UPDATE {table} SET {column} = replace({column}, ?, ?)", [made_in, str(store.folder)])
    _forget_places()
    assert live_version("smm")[0] == "2"
    return store


def gc():
    """Run `mlflow gc` in this process: one of its own would first import MLflow, which takes seconds."""
    from mlflow.cli import gc

    uri = os.environ["MLFLOW_TRACKING_URI"]
    gc.main(["--backend-store-uri", uri, "--tracking-uri", uri], standalone_mode=False)


def lose_files(version="2"):
    shutil.rmtree(connect().get_model_version_download_uri(MODEL, version).removeprefix("file://"))


def delete_run():
    connect().delete_run(connect().get_model_version(MODEL, "2").run_id)


def delete_experiment():
    connect().delete_experiment(connect().get_experiment_by_name("smm").experiment_id)


def delete_model():
    connect().delete_logged_model(connect().get_model_version(MODEL, "2").source.removeprefix("models:/"))


def lose_run():
    delete_run()
    gc()


def lose_model():
    delete_model()
    gc()


BROKEN = [lose_files, delete_run, lose_run, delete_model, lose_model]


@pytest.mark.parametrize("damage", BROKEN)
def test_another_version_is_promoted_in_place_of_a_broken_champion(three, damage, command):
    damage()
    code, said = command("promote --task smm --version 3 --reason broken")
    assert (code, live_version("smm")[0]) == (0, "3"), said


@pytest.mark.parametrize("damage", [*BROKEN, delete_experiment])
def test_a_broken_champion_is_rolled_back(three, damage, command):
    damage()
    code, said = command("rollback --task smm --reason broken")
    assert (code, live_version("smm")[0]) == (0, "1"), said


@pytest.mark.parametrize("damage", BROKEN)
def test_a_candidate_is_registered_and_judged_beside_a_broken_champion(three, damage):
    damage()
    version, outcome = three.register(brier=0.08)
    compared = [check for check in outcome["verdicts"]["logistic"]["checks"] if "champion" in check["name"]]
    if damage is lose_run:  # nothing says whom it was judged on: a person decides
        assert (compared[0]["holds"], outcome["challenger"]["version"]) == (None, version)
        assert "champion version 2 has no run in the store any more" in compared[0]["note"]
    else:
        assert (live_version("smm")[0], {check["holds"] for check in compared}) == (version, {True})


@pytest.mark.parametrize("damage", [lose_files, delete_run, delete_model, lose_model, delete_experiment])
def test_the_card_of_a_broken_champion_is_written_as_long_as_its_run_is_there(three, damage, command):
    damage()
    assert command("report --task smm")[0] == 0


def test_the_card_of_a_run_that_is_gone_says_what_to_do_instead(three, refused):
    lose_run()
    refused("report --task smm", "is no longer in the tracking store, and its figures, tables and card with it", "name another version")


@pytest.mark.parametrize("line", ["promote --task smm --version 3 --reason r", "compare --task smm"])
def test_with_its_experiment_deleted_a_command_names_the_one_that_restores_it(three, line, command, refused):
    delete_experiment()
    number = connect().get_experiment_by_name("smm").experiment_id
    refused(line, "The experiment smm was deleted", f"mlflow experiments restore --experiment-id {number}")
    connect().restore_experiment(number)
    assert command(line)[0] == 0


def test_a_version_whose_own_run_was_deleted_is_not_promoted_and_the_command_that_restores_it_is_named(three, refused):
    run_id = connect().get_model_version(MODEL, "3").run_id
    connect().delete_run(run_id)
    refused("promote --task smm --version 3 --reason r", f"mlflow runs restore --run-id {run_id}")


def test_a_fit_into_a_deleted_experiment_is_refused_before_it_begins(three):
    delete_experiment()
    with pytest.raises(StateError, match=r"The experiment smm was deleted.*experiments restore"):
        three.fitted()


@pytest.mark.parametrize("damage", [lose_files, lambda version: connect().delete_model_version(MODEL, version)])
def test_a_rollback_to_what_is_gone_names_it_and_the_way_to_another(three, damage, refused):
    damage("1")
    refused("rollback --task smm --reason r", "ersion 1 of smm", "promote --task smm --version N")
    assert load_champion("smm").origin["model_version"] == "2"


@pytest.mark.parametrize(
    "damage",
    [lambda: connect().delete_model_version(MODEL, "2"), lambda: connect().delete_registered_model_alias(MODEL, "champion")],
)
def test_where_the_champion_lost_its_version_or_alias_a_rollback_goes_to_the_one_before(three, damage):
    damage()
    assert rollback("smm", "gone").version == "1" == live_version("smm")[0]
    assert history("smm")[-1].replaced == "2"


@pytest.mark.parametrize(
    ("damage", "says", "mend"),
    [
        (delete_run, "the run of version 2, which is live, was deleted", "mlflow runs restore --run-id"),
        (delete_experiment, "its experiment was deleted", "mlflow experiments restore --experiment-id"),
        (delete_model, "the model of version 2, which is live, was deleted", "doctor --mend"),
        (lose_run, "the run of version 2, which is live, is gone for good", "training fit TABLE --task smm"),
        (lose_files, "files of smm-progression version 2 are not where", "training rollback --task smm"),
    ],
)
def test_the_doctor_finds_what_was_deleted_and_names_what_mends_it(three, damage, says, mend, command):
    damage()
    code, said = command("doctor --task smm")
    found = [line for line in said.splitlines() if line.startswith("BAD")]
    assert (code, len(found), says in found[0]) == (1, 1, True), said
    assert mend in found[0]
    assert "run: python -m training doctor" not in said


def test_a_deleted_model_is_taken_back(three, command):
    delete_model()
    code, said = command("doctor --task smm --mend")
    assert (code, "is no longer deleted" in said) == (0, True), said
    gc()
    assert load_champion("smm").kind == "logistic"


@pytest.fixture(params=["moved", "copied"])
def elsewhere(three, request, tmp_path, monkeypatch):
    """The store in another folder, whose database still names the first."""
    place = tmp_path / "a place" / "mlruns"
    place.parent.mkdir()
    (shutil.move if request.param == "moved" else shutil.copytree)(three.folder / "mlruns", place)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{place / 'mlflow.db'}")
    _forget_places()
    return three, place


def _forget_places():
    from mlflow.tracking._tracking_service import utils

    utils._artifact_repos_cache.clear()  # by the id of a run it remembers where its files lay


def test_a_store_that_was_moved_or_copied_is_mended_with_its_history(elsewhere, command):
    three, place = elsewhere
    before = history("smm")
    code, said = command("doctor --task smm")
    assert (code, "doctor --mend" in said) == (1, True), said
    code, said = command("doctor --task smm --mend")
    _forget_places()
    assert (code, "BAD" in said, "places were renamed" in said) == (0, False, True), said
    assert history("smm") == before
    shutil.rmtree(three.folder / "mlruns", ignore_errors=True)
    assert load_champion("smm").origin["model_version"] == "2"
    assert three.register(brier=0.08)[0] == "4"
    assert rollback("smm", "").version == "2"
    assert (place / "mlflow.db.before_mend").is_file()
    assert command("doctor --task smm --mend")[0] == 0


def test_a_store_whose_files_did_not_come_with_it_is_left_as_it_is(elsewhere, refused):
    _, place = elsewhere
    shutil.rmtree(place / "artifacts")
    refused("doctor --task smm --mend", "The files of smm do not lie in", "copy the folder mlruns/artifacts")
    with closing(sqlite3.connect(place / "mlflow.db")) as database:
        assert "a%20place" not in str(database.execute("SELECT artifact_location FROM experiments").fetchall())


def test_a_server_is_mended_where_it_runs(refused, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    refused("doctor --task smm --mend", "Only a SQLite store")
