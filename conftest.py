"""What pytest looks through for examples: only the modules in which there are some. Long files run first, and CI leaves no test out."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Pass over a module of the product that holds no example: to know this, nothing need be imported."""
    of_the_product = collection_path.suffix == ".py" and "tests" not in collection_path.parts
    return True if of_the_product and ">>>" not in collection_path.read_text(encoding="utf-8") else None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let several workers begin with the files that hold slow tests, so that none is left with a long one when the other is done.

    The very first makes the trained store that many share; those after it do without, so that no worker waits until it is made.
    """
    if int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")) < 2:
        return
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    sharing = {item.path for item in items if "trained" in getattr(item, "fixturenames", ())} & slow
    first = next((item.path for item in items if item.path in sharing), None)
    items.sort(key=lambda item: (item.path != first, item.path not in slow, item.path in sharing))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where CI is set, let a run fail in which a test was skipped; elsewhere `make test` says which and why, and passes."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = len(reporter.stats.get("skipped", [])) if reporter else 0
    if skipped and os.environ.get("CI") == "true" and session.exitstatus == pytest.ExitCode.OK:
        reporter.write_line(f"\nError: {skipped} tests were skipped; CI leaves none out. Hint: .ci/run installs what they need.", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
