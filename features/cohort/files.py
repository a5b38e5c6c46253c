"""Files are written whole or not at all: an interrupted run leaves nothing half-written behind."""

from __future__ import annotations

import errno
import filecmp
import hashlib
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING

from features.cohort.locks import abandoned, take
from features.cohort.private import OWN_FOLDER, for_spreadsheets, take_over
from myeloma import ConfigError, catalogue

if TYPE_CHECKING:
    import pandas as pd

# No space, over the quota, over the largest file allowed.
DISK_FULL = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))
COHORT = "cohort.json"  # by which a folder is known for a cohort
OF_COHORT = frozenset({COHORT, *(f"{name}.parquet" for name in ("patients", "measurements", "events", "quarantine", "received"))})


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a place beside `path` to write to, and put it in place of `path` when all went well and it is on the disk.

    Its owner alone may read it. Every writer has a place of its own: of two at once, each writes a whole file, and the last to
    end wins. What killed writers of this file left is removed first.

    Raises
    ------
    ConfigError
        The file is part of a cohort, which `whole_folder` alone writes.
    """
    if path.name in OF_COHORT and (path.parent / COHORT).is_file():
        raise ConfigError(f"{path} is a file of the cohort {path.parent}.", "name a file outside of the cohort; nothing was written.")
    path.parent.mkdir(OWN_FOLDER, parents=True, exist_ok=True)
    for left in path.parent.glob(f".{escape(path.name)}.????????.part"):
        with abandoned(left) as nobodys:
            if nobodys:
                left.unlink(missing_ok=True)
    lock = None
    while lock is None:  # another writer may be looking whether the place just made is abandoned
        work = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
        lock = take(work)
    try:
        yield work
        _settle(work)
        work.replace(path)
        _settle(path.parent)
    finally:
        work.unlink(missing_ok=True)
        os.close(lock)


@contextmanager
def whole_folder(folder: Path, work: Path) -> Iterator[Path]:
    """Give the new folder `work` to write to, and put it in place of `folder` when all went well and it is on the disk.

    Its owner alone may read it. A folder whose files are already the same, byte for byte, is left as it is. Who calls holds
    `locks.only_writer` of it.

    Parameters
    ----------
    work : Path
        Place on the same disk; what an interrupted run left there is removed first.
    """
    old = work.with_name(f"{work.name}-old")
    _put_back(old, folder)
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(OWN_FOLDER, parents=True)
    try:
        yield work
        take_over(work)
        if not same_files(folder, work):
            _settle_all(work)
            if folder.exists():
                folder.rename(old)
            work.rename(folder)
            _settle(folder.parent)
    finally:
        _put_back(old, folder)
        shutil.rmtree(work, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def _put_back(old: Path, folder: Path) -> None:
    """Undo the first half of an exchange of folders that was interrupted."""
    if old.exists() and not folder.exists():
        old.rename(folder)


def clear_work(folder: Path, works: Iterable[Path], name: str) -> None:
    """Remove the work folders that killed runs left; the folder `name` in one may stand between what was and what was to be."""
    for work in works:
        _put_back(work / f"{name}-old", folder)
        shutil.rmtree(work, ignore_errors=True)


@contextmanager
def removed_when_full(work: Path) -> Iterator[None]:
    """Remove a folder of finished work where the disk is full: it would keep the disk full, and a later run begins anew."""
    try:
        yield
    except OSError as error:
        if error.errno in DISK_FULL:
            shutil.rmtree(work, ignore_errors=True)
        raise


@contextmanager
def removed_unless_done(folder: Path) -> Iterator[None]:
    """Remove a folder that nobody goes on from where what fills it breaks off, whatever the reason."""
    try:
        yield
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _settle_all(folder: Path) -> None:
    for parent, _, names in os.walk(folder):
        for name in names:
            _settle(Path(parent) / name)
        _settle(Path(parent))


def _settle(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk; a disk without room says so here at the latest."""
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    except OSError as error:
        if error.errno != errno.EINVAL:  # a file system that keeps nothing
            raise
    finally:
        os.close(file)


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


def write_by_ending(table: pd.DataFrame, path: Path) -> None:
    """Write a table as Parquet or CSV, by the file's ending; in a CSV an apostrophe goes before a text that a spreadsheet would run.

    Raises
    ------
    ConfigError
        The ending is neither .parquet nor .csv.
    """
    check_output(path)
    with whole_file(path) as work:
        if path.suffix == ".csv":
            for_spreadsheets(table).to_csv(work, index=False, date_format="%Y-%m-%d")
        else:
            table.to_parquet(work, index=False)


def check_output(path: Path, hint: str = "the ending chooses the format.") -> None:
    """Refuse an output that could not be written, before the work is done."""
    if path.suffix not in (".csv", ".parquet"):
        raise ConfigError(f'The output "{path.name}" ends neither in .parquet nor in .csv.', hint)
    if path.is_dir():
        raise ConfigError(f"The output {path} is a folder.", "name a file.")


def rules_hash(*rooms: str) -> str:
    """Return a hash of what decides a result: the program text of packages, or rooms of packages, and the catalogue in use.

    What was made by other code, or by another catalogue, such as with entries of one's own, is made anew.

    Examples
    --------
    >>> rules_hash("myeloma", "features/history") == rules_hash("myeloma", "features/history")
    True
    """
    return hashlib.sha256(f"{_code_hash(*rooms)} {catalogue()!r}".encode()).hexdigest()


@cache
def _code_hash(*rooms: str) -> str:
    top = Path(__file__).parents[2]
    digest = hashlib.sha256()
    for room in rooms:
        for path in sorted(path for path in (top / room).rglob("*") if path.suffix in (".py", ".yaml")):
            digest.update(path.read_bytes())
    return digest.hexdigest()
