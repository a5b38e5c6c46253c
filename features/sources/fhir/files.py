"""FHIR R4 files: Bundles (.json) and Bulk Data (.ndjson), plain or .gz, one resource after another with its place."""

from __future__ import annotations

import gzip
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson

from features.sources.folders import DAMAGED_GZIP, files_below
from myeloma import DataError, StateError

_ENDINGS = (".json", ".ndjson", ".json.gz", ".ndjson.gz")
_TYPES = (
    *("Patient", "Observation", "Condition", "Encounter", "Medication"),
    *("MedicationAdministration", "MedicationRequest", "MedicationStatement"),
)
_ETAG = re.compile(r'(?:W/)?"?([^"]+)"?')
_MARK = b"\xef\xbb\xbf"  # some systems begin UTF-8 with a byte order mark


@dataclass(frozen=True)
class Found:
    """A resource, or what stands where one should be (then `resource` is None and `refusal` says why).

    `row` is the line of an NDJSON file, or the entry of a Bundle, from 1. `expected` is the type that the file's name says.
    `deletes` is the reference of a resource that the entry deletes; `version` and `updated` are what an entry itself says of them.
    """

    file: str
    row: int
    resource: dict[str, Any] | None
    full_url: str = ""
    refusal: str = ""
    expected: str = ""
    deletes: str = ""
    version: str = ""
    updated: str = ""


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
                resource = orjson.loads(line.removeprefix(_MARK))
            except orjson.JSONDecodeError:
                yield Found(name, row, None, refusal="not_json", expected=expected)
                continue
            for found in _unpacked(resource, Found(name, row, None, expected=expected)):
                expected = named or str((found.resource or {}).get("resourceType", expected))
                yield found


def _type_of(name: str) -> str:
    """Return the type that a file's name says, as in `Condition.000.ndjson` or `export-condition_2.ndjson.gz`, or nothing."""
    words = re.split(r"[^a-z]+", Path(name).name.lower())
    return next((kind for kind in _TYPES if kind.lower() in words), "")


def _document(file: Any, name: str) -> Iterator[Found]:
    try:
        document = orjson.loads(file.read().removeprefix(_MARK))
    except orjson.JSONDecodeError:
        yield Found(name, 1, None, refusal="not_json", expected="Patient")  # a Bundle holds a person, as a rule
        return
    yield from _unpacked(document, Found(name, 1, None, expected="Patient"), numbered=True)


def _unpacked(resource: Any, place: Found, numbered: bool = False) -> Iterator[Found]:
    """Yield a resource, or all that a Bundle holds, also of Bundles in it; `numbered` names entries by their number in the file."""
    if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
        yield replace(place, refusal="broken_resource")
        return
    if resource["resourceType"] != "Bundle":
        yield replace(place, resource=resource)
        return
    entries = resource.get("entry", [])
    if not isinstance(entries, list):
        yield replace(place, refusal="broken_resource")
        return
    for number, entry in enumerate(entries, start=1):
        found = Found(place.file, number if numbered else place.row, None)
        if not isinstance(entry, dict):
            yield replace(found, refusal="broken_resource")
            continue
        found = _stamped(found, entry, resource)
        if found.deletes:
            yield found
        elif "resource" in entry:
            yield from _unpacked(entry["resource"], found)


def _stamped(found: Found, entry: dict[str, Any], bundle: dict[str, Any]) -> Found:
    """Return a place with what an entry says beside its resource: full URL, version, time, and whether it deletes."""
    parts = entry.get("request"), entry.get("response"), bundle.get("meta")
    request, response, meta = (part if isinstance(part, dict) else {} for part in parts)
    url = _text(request.get("url"))
    deletes = (url or _text(entry.get("fullUrl")) or "unnamed") if request.get("method") == "DELETE" else ""
    etag = _ETAG.fullmatch(_text(response.get("etag")).strip())
    version = etag[1] if etag else url.partition("/_history/")[2]
    updated = _text(response.get("lastModified"))
    if deletes and not updated and bundle.get("type") != "history":  # a list of deletions is of one time
        updated = _text(bundle.get("timestamp")) or _text(meta.get("lastUpdated"))
    return replace(found, full_url=_text(entry.get("fullUrl")), deletes=deletes, version=version, updated=updated)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
