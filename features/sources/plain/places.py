"""Where a table of an export can stand: a file, or a sheet of a workbook that has several."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from features.sources.plain.files import sheets_of, stem_of
from myeloma import DataError


class Place(NamedTuple):
    """A file, or one sheet of a workbook; `sheet` is empty where the file holds one table alone."""

    path: Path
    sheet: str = ""

    @property
    def called(self) -> str:
        """Return what the place is called in a message."""
        return f'{self.path.name}, sheet "{self.sheet}"' if self.sheet else self.path.name

    @property
    def stem(self) -> str:
        """Return the name that a table is known by, in lower case."""
        return self.sheet.casefold() if self.sheet else stem_of(self.path)


def places_in(files: list[Path]) -> list[Place]:
    """Return all places of some files; a workbook that cannot be read is one, and is told of when it is read."""
    places = []
    for path in files:
        try:
            sheets = sheets_of(path) if path.suffix.lower() == ".xlsx" else []
        except DataError:
            sheets = []
        places += [Place(path, sheet) for sheet in sheets] if len(sheets) > 1 else [Place(path)]
    return places
