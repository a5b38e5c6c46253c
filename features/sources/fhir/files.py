"""FHIR R4 files: Bundles (.json) and Bulk Data (.ndjson), plain or .gz, one resource after another with its place."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from features.sources.folders import files_below
from myeloma import DataError, StateError

_ENDINGS = (".json", ".ndjson", ".json.gz", ".ndjson.gz")
_MARK = b"\xef\xbb\xbf"  # some systems begin UTF-8 with a byte order mark


@dataclass(frozen=True)
class Found:
    """A resource, or what stands where one should be (then `resource` is None and `refusal` says why).

    `row` is the line of an NDJSON file, or the entry of a Bundle, from 1. `expected` is the type that the file's name says.
    """

    file: str
    row: int
    resource: dict[str, Any] | None
    full_url: str = ""
    refusal: str = ""
    expected: str = ""


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
        except (EOFError, gzip.BadGzipFile):
            raise DataError(
                f"File {number} of {len(files)}, in the order of names, is cut short or not what .gz says.",
                "pack it again.",
                "not_readable",
            ) from None


def _lines(file: Any, name: str) -> Iterator[Found]:
    expected = Path(name).name.partition(".")[0].partition("-")[0]
    for row, line in enumerate(file, start=1):
        if line.strip():
            try:
                resource = orjson.loads(line.removeprefix(_MARK))
            except orjson.JSONDecodeError:
                yield Found(name, row, None, refusal="not_json", expected=expected)
                continue
            yield _resource(resource, name, row, "", expected)


def _document(file: Any, name: str) -> Iterator[Found]:
    try:
        document = orjson.loads(file.read().removeprefix(_MARK))
    except orjson.JSONDecodeError:
        yield Found(name, 1, None, refusal="not_json", expected="Patient")  # a Bundle holds a person, as a rule
        return
    if not isinstance(document, dict) or document.get("resourceType") != "Bundle":
        yield _resource(document, name, 1, "", "Patient")
        return
    entries = document.get("entry", [])
    if not isinstance(entries, list):
        yield Found(name, 1, None, refusal="broken_resource", expected="Patient")
        return
    for row, entry in enumerate(entries, start=1):
        if not isinstance(entry, dict):
            yield Found(name, row, None, refusal="broken_resource")
        elif "resource" in entry:
            url = entry.get("fullUrl")
            yield _resource(entry["resource"], name, row, url if isinstance(url, str) else "", "")


def _resource(resource: Any, name: str, row: int, url: str, expected: str) -> Found:
    if isinstance(resource, dict) and isinstance(resource.get("resourceType"), str):
        return Found(name, row, resource, url)
    return Found(name, row, None, refusal="broken_resource", expected=expected)
