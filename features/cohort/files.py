"""Files are written whole or not at all: an interrupted run leaves nothing half-written behind."""

from __future__ import annotations

import errno
import filecmp
import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from features.cohort.private import OWN_FOLDER, for_spreadsheets, make_own, take_over

if TYPE_CHECKING:
    import pandas as pd

# No space, over the quota, over the largest file allowed.
DISK_FULL = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a place beside `path` to write to, and put it in place of `path` when all went well; its owner alone may read it."""
    path.parent.mkdir(OWN_FOLDER, parents=True, exist_ok=True)
    work = path.with_name(f".{path.name}.part")
    make_own(work)
    try:
        yield work
        work.replace(path)
    finally:
        work.unlink(missing_ok=True)


@contextmanager
def whole_folder(folder: Path, work: Path) -> Iterator[Path]:
    """Give the new folder `work` to write to, and put it in place of `folder` when all went well; its owner alone may read it.

    A folder whose files are already the same, byte for byte, is left as it is.

    Parameters
    ----------
    work : Path
        Place on the same disk; what an interrupted run left there is removed first.
    """
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(OWN_FOLDER, parents=True)
    old = work.with_name(f"{work.name}-old")
    try:
        yield work
        take_over(work)
        if not same_files(folder, work):
            if folder.exists():
                folder.rename(old)
            work.rename(folder)
    finally:
        if old.exists() and not folder.exists():
            old.rename(folder)
        shutil.rmtree(work, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def same_files(folder: Path, other: Path) -> bool:
    """Return whether two folders hold the same files with the same bytes."""
    names = sorted(path.name for path in other.iterdir())
    if not folder.is_dir() or sorted(path.name for path in folder.iterdir()) != names:
        return False
    return filecmp.cmpfiles(folder, other, names, shallow=False)[0] == names


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV, whole or not at all; six significant digits, so that reading it is reading figures."""
    with whole_file(path) as work:
        for_spreadsheets(table).to_csv(work, index=False, float_format="%.6g")


@cache
def code_hash(*rooms: str) -> str:
    """Return a hash of the program text of packages, or rooms of packages: what was made by other code is made anew.

    Examples
    --------
    >>> code_hash("myeloma", "features/history") == code_hash("myeloma", "features/history")
    True
    """
    top = Path(__file__).parents[2]
    digest = hashlib.sha256()
    for room in rooms:
        for path in sorted(path for path in (top / room).rglob("*") if path.suffix in (".py", ".yaml")):
            digest.update(path.read_bytes())
    return digest.hexdigest()
