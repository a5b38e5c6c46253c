"""FHIR R4 files: Bundles (.json) and Bulk Data (.ndjson), plain or .gz, one resource after another with its place."""

from __future__ import annotations

import gzip
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from features.sources.fhir.bundles import Found, found_in
from features.sources.fhir.twice import resources_read
from features.sources.folders import DAMAGED_GZIP, files_below
from myeloma import DataError, StateError

_ENDINGS = (".json", ".ndjson", ".json.gz", ".ndjson.gz")
_TYPES = (
    *("Patient", "Observation", "Condition", "Encounter", "Medication"),
    *("MedicationAdministration", "MedicationDispense", "MedicationRequest", "MedicationStatement"),
)
_MARK = b"\xef\xbb\xbf"  # some systems begin UTF-8 with a byte order mark


def fhir_files(place: Path) -> list[Path]:
    """Return the FHIR files of a folder, at any depth, in the order of their names.

    Names of Bundles often hold a person's name, so messages count files and do not name them.

    Raises
    ------
    StateError
        There is no such file or folder.
    DataError
        There is no FHIR file in it, or one cannot be read.
    """
    if not place.exists():
        raise StateError(f"No file or folder {place}.", "the fhir source reads Bundles (.json) and Bulk Data (.ndjson), also .gz.")
    files = [place] if place.is_file() else [path for path in files_below(place) if path.name.lower().endswith(_ENDINGS)]
    if not files:
        raise DataError(f"{place} holds no FHIR file.", f"files end in {', '.join(_ENDINGS)}.", "missing_file")
    if closed := sum(not os.access(path, os.R_OK) for path in files):
        raise DataError(
            f"{closed} of {len(files)} FHIR files cannot be read: no permission.", "`find FOLDER ! -readable` lists them.", "no_permission"
        )
    return files


def read_resources(files: list[Path], folder: Path) -> Iterator[Found]:
    """Yield every resource of the files, and every line or document that is none."""
    for number, path in enumerate(files, start=1):
        name = path.relative_to(folder).as_posix() if path != folder else path.name
        try:
            with (gzip.open if path.suffix.lower() == ".gz" else open)(path, "rb") as file:
                read = _lines if ".ndjson" in path.name.lower() else _document
                yield from read(file, name)
        except DAMAGED_GZIP:
            raise DataError(
                f"File {number} of {len(files)}, in the order of names, is cut short or not what .gz says.",
                "pack it again.",
                "not_readable",
            ) from None


def _lines(file: Any, name: str) -> Iterator[Found]:
    named = expected = _type_of(name)
    for row, line in enumerate(file, start=1):
        if line.strip():
            try:
                resource = resources_read(line.removeprefix(_MARK))
            except orjson.JSONDecodeError:
                yield Found(name, row, None, refusal="not_json", expected=expected)
                continue
            for found in found_in(resource, Found(name, row, None, expected=expected)):
                expected = named or str((found.resource or {}).get("resourceType", expected))
                yield found


def _type_of(name: str) -> str:
    """Return the type that a file's name says, as in `Condition.000.ndjson` or `export-condition_2.ndjson.gz`, or nothing."""
    words = re.split(r"[^a-z]+", Path(name).name.lower())
    return next((kind for kind in _TYPES if kind.lower() in words), "")


def _document(file: Any, name: str) -> Iterator[Found]:
    try:
        document = resources_read(file.read().removeprefix(_MARK))
    except orjson.JSONDecodeError:
        yield Found(name, 1, None, refusal="not_json", expected="Patient")  # a Bundle holds a person, as a rule
        return
    yield from found_in(document, Found(name, 1, None, expected="Patient"), numbered=True)
