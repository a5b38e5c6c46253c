"""Files are written whole or not at all: an interrupted run leaves nothing half-written behind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a place beside `path` to write to, and put it in place of `path` when all went well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    work = path.with_name(f".{path.name}.part")
    try:
        yield work
        work.replace(path)
    finally:
        work.unlink(missing_ok=True)
