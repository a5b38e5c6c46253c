"""The ledger: every decision on a task's champion, in the registry itself, so that it lives and moves with the store.

One decision is one tag of the registered model, `ledger.<number>.<mark>`. MLflow has no compare-and-set, so writers
follow a rule that any store keeps: write under the next number with a mark of one's own, look again, and if another writer
took the same number, withdraw and try again. Of two that write at once at most one stays; none is overwritten.
"""

from __future__ import annotations

import datetime as dt
import getpass
import json
import random
import time
import uuid
from dataclasses import asdict, dataclass, fields, replace

from myeloma import StateError
from serving.store.champion import CHALLENGER, CHAMPION, LEDGER, connect, registered_name
from serving.store.reading import tags_of
from training.registry.versions import alias_version

_ATTEMPTS = 12
_LONGEST_WAIT = 0.3  # seconds, doubled by chance from attempt to attempt


@dataclass(frozen=True)
class Entry:
    """One decision: what went live when, what it replaced, who decided and why; `until` is empty for what is live.

    `seal` is the checksum of the model's files as they were then.
    """

    at: str
    action: str  # promote, force, rollback
    version: str
    replaced: str
    model: str
    reason: str
    by: str = ""
    verdict: str = ""
    seal: str = ""
    until: str = ""


def read(task_name: str) -> dict[str, Entry]:
    """Return the decisions of a task by their key, oldest first."""
    tags = tags_of(registered_name(task_name))
    known = {f.name for f in fields(Entry)}
    found = {key: json.loads(tags[key]) for key in sorted(tags) if key.startswith(LEDGER)}
    return {key: Entry(**{name: value for name, value in content.items() if name in known}) for key, content in found.items()}


def history(task_name: str) -> list[Entry]:
    """Return every decision on a task's champion with the time it was live, oldest first."""
    entries = list(read(task_name).values())
    ends = [later.at for later in entries[1:]] + [""]
    return [replace(entry, until=end) for entry, end in zip(entries, ends, strict=False)]


def last_key(task_name: str) -> str:
    """Return the key of the last decision, empty where there is none."""
    return next(reversed(read(task_name)), "")


def append(task_name: str, entry: Entry, after: str) -> None:
    """Write a decision, if nothing was decided since `after` (the key of the last decision it rests on, empty for none).

    Raises
    ------
    StateError
        Somebody else changed the champion meanwhile.
    """
    client, model = connect(), registered_name(task_name)
    content = {name: value for name, value in asdict(entry).items() if name != "until"}
    for attempt in range(_ATTEMPTS):
        last = last_key(task_name)
        if last != after:
            raise overtaken(task_name)
        key = f"{_next(last)}{uuid.uuid4().hex[:8]}"
        client.set_registered_model_tag(model, key, json.dumps(content, ensure_ascii=False))  # of 5,000 letters at most
        rivals = [other for other in read(task_name) if other.startswith(_next(last)) and other != key]
        if not rivals:
            return
        client.delete_registered_model_tag(model, key)
        time.sleep(random.uniform(0, _LONGEST_WAIT * min(attempt + 1, 4)))
    raise overtaken(task_name)


def settle(task_name: str) -> None:
    """Point the champion's alias at what the ledger says is live, whoever wrote last."""
    client, model = connect(), registered_name(task_name)
    for _ in range(_ATTEMPTS):
        entries = read(task_name)
        if not entries:
            return
        key = next(reversed(entries))
        version = entries[key].version
        client.set_registered_model_alias(model, CHAMPION, version)
        if alias_version(task_name, CHALLENGER) == version:
            client.delete_registered_model_alias(model, CHALLENGER)
        if last_key(task_name) == key:
            return


def standing(entries: list[Entry]) -> list[Entry]:
    """Return the promotions still standing: a rollback takes back those after the version it went back to."""
    stack: list[Entry] = []
    for entry in entries:
        if entry.action == "rollback":
            while stack and stack[-1].version != entry.version:
                stack.pop()
        else:
            stack.append(entry)
    return stack


def taken_back(entries: list[Entry], version: str) -> str:
    """Return when and why a version was rolled back from, empty where it was not (or was promoted again since)."""
    why = ""
    for entry in entries:
        if entry.version == version:
            why = ""
        elif entry.action == "rollback" and entry.replaced == version:
            why = f"taken back at {entry.at}" + (f": {entry.reason}" if entry.reason else "")
    return why


def user() -> str:
    """Return who decides: the name this process runs under."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def now() -> str:
    """Return the time of a decision, in UTC, as it is written down."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


def overtaken(task_name: str) -> StateError:
    """Return the error for a decision that rests on a champion that is no longer live."""
    return StateError(
        f"The champion of {task_name} was changed by somebody else while this was decided; nothing was changed.",
        f"look at: python -m training history --task {task_name}; then try again.",
        "overtaken",
    )


def _next(last: str) -> str:
    return f"{LEDGER}{int(last.split('.')[1]) + 1 if last else 0:06d}."
