"""Where the tracking store is: what `MLFLOW_TRACKING_URI` says, and how that is shown."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import quote, quote_plus, unquote

DEFAULT_URI = "sqlite:///mlruns/mlflow.db"
ACCEPTED = (
    "accepted: sqlite:///FOLDER/mlflow.db, http://HOST:PORT or https://HOST of an MLflow server, or the URL of a database "
    f"(postgresql, mysql, mssql) whose driver is installed; where it is not set, it is {DEFAULT_URI}."
)
# SQLAlchemy's form: an optional driver, no host, a path as it stands (nothing in it is encoded), options after the first question mark.
_SQLITE = re.compile(r"sqlite(?:\+\w+)?://(?:/(?P<path>[^?]*))?(?:\?(?P<options>.*))?", re.DOTALL)
_FILE = re.compile(r"file:(?://[^/]*)?(?P<path>.*)", re.DOTALL)  # SQLite's own form, after the option uri=true
_SECRETS = ("MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN")
_IN_URL = re.compile(r"(?<=://)[^\s/@:'\"]*(?::[^\s'\"]*)?@")
_OPTION = re.compile(r"(?i)\b(password|passwd|pwd|token|secret|sslpassword|api_key)(\s*[=:]\s*)(?:'[^']*'|\"[^\"]*\"|[^\s&;,'\"]+)")


def store_uri() -> str:
    """Return the address of the store: `MLFLOW_TRACKING_URI`, else the repository's."""
    return os.environ.get("MLFLOW_TRACKING_URI", "").strip() or DEFAULT_URI


def shown_uri() -> str:
    """Return the address as a message may show it: without user, password and options."""
    return re.sub(r"^([^:/@]*:/*)?.*@", r"\1...@", store_uri()).partition("?")[0]


def without_secrets(text: str) -> str:
    """Return what a driver, a server or a library said, without the password of the store in any form that it may have there.

    Examples
    --------
    >>> without_secrets("cannot reach https://me:SECRET@host/x?token=SECRET")
    'cannot reach https://...@host/x?token=...'
    """
    for secret in sorted(_known_secrets(), key=len, reverse=True):
        text = text.replace(secret, "...")
    return _OPTION.sub(r"\1\2...", _IN_URL.sub("...@", text))


def _known_secrets() -> set[str]:
    """Return the user's password as the address and MLflow's variables have it, as it stands, decoded and encoded."""
    before_host = store_uri().rpartition("@")[0].rpartition("://")[2]
    given = [before_host.partition(":")[2], *(os.environ.get(name, "") for name in _SECRETS)]
    options = re.findall(r"(?i)[?&](?:password|passwd|pwd|token|sslpassword)=([^&]+)", store_uri())
    plain = {unquote(secret) for secret in [*given, *options]} | {*given, *options}
    return {form for secret in plain if len(secret) > 1 for form in (secret, quote(secret, safe=""), quote_plus(secret))}


def keeps_nothing() -> bool:
    """Return whether it is SQLite without a file: what is logged there is gone when the process ends."""
    path = _sqlite()
    return path is not None and (path in ("", ":memory:") or "mode=memory" in store_uri().partition("?")[2])


def sqlite_path() -> Path | None:
    """Return the file of a SQLite store, None for a store of another kind."""
    path = _sqlite()
    return None if path is None else Path(path)


def _sqlite() -> str | None:
    """Return the path that a SQLite address names, empty where it names none; None for a store of another kind."""
    found = _SQLITE.fullmatch(store_uri())
    if found is None:
        return None
    path, options = found["path"] or "", (found["options"] or "").split("&")
    if "uri=true" in options and (own := _FILE.fullmatch(path)):
        return unquote(own["path"])
    return path
