"""Harrell's C for predictors that change over time, in counting-process form, as R's survival::concordance counts it."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def concordance(start: ArrayLike, stop: ArrayLike, event: ArrayLike, predictor: ArrayLike) -> float:
    """Return the share of pairs ranked rightly: at each event the case's value against everybody else's at risk then.

    Parameters
    ----------
    start, stop, event, predictor : arrays of shape (rows,)
        A row holds from `start` (not included) to `stop`; `event` says whether it ends in one. A higher predictor means an
        earlier event. Equal predictors count half; of two events at one time neither comes first, so they are no pair.

    Examples
    --------
    >>> concordance([0, 0, 0], [1, 2, 3], [True, True, False], [3, 1, 2])
    0.6666666666666666
    """
    start, stop, predictor = (np.asarray(a, dtype=float) for a in (start, stop, predictor))
    event = np.asarray(event, dtype=bool)
    right = pairs = 0.0
    for time in np.unique(stop[event]):
        cases = predictor[event & (stop == time)]
        others = np.sort(predictor[(start < time) & (stop >= time) & ~(event & (stop == time))])
        below, upto = (np.searchsorted(others, cases, side=side) for side in ("left", "right"))
        right += below.sum() + 0.5 * (upto - below).sum()
        pairs += len(cases) * len(others)
    return float(right / pairs) if pairs else float("nan")
