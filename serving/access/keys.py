"""API keys: made here, shown once, kept as hashes. A key is 256 random bits, so one round of SHA-256 is as hard to undo as guessing it."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

from myeloma import ConfigError

_LINE = re.compile(r"(?P<hash>[0-9a-f]{64})  (?P<name>[A-Za-z0-9][A-Za-z0-9._-]{0,39})")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_MOST = 200  # characters of a key that is looked at


@dataclass(frozen=True)
class Keys:
    """The hashes of the keys that are accepted, each with the name of the program or ward that has it."""

    names: dict[str, str]

    def holder(self, key: str) -> str | None:
        """Return the name that a key was made for, None of a key that is not accepted; every hash is compared, in constant time."""
        received = _hash(key[:_MOST])
        found = None
        for known, name in self.names.items():
            if hmac.compare_digest(received, known):
                found = name
        return found


def make_key(name: str, path: Path) -> str:
    """Return a new key, of which only the hash is added to a file, under a name.

    Raises
    ------
    ConfigError
        The name says nothing, or is taken; or the file holds something else.
    """
    if not _NAME.fullmatch(name):
        raise ConfigError(
            "The name of a key is not accepted.",
            "1 to 40 letters, digits, dots, dashes or underscores; name a program, not a person.",
            "key",
        )
    if path.is_file() and name in read_keys(path, empty=True).names.values():
        raise ConfigError(f"{path} has a key named {name}.", "take another name, or remove its line first: then the old key ends.", "key")
    key = secrets.token_urlsafe(32)
    path.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(file, f"{_hash(key)}  {name}\n".encode())
    finally:
        os.close(file)
    return key


def read_keys(path: Path, empty: bool = False) -> Keys:
    """Return the keys whose hashes a file holds; blank lines and lines that begin with `#` do not count.

    Raises
    ------
    ConfigError
        It cannot be read, a line is none that `access-key` writes, or there is none (unless `empty`).
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise ConfigError(f"The keys in {path} cannot be read: {why}.", _MAKE_ONE, "key") from None
    names: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        found = _LINE.fullmatch(line.rstrip())
        if not found:  # the line is not shown: it could be a key
            raise ConfigError(f"{path}, line {number} is no hash of a key.", _MAKE_ONE, "key")
        names[found["hash"]] = found["name"]
    if not names and not empty:
        raise ConfigError(f"{path} holds no key.", _MAKE_ONE, "key")
    return Keys(names)


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode(errors="replace")).hexdigest()


_MAKE_ONE = "python -m serving access-key NAME --keys FILE makes a key and adds its hash."
