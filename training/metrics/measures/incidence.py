"""How many have the event, a competing event coming first in others."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from myeloma import DataError
from training.metrics.incidence import aalen_johansen
from training.metrics.measures.inputs import checked_follow_up, checked_numbers


def cumulative_incidence(
    time: ArrayLike, event: ArrayLike, horizons: ArrayLike, *, cause: Literal[1, 2] = 1, weights: ArrayLike | None = None
) -> NDArray[np.float64]:
    r"""Return the Aalen-Johansen estimate of the probability of a cause, as the first event, within each horizon.

    .. math:: \hat F_k(h) = \sum_{t \le h} \hat S(t^-) \, \frac{d_k(t)}{Y(t)}

    with the number at risk :math:`Y`, the events of the cause :math:`d_k` and the chance :math:`\hat S` of no event of any cause.

    Parameters
    ----------
    time, event, weights
        As of `auc`.
    horizons : array (horizons,)
        Days.
    cause : {1, 2}
        The event, or the competing one.

    Returns
    -------
    array (horizons,)
        Absolute risks: with the chance of no event at all, those of both causes sum to 1.

    Raises
    ------
    DataError
        As `auc`, but for the horizon: beyond the last time the estimate stays where it was.

    See Also
    --------
    oe_ratio : this, against what was predicted.

    Notes
    -----
    One minus Kaplan-Meier with competing events called censored is no absolute risk, and is about twice as large in MGUS.

    References
    ----------
    .. [1] Aalen and Johansen, "An empirical transition matrix for non-homogeneous Markov chains based on censored observations",
           Scand J Stat 1978;5:141.

    Examples
    --------
    >>> cumulative_incidence([200, 300, 400, 900], [1, 2, 1, 0], [365.25, 730.5]).tolist()
    [0.25, 0.5]
    >>> cumulative_incidence([200, 300, 400, 900], ["none", "competing", "none", "none"], [365.25])
    Traceback (most recent call last):
    ...
    myeloma.errors.DataError: event does not hold numbers, accepted: 0 (none), 1 (the event) or 2 (a competing event first).
    """
    follow_up = checked_follow_up(time, event)
    at = checked_numbers("horizons", np.atleast_1d(np.asarray(horizons, dtype=float)), None, "days, 0 or more", np.inf)
    if cause not in (1, 2):
        raise DataError(f"cause is {cause}, accepted: 1 (the event) or 2 (the competing event).")
    counts = None if weights is None else checked_numbers("weights", weights, len(follow_up.time), "0 or more", np.inf)
    return aalen_johansen(follow_up, at.tolist(), "event" if cause == 1 else "competing", counts)
