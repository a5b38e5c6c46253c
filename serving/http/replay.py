"""An answer of the audit log, made again: the same request, models and day through the same application; the same bytes, or why not."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from collections.abc import Mapping as ByStage
from datetime import date
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from features.sources.mapping import Mapping
from myeloma import StateError, calendar
from myeloma.version import VERSION
from serving.artifact import Artifact
from serving.audit.chain import Broken, keyed_hash, records_of
from serving.audit.log import Sent, place_of, query_of
from serving.http.api import make_app
from serving.http.audited import Kept, digest_of
from serving.http.cds_hooks.discovery import service_id
from serving.http.cds_hooks.routes import SERVICES
from serving.http.fhir.mapping import mappings_in
from serving.http.fhir.routes import FHIR_RISK
from serving.store.champion import load_numbered, registered_name

_SERVICE = "{service}"


def replayed(answer_id: str, log: Path, key: bytes, inputs: Path, mappings: ByStage[str, Mapping] | None = None) -> str:
    """Return the body of an answer, as it was sent.

    Parameters
    ----------
    mappings : by stage, which codes of FHIR mean what; those of the package where left out

    Raises
    ------
    StateError
        The log is broken before it, there is no such answer, its request was not kept or was changed, a version of a model is gone or
        means other features now, codes of FHIR meant something else, or this program computes something else.
    """
    record = _record(answer_id, log, key)
    sent = _sent(record, inputs, key)
    artifacts = {task: _model(task, known) for task, known in record["models"].items()}
    mappings = mappings_in() if mappings is None else mappings
    began = date.fromisoformat(record["day"]).toordinal() - calendar.EPOCH
    for day in (began, began - 1):  # an answer that was begun before midnight may be of the day before
        with calendar.held(day):
            for made in _made(artifacts, record, sent, mappings):
                if keyed_hash(key, made) == record["answer"]:
                    return made.decode()
    raise _differs(record, mappings)


def _differs(record: dict[str, Any], mappings: ByStage[str, Mapping]) -> StateError:
    """Return why an answer is not made again, by what is known to differ."""
    asked, code = record.get("asked"), "other_answer"
    if asked is None and record["path"].startswith((FHIR_RISK, SERVICES)):
        what = "The record does not hold what the address of the request asked for, nor the name of a card: it is of an earlier program."
        return StateError(what, "an answer to FHIR or CDS Hooks of that time cannot be made again.", code)
    if asked and asked.get("mapping") not in (None, digest_of(mappings)):
        what = "Codes of FHIR meant something else when the answer was made: the mapping was another than this one."
        return StateError(what, "give the mapping of that time with --fhir-mapping.", code)
    if record["program"] == VERSION:
        what = f"This program computes another answer now, though its version ({VERSION}), models and request are those of then."
        return StateError(what, "replay it with the very program and libraries that made it: one of them was changed since.", code)
    what = f"Version {record['program']} of this program made the answer; this one ({VERSION}) computes another."
    return StateError(what, "replay it with the program that made it.", code)


def _record(answer_id: str, log: Path, key: bytes) -> dict[str, Any]:
    for found in records_of(log, key):
        if isinstance(found, Broken):
            raise StateError(
                f"{log}, line {found.line}: record {found.record} is not as it was written.", "check it: python -m serving audit", "audit"
            )
        if isinstance(found, tuple) and found[0].get("kind") == "answer" and found[0]["id"] == answer_id:
            return found[0]
    raise StateError(f"{log} holds no answer of that id.", "the id stands in X-Request-Id and, in an answer, under answer_id.", "no_answer")


def _sent(record: dict[str, Any], inputs: Path, key: bytes) -> Sent:
    place = place_of(inputs, record["day"], record["id"])
    body = _kept(place, record["input"], key)
    return Sent(body, _kept(query_of(place), record["query"], key) if "query" in record else b"")


def _kept(place: Path, mac: str, key: bytes) -> bytes:
    try:
        content = place.read_bytes()
    except OSError:
        hint = "a server keeps requests where it was started with --audit-inputs; a day that was deleted is gone."
        raise StateError(f"The request of this answer is not in {place.parent.parent}.", hint, "no_input") from None
    if keyed_hash(key, content) != mac:
        raise StateError(f"{place} is not the request that was answered: it was changed.", "restore it from a backup.", "no_input")
    return content


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


def _made(artifacts: dict[str, Artifact], record: dict[str, Any], sent: Sent, mappings: ByStage[str, Mapping]) -> Iterator[bytes]:
    """Yield what the application answers to a request under the id that it had.

    Whoever was told of a chart before on that day got no card: a second call is answered so, whatever the first was about.
    """
    asked, path = record.get("asked") or {}, record["path"]
    services = [asked["service"]] if "service" in asked else [service_id(task) for task in artifacts]
    for each in [path.replace(_SERVICE, service) for service in services] if _SERVICE in path else [path]:
        app = make_app(artifacts, kept=Kept(mappings=mappings, address=asked.get("address"), replays=True))
        for _ in range(2 if _SERVICE in path else 1):
            yield _answer_of(app, each, record, sent)


def _answer_of(app: FastAPI, path: str, record: dict[str, Any], sent: Sent) -> bytes:
    said = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": sent.body, "more_body": False}

    async def send(message: Any) -> None:
        said.append(message.get("body", b""))

    state = {"request_id": record["id"]}
    headers = [(b"content-type", record["type"].encode()), (b"host", b"replay")]
    scope = {"type": "http", "http_version": "1.1", "method": "POST", "scheme": "http", "path": path, "raw_path": b""}
    asyncio.run(app({**scope, "query_string": sent.query, "root_path": "", "headers": headers, "state": state}, receive, send))
    return b"".join(said)
