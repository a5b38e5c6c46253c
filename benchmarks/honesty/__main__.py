"""Goals of honest accuracy, measured and written down: `python -m benchmarks.honesty [PART ...]` writes their parts of docs/honesty.md."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

from benchmarks.honesty.goal import Goal

# modules here that have `measured`
PARTS = (
    "verdicts",
    "hidden_values",
    "first_visits",
    "censoring",
    "attainable",
    "latent_burden",
    "intervals",
    "monitoring",
    "recalibration",
    "nafld",
)
PAGE = Path("docs/honesty.md")
_HEAD = """# Honest accuracy, measured

What the product promises of its own figures, and what was found: on worlds whose truth is known, and on data that nobody simulated.
A goal that does not hold says so. `python -m benchmarks.honesty PART` measures a part again and writes it here.
"""
_SECTION = re.compile(r"^## (\w+)\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)


def main() -> int:
    """Measure the parts asked for, print each goal as it is found, and write each part into the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; all of them where none is named")
    asked = parser.parse_args().parts or list(PARTS)
    if unknown := [part for part in asked if part not in PARTS]:
        parser.error(f'there is no part "{unknown[0]}", only {", ".join(PARTS)}')
    for part in asked:
        goals = []
        for goal in import_module(f"benchmarks.honesty.{part}").measured():
            goals.append(goal)
            print(f"{part}: {goal.case}: {goal.found}{f' ({goal.asked}: {_word(goal)})' if goal.asked else ''}", flush=True)
        before = PAGE.read_text(encoding="utf-8") if PAGE.is_file() else ""
        PAGE.write_text(page(before, part, goals, f"{datetime.now(UTC):%Y-%m-%d}"), encoding="utf-8")
    return 0


def page(before: str, part: str, goals: Iterable[Goal], day: str) -> str:
    """Return the page with one part written anew, in the order of the parts; the others stay as they were."""
    sections = {found[1]: found[0].strip() for found in _SECTION.finditer(before)} | {part: _section(part, list(goals), day)}
    return "\n\n".join([_HEAD.strip(), *(sections[name] for name in PARTS if name in sections)]) + "\n"


def _section(part: str, goals: list[Goal], day: str) -> str:
    asked = [goal for goal in goals if goal.holds is not None]
    lines = [f"## {part}", f"{sum(goal.holds is True for goal in asked)} of {len(asked)} goals hold. Measured on {day}.", ""]
    lines += ["| case | found | asked | |", "|---|---|---|---|"]
    for goal in goals:
        cells = (cell.replace("|", "\\|") for cell in (goal.case, goal.found, goal.asked or "-", _word(goal)))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _word(goal: Goal) -> str:
    return {True: "holds", False: "**does not hold**", None: "-"}[goal.holds]


if __name__ == "__main__":
    sys.exit(main())
