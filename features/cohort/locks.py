"""Who is writing here: locks that end with their process, so that what a killed run left is told from what another run is writing.

Where a file system knows no locks, nobody is held back and nothing is taken for abandoned.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from myeloma import StateError

_NO_LOCKS = frozenset((errno.ENOSYS, errno.ENOTSUP, errno.ENOLCK))


def take(path: Path, wait: bool = False) -> int | None:
    """Return a file, which is made where it is missing, open and locked; None where another process or thread holds it.

    Closing it, or the end of the process, gives the lock back.
    """
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            os.close(file)
            return None
        except OSError as error:
            if error.errno in _NO_LOCKS:
                return file
            os.close(file)
            raise
        if _still_there(file, path):
            return file
        os.close(file)  # whoever held it has removed it since; another file, or none, stands there now


@contextmanager
def only_writer(place: Path, wait: bool = False) -> Iterator[None]:
    """Let one process at a time write a folder or file; its lock lies beside it as long as that lasts.

    Parameters
    ----------
    wait : bool
        Whether to wait for whoever writes it now, instead of refusing.

    Raises
    ------
    StateError
        Another process is writing it.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    path = place.with_name(f".{place.name}.lock")
    lock = take(path, wait)
    if lock is None:
        raise StateError(
            f"Another process is writing {place} at this moment.",
            "wait until it is done, or name another place; nothing was written.",
            "busy",
        )
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(lock)


@contextmanager
def abandoned(path: Path) -> Iterator[bool]:
    """Say whether a lock lies there that no living process holds, and hold it for as long as it takes to remove what it guards.

    Held, it can be nobody's: who has just made it, and not locked it yet, finds it taken or gone, and makes another.
    """
    try:
        file = os.open(path, os.O_RDWR)
    except OSError:  # it is gone, or somebody else's
        yield False
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        yield False
    else:
        yield _still_there(file, path)
    finally:
        os.close(file)


def _still_there(file: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except FileNotFoundError:
        return False
