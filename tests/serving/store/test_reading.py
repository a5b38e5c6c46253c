"""What is read from a SQLite store's own tables is what MLflow's client says of them."""

from contextlib import closing
from pathlib import Path
from sqlite3 import connect as open_database

import mlflow
import pytest

from serving.store import reading
from serving.store.champion import CHAMPION, connect, registered_name
from serving.store.reading import (
    folder_of_version,
    metrics_of,
    runs_of,
    runs_there,
    tags_of,
    tags_of_version,
    version_numbered,
    version_under,
)

pytestmark = pytest.mark.slow
NO_VERSIONS = (str(2**63 - 1), str(2**63), "9" * 20, "9" * 5000)  # the last number that a table holds, and numbers that none does


def as_known(run):
    return run.info.run_id, run.info.artifact_uri, run.info.status, dict(run.data.metrics), dict(run.data.tags), dict(run.data.params)


@pytest.fixture
def by_mlflow(monkeypatch):
    """Return a function that asks MLflow for what the tables are read for."""

    def ask(question, *about):
        with monkeypatch.context() as patch:
            patch.setattr(reading, "SCHEMA", "unknown")
            return question(*about)

    return ask


def test_runs_are_the_same_and_the_newest_first(trained, by_mlflow):
    found = runs_of("smm")
    assert len(found) > 6
    assert [as_known(run) for run in found] == [as_known(run) for run in by_mlflow(runs_of, "smm")]
    assert runs_there(trained.folder / "mlruns" / "mlflow.db") == {run.info.run_id for run in found}
    assert runs_of("nothing") == by_mlflow(runs_of, "nothing") == []


def test_versions_under_an_alias_and_tags_of_a_model_are_the_same(trained, by_mlflow):
    model = registered_name("smm")
    read, said = version_under(model, CHAMPION), by_mlflow(version_under, model, CHAMPION)
    assert (read.version, read.run_id) == (str(said.version), said.run_id)
    assert any(key.startswith("ledger.") for key in tags_of(model))
    assert tags_of(model) == by_mlflow(tags_of, model)
    for wrong in ((model, "nobody"), ("nobody", CHAMPION)):
        assert version_under(*wrong) is by_mlflow(version_under, *wrong) is None
    assert tags_of("nobody") == by_mlflow(tags_of, "nobody") == {}


def test_a_version_asked_for_by_its_number_is_the_same_and_one_that_was_deleted_is_none(trained, by_mlflow):
    model, run = registered_name("smm"), version_under(registered_name("smm"), CHAMPION).run_id
    made = connect().create_model_version(model, f"runs:/{run}/model", run)
    read, said = version_numbered(model, str(made.version)), by_mlflow(version_numbered, model, str(made.version))
    assert (read.version, read.run_id) == (str(said.version), said.run_id) == (str(made.version), run)
    connect().delete_model_version(model, str(made.version))
    for wrong in (
        (model, str(made.version)),
        (model, "99"),
        (model, "first"),
        ("nobody", "1"),
        *((model, number) for number in NO_VERSIONS),
    ):
        assert version_numbered(*wrong) is by_mlflow(version_numbered, *wrong) is None
    for number in NO_VERSIONS:
        assert tags_of_version(model, number) == by_mlflow(tags_of_version, model, number) == {}
        assert folder_of_version(model, number) is None


def test_the_tables_that_are_known_are_those_of_the_mlflow_that_is_installed(trained):
    with closing(open_database(trained.folder / "mlruns" / "mlflow.db")) as database:
        assert database.execute("SELECT version_num FROM alembic_version").fetchall() == [(reading.SCHEMA,)]


def test_a_deleted_run_is_not_there(trained, by_mlflow):
    gone = runs_of("smm")[0].info.run_id
    connect().delete_run(gone)
    try:
        assert gone not in {run.info.run_id for run in runs_of("smm")} | runs_there(trained.folder / "mlruns" / "mlflow.db")
    finally:
        connect().restore_run(gone)


def test_files_of_a_version_and_figures_of_a_run_are_those_that_mlflow_names(trained, by_mlflow):
    model = registered_name("smm")
    version = version_under(model, CHAMPION)
    connect()
    said = mlflow.artifacts.download_artifacts(artifact_uri=f"models:/{model}/{version.version}")
    assert folder_of_version(model, version.version) == Path(said)
    assert metrics_of(version.run_id) == by_mlflow(metrics_of, version.run_id) != {}


def test_of_what_the_store_does_not_know_there_are_no_files_and_no_figures(trained, by_mlflow):
    assert [folder_of_version(registered_name("smm"), version) for version in ("4711", "latest")] == [None, None]
    assert folder_of_version("nobody", "1") is None
    assert metrics_of("nobody") == by_mlflow(metrics_of, "nobody") == {}
