"""Tests of measurable residual disease, and of imaging, as the rules take them: checked, of many people, with their sensitivity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from myeloma.calendar import NO_DAY
from myeloma.errors import DataError

Array = NDArray[np.float64]
Days = NDArray[np.int64]
Mask = NDArray[np.bool_]

EVENTS_FOR_DETECTION = 20  # flow cytometry; confirmed: 18 to 20 events at the limit (PMC5728052)
EVENTS_FOR_QUANTIFICATION = 50  # unconfirmed
_TOLERANCE = 1e-9  # relative: a limit of 10 per million is one of 1e-5


@dataclass(frozen=True)
class Results:
    """Tests of many people, by person, then by day.

    Parameters
    ----------
    offsets : array of int, people + 1
        The tests of person p are `offsets[p]:offsets[p + 1]`.
    day, known : arrays of int
        Days since 1970: when the specimen was taken, and from when on the result was known.
    positive : array of float
        1 positive, 0 negative, NaN no result.
    level : array of float
        Share of nucleated cells: what was found in a positive, the limit of detection of a negative.
    """

    offsets: Days
    day: Days
    known: Days
    positive: Array
    level: Array

    def __post_init__(self) -> None:
        first_of_a_person = np.zeros(len(self.day), np.bool_)
        first_of_a_person[self.offsets[:-1][self.offsets[:-1] < len(self.day)]] = True
        if (np.diff(self.day, prepend=NO_DAY) < 0)[~first_of_a_person].any():
            raise ValueError("the tests of a person must be in order of day")


def mrd_results(
    offsets: ArrayLike,
    day: ArrayLike,
    value: ArrayLike,
    below: ArrayLike,
    limit: ArrayLike = np.nan,
    known: ArrayLike | None = None,
) -> Results:
    """Return tests from results as they are recorded: a number is positive, a number with `below` is none found at that limit.

    Parameters
    ----------
    offsets, day, known : as in `Results`; a result is known from the day of the test on where `known` is not given
    value : share of nucleated cells, NaN without a result
    below : bool, as in "<1e-5"
    limit : the assay's own limit of detection, where it is reported beside a positive

    Raises
    ------
    DataError
        A share outside 0 to 1, a positive of 0, or a positive below the assay's own limit.
    """
    days = days_of(day)
    share, own, negative = np.broadcast_arrays(np.asarray(value, float), np.asarray(limit, float), np.asarray(below, bool))
    _refuse(~np.isnan(share) & ~((share > 0) & (share <= 1)), share, "a share of nucleated cells", 'above 0 up to 1; none found is "<1e-5"')
    wrong = below_own_limit(share, negative, own)
    if wrong.any():
        k = int(np.argmax(wrong))
        raise DataError(
            f"MRD of {share.flat[k]:g} is positive below the assay's own limit of {own.flat[k]:g}, both shares of nucleated cells.",
            f'a share from the limit on, or "<{own.flat[k]:g}" where none was found.',
            "out_of_range",
        )
    positive = np.where(np.isnan(share), np.nan, np.where(negative, 0.0, 1.0))
    return Results(days_of(offsets), days, _known(known, days), positive, share.astype(float))


def below_own_limit(value: ArrayLike, below: ArrayLike, limit: ArrayLike) -> Mask:
    """Return where a positive result lies below the assay's own limit of detection, which cannot be."""
    wrong: Mask = ~np.asarray(below, bool) & (np.asarray(value, float) < np.asarray(limit, float) * (1 - _TOLERANCE))
    return wrong


def imaging_results(offsets: ArrayLike, day: ArrayLike, positive: ArrayLike, known: ArrayLike | None = None) -> Results:
    """Return imaging (PET-CT) as tests, for the same states: 1 positive, 0 negative, NaN not conclusive."""
    days = days_of(day)
    found = np.asarray(positive, dtype=float)
    return Results(days_of(offsets), days, _known(known, days), found, np.zeros(len(days)))


def detection_limit(cells: ArrayLike, events: float = EVENTS_FOR_DETECTION) -> Array:
    """Return the limit of detection of flow cytometry, a share: so many events among the nucleated cells acquired.

    Examples
    --------
    >>> detection_limit([1e6, 2e6]).tolist()
    [2e-05, 1e-05]
    """
    number = np.asarray(cells, dtype=float)
    _refuse(number <= 0, number, "the number of cells acquired", "above 0")
    return events / number


def quantification_limit(cells: ArrayLike) -> Array:
    """Return the limit of quantification, a share. The 50 events that it takes are unconfirmed."""
    return detection_limit(cells, EVENTS_FOR_QUANTIFICATION)


def days_of(days: ArrayLike) -> Days:
    """Return days, or offsets, as the compiled rules take them: of one type, in one piece, and not locked against writing."""
    return np.require(np.asarray(days), np.int64, ["C", "W"])


def _known(known: ArrayLike | None, day: Days) -> Days:
    return day if known is None else np.maximum(days_of(known), day)


def _refuse(wrong: Mask, value: Array, what: str, accepted: str) -> None:
    if wrong.any():
        raise DataError(f"MRD: {value[wrong].flat[0]:g} is not {what}.", f"{accepted}.", "out_of_range")
