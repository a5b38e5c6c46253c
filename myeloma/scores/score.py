"""What a published score is: factors with cut-offs, a rule from their levels to a category, and published risks.

Each factor turns an input into a level (how many cut-offs it passes). A missing input can be at any level, so a
score with missing inputs has a set of possible categories: all of them are found, none is assumed. The sets are
worked out once per score, for every combination of levels, so that millions of rows are a table look-up.
"""

from __future__ import annotations

import itertools
import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from myeloma.scores.checks import check_names, checked, checked_one

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Factor:
    """One input and its cut-offs.

    Parameters
    ----------
    input : str
        Name of the input; a biomarker in its canonical unit, or a 0/1 finding.
    cuts : tuple of float
        Rising. The level is the number of cut-offs passed.
    direction : {">", ">=", "outside", "outside or at"}
        Whether the cut-off itself counts. `outside` has two cuts: level 1 below the first or above the second.
    label : str
        In words, as published.
    """

    input: str
    cuts: tuple[float, ...]
    direction: Literal[">", ">=", "outside", "outside or at"]
    label: str

    @cached_property
    def levels(self) -> int:
        """How many levels there are."""
        return 2 if self.direction.startswith("outside") else len(self.cuts) + 1

    def level(self, values: Array) -> NDArray[np.int64]:
        """Return the level of each value; NaN gives `levels`, one more than the highest."""
        if self.direction == "outside":
            found = ((values < self.cuts[0]) | (values > self.cuts[1])).astype(np.int64)
        elif self.direction == "outside or at":
            found = ((values <= self.cuts[0]) | (values >= self.cuts[1])).astype(np.int64)
        else:
            found = np.searchsorted(self.cuts, values, side="left" if self.direction == ">" else "right")
        return np.where(np.isnan(values), self.levels, found)

    def is_settled(self, least: Array, most: Array) -> NDArray[np.bool_]:
        """Return where every value of a range has the same level."""
        settled: NDArray[np.bool_] = self.level(least) == self.level(most)
        if self.direction.startswith("outside"):
            settled &= ~((least < self.cuts[0]) & (most > self.cuts[1]))
        return settled

    def level_of(self, value: float) -> int:
        """Return the level of one value, as `level` does for many."""
        if math.isnan(value):
            return self.levels
        if self.direction == "outside":
            return int(value < self.cuts[0] or value > self.cuts[1])
        if self.direction == "outside or at":
            return int(value <= self.cuts[0] or value >= self.cuts[1])
        return (bisect_left if self.direction == ">" else bisect_right)(self.cuts, value)


def finding(name: str, label: str) -> Factor:
    """Return the factor of a finding that is present (1), absent (0) or unknown (NaN)."""
    return Factor(name, (0.5,), ">", label)


@dataclass(frozen=True)
class ScoreResult:
    """What a score says of one person.

    `category` is None when missing inputs leave more than one possible; `risks` are the published ones of the
    category, by horizon in months; `reason` says why nothing at all can be said.
    """

    category: str | None
    points: float | None
    possible: tuple[str, ...]
    missing: tuple[str, ...]
    risks: dict[int, float]
    reason: str = ""


def not_computable(missing: tuple[str, ...]) -> str:
    """Return the reason why a score says nothing."""
    return f"not computable: {', '.join(missing)} unknown"


@dataclass(frozen=True)
class ScoreArrays:
    """What a score says of many rows. `possible` has bit k set when category k is possible."""

    possible: NDArray[np.uint32]
    points_low: Array
    points_high: Array

    def category(self) -> NDArray[np.int64]:
        """Return the category's position, -1 where it is not settled."""
        settled = (self.possible & (self.possible - 1)) == 0
        return np.where(settled, np.log2(np.maximum(self.possible, 1)).astype(np.int64), -1)


