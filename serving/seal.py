"""The seal of a model's folder: a checksum of every file, in the form that `sha256sum -c` reads, and one checksum of it all.

It tells a file that was damaged, edited or exchanged from one that was saved. The checksum of the whole is kept elsewhere too, with
the registered version and in the ledger: whoever edits a file and seals the folder anew is found by it.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path, PurePosixPath

from myeloma import StateError

FILE = "seal.sha256"
TAG = "artifact_seal"  # of a run and of a registered version: the checksum of the whole
_LINE = re.compile(r"([0-9a-f]{64})  (\S.*)")
_AGAIN = "take the folder from where it was saved, or train again."


def write_seal(folder: Path) -> str:
    """Write the checksum of every file in the folder beside them, and return that of the whole."""
    lines = [f"{_checksum(path)}  {path.relative_to(folder).as_posix()}\n" for path in _files(folder)]
    (folder / FILE).write_text("".join(lines), encoding="utf-8")
    return _checksum(folder / FILE)


def checked_seal(folder: Path) -> str:
    """Return the checksum of the whole, of which every file is what it was when it was sealed; empty where there is no seal.

    Raises
    ------
    StateError
        A file was changed, is gone or was added, or the seal itself cannot be read; each is named.
    """
    if not (folder / FILE).is_file():
        return ""
    sealed = _read(folder)
    there = {path.relative_to(folder).as_posix(): path for path in _files(folder)}
    changed = sorted(name for name in sealed.keys() & there.keys() if _checksum(there[name]) != sealed[name])
    for names, what in (
        (changed, "was changed after it was saved"),
        (sorted(sealed.keys() - there.keys()), "is gone"),
        (sorted(there.keys() - sealed.keys()), "was added after it was saved"),
    ):
        if names:
            more = f" (and {len(names) - 1} more)" if len(names) > 1 else ""
            raise StateError(f"The model in {folder} is not as it was sealed: {names[0]}{more} {what}.", _AGAIN, "seal")
    return _checksum(folder / FILE)


def _read(folder: Path) -> dict[str, str]:
    """Return the checksums that were sealed, by path inside the folder."""
    try:
        found = [_LINE.fullmatch(line) for line in (folder / FILE).read_text(encoding="utf-8").splitlines()]
    except ValueError:
        found = [None]
    sealed = {line[2]: line[1] for line in found if line}
    if not found or None in found or len(sealed) < len(found):
        raise StateError(f"The seal of the model in {folder} cannot be read ({FILE}).", _AGAIN, "seal")
    for name in sealed:
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            raise StateError(f"The seal of the model in {folder} names a path that leaves the folder: {name}.", _AGAIN, "seal")
    return sealed


def _files(folder: Path) -> list[Path]:
    """Return what is sealed: every file but the seal, and but what a desktop leaves (names that begin with a dot)."""
    found = (path for path in folder.rglob("*") if path.is_file() and path != folder / FILE)
    return sorted(path for path in found if not any(part.startswith(".") for part in path.relative_to(folder).parts))


def _checksum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
