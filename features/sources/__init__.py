"""Where histories come from. A source reads; it does not judge: `features.quality` does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from features.sources.mgus2 import read_mgus2
from features.sources.received import Received
from features.sources.tabular import read_tabular

SOURCES: dict[str, Callable[[Path], Received]] = {"mgus2": read_mgus2, "tabular": read_tabular}

__all__ = ["SOURCES", "Received", "read_mgus2", "read_tabular"]
