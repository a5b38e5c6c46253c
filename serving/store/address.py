"""Where the tracking store is: what `MLFLOW_TRACKING_URI` says, and how that is shown."""

from __future__ import annotations

import os
import re
from pathlib import Path

DEFAULT_URI = "sqlite:///mlruns/mlflow.db"
ACCEPTED = (
    "accepted: sqlite:///FOLDER/mlflow.db, http://HOST:PORT or https://HOST of an MLflow server, or the URL of a database "
    f"(postgresql, mysql, mssql) whose driver is installed; where it is not set, it is {DEFAULT_URI}."
)
_IN_MEMORY = ("sqlite://", "sqlite:///", "sqlite:///:memory:")


def store_uri() -> str:
    """Return the address of the store: `MLFLOW_TRACKING_URI`, else the repository's."""
    return os.environ.get("MLFLOW_TRACKING_URI") or DEFAULT_URI


def shown_uri() -> str:
    """Return the address as a message may show it: without user, password and options."""
    return re.sub(r"^([^:/@]*:/*)?.*@", r"\1...@", store_uri()).partition("?")[0]


def keeps_nothing() -> bool:
    """Return whether it is SQLite without a file: what is logged there is gone when the process ends."""
    return store_uri() in _IN_MEMORY


def sqlite_path() -> Path | None:
    """Return the file of a SQLite store, None for a store of another kind."""
    return Path(store_uri().removeprefix("sqlite:///").partition("?")[0]) if store_uri().startswith("sqlite:///") else None
