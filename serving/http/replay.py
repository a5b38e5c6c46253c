"""An answer of the audit log, made again: the same request, models and day through the same application; the same bytes, or why not."""

from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path
from typing import Any

from myeloma import StateError, calendar
from myeloma.version import VERSION
from serving.artifact import Artifact
from serving.audit.chain import Broken, keyed_hash, records_of
from serving.audit.log import place_of
from serving.http.api import make_app
from serving.http.audited import Kept
from serving.store.champion import load_numbered, registered_name


def replayed(answer_id: str, log: Path, key: bytes, inputs: Path) -> str:
    """Return the body of an answer, as it was sent.

    Raises
    ------
    StateError
        The log is broken before it, there is no such answer, its request was not kept or was changed, a version of a model is gone or
        means other features now, or this program computes something else.
    """
    record = _record(answer_id, log, key)
    body = _body(record, inputs, key)
    artifacts = {task: _model(task, known) for task, known in record["models"].items()}
    began = date.fromisoformat(record["day"]).toordinal() - calendar.EPOCH
    for day in (began, began - 1):  # an answer that was begun before midnight may be of the day before
        with calendar.held(day):
            made = _asked(artifacts, record, body)
        if keyed_hash(key, made) == record["answer"]:
            return made.decode()
    raise StateError(
        f"Version {record['program']} of this program made the answer; this one ({VERSION}) computes another.",
        "replay it with the program that made it.",
        "other_answer",
    )


def _record(answer_id: str, log: Path, key: bytes) -> dict[str, Any]:
    for found in records_of(log, key):
        if isinstance(found, Broken):
            raise StateError(
                f"{log}, line {found.line}: record {found.record} is not as it was written.", "check it: python -m serving audit", "audit"
            )
        if isinstance(found, tuple) and found[0].get("kind") == "answer" and found[0]["id"] == answer_id:
            return found[0]
    raise StateError(f"{log} holds no answer of that id.", "the id stands in X-Request-Id and, in an answer, under answer_id.", "no_answer")


def _body(record: dict[str, Any], inputs: Path, key: bytes) -> bytes:
    place = place_of(inputs, record["day"], record["id"])
    try:
        body = place.read_bytes()
    except OSError:
        hint = "a server keeps requests where it was started with --audit-inputs; a day that was deleted is gone."
        raise StateError(f"The request of this answer is not in {inputs}.", hint, "no_input") from None
    if keyed_hash(key, body) != record["input"]:
        raise StateError(f"{place} is not the request that was answered: it was changed.", "restore it from a backup.", "no_input")
    return body


def _model(task: str, known: dict[str, str]) -> Artifact:
    """Return the model that spoke, by the version it was registered as."""
    name = f"{registered_name(task)} version {known['version'] or '(not registered)'}"
    try:
        artifact = load_numbered(task, known["version"])
    except StateError as error:
        raise StateError(f"{name} no longer computes it: {error.what}", error.hint, error.code) from None
    if artifact.seal != known["seal"]:
        raise StateError(
            f"{name} no longer computes it: its files are others than those that spoke.", "restore them from a backup.", "seal"
        )
    return artifact


def _asked(artifacts: dict[str, Artifact], record: dict[str, Any], body: bytes) -> bytes:
    """Return what the application answers to a request under the id that it had."""
    app, said = make_app(artifacts, kept=Kept(replays=True)), []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        said.append(message.get("body", b""))

    state = {"request_id": record["id"]}
    headers = [(b"content-type", record["type"].encode()), (b"host", b"replay")]
    scope = {"type": "http", "http_version": "1.1", "method": "POST", "scheme": "http", "path": record["path"], "raw_path": b""}
    asyncio.run(app({**scope, "query_string": b"", "root_path": "", "headers": headers, "state": state}, receive, send))
    return b"".join(said)
