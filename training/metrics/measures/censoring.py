"""Who is lost when: the chance of being uncensored, estimated on other people than those that are judged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from training.metrics.measures.inputs import checked_follow_up
from training.rows.censoring import NONE, weigh_for_censoring

Array = NDArray[np.float64]


@dataclass(frozen=True)
class CensoringDistribution:
    """The Kaplan-Meier estimate of being uncensored, for `censoring=` of the measures.

    Attributes
    ----------
    times : array (times,), days
        The distinct times of the people it was fitted to.
    survival : array (times + 1,)
        The chance of being uncensored just before each of them, and after the last.

    See Also
    --------
    training.metrics.auc : takes it as `censoring`.

    Examples
    --------
    >>> lost = CensoringDistribution.fit([200, 300, 900, 900], [1, 0, 0, 0])
    >>> lost.before([300, 301]).round(3).tolist()
    [1.0, 0.667]
    """

    times: Array
    survival: Array

    @classmethod
    def fit(cls, time: ArrayLike, event: ArrayLike) -> CensoringDistribution:
        """Return the distribution among some people; at equal times events come before censorings.

        Raises
        ------
        DataError
            Times or events are not what the measures accept.
        """
        follow_up = checked_follow_up(time, event)
        everybody = np.zeros(len(follow_up.time), dtype=np.int64)
        # One time more, which nobody reaches, so that the chance after the last is told too.
        reached = len(follow_up.times) + 1
        counts = np.ones((1, len(follow_up.time)))
        _, before = weigh_for_censoring(counts, follow_up.position, follow_up.event != NONE, everybody, reached)
        return cls(follow_up.times, before[0, 0])

    def before(self, time: ArrayLike) -> Array:
        """Return the chance of being uncensored just before each time."""
        return self.survival[np.searchsorted(self.times, np.asarray(time, dtype=float), side="left")]

    def after(self, time: ArrayLike) -> Array:
        """Return the chance of being uncensored just after each time."""
        return self.survival[np.searchsorted(self.times, np.asarray(time, dtype=float), side="right")]
