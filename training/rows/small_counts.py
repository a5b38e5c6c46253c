"""Counts of people that are too small to be written down: one bound, and the words that stand for such a count."""

from __future__ import annotations

SMALL_CELL = 10  # people; a smaller count is not written down
FEW = f"fewer than {SMALL_CELL}"


def shown(people: int) -> str:
    """Return a count as it is written down: none, and at least ten, as it is.

    Examples
    --------
    >>> shown(0), shown(9), shown(10)
    ('0', 'fewer than 10', '10')
    """
    return FEW if 0 < people < SMALL_CELL else str(people)


def few(people: int) -> str:
    """Return a count that is too small in words: none, or at least ten, is written down."""
    return f"only {people}" if people >= SMALL_CELL or people == 0 else FEW