@dataclass(frozen=True)
class Score:
    """A published score.

    Parameters
    ----------
    points : function of the levels (one int per factor) to the number of points
    category : function of the points and the levels to the position in `categories`
    risks : by horizon in months, one number per category, None where none is published
    outcome : what the risks are of
    population : the stage it was made for: mgus, smm or mm
    """

    key: str
    name: str
    version: str
    citation: str
    population: Literal["mgus", "smm", "mm"]
    outcome: str
    factors: tuple[Factor, ...]
    categories: tuple[str, ...]
    points: Callable[..., float]
    category: Callable[..., int]
    risks: dict[int, tuple[float | None, ...]]
    notes: tuple[str, ...] = field(default_factory=tuple)

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        """The names of the inputs, in order."""
        return tuple(factor.input for factor in self.factors)

    def evaluate(self, **inputs: float | None) -> ScoreResult:
        """Return points, category and published risks for one person; None or NaN means unknown.

        Raises
        ------
        TypeError
            An input that the score does not have.
        """
        check_names(self.key, inputs, self.inputs)
        return self.judge({name: math.nan if (value := inputs.get(name)) is None else float(value) for name in self.inputs})

    def judge(self, values: Mapping[str, float]) -> ScoreResult:
        """Return what `evaluate` does, of values by name, NaN where unknown, that hold every input; others are left aside."""
        state = 0
        for factor in self.factors:
            state = state * (factor.levels + 1) + factor.level_of(checked_one(factor.input, values[factor.input]))
        if state not in self._results:
            self._results[state] = self._result(state)
        return self._results[state]

    @cached_property
    def _results(self) -> dict[int, ScoreResult]:
        """What was said so far, by combination of levels and unknowns: one says all."""
        return {}

    def _result(self, state: int) -> ScoreResult:
        possible, points_low, points_high = self._table
        bits, low, high = int(possible[state]), float(points_low[state]), float(points_high[state])
        position = bits.bit_length() - 1 if bits & (bits - 1) == 0 else -1
        missing = tuple(name for name, unknown in zip(self.inputs, self._unknown(state), strict=True) if unknown)
        open_altogether = bits == (1 << len(self.categories)) - 1
        return ScoreResult(
            category=self.categories[position] if position >= 0 else None,
            points=low if low == high else None,
            possible=tuple(name for k, name in enumerate(self.categories) if bits >> k & 1),
            missing=missing,
            reason=not_computable(missing) if open_altogether else "",
            risks={h: risk for h, risks in self.risks.items() if position >= 0 and (risk := risks[position]) is not None},
        )

    def _unknown(self, state: int) -> list[bool]:
        """Return of each factor whether it is unknown in a combination."""
        unknown = []
        for factor in reversed(self.factors):
            state, level = divmod(state, factor.levels + 1)
            unknown.append(level == factor.levels)
        return unknown[::-1]

    def evaluate_arrays(self, **inputs: ArrayLike) -> ScoreArrays:
        """Return what is possible for each row; NaN means unknown.

        Raises
        ------
        DataError
            An input is infinite or outside its hard range.
        """
        state: int | NDArray[np.int64] = 0
        for factor in self.factors:
            level = factor.level(checked(factor.input, inputs[factor.input]))
            state = state * (factor.levels + 1) + level
        possible, low, high = self._table
        return ScoreArrays(possible[state], low[state], high[state])

    def risk(self, horizon: int, **inputs: ArrayLike) -> Array:
        """Return the published risk at a horizon in months, NaN where the category is not settled or none is published."""
        position = self.evaluate_arrays(**inputs).category()
        published = [np.nan if risk is None else risk for risk in self.risks.get(horizon, (None,) * len(self.categories))]
        return np.array([*published, np.nan])[position]  # position -1 takes the last, NaN

    def order(self, **inputs: ArrayLike) -> Array:
        """Return the place of each row's category, lowest risk first, NaN where it is not settled: what ranks people without a risk."""
        position = self.evaluate_arrays(**inputs).category()
        return np.where(position < 0, np.nan, position.astype(float))

    @cached_property
    def _table(self) -> tuple[NDArray[np.uint32], Array, Array]:
        """Return, for every combination of levels and unknowns, the possible categories and the range of points."""
        possible, low, high = [], [], []
        for state in itertools.product(*(range(factor.levels + 1) for factor in self.factors)):
            choices = [range(f.levels) if level == f.levels else (level,) for level, f in zip(state, self.factors, strict=True)]
            combinations = list(itertools.product(*choices))
            points = [self.points(*levels) for levels in combinations]
            bits = {1 << self.category(total, *levels) for total, levels in zip(points, combinations, strict=True)}
            possible.append(sum(bits))
            low.append(min(points))
            high.append(max(points))
        return np.array(possible, dtype=np.uint32), np.array(low, dtype=float), np.array(high, dtype=float)


def count(*levels: int) -> float:
    """Return the number of factors present."""
    return float(sum(levels))


def by_points(*first: float) -> Callable[..., int]:
    """Return the rule that gives category k from first[k] points on."""

    def category(points: float, *levels: int) -> int:
        return int(np.searchsorted(first, points, side="right")) - 1

    return category
