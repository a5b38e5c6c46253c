"""A background: risk that no column foretells. Its odds are added to those that columns make, so that no risk is less.

Where some progress whom nothing foretold, log-odds do not go straight on downwards with what foretells: among people at low risk it tells
less and less. Slopes of a regression that knows no background are a compromise of both ends.
"""

from __future__ import annotations

import numpy as np

from serving.models.base import Array

_SMALL = 1e-6


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


def share_kept(own: Array, start: Array, background: Array) -> Array:
    """Return by how much log-odds with a background rise from a start, per unit of what they rise by without.

    Contributions times this add up to the way with the background. They are its integrated gradients (Sundararajan, ICML 2017) on the
    straight line from the start, which of an additive sum are in proportion to what each column adds.

    Examples
    --------
    >>> own, start, background = np.log([[4.0]]), np.log([[1.0]]), np.array([1.0])
    >>> round(float(np.exp(share_kept(own, start, background) * (own - start))[0, 0]), 3)
    2.5
    """
    from_start, beyond = above(start, background), own - start
    near = np.abs(beyond) < _SMALL
    risen = (above(own, background) - from_start) / np.where(near, 1.0, beyond)
    return np.where(near, np.exp(start - from_start), risen)
