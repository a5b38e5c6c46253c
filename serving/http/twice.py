"""A name that stands twice in one object of JSON: parsers keep the last and say nothing, so that of two results one would be lost.

The fast parser does not tell. What it read is written again, and the colons of both are counted: a name that was lost has taken one away.
Only where they differ is the body read by the slow parser, which can tell.
"""

from __future__ import annotations

import json
from typing import Any

import orjson

_ESCAPED = (b"\\u003a", b"\\u003A")  # a colon that is not seen as one


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
        if raw.count(b":") == orjson.dumps(orjson.loads(raw)).count(b":") and not any(colon in raw for colon in _ESCAPED):
            return []
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
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
