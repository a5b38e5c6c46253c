"""Writing the audit log: one writer, one line a record, nothing ever changed; what a kill cut off is named by the next record."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from threading import Lock
from typing import Any

from features.cohort.locks import take
from features.cohort.private import OWN_FOLDER
from myeloma import StateError, calendar
from myeloma.version import VERSION
from serving.artifact import Artifact
from serving.audit.chain import end_of, keyed_hash, sealed_line, torn_part, whole_of

_ID = re.compile(r"[0-9a-f]{32}")
_TRIED = 2**16  # bytes, as long as a request that is kept may well be
_QUERY = ".query"  # behind the name of a request that is kept: what stood behind ? in its address
_OTHER_FILE = "its file was deleted, moved or replaced since the server began"


class AuditError(StateError):
    """A record could not be written: what was to be recorded must not be answered."""

    def __init__(self, why: str) -> None:
        super().__init__(
            f"The audit log cannot be written: {why}.", "make room on its disk, put its file back, or name another with --audit.", "audit"
        )
        self.why = why


@dataclass(frozen=True)
class Sent:
    """What was sent: the body, and what stood behind ? in the address where the answer may depend on it."""

    body: bytes
    query: bytes = b""


class AuditLog:
    """An audit log that is open.

    Parameters
    ----------
    path : Path
        The log; one that is there is gone on with.
    key : bytes
        Of the operator; the hashes say nothing without it.
    inputs : Path, optional
        Folder in which the body of each request is kept, one folder a day. Without it only its keyed hash is.

    Raises
    ------
    StateError
        Another process writes it, or a record of it is not as it was written, or was written under another key.
    """

    def __init__(self, path: Path, key: bytes, inputs: Path | None = None) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        taken = take(path)
        if taken is None:
            raise StateError(f"Another server writes the audit log {path}.", "give each server a log of its own.", "busy")
        self._file, self._path, self._key, self._inputs = taken, path, key, inputs
        self._lock = Lock()
        fcntl.fcntl(taken, fcntl.F_SETFL, fcntl.fcntl(taken, fcntl.F_GETFL) | os.O_APPEND)
        try:
            self._n, self._before, self._left = whole_of(path, key)
        except StateError:
            os.close(taken)
            raise
        self._trouble = ""

    def note(self, kind: str, **what: Any) -> None:
        """Write down something that happened to the server, such as a start or another model.

        Raises
        ------
        AuditError
            It could not be written.
        """
        with self._lock:
            self._append({"kind": kind, "at": _now(), "program": VERSION, **what})

    def trouble(self) -> str:
        """Return why no record can be written now; empty where it can.

        Where the last one could not be, another is tried, so that the server is ready again as soon as there is room.
        """
        with self._lock:
            tried = self._trouble
            self._trouble = "" if self._is_its_file() else _OTHER_FILE
        if tried and not self._trouble:
            try:
                if self._inputs is not None:
                    self._try(self._inputs)
                self.note("again", after=tried)
            except AuditError as error:
                self._trouble = error.why
        return self._trouble

    def answered(self, request: Mapping[str, Any], sent: Sent, status: int, answer: bytes, artifacts: Mapping[str, Artifact]) -> None:
        """Write down an answer, and keep what it was made from where the operator wants that.

        Parameters
        ----------
        request : mapping
            `id`, `path`, `type` of the content, `by`: who asked, as the gate knows them, and what the address `asked` for.

        Raises
        ------
        AuditError
            It could not be written.
        """
        day = calendar.date_of(calendar.today())
        record = {
            "kind": "answer",
            "at": _now(),
            "day": day,
            **request,
            "status": status,
            "program": VERSION,
            "models": {task: _known(artifact) for task, artifact in artifacts.items()},
            "input": keyed_hash(self._key, sent.body),
            **({"query": keyed_hash(self._key, sent.query)} if sent.query else {}),
            "answer": keyed_hash(self._key, answer),
        }
        if self._inputs is not None:
            place = place_of(self._inputs, day, request["id"])
            self._keep(place, sent.body)
            if sent.query:
                self._keep(query_of(place), sent.query)
        with self._lock:
            self._append(record)

    def close(self) -> None:
        """Put all of it on the disk and let another process write."""
        with self._lock:
            os.fsync(self._file)
            os.close(self._file)

    def _append(self, record: dict[str, Any]) -> None:
        """Write a record; where a kill cut one off before it, this one says so."""
        try:
            self._write(record)
        except AuditError as error:
            self._trouble = error.why
            raise
        self._trouble = ""

    def _write(self, record: dict[str, Any]) -> None:
        if not self._is_its_file():  # a record would be lost with it
            raise AuditError(_OTHER_FILE)
        line, mac = sealed_line(self._key, {"n": self._n + 1, **record, **torn_part(self._key, self._left), "before": self._before})
        try:
            whole = b"" if self._ends_with_a_line() else b"\n"
            written = os.write(self._file, whole + line)
            if written < len(whole + line):  # the disk is full
                self._n, self._before, self._left = end_of(self._path, self._key)
                raise AuditError("the record was cut off")
        except OSError as error:
            raise AuditError(str(error.strerror)) from None
        self._n, self._before, self._left = self._n + 1, mac, b""

    def _is_its_file(self) -> bool:
        """Return whether the file at the log's place is the one that is written."""
        try:
            return os.path.samestat(self._path.stat(), os.fstat(self._file))
        except OSError:
            return False

    def _ends_with_a_line(self) -> bool:
        size = os.fstat(self._file).st_size
        return not size or os.pread(self._file, 1, size - 1) == b"\n"

    def _keep(self, place: Path, body: bytes) -> None:
        try:
            place.parent.mkdir(OWN_FOLDER, parents=True, exist_ok=True)
            file = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(file, "wb") as kept:
                kept.write(body)
        except OSError as error:
            self._trouble = str(error.strerror)
            raise AuditError(self._trouble) from None

    def _try(self, inputs: Path) -> None:
        """Write into the folder of requests, and take it away again."""
        try:
            inputs.mkdir(OWN_FOLDER, parents=True, exist_ok=True)
            with NamedTemporaryFile(dir=inputs) as tried:
                tried.write(bytes(_TRIED))
        except OSError as error:
            raise AuditError(str(error.strerror)) from None


def query_of(place: Path) -> Path:
    """Return where it is kept what stood behind ? in the address of a request, beside its body."""
    return place.with_name(place.name + _QUERY)


def place_of(inputs: Path, day: str, name: str) -> Path:
    """Return where the body of a request is kept: a folder a day, so that a day can be deleted."""
    if not _ID.fullmatch(name):
        raise StateError("That is no id of an answer.", "it has 32 of the characters 0-9 and a-f, and stands in X-Request-Id.", "no_answer")
    return inputs / day / name


def _known(artifact: Artifact) -> dict[str, str]:
    return {"version": artifact.origin.get("model_version", ""), "feature_hash": artifact.feature_hash, "seal": artifact.seal}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
