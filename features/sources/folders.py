"""Files of a folder at any depth, and the message where one may not be read."""

from __future__ import annotations

import gzip
import os
import zlib
from pathlib import Path

from myeloma import DataError

DAMAGED_GZIP = (EOFError, gzip.BadGzipFile, zlib.error)  # what reading a .gz raises that is cut short, damaged or none


def separator_of(header: str) -> str:
    """Return what stands most often in the first line of a CSV file: a comma, tab, semicolon or bar."""
    return max(",\t;|", key=header.count)


def files_below(folder: Path) -> list[Path]:
    """Return every file below a folder, in the order of names.

    Raises
    ------
    DataError
        A folder may not be listed: what is in it would be lost without a word.
    """

    def refuse(error: OSError) -> None:
        raise no_permission("A folder of the input") from None

    return sorted(Path(parent) / name for parent, _, names in os.walk(folder, onerror=refuse) for name in names)


def unread_below(place: Path, read: int, aside: str = "") -> list[str]:
    """Return a note of how many files below a folder, but for a folder `aside`, are not read.

    Their names may be those of people, so they are only counted.
    """
    found = files_below(place) if place.is_dir() else []
    others = len([path for path in found if aside not in path.relative_to(place).parts[:-1]]) - read if found else 0
    return [f"{others} files of the folder have an ending that is not read"] if others else []


def no_permission(name: str) -> DataError:
    """Return the error of a file or folder that may not be read."""
    return DataError(f"{name} cannot be read: no permission.", "ask for read access.", "no_permission")
