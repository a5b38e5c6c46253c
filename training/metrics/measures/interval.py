"""A confidence interval of any measure, by drawing people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from myeloma import DataError
from training.metrics.figures import interval
from training.metrics.sample import Draws


class Interval(NamedTuple):
    """An estimate, and the 2.5 and 97.5 % quantiles of what it is in the draws."""

    estimate: float
    lo: float
    hi: float


def bootstrap_interval(
    measure: Callable[..., float],
    time: ArrayLike,
    event: ArrayLike,
    risk: ArrayLike,
    horizon: float,
    *,
    patient_id: ArrayLike | None = None,
    draws: int = 200,
    seed: int = 1,
    **options: Any,
) -> Interval:
    """Return a measure with its 95 % percentile interval from drawing people with replacement; all rows of a person come together.

    Of `ici` it is a bound, from 0 on.

    Parameters
    ----------
    measure : function
        `auc`, `brier`, `ipa`, `oe_ratio`, `ici`, `concordance` or `net_benefit`.
    time, event, risk, horizon
        As of the measure.
    patient_id : array (rows,), optional
        Whose row it is. Each row is a person by default.
    draws : int
        How often to draw, at least 2; the censoring weights are estimated anew in each.
    seed : int
        The same seed gives the same draws.
    **options
        Of the measure: `censoring`, `threshold`.

    Raises
    ------
    DataError
        As the measure. A draw of which it is not defined is left out.

    See Also
    --------
    auc : a measure.

    References
    ----------
    .. [1] Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13.

    Examples
    --------
    >>> from training.metrics import auc
    >>> time, event = [200, 300, 400, 900, 900, 900] * 20, [1, 2, 1, 0, 0, 0] * 20
    >>> found = bootstrap_interval(auc, time, event, [0.4, 0.1, 0.2, 0.3, 0.1, 0.05] * 20, 730.5, draws=50)
    >>> found.estimate, found.lo < 0.875 < found.hi
    (0.875, True)
    >>> bootstrap_interval(auc, time, event, [0.4] * 120, 730.5, patient_id=["a", "b"])
    Traceback (most recent call last):
    ...
    myeloma.errors.DataError: patient_id has 2 values, time has 120. Hint: one value a person, in the same order.
    """
    n = len(np.asarray(time))
    people = pd.Series(np.arange(n) if patient_id is None else np.asarray(patient_id))
    if len(people) != n:
        raise DataError(f"patient_id has {len(people)} values, time has {n}.", "one value a person, in the same order.")
    if draws < 2:
        raise DataError(f"draws is {draws}, accepted: 2 or more.")
    found = [measure(time, event, risk, horizon, **options)]
    for counts in Draws.of(people, draws, seed).rows(people)[1:]:
        try:
            found.append(measure(time, event, risk, horizon, **options, weights=counts))
        except DataError:  # a draw may hold nobody with the event
            found.append(np.nan)
    return Interval(*interval(np.array(found), getattr(measure, "__name__", "")))
