"""How exports name things: `names.yaml`, and how a name is looked up in it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import yaml


@cache
def common_names() -> dict[str, Any]:
    """Return what `names.yaml` holds."""
    return yaml.safe_load(Path(__file__).with_name("names.yaml").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def key(name: str) -> str:
    """Return a name without what does not matter in it.

    Examples
    --------
    >>> key("M-Protein"), key("Pat._Nr")
    ('m protein', 'pat nr')
    """
    return " ".join(re.split(r"[\s._\-]+", name.strip().casefold())).strip()


def table_of(section: dict[str, list[str]], ours: Iterable[str]) -> dict[str, str]:
    """Return ours by key of theirs; our own names are among them."""
    return {key(theirs): name for name in ours for theirs in (name, *section.get(name, ()))}
