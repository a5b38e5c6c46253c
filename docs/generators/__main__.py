"""Write every generated page: `python -m docs.generators`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from docs.generators import api, data_dictionary, diagnoses, reason_codes, rooms, treated_states

PAGES: dict[str, Callable[[Path], str]] = {
    "reason_codes.md": reason_codes.page,
    "diagnoses.md": diagnoses.page,
    "architecture.md": rooms.page,
    "api.md": api.page,
    "data_dictionary.md": data_dictionary.page,
    "treated_states.md": treated_states.page,
}

if __name__ == "__main__":
    root = Path(__file__).parents[2]
    for name, page in PAGES.items():
        (root / "docs" / name).write_text(page(root), encoding="utf-8")
