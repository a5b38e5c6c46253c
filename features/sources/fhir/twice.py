"""A name that stands twice in one object of JSON, of FHIR or of a request: parsers keep the last and say nothing, so that of two results
one would be lost.

The fast parser does not tell. What it read is written again, and the colons of both are counted: a name that was lost has taken one away.
Only where they differ is the body read by the slow parser, which can tell.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import orjson

REPEATED = "repeated_name"
_ESCAPED = (b"\\u003a", b"\\u003A")  # a colon that is not seen as one
_WHOSE = ("id", "meta", "subject", "patient")


class Unread(dict[str, Any]):
    """What is left of a resource in which a name stands twice."""


class _Marked(dict[str, Any]):
    """An object in which names stand twice."""

    twice: frozenset[str]


class _Twice:
    """In place of an object in which a name stands twice: the first such name."""

    def __init__(self, name: str) -> None:
        self.name = name


def twice_in(body: bytes | str) -> list[int | str]:
    """Return the steps that lead to a name which stands twice in one object, the last of them the name; none where all stand once.

    A body that is no JSON has none: whoever reads it says so.

    Examples
    --------
    >>> twice_in('{"a": [{"b": 1}, {"b": 2, "c": ":", "b": 3}]}'), twice_in('{"a": 1}'), twice_in("{")
    (['a', 1, 'b'], [], [])
    """
    raw = body.encode(errors="replace") if isinstance(body, str) else body
    try:
        if _once_each(raw, orjson.loads(raw)):
            return []
    except orjson.JSONDecodeError:
        pass  # such as NaN, which others read
    try:
        return _steps(json.loads(raw, object_pairs_hook=_object))
    except (ValueError, RecursionError):
        return []


def _object(pairs: list[tuple[str, Any]]) -> Any:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    seen = set[str]()
    for name, _ in pairs:
        if name in seen:
            return _Twice(name)
        seen.add(name)
    return found


def _steps(content: Any) -> list[int | str]:
    waiting: list[tuple[list[int | str], Any]] = [([], content)]
    for steps, one in waiting:  # it grows as it goes
        if isinstance(one, _Twice):
            return [*steps, one.name]
        inner = one.items() if isinstance(one, dict) else enumerate(one) if isinstance(one, list) else ()
        waiting += [([*steps, step], part) for step, part in inner if isinstance(part, dict | list | _Twice)]
    return []


def _once_each(raw: bytes, content: Any) -> bool:
    """Return whether it is sure that no name was lost between a text and what the fast parser made of it."""
    try:
        return raw.count(b":") == orjson.dumps(content).count(b":") and not any(colon in raw for colon in _ESCAPED)
    except orjson.JSONEncodeError:
        return False


def resources_read(raw: bytes) -> Any:
    """Return a document of FHIR; of a resource in which a name stands twice only what tells whose it is, and that it cannot be read.

    Raises
    ------
    orjson.JSONDecodeError
        It is no JSON.

    Examples
    --------
    >>> resources_read(b'{"resourceType": "Patient", "id": "a", "gender": "male", "gender": "female"}')["id"]
    'a'
    """
    document = orjson.loads(raw)
    if _once_each(raw, document):
        return document
    try:
        marked = json.loads(raw, object_pairs_hook=_marked)
    except (ValueError, RecursionError):
        return document
    return _unread(marked, False) if _holds_twice(marked) else document


def _marked(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    marked, counts = _Marked(found), Counter(name for name, _ in pairs)
    marked.twice = frozenset(name for name, n in counts.items() if n > 1)
    return marked


def _unread(resource: Any, why: bool) -> Any:
    """Return a resource as it is where each name stands once, else what is left of it; of a Bundle each resource by itself."""
    if not isinstance(resource, dict):
        return resource
    entries = resource.get("entry")
    if resource.get("resourceType") == "Bundle" and isinstance(entries, list):
        why = why or _said_around(resource, "entry")
        return {**resource, "entry": [_entry(entry, why) for entry in entries]}
    return _left_of(resource) if why or _holds_twice(resource) else resource


def _entry(entry: Any, why: bool) -> Any:
    if not isinstance(entry, dict) or "resource" not in entry:
        return entry
    return {**entry, "resource": _unread(entry["resource"], why or _said_around(entry, "resource"))}


def _said_around(one: dict[str, Any], inner: str) -> bool:
    """Return whether a name stands twice in an object, apart from what stands in one part of it."""
    return isinstance(one, _Marked) or any(_holds_twice(content) for name, content in one.items() if name != inner)


def _left_of(resource: dict[str, Any]) -> Unread:
    """Return what says which resource it is, and whose; and codes that nobody can read, since they may be any."""
    twice = resource.twice if isinstance(resource, _Marked) else ()
    whose = {name: resource[name] for name in _WHOSE if name in resource and name not in twice and not _holds_twice(resource[name])}
    return Unread(resourceType=resource.get("resourceType"), **whose, code=REPEATED, medicationCodeableConcept=REPEATED)


def _holds_twice(content: Any) -> bool:
    waiting = [content]
    for one in waiting:  # it grows as it goes
        if isinstance(one, _Marked):
            return True
        waiting += one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
    return False
