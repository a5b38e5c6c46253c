"""Small-cell suppression: a count of fewer than ten people is not written down; one bound, and the words that stand for it."""

from __future__ import annotations

from typing import Any

SMALL_CELL = 10  # people
SUPPRESSED = f"fewer than {SMALL_CELL}"


def is_small(count: Any) -> Any:
    """Return whether a count, or each of an array or Series, is suppressed: nobody is no small cell, nor is what is not known."""
    return (count > 0) & (count < SMALL_CELL)


def written(count: float, thousands: str = "") -> str:
    """Return a count of people as it is written down.

    Examples
    --------
    >>> written(0), written(9), written(10), written(1234, thousands=",")
    ('0', 'fewer than 10', '10', '1,234')
    """
    return SUPPRESSED if is_small(count) else f"{count:{thousands}.0f}"


def only(count: int) -> str:
    """Return a count that is too small for what is asked, in words.

    Examples
    --------
    >>> only(0), only(9), only(12)
    ('only 0', 'fewer than 10', 'only 12')
    """
    return SUPPRESSED if is_small(count) else f"only {count}"
