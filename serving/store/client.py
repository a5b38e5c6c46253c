"""MLflow's client of the store, and how MLflow behaves under a command line."""

from __future__ import annotations

import functools
import logging
import os
import re
import warnings
from contextlib import nullcontext
from typing import TYPE_CHECKING

from filelock import FileLock

from myeloma import StateError
from serving.store.address import ACCEPTED, keeps_nothing, shown_uri, sqlite_path, store_uri, without_secrets
from serving.store.reading import holds_nothing

if TYPE_CHECKING:  # MLflow takes seconds
    from mlflow import MlflowClient


_LOG = logging.getLogger("serving")
_REGISTRY = "MLFLOW_REGISTRY_URI"
# What other programs leave in the environment, and by which MLflow would write into a run or an experiment of theirs.
_INHERITED = ("MLFLOW_RUN_ID", "MLFLOW_EXPERIMENT_ID", "MLFLOW_EXPERIMENT_NAME", "MLFLOW_ACTIVE_MODEL_ID")
_NO_ADDRESS = re.compile(r"[?]|%[0-9A-Fa-f]{2}")  # in a folder's name, these would end or change an address that holds it


def connect(create: bool = False) -> MlflowClient:
    """Point MLflow at the store (`MLFLOW_TRACKING_URI`, else the repository's) and return its client: one a process and address.

    Parameters
    ----------
    create : bool
        Whether a store that does not exist yet is made; readers leave no stray database and no tables behind.

    Raises
    ------
    StateError
        The address names no file, the store does not exist, or the driver of its database is not installed.
    """
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    path = sqlite_path()
    if keeps_nothing():
        raise StateError(f'MLFLOW_TRACKING_URI is "{shown_uri()}", SQLite without a file: nothing would be kept.', ACCEPTED, "store")
    if path is not None and not create:
        if not path.is_file():
            raise _no_store(f"No tracking store at {shown_uri()}.")
        if holds_nothing(path):
            raise _no_store(f"The database at {shown_uri()} holds no tracking store.")
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
    uri = _address()
    _tell_mlflow(uri)
    # MLflow makes the tables of a new SQLite store without a lock: of two first trainings at once one would break off.
    with FileLock(path.with_suffix(".lock")) if path is not None and create else nullcontext():
        try:
            if path is None and "://" in uri and not uri.startswith(("http", "file:")) and not create:
                _require_tables(uri)
            return _client(uri)
        except ImportError as error:
            raise StateError(
                f'MLFLOW_TRACKING_URI is "{shown_uri()}": the driver of that database is not installed ({without_secrets(str(error))}).',
                "install the driver, or name one that is here, as in postgresql+psycopg://...; or use SQLite or a tracking server.",
                "store",
            ) from None


def _address() -> str:
    """Return the address by which MLflow opens the store.

    MLflow keeps what it opened by its address: a relative one would mean the first folder's store after a change of folder.
    """
    uri, path = store_uri(), sqlite_path()
    if path is None or _NO_ADDRESS.search(str(path.absolute())) or re.search(r"[?&]uri=true(&|$)", uri):
        return uri
    return f"sqlite:///{path.absolute()}" + "".join(uri.partition("?")[1:])


def _no_store(what: str) -> StateError:
    return StateError(what, "run make train first (a task of your own: python -m training fit), or set MLFLOW_TRACKING_URI.", "no_store")


@functools.cache
def _require_tables(uri: str) -> None:
    """Refuse a database server's database without a table of runs: MLflow would make all of them as soon as it is asked."""
    from mlflow.store.db.utils import create_sqlalchemy_engine
    from sqlalchemy import inspect

    engine = create_sqlalchemy_engine(uri)  # type: ignore[no-untyped-call]
    try:
        if not inspect(engine).has_table("experiments"):
            raise _no_store(f"The database at {shown_uri()} holds no tracking store.")
    finally:
        engine.dispose()


def _tell_mlflow(uri: str) -> None:
    """Set MLflow's addresses, and leave the environment as it is: MLflow would write them there, as if the user had.

    Runs and registry are one store here, whatever registry the environment names for other programs.
    """
    import mlflow

    given = {name: os.environ.get(name) for name in ("MLFLOW_TRACKING_URI", _REGISTRY)}
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    for name, value in given.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    tell_of_another_registry()


def tell_of_another_registry() -> None:
    """Say in the log, once, that a registry which the environment names for other programs is not used."""
    given = os.environ.get(_REGISTRY)
    if given and given not in (_address(), store_uri()):
        _say_once_that_registry_is_not_used()


@functools.cache
def _say_once_that_registry_is_not_used() -> None:
    _LOG.warning("MLFLOW_REGISTRY_URI names another store; it is not used: runs and registry of this program are one store.")


@functools.cache
def _client(uri: str) -> MlflowClient:
    import mlflow

    return mlflow.MlflowClient(uri, uri)


def keep_quiet_and_short() -> None:
    """Let MLflow print and warn of nothing in this process, and give a store that is down up soon; for command lines, not for libraries."""
    for name in _INHERITED:
        os.environ.pop(name, None)
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")  # it would stand between the lines of --json
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")  # a server that is down is told in seconds; seven tries take minutes
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")  # MLflow sets its logger's level when it is imported
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)  # it writes the traceback before it raises
    warnings.filterwarnings("ignore", module="mlflow")
    if sqlite_path() is None and not keeps_nothing() and not store_uri().startswith("http"):
        import mlflow.store.db.utils

        mlflow.store.db.utils.MAX_RETRY_COUNT = 4  # a database that is down is told in a second; ten tries take two minutes
