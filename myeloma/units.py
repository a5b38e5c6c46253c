"""Unit conversion by biomarker. An unknown unit is refused, never guessed: light chains in mg/L or mg/dL differ by ten."""

from __future__ import annotations

from myeloma.catalogue import Biomarker, catalogue, normalised
from myeloma.errors import DataError


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
    return value / canonical_divisor(biomarker, unit)


def accepted_units(entry: Biomarker) -> list[str]:
    """Return the canonical unit, then the others that are accepted."""
    return [entry.unit, *entry.units]
