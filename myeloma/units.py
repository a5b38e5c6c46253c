"""Unit conversion by biomarker. An unknown unit is refused, never guessed: light chains in mg/L or mg/dL differ by ten.

What is computed from results, a converted value or a ratio, is rounded to `DIGITS` where it is made: 110 / 1.1 is 100, as on paper, and
no rule that compares it with a cut-off needs a tolerance of its own.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from myeloma.catalogue import Biomarker, catalogue, normalised
from myeloma.compiled import compiled
from myeloma.errors import DataError

DIGITS = 12  # significant: more than any result has, fewer than binary fractions spoil
_POWERS = 10.0 ** np.arange(23)  # each is exact in binary


def canonical_divisor(biomarker: str, unit: str) -> float:
    """Return k, with canonical value = received value / k.

    Parameters
    ----------
    biomarker : str
        Key of the catalogue.
    unit : str
        Unit as received; letter case, blanks and the two micro signs do not matter.

    Raises
    ------
    DataError
        The unit is empty or not one of the biomarker's.

    Examples
    --------
    >>> canonical_divisor("creatinine", "µmol/l")
    88.42
    >>> canonical_divisor("flc_kappa", "")
    Traceback (most recent call last):
    ...
    myeloma.errors.DataError: flc_kappa has no unit. Hint: accepted units: mg/L, mg/dL, ug/mL.
    """
    entry = catalogue()[biomarker]
    received = normalised(unit)
    if received in entry.divisors:
        return entry.divisors[received]
    what = f'{biomarker} has the unit "{unit}", which is not one of its units.' if received else f"{biomarker} has no unit."
    raise DataError(what, f"accepted units: {', '.join(accepted_units(entry))}.", "unknown_unit")


def to_canonical(biomarker: str, value: float, unit: str) -> float:
    """Return the value in the biomarker's canonical unit.

    Examples
    --------
    >>> to_canonical("hemoglobin", 135.0, "g/L")
    13.5
    """
    return float(quotient(value, canonical_divisor(biomarker, unit)))


def quotient(values: ArrayLike, divisors: ArrayLike) -> NDArray[np.float64]:
    """Return values over divisors, rounded to `DIGITS` significant digits, so that a quotient of decimals is the decimal it is on paper.

    The number next to a decimal stands for what lies beyond it (a result of at least 20 is one of more than the number below 20): the
    quotient is then the number next to the rounded one, on the side that it leans to.

    Examples
    --------
    >>> 110 / 1.1, quotient([110, 27.6, 30.3], [1.1, 1.38, 10]).tolist()
    (99.99999999999999, [100.0, 20.0, 3.03])
    >>> bool(quotient(np.nextafter(22.6, 0.0), 1.13) == np.nextafter(20.0, 0.0))
    True
    """
    upper, lower = np.broadcast_arrays(np.asarray(values, dtype=np.float64), np.asarray(divisors, dtype=np.float64))
    found = np.empty(upper.shape)
    _divide(upper.ravel(), lower.ravel(), _POWERS, DIGITS, found.reshape(-1))
    return found


@compiled
def _divide(
    values: NDArray[np.float64], divisors: NDArray[np.float64], powers: NDArray[np.float64], digits: int, found: NDArray[np.float64]
) -> None:
    rounded = np.empty(3)
    for r in range(len(found)):
        value, divisor = values[r], divisors[r]
        if divisor == 1.0 or np.isnan(value) or np.isnan(divisor):
            found[r] = value * divisor
            continue
        rounded[0], rounded[1], rounded[2] = np.inf if divisor == 0.0 else value / divisor, value, divisor
        for k in range(3):
            size = abs(rounded[k])
            place = digits - 1 - int(np.floor(np.log10(size))) if 0.0 < size < np.inf else -1
            if 0 <= place < len(powers):
                rounded[k] = np.rint(rounded[k] * powers[place]) / powers[place]
        leans = int(value > rounded[1]) - int(value < rounded[1]) + int(divisor < rounded[2]) - int(divisor > rounded[2])
        found[r] = rounded[0] if leans == 0 else np.nextafter(rounded[0], np.inf * leans)


def accepted_units(entry: Biomarker) -> list[str]:
    """Return the canonical unit, then the others that are accepted."""
    return [entry.unit, *entry.units]
