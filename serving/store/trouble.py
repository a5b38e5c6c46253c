"""What goes wrong with a tracking store, in words: at no address, locked, read-only, of another version, not answering."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from myeloma import StateError
from serving.store.address import ACCEPTED, shown_uri, without_secrets
from serving.store.client import keep_quiet_and_short

# The words of the store's own error, what they mean ({uri} is the address), and what to do. The first that is found counts.
_TROUBLES = (
    (
        ("unsupported URI", "Invalid SQLite URL", "Could not parse SQLAlchemy URL", "Can't load plugin: sqlalchemy.dialects"),
        'MLFLOW_TRACKING_URI is "{uri}", which is the address of no tracking store.',
        ACCEPTED,
    ),
    (
        ("filesystem tracking backend",),
        'MLFLOW_TRACKING_URI is "{uri}", a path: MLflow no longer keeps a store in a folder.',
        f"before the path of a SQLite database write sqlite:///; {ACCEPTED}",
    ),
    (
        ("database is locked",),
        "The tracking store is locked: another process is writing to it.",
        "try again; if it stays so, end the process that holds it, or use a server (MLFLOW_TRACKING_URI=http://...).",
    ),
    (
        ("database or disk is full", "could not extend file", "No space left on device"),
        "The disk that the tracking store lies on is full.",
        "free some space and run the same command again; what a store holds of deleted runs, mlflow gc removes.",
    ),
    (
        ("readonly database", "read-only"),
        "The tracking store cannot be written to.",
        "check the rights of the database file and its folder.",
    ),
    (
        ("Can't locate revision", "out-of-date database schema", "schema version"),
        "The tracking store was made by another version of MLflow.",
        "use the version that made it, or, after a backup, run: mlflow db upgrade STORE; or start anew: make clean, make train.",
    ),
    (
        ("file is not a database", "malformed"),
        "The tracking store is not a SQLite database, or is damaged.",
        "restore a backup, or: make clean.",
    ),
    (
        ("must be in the 'active' state", "must be in active state"),
        "A run or an experiment that this needs was deleted in the tracking store.",
        "python -m training doctor names the command that restores it.",
    ),
    (("unable to open database",), "The tracking store cannot be opened.", "check that its folder is there, and its rights."),
    (
        tuple(f"{driver}.OperationalError" for driver in ("psycopg", "psycopg2", "pymysql.err", "MySQLdb", "pyodbc")),
        "The database of the tracking store does not answer, or does not let this user in.",
        "check that it runs, and host, name, user and password in MLFLOW_TRACKING_URI.",
    ),
    (
        ("error code 401", "401 Client Error", "UNAUTHENTICATED"),
        "The tracking server wants to know who asks (401): it was given no name and password, or a wrong one.",
        "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN.",
    ),
    (
        ("error code 403", "403 Client Error", "PERMISSION_DENIED"),
        "The tracking server knows who asks and does not allow this (403).",
        "ask whoever runs it for the right to read, and to train also to write, this experiment and model.",
    ),
    (
        ("<html", "<!doctype html", "not in a valid JSON format", "error code 407"),
        "What answers at the address of the tracking server is a web page, such as the sign-in of a gateway, and no MLflow.",
        "give the address behind the gateway, or what lets you pass it: MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and _PASSWORD.",
    ),
    (
        ("API request to", "Connection refused", "Max retries", "Failed to establish"),
        "The tracking server does not answer as it should.",
        "check that it runs, and its address in MLFLOW_TRACKING_URI; its MLflow must be of the same major version as this one.",
    ),
)
_SPEAKERS = ("mlflow", "sqlalchemy", "sqlite3", "alembic", "requests", "urllib3")


def explain_store_errors(command: Callable[..., Any]) -> Callable[..., Any]:
    """Return the command with store errors turned into a message; everything else passes."""

    @functools.wraps(command)
    def telling(*arguments: Any, **options: Any) -> Any:
        keep_quiet_and_short()
        try:
            return command(*arguments, **options)
        except Exception as error:
            if type(error).__module__.split(".")[0] not in _SPEAKERS:
                raise
            raise in_words(error) from None

    return telling


def in_words(error: Exception) -> StateError:
    """Return a store's error as one that a person can mend."""
    said = str(error)
    for words, what, hint in _TROUBLES:
        if any(word.lower() in said.lower() for word in words):
            return StateError(what.replace("{uri}", shown_uri()), hint, "store")
    first = next((line.strip() for line in said.splitlines() if line.strip()), type(error).__name__)
    return StateError(f"The tracking store refused: {without_secrets(first)[:300]}", "run: python -m training doctor", "store")
