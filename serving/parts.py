"""Scores as a folder of Parquet parts and a manifest that names each part, its rows and its checksum; it appears whole, or not at all."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet

from features.cohort.files import whole_folder
from myeloma import ConfigError

MANIFEST = "_manifest.json"  # what reads a folder of Parquet passes over names that begin with an underscore
FORMAT = 1


def check_folder(folder: Path) -> None:
    """Refuse a place in which something else lies: what is written there takes its place.

    Raises
    ------
    ConfigError
        It is a file, or a folder that holds anything but scores.
    """
    if folder.is_file():
        raise ConfigError(f"The output {folder} is a file.", "name a folder for parts, or a file that ends in .parquet or .csv.")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / MANIFEST).is_file():
        raise ConfigError(f"The folder {folder} holds something else than scores ({MANIFEST} is missing).", "name another folder.")


def write_parts(parts: Sequence[Path], folder: Path, about: Mapping[str, Any]) -> None:
    """Put finished parts, which stay where they are, into a folder with the manifest of them.

    Parameters
    ----------
    about : mapping
        What the manifest says besides: of model, cohort and question.
    """
    with whole_folder(folder, folder.with_name(f".{folder.name}.new")) as made:
        named = []
        for number, part in enumerate(parts):
            place = made / f"part-{number:06d}.parquet"
            os.link(part, place)  # on the same disk, so without a copy
            named.append({"file": place.name, "rows": parquet.read_metadata(part).num_rows, "sha256": _checksum(part)})
        columns = {field.name: str(field.type) for field in parquet.read_schema(parts[0])}
        manifest = {"format": FORMAT, **about, "rows": sum(one["rows"] for one in named), "columns": columns, "parts": named}
        (made / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
