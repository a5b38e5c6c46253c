"""The rows that are judged at one horizon, with the weights of every bootstrap draw. Models share it: same rows, same draws."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from myeloma.calendar import DAYS_PER_YEAR
from training.rows.censoring import FollowUp, progressed_by

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Draws:
    """How often each person is drawn: the first row is the sample itself, the others are drawn with replacement.

    Attributes
    ----------
    people : array (draws + 1, people)
    ids : index of the people
    """

    people: Array
    ids: pd.Index

    @classmethod
    def of(cls, patient_ids: pd.Series, draws: int, seed: int) -> Draws:
        """Return that many draws of the people behind the rows; one seed, one set of draws."""
        ids = pd.Index(pd.unique(patient_ids))
        rng = np.random.default_rng(seed)
        drawn = [np.bincount(rng.integers(0, len(ids), len(ids)), minlength=len(ids)) for _ in range(draws)]
        return cls(np.vstack([np.ones(len(ids)), *drawn]), ids)

    def first(self, draws: int) -> Draws:
        """Return the sample itself and the first so many draws."""
        return Draws(self.people[: draws + 1], self.ids)

    def rows(self, patient_ids: pd.Series) -> Array:
        """Return how often each row counts, (draws + 1, rows): with a person come all of their rows."""
        place = self.ids.get_indexer(pd.Index(patient_ids))
        counts: Array = np.take(self.people, place, axis=1)  # an index in brackets takes ten times as long
        return counts


def yearly_share(rows: pd.DataFrame) -> Array:
    """Return the time since each row's person came before, in years, at most 1 (1 at a first visit): so everybody counts once a year.

    Only what came before the row is looked at. How many visits follow depends on what happens after the landmark (who
    progresses has none): weights by all of a person's visits would count those who progress soon too often.

    Parameters
    ----------
    rows : DataFrame
        patient_id, landmark.
    """
    visits = rows[["patient_id", "landmark"]].reset_index(drop=True).sort_values("landmark", kind="stable")
    days = visits.groupby("patient_id")["landmark"].diff().dt.days.sort_index().to_numpy(dtype=float)
    share: Array = np.fmin(days / DAYS_PER_YEAR, 1.0)
    return share


@dataclass(frozen=True)
class Sample:
    """Rows, horizon and weights.

    Attributes
    ----------
    counts : array (draws + 1, rows), how often each row counts; 0 where the study's end put the horizon out of reach
    known : array (draws + 1, rows), counts times censoring weight; 0 where the status at the horizon is unknown
    stratum : int array (rows,), rows of the same one share a chance of being uncensored
    before : array (draws + 1, strata, times), that chance just before each of `follow_up.times` within the horizon
    case : bool array (rows,), progressed within the horizon
    reached : how many of the distinct times lie within the horizon
    rows, cases, controls : arrays (draws + 1,), summed weight of all rows, and known weight of cases and of controls
    """

    follow_up: FollowUp
    counts: Array
    known: Array
    stratum: NDArray[np.int64]
    before: Array
    case: NDArray[np.bool_]
    reached: int
    rows: Array
    cases: Array
    controls: Array

    @classmethod
    def of(cls, follow_up: FollowUp, horizon: float, counts: Array) -> Sample:
        """Return the sample of these rows at a horizon in days."""
        reached = int(np.searchsorted(follow_up.times, horizon, side="right"))
        counts = np.ascontiguousarray(counts * follow_up.reachable(horizon))
        known, before, stratum = follow_up.weighed(counts, horizon)
        case = progressed_by(follow_up, horizon)
        cases = known @ case.astype(float)
        return cls(follow_up, counts, known, stratum, before, case, reached, counts.sum(axis=1), cases, known.sum(axis=1) - cases)

    @property
    def there(self) -> NDArray[np.bool_]:
        """Return which rows are judged: those that count, within the study's reach."""
        counted: NDArray[np.bool_] = self.counts[0] > 0
        return counted

    def effective_rows(self) -> float:
        """Return Kish's effective number of rows, (sum of weights)^2 / sum of squared weights."""
        weight = self.known[0]
        return float(weight.sum() ** 2 / (weight @ weight)) if weight.any() else 0.0
