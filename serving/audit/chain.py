"""Lines of a chain: each holds the keyed hash of the line before it and its own, over the very bytes that stand in the file."""

from __future__ import annotations

import hmac
import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from myeloma import ConfigError, StateError

FIRST = "0" * 64  # what stands before the first record
_MARK = b',"mac":"'
_TAIL = len(_MARK) + 64 + len(b'"}')  # of a line, from the comma before its own hash on
_LEAST = 32  # bytes of a key
_WINDOW = 65536


def make_audit_key(path: Path) -> None:
    """Write a new key, readable by its owner alone; a file that is there is never replaced.

    Raises
    ------
    ConfigError
        Something stands there already.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        hint = "a log is checked with the key it was written with: name another file."
        raise ConfigError(f"{path} is there already.", hint, "key") from None
    try:
        os.write(file, f"{secrets.token_hex(_LEAST)}\n".encode())
    finally:
        os.close(file)


def read_audit_key(path: Path) -> bytes:
    """Return the key of a log.

    Raises
    ------
    ConfigError
        It cannot be read, is none, or may be read by everybody.
    """
    hint = "make one with: python -m serving audit-key FILE"
    try:
        open_to_all = path.stat().st_mode & 0o004
        key = bytes.fromhex(path.read_text(encoding="utf-8").strip())
    except OSError as error:
        raise ConfigError(f"The key {path} cannot be read: {error.strerror}.", hint, "key") from None
    except ValueError:
        key, open_to_all = b"", 0
    if len(key) < _LEAST:
        raise ConfigError(f"{path} holds no key of {_LEAST} bytes in hexadecimal.", hint, "key")
    if open_to_all:
        raise ConfigError(f"Everybody may read the key {path}.", f"chmod 600 {path}", "key")
    return key


def keyed_hash(key: bytes, content: bytes) -> str:
    """Return the keyed hash (HMAC-SHA-256) of content, in hexadecimal."""
    return hmac.digest(key, content, "sha256").hex()


def sealed_line(key: bytes, record: dict[str, Any]) -> tuple[bytes, str]:
    """Return the line of a record, and the hash under which the next one names it."""
    body = json.dumps(record, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode()
    mac = keyed_hash(key, body)
    return body[:-1] + f',"mac":"{mac}"}}\n'.encode(), mac


def opened_line(key: bytes, line: bytes) -> tuple[dict[str, Any], str] | None:
    """Return the record of a line (without its line break) and its hash; None where the hash is not that of its content."""
    body, mac = line[:-_TAIL] + b"}", line[-66:-2]
    if line[-_TAIL:-66] != _MARK or line[-2:] != b'"}' or not hmac.compare_digest(keyed_hash(key, body).encode(), mac):
        return None
    return orjson.loads(body), mac.decode()


@dataclass(frozen=True)
class Broken:
    """The first place at which a chain does not hold: the line, which record should stand there, and why it does not."""

    line: int
    record: int
    why: str


@dataclass(frozen=True)
class Chain:
    """What a check found.

    Attributes
    ----------
    records : how many hold, from the first on
    heads : their hashes, in their order
    torn : bytes of a line at the end that a kill cut off; the next start of the server names it
    mended : how many lines in between were cut off and named
    """

    records: int
    heads: tuple[str, ...]
    broken: Broken | None
    torn: int
    mended: int


@dataclass(frozen=True)
class Torn:
    """What a kill left at the end of a log."""

    left: bytes


def records_of(path: Path, key: bytes) -> Iterator[tuple[dict[str, Any], str] | Broken | Torn]:
    """Yield each record with its hash as long as the chain holds; then, where that is not to the end, why.

    What a kill cut off holds nothing: it counts as whole where the record behind it names its length and hash.
    """
    number, before, left, place = 0, FIRST, [], 0
    for place, line in enumerate(_lines(path), start=1):
        found = opened_line(key, line)
        if found is None:
            if not _is_cut(line):
                yield Broken(place, number + 1, "its hash is not that of its content: it was changed, or written under another key")
                return
            left.append(line)
            continue
        record, mac = found
        if record.get("torn") != (_named(key, b"\n".join(left)) if left else None):
            yield Broken(place - 1, number + 1, "it is cut off, and the record behind it does not say so")
            return
        if record["n"] != number + 1 or record["before"] != before:
            yield Broken(place, number + 1, f"record {record['n']} stands there: lines were taken out, put in or moved")
            return
        number, before, left = number + 1, mac, []
        yield record, mac
    if left:
        yield Torn(b"\n".join(left))


def check_chain(path: Path, key: bytes) -> Chain:
    """Return whether every record of a log is what was written, in its order.

    Raises
    ------
    StateError
        There is no such log.
    """
    heads, mended, torn, broken = [], 0, 0, None
    for found in records_of(path, key):
        if isinstance(found, Broken):
            broken = found
        elif isinstance(found, Torn):
            torn = len(found.left)
        else:
            heads.append(found[1])
            mended += "torn" in found[0]
    return Chain(len(heads), tuple(heads), broken, torn, mended)


def whole_of(path: Path, key: bytes) -> tuple[int, str, bytes]:
    """Return number and hash of the last record, and what a kill left behind it, of a log whose every record holds.

    Raises
    ------
    StateError
        A record was changed, taken out, put in or moved, or written under another key.
    """
    number, mac, left = 0, FIRST, b""
    for found in records_of(path, key):
        if isinstance(found, Broken):
            hint = "keep it as it is and find out who changed it; begin a new log under another name."
            raise StateError(f"{path}, line {found.line}: record {found.record} is not as it was written: {found.why}.", hint, "audit")
        if isinstance(found, Torn):
            left = found.left
        else:
            number, mac = number + 1, found[1]
    return number, mac, left


def end_of(path: Path, key: bytes) -> tuple[int, str, bytes]:
    """Return number and hash of the last whole record, and what a kill left behind it. Only the end of the log is read.

    Raises
    ------
    StateError
        What stands at the end was changed, or written under another key.
    """
    window, size = _WINDOW, path.stat().st_size
    while True:
        start = max(0, size - window)
        with path.open("rb") as log:
            log.seek(start)
            lines = log.read().split(b"\n")
        for place in range(len(lines) - 1, 0 if start else -1, -1):
            if found := opened_line(key, lines[place]):
                return int(found[0]["n"]), found[1], b"\n".join(lines[place + 1 :]).removesuffix(b"\n")
            if not _is_cut(lines[place]):
                hint = "check it with: python -m serving audit LOG --key KEY; begin a new log under another name."
                raise StateError(f"The last record of the audit log {path} was changed, or written under another key.", hint, "audit")
        if not start:
            return 0, FIRST, b"\n".join(lines).removesuffix(b"\n")
        window *= 4


def torn_part(key: bytes, left: bytes) -> dict[str, Any]:
    """Return what the next record says of what a kill left."""
    return {"torn": _named(key, left)} if left else {}


def _named(key: bytes, left: bytes) -> dict[str, Any]:
    return {"bytes": len(left), "hash": keyed_hash(key, left)}


def _is_cut(line: bytes) -> bool:
    return not line.endswith(b'"}')


def _lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of a log without their line breaks, the last also where it has none."""
    try:
        with path.open("rb") as log:
            for line in log:
                yield line.removesuffix(b"\n")
    except OSError as error:
        raise StateError(f"The log {path} cannot be read: {error.strerror}.", "name the file of --audit.", "audit") from None
