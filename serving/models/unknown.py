"""The log-odds of people of whom nothing is known of some biomarkers, which a model was fitted to with nearly all of them known.

Whether a biomarker is known or hidden, the mean risk of like people is the same. A model alone does not see to that: where the value
is hidden, it takes a stand-in, whose risk is below the mean risk, and does not lean on what is known the more for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.history.columns import parse_column
from serving.models.base import Array, ImpossibleModelError, numbers, row_sums
from serving.models.design import LinearDesign

Ints = NDArray[np.int64]
MOST_BIOMARKERS = 7  # as many as a task that is shipped has; 127 patterns, and what is kept doubles with each


@dataclass(frozen=True)
class Reduced:
    """The rows of whom nothing is known of some biomarkers, and what stands in place of their recalibration.

    Attributes
    ----------
    rows : array (reduced,), positions
    pattern : array (reduced,); bit k is 1 where nothing is known of biomarker k
    log_odds, slope : arrays (reduced, horizons); the slope is that by which they follow the model's margins
    at : array (reduced, horizons)
        The horizon whose regression speaks, an earlier one where the own would let the risk fall.
    known : array (reduced, design columns)
    added : array (reduced, horizons, design columns)
        What each known value adds to that.
    """

    rows: Ints
    pattern: Ints
    log_odds: Array
    slope: Array
    at: Ints
    known: Array
    added: Array


@dataclass(frozen=True)
class UnknownBiomarkers:
    """A regression for each pattern of unknown biomarkers and each horizon: level + slope x margin + known values x coefficients.

    Attributes
    ----------
    biomarkers : of which a pattern tells; others are left to the model
    design : of the known values, missing ones at their mean
    coefficients : array (patterns, horizons, 2 + design columns)
        Level, slope, then of the design; the first line is of the pattern 1, in which nothing is known of the first biomarker alone.
    of_halves : array (halves, patterns, horizons, 2 + design columns), optional
        The same of each fit to a half of the patients; None where these have none of their own.
    """

    biomarkers: tuple[str, ...]
    design: LinearDesign
    coefficients: Array
    columns: list[str]
    of_halves: Array | None = None

    def patterns(self, x: Array) -> Ints:
        """Return the pattern of each row: the sum of 2 ** k over the biomarkers k of which it has no value, 0 where it has of all."""
        known = (~np.isnan(x) & ~(self._counts & (x == 0))).astype(float) @ self._members
        patterns: Ints = (known == 0) @ (1 << np.arange(len(self.biomarkers)))
        return patterns

    def reduced(self, x: Array, margins: Array) -> Reduced | None:
        """Return what takes the place of the recalibration; None where no row has an unknown biomarker.

        Parameters
        ----------
        x : array (rows, features)
        margins : array (rows, horizons)
        """
        patterns = self.patterns(x)
        if not patterns.any():
            return None
        rows = np.flatnonzero(patterns)
        of_pattern = self.coefficients[patterns[rows] - 1]
        known = self.design.transform(x[rows], self.columns)
        own = _log_odds(of_pattern, margins[rows], known)
        log_odds = np.maximum.accumulate(own, axis=1)
        at = np.maximum.accumulate(np.where(own == log_odds, np.arange(own.shape[1]), 0), axis=1)
        speaking = of_pattern[np.arange(len(rows))[:, None], at]
        return Reduced(rows, patterns[rows], log_odds, speaking[:, :, 1], at, known, known[:, None] * speaking[:, :, 2:])

    def by_halves(self, reduced: Reduced, margins: Array) -> Array | None:
        """Return the log-odds of the reduced rows by each half's own regressions (halves, reduced, horizons); None without any.

        Parameters
        ----------
        margins : array (halves, rows, horizons), of all rows, by each half's model
        """
        if self.of_halves is None:
            return None
        of_halves = zip(self.of_halves, margins, strict=True)  # one by one: of many rows all at once would be large
        own = np.array([_log_odds(of_half[reduced.pattern - 1], each[reduced.rows], reduced.known) for of_half, each in of_halves])
        return np.maximum.accumulate(own, axis=2)

    def contributions(self, reduced: Reduced, contributions: Array, base: Array) -> Array:
        """Return what each feature adds to the log-odds of the reduced rows (reduced, horizons, features).

        A known value adds what the pattern's regression makes of it. What then is left above the base that a person with every
        biomarker known has is the share of those unknown, of each alike, and stands at its first column.

        Parameters
        ----------
        contributions : array (reduced, horizons, features), to the model's margin
        base : array (reduced, horizons), of the recalibrated log-odds
        """
        found: Array = reduced.slope[:, :, None] * contributions[np.arange(len(base))[:, None], reduced.at]
        np.add.at(found, np.s_[:, :, self.design.sources(self.columns)], reduced.added)  # type: ignore[arg-type]  # knows no slice in a tuple
        unknown = (reduced.pattern[:, None] >> np.arange(len(self.biomarkers))) & 1
        rest = (reduced.log_odds - base - row_sums(found)) / unknown.sum(axis=1)[:, None]
        found[:, :, self._first] += rest[:, :, None] * unknown[:, None, :]
        return found

    def moved(self, shift: Array, slope: float) -> UnknownBiomarkers:
        """Return it with every log-odds moved to shift + slope x log-odds, as a recalibration moves those of people of whom all is known.

        Parameters
        ----------
        shift : array (horizons,)
        """

        def changed(coefficients: Array) -> Array:
            of_log_odds: Array = slope * coefficients
            of_log_odds[..., 0] += shift
            return of_log_odds

        of_halves = None if self.of_halves is None else changed(self.of_halves)
        return replace(self, coefficients=changed(self.coefficients), of_halves=of_halves)

    @cached_property
    def _counts(self) -> NDArray[np.bool_]:
        return are_counts(self.columns)

    @cached_property
    def _members(self) -> Array:
        of = [parse_column(name).biomarker for name in self.columns]
        return np.array([[biomarker == name for name in self.biomarkers] for biomarker in of], dtype=float)

    @cached_property
    def _first(self) -> Ints:
        first: Ints = self._members.argmax(axis=0)
        return first

    def save(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        return {
            "biomarkers": list(self.biomarkers),
            "design": self.design.to_dict(),
            "coefficients": self.coefficients.tolist(),
            "of_halves": None if self.of_halves is None else self.of_halves.tolist(),
        }

    @classmethod
    def load(cls, content: Mapping[str, Any], columns: list[str], horizons: int, halves: int = 0) -> UnknownBiomarkers:
        """Return what `save` wrote.

        Parameters
        ----------
        halves : int
            Fits to halves of the patients that the model has; each has regressions of its own, or none has.

        Raises
        ------
        ImpossibleModelError
            It tells of a biomarker that the model has not, or of one twice, or its numbers have another shape or are not finite.
        """
        biomarkers, design = tuple(content["biomarkers"]), LinearDesign.from_dict(content["design"], columns)
        if unheard := set(biomarkers) - {parse_column(name).biomarker for name in columns}:
            raise ImpossibleModelError(f"it tells of people without {min(unheard)}, of which it has no column")
        if not 0 < len(set(biomarkers)) == len(biomarkers) <= MOST_BIOMARKERS:
            accepted = f"1 to {MOST_BIOMARKERS}, none of them twice"
            raise ImpossibleModelError(f"it tells of {len(biomarkers)} biomarkers that may be unknown, accepted: {accepted}")
        shape = (2 ** len(biomarkers) - 1, horizons, 2 + design.width)
        of_halves = None if content.get("of_halves") is None else numbers(content, "of_halves", (halves, *shape))
        return cls(biomarkers, design, numbers(content, "coefficients", shape), columns, of_halves)


def _log_odds(of_pattern: Array, margins: Array, known: Array) -> Array:
    """Return level + slope x margin + known values x coefficients (rows, horizons), of each row's own pattern."""
    found: Array = of_pattern[:, :, 0] + of_pattern[:, :, 1] * margins + row_sums(known[:, None] * of_pattern[:, :, 2:])
    return found


def are_counts(columns: Sequence[str]) -> NDArray[np.bool_]:
    """Return which columns count results: of somebody without any they are not missing, but 0."""
    return np.array([parse_column(name).statistic == "count" for name in columns], dtype=bool)


def hidden(x: Array, columns: Sequence[str], cells: NDArray[np.bool_]) -> Array:
    """Return rows as they are without the results that some cells were made of: nothing is known, and a count is 0.

    Parameters
    ----------
    x : array (rows, columns)
    cells : array (columns,) or (rows, columns)
    """
    found: Array = np.where(cells, x.dtype.type(np.nan), x)
    for k in np.flatnonzero(are_counts(columns)):
        found[np.isnan(found[:, k]) & ~np.isnan(x[:, k]), k] = 0.0
    return found
