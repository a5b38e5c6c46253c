"""Every goal of honest accuracy, measured and written down: `python -m benchmarks.honesty [PART ...]` writes docs/honesty.md."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.honesty import verdicts
from benchmarks.honesty.goal import Goal

PARTS: dict[str, Callable[[], Iterator[Goal]]] = {"verdicts": verdicts.measured}
PAGE = Path("docs/honesty.md")
_HEAD = """# Honest accuracy, measured

What the product promises of its own figures, and what was found: on worlds whose truth is known, and on data that nobody simulated.
A goal that does not hold says so. `python -m benchmarks.honesty` writes this page; `python -m benchmarks.honesty PART` measures one part
and leaves the page alone.
"""


def main() -> int:
    """Measure the parts asked for, print each goal, and write the page where all were."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="parts to measure; all of them where none is named")
    asked = parser.parse_args().parts or list(PARTS)
    found: dict[str, list[Goal]] = {}
    for part in asked:
        found[part] = []
        for goal in PARTS[part]():
            found[part].append(goal)
            print(f"{part}: {goal.case}: {goal.found}{f' ({goal.asked}: {_word(goal)})' if goal.asked else ''}", flush=True)
    if set(found) == set(PARTS):
        PAGE.write_text(page(found, f"{datetime.now(UTC):%Y-%m-%d}"), encoding="utf-8")
    return 0


def page(found: dict[str, list[Goal]], day: str) -> str:
    """Return the page: a table for each part."""
    lines = [_HEAD, f"Measured on {day}.", ""]
    for part, goals in found.items():
        missed = sum(goal.holds is False for goal in goals)
        asked = sum(goal.holds is not None for goal in goals)
        lines += [f"## {part.replace('_', ' ').capitalize()}: {asked - missed} of {asked} goals hold", ""]
        lines += ["| case | found | asked | |", "|---|---|---|---|"]
        lines += [f"| {goal.case} | {goal.found} | {goal.asked or '-'} | {_word(goal)} |" for goal in goals]
        lines.append("")
    return "\n".join(lines)


def _word(goal: Goal) -> str:
    return {True: "holds", False: "**does not hold**", None: "-"}[goal.holds]


if __name__ == "__main__":
    sys.exit(main())
