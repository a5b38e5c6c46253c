"""What pytest looks through for examples: only the modules in which there are some. And CI leaves no test out."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Pass over a module of the product that holds no example: to know this, nothing need be imported."""
    of_the_product = collection_path.suffix == ".py" and "tests" not in collection_path.parts
    return True if of_the_product and ">>>" not in collection_path.read_text(encoding="utf-8") else None


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where CI is set, let a run fail in which a test was skipped; elsewhere `make test` says which and why, and passes."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = len(reporter.stats.get("skipped", [])) if reporter else 0
    if skipped and os.environ.get("CI") == "true" and session.exitstatus == pytest.ExitCode.OK:
        reporter.write_line(f"\nError: {skipped} tests were skipped; CI leaves none out. Hint: .ci/run installs what they need.", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
