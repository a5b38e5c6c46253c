"""Folders for what does not fit into memory or comes from elsewhere: records of people, so private, named, and gone with their process."""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from pathlib import Path
from types import TracebackType

from features.cohort.locks import is_abandoned, take

_LOCK = "lock"


class Scratch:
    """A folder in the system's place for temporary files that its user alone may enter, removed at the end.

    What killed processes of this user left of the same kind is removed first.
    """

    def __init__(self, kind: str) -> None:
        prefix = f"myeloma-{kind}-"
        for left in Path(tempfile.gettempdir()).glob(f"{prefix}*"):
            if left.lstat().st_uid == os.geteuid() and not left.is_symlink() and is_abandoned(left / _LOCK):
                shutil.rmtree(left, ignore_errors=True)
        self.folder = Path(tempfile.mkdtemp(prefix=prefix))
        self.remove = weakref.finalize(self, _remove, self.folder, take(self.folder / _LOCK))

    def __enter__(self) -> Path:
        return self.folder

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.remove()


def _remove(folder: Path, lock: int | None) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    if lock is not None:
        os.close(lock)
