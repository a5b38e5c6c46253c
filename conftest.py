"""What pytest looks through for examples: only the modules in which there are some."""

from __future__ import annotations

from pathlib import Path


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Pass over a module of the product that holds no example: to know this, nothing need be imported."""
    of_the_product = collection_path.suffix == ".py" and "tests" not in collection_path.parts
    return True if of_the_product and ">>>" not in collection_path.read_text(encoding="utf-8") else None
