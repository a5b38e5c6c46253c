"""What a search for options ended with, kept beside its study: read without Optuna."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from features.cohort.files import whole_file


@dataclass(frozen=True)
class Searched:
    """A number that was searched for: the best value, the range, and whether it was drawn by its logarithm."""

    name: str
    value: float
    low: float
    high: float
    log: bool = False


def write_searched(path: Path, searched: list[Searched], hashes: dict[str, str]) -> None:
    """Write what a search on the table of these hashes ended with."""
    with whole_file(path) as work:
        work.write_text(json.dumps({**hashes, "searched": [asdict(each) for each in searched]}, indent=1), encoding="utf-8")


def read_searched(path: Path, hashes: dict[str, str]) -> list[Searched]:
    """Return what the last search ended with; nothing where there was none, or it was on another table than that of these hashes."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    return [Searched(**each) for each in content["searched"]] if hashes.items() <= content.items() else []
