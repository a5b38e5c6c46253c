"""Definitions of cure, read from `spectrum.yaml`: which levels of a definition people meet, met, or may meet, and in which words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from myeloma.calendar import NO_DAY, date_of
from myeloma.treated.mrd import months_old
from myeloma.treated.response.codes import CATEGORIES
from myeloma.treated.spectrum import AXES, Axis, Evidence, axes, facts

Array = NDArray[np.float64]
Codes = NDArray[np.int8]

PATH = Path(__file__).with_name("spectrum.yaml")
_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Level:
    """One level: its name and at least how much of each fact it adds to the levels before it."""

    name: str
    at_least: dict[str, float]


@dataclass(frozen=True)
class Preset:
    """One definition: levels from least to most, where it comes from, and what in it is ours."""

    key: str
    name: str
    citation: str
    notes: str
    levels: tuple[Level, ...]


@dataclass(frozen=True)
class Judgement:
    """Which level of a preset n people meet; -1 is none.

    Parameters
    ----------
    level : (n,) the highest level met by evidence that is not stale
    possible : (n,) the highest that what is missing or stale leaves possible
    was : (n,) the highest met by all evidence, however old
    conditions : by level and fact, (n,): 1 met, 0 not met, NaN unknown
    """

    preset: Preset
    level: Codes
    possible: Codes
    was: Codes
    conditions: dict[tuple[str, str], Array]

    def words(self, k: int) -> str:
        """Return what is said of element k."""
        levels, name, level, was = self.preset.levels, self.preset.name, int(self.level[k]), int(self.was[k])
        parts = [f"meets the criteria of {levels[level].name} ({name})"] if level >= 0 else []
        if was > level:
            parts.append(f"met the criteria of {levels[was].name} ({name}) by evidence that is now old")
        said = "; ".join(parts)
        if self.possible[k] > level:
            open_ones = f"the criteria of {levels[level + 1].name}: unknown {', '.join(self.unknown(k))}"
            return f"{said}; not known for {open_ones}" if said else f"not known whether it meets {open_ones}"
        return said or f"does not meet the criteria of {levels[0].name} ({name})"

    def unknown(self, k: int) -> tuple[str, ...]:
        """Return the facts that the first level not met would need of element k, and that are unknown or old."""
        level = int(self.level[k]) + 1
        if level == len(self.preset.levels):
            return ()
        name = self.preset.levels[level].name
        return tuple(fact for (of, fact), met in self.conditions.items() if of == name and np.isnan(met[k]))


def presets() -> dict[str, Preset]:
    """Return the definitions that ship, by key."""
    return {key: _preset(key, raw) for key, raw in _content()["presets"].items()}


def stale_after_days() -> dict[str, float]:
    """Return how old evidence may be, in days, by kind; ours."""
    return {name: float(days) for name, days in _content()["stale_after_days"].items()}


def judge(of: Evidence, preset: Preset, ages: Mapping[str, float] | None = None) -> Judgement:
    """Return which level of a preset each person meets.

    Parameters
    ----------
    ages : mapping, optional
        How old the evidence may be, in days, by kind; our own where not given.
    """
    allowed = stale_after_days() if ages is None else ages
    now = _conditions(preset, facts(of, allowed))
    ever = _conditions(preset, facts(of, dict.fromkeys(allowed, np.inf)))
    level, possible = _reached(preset, now, unknown_is=False), _reached(preset, now, unknown_is=True)
    return Judgement(preset, level, possible, _reached(preset, ever, unknown_is=False), now)


def axis_words(of: Evidence, k: int, ages: Mapping[str, float] | None = None) -> dict[str, str]:
    """Return each axis of element k in words: its state, since when, how old the evidence is, and what is missing."""
    return {name: said[0] for name, said in spectrum_words(of, [k], ages).items()}


def spectrum_words(of: Evidence, of_elements: Iterable[int], ages: Mapping[str, float] | None = None) -> dict[str, list[str]]:
    """Return the words of each axis, one text an element."""
    found, elements = axes(of, stale_after_days() if ages is None else ages), list(of_elements)
    return {name: [_words(name, axis, int(of.day[k]), k) for k in elements] for name, axis in found.items()}


def _words(name: str, axis: Axis, day: int, k: int) -> str:
    low, high = AXES[name][axis.low[k]], AXES[name][axis.high[k]]
    missing = [what for what, where in axis.missing.items() if where[k]]
    if axis.low[k] == 0 and axis.high[k] == len(AXES[name]) - 1:
        return f"unknown: {', '.join(missing)} missing" if missing else "unknown"
    parts = [low if low == high else f"from {low} to {high}"]
    if axis.since[k] != NO_DAY:
        parts.append(f"since {date_of(int(axis.since[k]))}")
    said = f"{'was ' if axis.stale[k] else ''}{', '.join(parts)}"
    if axis.last[k] != NO_DAY and axis.last[k] != day:
        said += f"; evidence {months_old(day - axis.last[k])} months old"
    return said + (f"; {', '.join(missing)} missing" if missing else "")


def _conditions(preset: Preset, found: Mapping[str, tuple[Array, Array]]) -> dict[tuple[str, str], Array]:
    """Return every condition, three-valued, in the order of the levels."""
    told = {}
    for level in preset.levels:
        for fact, least in level.at_least.items():
            low, high = found[fact]
            told[level.name, fact] = np.where(low >= least - _TOLERANCE, 1.0, np.where(high < least - _TOLERANCE, 0.0, np.nan))
    return told


def _reached(preset: Preset, conditions: Mapping[tuple[str, str], Array], unknown_is: bool) -> Codes:
    """Return the highest level reached where what is unknown is taken to hold, or not to."""
    n = len(next(iter(conditions.values())))
    level, holds = np.full(n, -1, np.int8), np.ones(n, np.bool_)
    for position, of in enumerate(preset.levels):
        for fact in of.at_least:
            met = conditions[of.name, fact]
            holds &= (met != 0) if unknown_is else (met == 1)
        level[holds] = position
    return level


def _preset(key: str, raw: dict[str, Any]) -> Preset:
    levels = tuple(Level(one["name"], {fact: _least(value) for fact, value in one["at_least"].items()}) for one in raw["levels"])
    return Preset(key, raw["name"], raw["citation"], raw["notes"], levels)


def _least(value: float | str) -> float:
    if not isinstance(value, str):
        return float(value)
    return float(next(code for code, word in CATEGORIES.items() if word == value))


@cache
def _content() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(PATH.read_text(encoding="utf-8"))
    return content
