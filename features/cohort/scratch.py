"""Folders for what does not fit into memory or comes from elsewhere: records of people, so private, named, and gone with their process."""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from pathlib import Path
from types import TracebackType

from features.cohort.locks import abandoned, take

_LOCK = "lock"


class Scratch:
    """A folder in the system's place for temporary files that its user alone may enter, removed at the end.

    What killed processes of this user left of the same kind is removed first.
    """

    def __init__(self, kind: str) -> None:
        prefix = f"myeloma-{kind}-"
        for left in filter(_is_own, Path(tempfile.gettempdir()).glob(f"{prefix}*")):
            with abandoned(left / _LOCK) as nobodys:
                if nobodys:
                    shutil.rmtree(left, ignore_errors=True)
        lock = None
        while lock is None:
            self.folder = Path(tempfile.mkdtemp(prefix=prefix))
            lock = _taken(self.folder)
        self.remove = weakref.finalize(self, _remove, self.folder, lock)

    def __enter__(self) -> Path:
        return self.folder

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.remove()


def _is_own(folder: Path) -> bool:
    """Return whether a folder is this user's, and still there: another process may be removing it."""
    try:
        return folder.lstat().st_uid == os.geteuid() and not folder.is_symlink()
    except FileNotFoundError:
        return False


def _taken(folder: Path) -> int | None:
    """Return the lock of a folder just made; None where another process, looking for abandoned ones, was quicker."""
    try:
        return take(folder / _LOCK)
    except FileNotFoundError:
        return None


def _remove(folder: Path, lock: int) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    os.close(lock)
