"""Evolving by PANGEA's rules: the latest value against the extreme of the rule's own window, as far as a look-back reaches.

The one place where this is computed: for the columns of a model, for the published scores, for the words of an answer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.history.columns import Column, window_days
from myeloma.scores.evolving import PANGEA_RULES, EvolvingRule

_RULES = {rule.biomarker: rule for rule in PANGEA_RULES.values()}


@dataclass(frozen=True)
class Flag:
    """An evolving column: where it stands, and its rule (None for a biomarker without one), latest value and extreme."""

    place: int
    rule: EvolvingRule | None
    latest: str = ""
    extreme: str = ""
    latest_place: int = -1
    extreme_place: int = -1

    def needs(self) -> tuple[str, ...]:
        """Return the columns that the flag rests on."""
        return () if self.rule is None else (self.latest, self.extreme)

    def among(self, columns: list[str]) -> Flag:
        """Return the flag with the places of what it rests on."""
        if self.rule is None:
            return self
        return Flag(self.place, self.rule, self.latest, self.extreme, columns.index(self.latest), columns.index(self.extreme))


def flag_of(place: int, column: Column) -> Flag:
    """Return the flag that an evolving column is."""
    rule = _RULES.get(column.biomarker)
    if rule is None:
        return Flag(place, None)
    window = column.window or ""
    days = int(min(window_days(window), rule.look_back_days))
    return Flag(place, rule, f"{column.biomarker}__last__{window}", f"{column.biomarker}__{_extreme(rule)}__{days}d")


def write_flags(flags: tuple[Flag, ...], out: NDArray[np.float64]) -> None:
    """Write the flags into their rows of `out` (columns, landmarks), in which the kernel has written what they rest on."""
    for flag in flags:
        out[flag.place] = np.nan if flag.rule is None else flag.rule.met(out[flag.latest_place], out[flag.extreme_place])


def _extreme(rule: EvolvingRule) -> str:
    return "min" if rule.direction == "rise" else "max"
