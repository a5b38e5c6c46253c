"""Unknown biomarkers while a linear model is fitted: their columns take the mean that is conditional on what is known of the row.

The mean of everybody in their place makes the coefficients of all that goes with them too large for people of whom everything is known,
and of their own too small: one compromise for two kinds of people. In use that mean stands in all the same, since of people of whom a
biomarker is unknown a regression of their own speaks (`training.estimators.unknown`), and it needs a margin that is right for the others.

The conditional mean is that of a multivariate normal distribution, found by expectation and maximisation (Little and Rubin, Statistical
Analysis with Missing Data, 2nd edition, 2002, section 11.2). No outcome is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.history.columns import parse_column, resting_on
from serving.models.base import Array
from serving.models.design import LinearDesign
from serving.models.unknown import are_counts

_Places = NDArray[np.intp]
_Pattern = tuple[_Places, _Places, _Places]  # rows, the features that are there, those that are not
_STEPS = 10
_RIDGE = 0.01  # of a variance of 1: a latest value and a mean say nearly the same
_ENOUGH = 20_000  # rows that the distribution is found on
LEAST_KNOWN = 0.5  # of the rows: where fewer know every biomarker, the recalibration speaks of all


@dataclass(frozen=True)
class ImputedDesign:
    """A design whose columns of unknown biomarkers are imputed.

    Attributes
    ----------
    design : LinearDesign
    mean, covariance : arrays (features,) and (features, features), of the standardised features
    """

    design: LinearDesign
    mean: Array
    covariance: Array

    @classmethod
    def of(cls, design: LinearDesign, x: Array, columns: list[str]) -> ImputedDesign:
        """Return the design with the distribution of its features in a matrix with the named columns (rows, columns)."""
        x = x[np.linspace(0, len(x) - 1, min(_ENOUGH, len(x))).astype(int)]
        z: Array = design.standardised(x, columns)
        patterns, found = list(unknown_biomarkers(design.features, x, columns)), cls(design, z.mean(axis=0), _covariance(z))
        for _ in range(_STEPS if patterns else 0):
            left = np.zeros_like(found.covariance)  # of what is imputed, its variance about the conditional mean
            for rows, there, gone in patterns:
                together = found.covariance[np.ix_(gone, gone)] - found._slopes(there, gone).T @ found.covariance[np.ix_(there, gone)]
                left[np.ix_(gone, gone)] += len(rows) * together
            z = found._imputed(z, patterns)
            found = cls(design, z.mean(axis=0), _covariance(z) + left / len(z))
        return found

    def transform(self, x: Array, columns: list[str]) -> Array:
        """Return the design matrix (rows, design columns) as `LinearDesign.transform` does, with unknown biomarkers imputed."""
        patterns = unknown_biomarkers(self.design.features, x, columns)
        return self.design.completed(self._imputed(self.design.standardised(x, columns), patterns), x, columns)

    def _imputed(self, z: Array, patterns: Iterable[_Pattern]) -> Array:
        found: Array = z.copy()
        for rows, there, gone in patterns:
            found[np.ix_(rows, gone)] = self.mean[gone] + (z[np.ix_(rows, there)] - self.mean[there]) @ self._slopes(there, gone)
        return found

    def _slopes(self, there: _Places, gone: _Places) -> Array:
        known = self.covariance[np.ix_(there, there)] + _RIDGE * np.eye(len(there))
        slopes: Array = np.asarray(np.linalg.solve(known, self.covariance[np.ix_(there, gone)]), dtype=np.float64)
        return slopes


def unknown_biomarkers(features: tuple[str, ...], x: Array, columns: list[str]) -> Iterator[_Pattern]:
    """Yield, for each set of biomarkers that rows know nothing of, the rows, the features that are there, and those that are imputed.

    A column that is missing alone, as a slope of one result, is another matter.
    """
    biomarkers, missing = measured(columns), np.isnan(x)
    together = (1 << np.arange(len(biomarkers))) @ lacking(x, columns, biomarkers)
    places = np.array([columns.index(name) for name in features], dtype=np.intp)
    for each in np.unique(together[together > 0]).tolist():
        rows, names = np.flatnonzero(together == each), [name for k, name in enumerate(biomarkers) if each >> k & 1]
        gone = resting_on(features, names) & missing[np.ix_(rows, places)].all(axis=0)
        yield rows, np.flatnonzero(~gone), np.flatnonzero(gone)


def most_know_all(x: Array, columns: list[str]) -> bool:
    """Return whether at least half of the rows know all: the recalibration is then theirs."""
    return float(knows_all(x, columns, measured(columns)).mean()) >= LEAST_KNOWN


def knows_all(x: Array, columns: list[str], biomarkers: Sequence[str]) -> NDArray[np.bool_]:
    """Return which rows have a result of every biomarker that any row has."""
    unknown = lacking(x, columns, biomarkers)
    known: NDArray[np.bool_] = unknown[~unknown.all(axis=1)].sum(axis=0) == 0
    return known


def lacking(x: Array, columns: list[str], biomarkers: Sequence[str]) -> NDArray[np.bool_]:
    """Return of each biomarker (biomarkers, rows) which rows have no result of it: its columns are missing, and a count is 0."""
    group, nothing = np.array([parse_column(name).biomarker for name in columns]), np.isnan(x) | (are_counts(columns) & (x == 0))
    return np.array([nothing[:, group == name].all(axis=1) for name in biomarkers], dtype=bool).reshape(-1, len(x))


def measured(columns: list[str]) -> list[str]:
    """Return the biomarkers that columns are of, in the order of their names."""
    return sorted({parse_column(name).biomarker for name in columns if parse_column(name).statistic})


def _covariance(z: Array) -> Array:
    apart = z - z.mean(axis=0)
    covariance: Array = apart.T @ apart / len(z)
    return covariance
