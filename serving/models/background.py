"""A background: risk that no column foretells. Its odds are added to those that columns make, so that no risk is less.

Where some progress whom nothing foretold, log-odds do not go straight on downwards with what foretells: among people at low risk it tells
less and less. Slopes of a regression that knows no background are a compromise of both ends.
"""

from __future__ import annotations

import numpy as np

from serving.models.base import Array


def above(own: Array, background: Array) -> Array:
    """Return log(background + exp(own)), the log-odds with the odds of a background (horizons,) added; of 0 they are what they were.

    Examples
    --------
    >>> above(np.log([[1.0, 0.01]]), np.array([1.0, 0.0])).round(3).tolist()
    [[0.693, -4.605]]
    """
    if not np.any(background):
        return own
    with np.errstate(divide="ignore"):
        found: Array = np.logaddexp(own, np.log(background))
    return found
