"""What the gate said of all candidates, for the terminal: each demand once, and below it each reason once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from rich.table import Table

from training.gate.verdict import Check

_COMPARED = re.compile(r"(?P<figures>\S+ against \S+) of (?P<version>version \S+); (?P<how>.*)")  # a note of `training.gate.demands`
_CHAMPIONS = "the champion's,"


def verdict_table(task: str, verdicts: Mapping[str, Mapping[str, Any]]) -> Table:
    """Return a table with a column for each candidate: its verdict, and every demand that one of them does not meet.

    Parameters
    ----------
    verdicts : mapping
        By candidate: version, verdict and checks, as `training.registry.candidates.register` returns them.
    """
    table = Table(title=f"{task}: the gate", title_justify="left")
    named = {check["name"]: None for verdict in verdicts.values() for check in verdict["checks"] if check["holds"] is not True}
    longest = max((len(word) for name in named for word in name.split()), default=0)
    table.add_column("demand", min_width=longest)  # a pipe or a log has few columns, and a name that is cut or broken names nothing
    for heading in ("accepted", *(f"{name}, version {verdict['version']}" for name, verdict in verdicts.items())):
        table.add_column(heading, overflow="fold")
    table.add_row("verdict", "", *(verdict["verdict"] for verdict in verdicts.values()), end_section=True)
    checks = {name: {check.name: check for check in _checks(verdict)} for name, verdict in verdicts.items()}
    open_ones = {check.name: check for of_one in checks.values() for check in of_one.values() if check.holds is not True}
    for name, check in open_ones.items():
        table.add_row(name, check.accepted, *(_cell(of_one.get(name)) for of_one in checks.values()))
    table.caption, table.caption_justify = "\n".join(_reasons(checks)), "left"
    return table


def _checks(verdict: Mapping[str, Any]) -> list[Check]:
    return [Check(**check) for check in verdict["checks"]]


def _cell(check: Check | None) -> str:
    if check is None:
        return "-"
    if check.holds is True or not check.applies or check.value is None:
        return check.state
    compared = _COMPARED.fullmatch(check.note)
    return f"{check.state}: {check.shown}" + (f" ({compared['figures']})" if compared else "")


def _reasons(checks: Mapping[str, Mapping[str, Check]]) -> list[str]:
    """Return why demands are not met, not shown, accepted all the same or not applicable; each reason once, with the demands it is of.

    A demand of which the reason is not every candidate's is followed by those whose it is.
    """
    said: dict[str, dict[str, list[str]]] = {}
    for candidate, of_one in checks.items():
        for check in of_one.values():
            if check.holds is True or not check.because:
                continue
            compared = _COMPARED.fullmatch(check.note)
            whose, why = (f"{_CHAMPIONS} {compared['version']}", compared["how"]) if compared else (check.name, check.because)
            candidates = said.setdefault(why, {}).setdefault(whose, [])
            if candidate not in candidates:
                candidates.append(candidate)
    everybody = len(checks)

    def of(name: str, candidates: list[str]) -> str:
        alike = len(candidates) == everybody or name.startswith(_CHAMPIONS)
        return name if alike else f"{name} ({', '.join(candidates)})"

    return [f"{', '.join(of(*named) for named in names.items())}: {why}" for why, names in said.items()]
