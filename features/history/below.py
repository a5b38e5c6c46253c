"""What is known of results that lie below a limit of detection, as values that the kernel can take the latest of."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from features.history.arrays import REPORTED
from features.history.series import Series

_NUMBER, _LESS, _MORE = (REPORTED.index(operator) for operator in ("", "<", ">"))
_TOLERANCE = 1e-9  # relative: 0.001 % and 10 per million are the same limit, whatever the binary fractions say
AT = 0.5  # between not below (0) and below (1)


def as_below(series: Series, number: float | None) -> Series:
    """Return the series with 1 for each value that is known to lie below a number, 0 where it is known not to, NaN where neither.

    Parameters
    ----------
    series : Series
        With operators.
    number : float or None
        In the canonical unit; None for each result's own limit: 1 where it was reported as below a limit.
    """
    if series.operator is None:
        raise ValueError("the results were read without their operators")
    return replace(series, value=_below(series.value, series.operator, number))


def _below(value: NDArray[np.float64], operator: NDArray[np.int8], number: float | None) -> NDArray[np.float64]:
    plain, less, more = operator == _NUMBER, operator == _LESS, operator == _MORE
    if number is None:
        return np.select([less, plain | more], [1.0, 0.0], np.nan)
    room = abs(number) * _TOLERANCE
    known_below = (plain & (value < number - room)) | (less & (value <= number + room))
    known_not = (plain | more) & (value >= number - room)
    return np.select([known_below, known_not], [1.0, 0.0], np.nan)
