"""What is known of one source of histories before it is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from features.sources.mapping import Mapping
from features.sources.received import Received


@dataclass(frozen=True)
class Source:
    """One way in which cohorts come in.

    Attributes
    ----------
    name : what `--source` calls it
    tables : reads a folder or file whose columns have one meaning; a mapping may say how it is written
    records : reads a folder, file or connection string of coded rows; a mapping says what the codes mean, and days after a
        day, counted from 1970, lie in the future
        A source has one of the two.
    """

    name: str
    tables: Callable[[Path, Path | None], Received] | None = None
    records: Callable[[str, Mapping, int], Received] | None = None
