"""A store that is not as it should be, met by the registry's commands: a message, exit code 1, never a traceback."""

import shutil
import sqlite3
from contextlib import closing

import pytest
import sqlalchemy

from myeloma import StateError
from serving.store.champion import CHAMPION, version_of_alias

pytestmark = pytest.mark.slow


@pytest.fixture
def impatient():
    """MLflow has SQLite wait 20 seconds for a lock, by a command that no setting changes: here it waits a tenth of one."""

    def shorten(connection, cursor, statement, parameters, context, executemany):
        return statement.replace("busy_timeout = 20000", "busy_timeout = 100"), parameters

    sqlalchemy.event.listen(sqlalchemy.Engine, "before_cursor_execute", shorten, retval=True)
    yield
    sqlalchemy.event.remove(sqlalchemy.Engine, "before_cursor_execute", shorten)


@pytest.mark.usefixtures("impatient")
def test_a_locked_database_is_named_as_such(store, command, refused):
    store.register()
    store.register(brier=0.11)
    holder = sqlite3.connect(store.folder / "mlruns" / "mlflow.db", isolation_level=None)
    holder.execute("begin exclusive")
    try:
        refused("promote --task smm --version 2 --reason r", "locked")
    finally:
        holder.execute("rollback")
        holder.close()
    assert command("promote --task smm --version 2 --reason r")[0] == 0


def test_a_read_only_database_is_named_as_such(store, refused):
    store.register()
    store.register(brier=0.11)
    database = store.folder / "mlruns" / "mlflow.db"
    connection = sqlite3.connect(database)
    # In SQLite's own words, since for root no file is read-only.
    refusal = "select raise(abort, 'attempt to write a readonly database')"
    connection.execute(f"create trigger no_tags before insert on registered_model_tags begin {refusal}; end")
    connection.commit()
    connection.close()
    refused("promote --task smm --version 2 --reason r", "cannot be written to")
    assert int(version_of_alias("smm", CHAMPION).version) == 1, "what was live stays so"


def test_a_store_of_another_mlflow_is_named_as_such(store, refused):
    connection = sqlite3.connect(store.folder / "mlruns" / "mlflow.db")
    connection.execute("update alembic_version set version_num = 'ffffffffffff'")
    connection.commit()
    connection.close()
    from mlflow.tracking._tracking_service import utils

    utils._tracking_store_registry._get_store_with_resolved_uri.cache_clear()
    refused("history --task smm", "another version of MLflow")
    with closing(sqlite3.connect(store.folder / "mlruns" / "mlflow.db")) as database:
        assert database.execute("select version_num from alembic_version").fetchone() == ("ffffffffffff",), "nothing is migrated unasked"


def test_a_file_that_is_no_database_and_a_server_that_is_not_there_are_named_as_such(store, command, refused, monkeypatch):
    (store.folder / "other.db").write_text("not a database, but long enough to look like a file of something else" * 20)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{store.folder / 'other.db'}")
    refused("history --task smm", "not a SQLite database")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    refused("history --task smm", "server does not answer")
    code, text = command("doctor --task smm")
    assert (code, "server does not answer" in text) == (1, True)


def test_a_copied_checkout_writes_nothing_into_the_one_it_was_copied_from(store, refused, tmp_path, monkeypatch):
    store.register()
    held, _ = store.register(brier=0.11)
    before = sorted(path for path in (store.folder / "mlruns" / "artifacts").rglob("*"))
    shutil.copytree(store.folder, tmp_path / "copy")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'copy' / 'mlruns' / 'mlflow.db'}")
    monkeypatch.chdir(tmp_path / "copy")
    refused(f"promote --task smm --version {held} --reason r", "the checkout was moved or copied", "doctor --mend")
    with pytest.raises(StateError, match="the checkout was moved or copied"):
        store.fitted()
    assert sorted(path for path in (store.folder / "mlruns" / "artifacts").rglob("*")) == before
