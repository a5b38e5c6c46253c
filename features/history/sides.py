"""On which side of a value the truth lies: of results that were reported as limits, and of what is computed from them.

`<1.3` leaves all below it. A ratio that is divided by it is larger than the quotient, by nobody knows how much.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.history.arrays import COMPUTED, REPORTED

Bools = NDArray[np.bool_]
Array = NDArray[np.float64]
_COMPUTED_BELOW, _COMPUTED_ABOVE, _COMPUTED_OPEN = COMPUTED - 1, COMPUTED - 2, COMPUTED - 3
LEAST, MOST = 1e-9, 1e9  # of any result in any unit: below and above what is possible


class Sides(NamedTuple):
    """Where the truth of some values may lie below them, and where above; both where nobody knows on which side (values,)."""

    below: Bools
    above: Bools

    @classmethod
    def of(cls, operator: NDArray[np.int8]) -> Sides:
        """Return those that the operators of results say (`features.history.arrays.Results`)."""
        is_open = operator == _COMPUTED_OPEN
        below, above = ((operator == REPORTED.index(sign)) | is_open for sign in "<>")
        return cls(below | (operator == _COMPUTED_BELOW), above | (operator == _COMPUTED_ABOVE))

    def found(self) -> bool:
        """Return whether the truth of any of the values lies beside it."""
        return bool(self.below.any() or self.above.any())

    def as_computed(self) -> NDArray[np.int8]:
        """Return the operators of what was computed, not reported.

        Examples
        --------
        >>> sides = Sides(np.array([False, True, False, True]), np.array([False, False, True, True]))
        >>> [side.tolist() for side in Sides.of(sides.as_computed())] == [side.tolist() for side in sides]
        True
        """
        known = (self.below & self.above, self.below, self.above)
        return np.select(known, (_COMPUTED_OPEN, _COMPUTED_BELOW, _COMPUTED_ABOVE), COMPUTED).astype(np.int8)

    def turned(self) -> Sides:
        """Return those of what falls as these values rise."""
        return Sides(self.above, self.below)

    def against(self, other: Sides) -> Sides:
        """Return those of what rises with these values and falls with others, as a quotient does."""
        return Sides(self.below | other.above, self.above | other.below)

    def where(self, which: Bools, other: Sides) -> Sides:
        """Return these where they are asked for, and others elsewhere."""
        return Sides(np.where(which, self.below, other.below), np.where(which, self.above, other.above))

    def at(self, rows: NDArray[np.int64]) -> Sides:
        """Return some of them, in the order asked for."""
        return Sides(self.below[rows], self.above[rows])

    def followed_by(self, other: Sides) -> Sides:
        """Return these and others after them."""
        return Sides(np.concatenate([self.below, other.below]), np.concatenate([self.above, other.above]))

    def range_of(self, value: Array) -> tuple[Array, Array]:
        """Return the least and the most that each value may be."""
        least = np.where(self.below, LEAST, np.where(self.above, np.nextafter(value, np.inf), value))
        most = np.where(self.above, MOST, np.where(self.below, np.nextafter(value, 0.0), value))
        return least, most
