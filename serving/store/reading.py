"""What the store says of runs and versions. A SQLite store's own tables are read: to import MLflow alone takes two seconds.

Nothing is written here. Of a store of another kind, and of tables that this program does not know, MLflow's client is asked.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar
from urllib.parse import urlsplit
from urllib.request import url2pathname

from serving.store.address import sqlite_path

SCHEMA = "dc11669786a5"  # alembic's name for the tables of the MLflow in the lock; a test compares the two
T = TypeVar("T")
_NO_VERSION = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")
_MOST = 2**63 - 1  # the largest whole number that a table holds
_NEWEST_FIRST = "ORDER BY start_time DESC, run_uuid"


def runs_of(task: str) -> list[Any]:
    """Return the runs of a task, the newest first, as MLflow gives them: `info.run_id`, `data.metrics`, `data.tags` ..."""
    with _tables() as tables:
        if tables is not None:
            of_task = "experiment_id IN (SELECT experiment_id FROM experiments WHERE name = ?) AND lifecycle_stage = 'active'"
            found = tables.execute(f"SELECT run_uuid, artifact_uri, status FROM runs WHERE {of_task} {_NEWEST_FIRST} LIMIT 1000", [task])
            return [_run(tables, *run) for run in found.fetchall()]
    from serving.store.champion import connect

    client = connect()
    experiment = client.get_experiment_by_name(task)
    return list(client.search_runs([experiment.experiment_id], order_by=["attributes.start_time DESC"])) if experiment else []


def version_under(model: str, alias: str) -> Any | None:
    """Return the registered version that an alias of a model points at, with `version` and `run_id`; None where there is none."""
    joined = "model_versions JOIN registered_model_aliases USING (name, version, workspace)"
    with _tables() as tables:
        if tables is not None:
            return _version(tables, f"SELECT version, run_id FROM {joined} WHERE name = ? AND alias = ?", [model, alias])
    return _by_client(lambda client: client.get_model_version_by_alias(model, alias), None, _NO_VERSION)


def version_numbered(model: str, version: str) -> Any | None:
    """Return a registered version of a model, with `version` and `run_id`; None where there is none, or it was deleted."""
    number = _number(version)
    if number is None:
        return None
    with _tables() as tables:
        if tables is not None:
            there = "name = ? AND version = ? AND current_stage <> 'Deleted_Internal'"
            asked = f"SELECT version, run_id FROM model_versions WHERE {there}"
            return _version(tables, asked, [model, number])
    return _by_client(lambda client: client.get_model_version(model, version), None, _NO_VERSION)


def _number(version: str) -> int | None:
    """Return the number of a version; None, which no version has, of what is no number or one that no table holds."""
    stated = str(version)
    return int(stated) if stated.isdecimal() and len(stated) <= len(str(_MOST)) and int(stated) <= _MOST else None


def tags_of_version(model: str, version: str) -> dict[str, str]:
    """Return the tags of a registered version; none where there is no such version."""
    number = _number(version)
    if number is None:
        return {}
    with _tables() as tables:
        if tables is not None:
            asked = [model, number]
            return dict(tables.execute("SELECT key, value FROM model_version_tags WHERE name = ? AND version = ?", asked))
    return _by_client(lambda client: dict(client.get_model_version(model, version).tags), {})


def folder_of_version(model: str, version: str) -> Path | None:
    """Return where the files of a registered version lie on this machine; None where MLflow is to be asked, or they are not there."""
    with _tables() as tables:
        asked = "SELECT storage_location FROM model_versions WHERE name = ? AND version = ?"
        found = tables.execute(asked, [model, _number(version)]).fetchone() if tables is not None else None
    address = urlsplit(found[0]) if found and found[0] else None
    if address is None or address.scheme != "file" or address.netloc:
        return None
    folder = Path(url2pathname(address.path))
    return folder if folder.is_dir() else None


def metrics_of(run_id: str) -> dict[str, float]:
    """Return the figures of a run; none where there is no such run."""
    with _tables() as tables:
        if tables is not None:
            return _metrics(tables, run_id)
    return _by_client(lambda client: dict(client.get_run(run_id).data.metrics), {})


def tags_of(model: str) -> dict[str, str]:
    """Return the tags of a registered model; none where there is no such model."""
    with _tables() as tables:
        if tables is not None:
            return dict(tables.execute("SELECT key, value FROM registered_model_tags WHERE name = ?", [model]))
    return _by_client(lambda client: dict(client.get_registered_model(model).tags), {})


def runs_there(path: Path) -> set[str]:
    """Return the ids of all runs of a SQLite store that were not deleted.

    Raises
    ------
    sqlite3.DatabaseError
        The file is damaged, or holds no such table.
    """
    with closing(_open(path)) as tables:
        return {run_id for (run_id,) in tables.execute("SELECT run_uuid FROM runs WHERE lifecycle_stage = 'active'")}


def holds_nothing(path: Path) -> bool:
    """Return whether a SQLite database has no table of runs: MLflow would make all of them as soon as it is asked."""
    with closing(_open(path)) as tables:
        try:
            return not tables.execute("SELECT 1 FROM sqlite_master WHERE name = 'experiments'").fetchone()
        except sqlite3.DatabaseError:  # MLflow says in words what is wrong with it
            return False


@contextmanager
def _tables() -> Iterator[sqlite3.Connection | None]:
    """Give the tables of the store, None where MLflow is to be asked: it also says in words what is wrong with a store."""
    path = sqlite_path()
    if path is None or not path.is_file():
        yield None
        return
    with closing(_open(path)) as tables:
        yield tables if _is_known(tables) else None


def _by_client(ask: Callable[[Any], T], without: T, means_without: tuple[str, ...] = ("RESOURCE_DOES_NOT_EXIST",)) -> T:
    """Return what MLflow's client says, `without` where it answers by one of these codes that there is no such thing."""
    from mlflow.exceptions import MlflowException

    from serving.store.champion import connect

    try:
        return ask(connect())
    except MlflowException as error:
        if error.error_code not in means_without:
            raise
        return without


def _version(tables: sqlite3.Connection, asked: str, about: list[Any]) -> SimpleNamespace | None:
    found = tables.execute(asked, about).fetchone()
    return SimpleNamespace(version=str(found[0]), run_id=found[1]) if found else None


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)


def _is_known(tables: sqlite3.Connection) -> bool:
    try:
        return tables.execute("SELECT version_num FROM alembic_version").fetchall() == [(SCHEMA,)]
    except sqlite3.DatabaseError:
        return False


def _run(tables: sqlite3.Connection, run_id: str, artifact_uri: str, status: str) -> SimpleNamespace:
    def of_run(columns: str, table: str) -> list[tuple[Any, ...]]:
        return tables.execute(f"SELECT {columns} FROM {table} WHERE run_uuid = ?", [run_id]).fetchall()

    data = SimpleNamespace(
        metrics=_metrics(tables, run_id), tags=dict(of_run("key, value", "tags")), params=dict(of_run("key, value", "params"))
    )
    return SimpleNamespace(info=SimpleNamespace(run_id=run_id, artifact_uri=artifact_uri, status=status), data=data)


def _metrics(tables: sqlite3.Connection, run_id: str) -> dict[str, float]:
    found = tables.execute("SELECT key, value, is_nan FROM latest_metrics WHERE run_uuid = ?", [run_id])
    return {key: float("nan") if is_nan else value for key, value, is_nan in found}
