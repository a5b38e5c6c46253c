"""Which version of a resource counts: of one resource the latest, unless it was deleted since; in whatever order and files they stand.

A version is later where all say a whole number as `meta.versionId` and its is higher, otherwise where its `meta.lastUpdated` is
later; one that says neither is earlier than one that does. Where none of a resource says anything, all are read: nothing tells
which of them counts. But where one of them is withdrawn, the others are refused: a value that was taken back is not used for want
of a version, nor is a diagnosis lost.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from math import inf
from typing import NamedTuple

import orjson

from features.sources.fhir.bundles import Found, is_withdrawn
from features.sources.fhir.references import name_and_base

_UNSAID = (0, -inf, -inf)
_DIGITS = 18


class _Version(NamedTuple):
    place: int  # in the order of reading
    base: str  # address of the server, where it is known
    number: int | None
    updated: float | None
    deletion: bool
    withdrawn: bool


class Versions:
    """The versions of all resources of some types, looked at once before they are read."""

    def __init__(self, kinds: Collection[str], resources: Iterable[Found]) -> None:
        self._earlier: set[int] = set()
        self._deleted: set[int] = set()
        self._tied: dict[int, str] = {}
        self._disputed: set[int] = set()
        self._idle = 0
        by_name: dict[str, list[_Version]] = {}
        for place, found in enumerate(resources):
            name, base = name_and_base(found)
            if name and (found.deletes or (found.resource or {}).get("resourceType") in kinds):
                by_name.setdefault(name, []).append(_version(place, base, found))
        for name, versions in by_name.items():
            if len(versions) > 1 or versions[0].deletion:
                for same in _by_server(versions):
                    self._compare(name, same)
        self._left: Counter[str] = Counter()

    def current(self, resources: Iterable[Found]) -> Iterator[Found]:
        """Yield what counts of the same resources in the same order; `notes` then says what does not."""
        self._left = Counter()
        seen: set[tuple[str, bytes]] = set()
        for place, found in enumerate(resources):
            if found.deletes:
                continue
            if place in self._earlier:
                self._left["earlier versions of resources are left aside: the latest version of each counts"] += 1
            elif place in self._deleted:
                self._left["resources are taken back by a deletion and not read"] += 1
            elif place in self._tied and (self._tied[place], content_of(found)) in seen:
                self._left["resources stand there again, the same version with the same content: each counts once"] += 1
            else:
                if place in self._tied:
                    seen.add((self._tied[place], content_of(found)))
                yield replace(found, refusal="withdrawn_twin") if place in self._disputed else found

    def notes(self) -> list[str]:
        """Return what was left aside by the last `current`."""
        left = [f"{n} {words}" for words, n in self._left.items()]
        return [*left, *([f"{self._idle} deletions name no resource that was read"] if self._idle else [])]

    def _compare(self, name: str, versions: list[_Version]) -> None:
        """Tell the versions of one resource apart: those that are superseded, and those of equal rank."""
        resources = [version for version in versions if not version.deletion]
        if not resources:
            self._idle += len(versions)
            return
        numbered = all(version.number is not None or (version.deletion and version.updated is None) for version in versions)
        rank = {version: _rank(version, numbered) for version in versions}
        latest = max(rank.values())
        ended = any(version.deletion for version in versions if rank[version] == latest)
        if ended:
            self._deleted.update(version.place for version in resources)
            return
        self._earlier.update(version.place for version in resources if rank[version] < latest)
        last = [version.place for version in resources if rank[version] == latest]
        if any(version.withdrawn and rank[version] in (latest, _UNSAID) for version in resources):
            self._disputed.update(version.place for version in resources if rank[version] == latest and not version.withdrawn)
        if len(last) > 1 and latest != _UNSAID:
            self._tied.update(dict.fromkeys(last, f"{versions[0].base} {name}"))


def _version(place: int, base: str, found: Found) -> _Version:
    meta = (found.resource or {}).get("meta")
    meta = meta if isinstance(meta, dict) else {}
    number, updated = _number(meta.get("versionId")), _instant(meta.get("lastUpdated"))
    return _Version(
        place,
        base,
        _number(found.version) if number is None else number,
        _instant(found.updated) if updated is None else updated,
        bool(found.deletes),
        is_withdrawn(found.resource or {}),
    )


def _by_server(versions: list[_Version]) -> list[list[_Version]]:
    """Return the versions of each server; one that names no server belongs to the only one named."""
    servers = sorted({version.base for version in versions} - {""})
    only = servers[0] if len(servers) == 1 else ""
    groups: dict[str, list[_Version]] = {}
    for version in versions:
        groups.setdefault(version.base or only, []).append(version)
    return list(groups.values())


def _rank(version: _Version, numbered: bool) -> tuple[float, float, float]:
    """Return what grows with the version; a deletion that cannot be compared takes back whatever there is."""
    unsaid = inf if version.deletion else -inf
    number, updated = (unsaid if said is None else said for said in (version.number, version.updated))
    return (number, updated, number) if numbered else (0, updated, number)


def _number(text: object) -> int | None:
    text = str(text) if isinstance(text, int) and not isinstance(text, bool) else text
    return int(text) if isinstance(text, str) and text.isascii() and text.isdecimal() and len(text) <= _DIGITS else None


def _instant(text: object) -> float | None:
    """Return an instant in seconds since 1970; without a zone it is one of UTC."""
    try:
        instant = datetime.fromisoformat(text) if isinstance(text, str) else None
        return None if instant is None else (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def content_of(found: Found) -> bytes:
    """Return a digest of what a resource says; what a server says of it (`meta`) is left out."""
    said = {key: value for key, value in (found.resource or {}).items() if key != "meta"}
    try:
        return sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).digest()
    except orjson.JSONEncodeError:  # nested so deep that it cannot be written: like no other
        return f"{found.file} {found.row}".encode()
