"""Immunoparesis: an uninvolved immunoglobulin below its lower limit. Three-valued: 1 present, 0 absent, NaN unknown.

The scores count one suppressed immunoglobulin, AQUILA's eligibility two. Where the laboratory's own
limit is not given, published ones stand in, which differ enough to change a finding (IgA 65 mg/dL is low in one and normal in the other):
below the lower of the two a value is low, from the higher one on it is not, in between it is unknown.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from myeloma.compiled import compiled
from myeloma.laid_out import laid_out

Array = NDArray[np.float64]

# Lower limits of adults, mg/dL: the lower and the higher one of two published sets. Mayo Clinic: IgG 767, IgA 61, IgM 37;
# Roche / Tietz, as in Medscape: 700, 70, 40.
PUBLISHED_LIMITS_MG_DL = {"igg": (700.0, 767.0), "iga": (61.0, 70.0), "igm": (37.0, 40.0)}
IMMUNOGLOBULINS = tuple(PUBLISHED_LIMITS_MG_DL)
_ISOTYPES = {"IgG": 0, "IgA": 1, "IgM": 2}
NONE_OF_THREE, UNKNOWN = 3, -1  # an IgD, IgE or light-chain protein involves none of the three


def involved_of(heavy_chain: str) -> int:
    """Return which of `IMMUNOGLOBULINS` an isotype involves, `NONE_OF_THREE` or, where nothing is known, `UNKNOWN`.

    Examples
    --------
    >>> [involved_of(name) for name in ("IgM", "light_chain", "")]
    [2, 3, -1]
    """
    return _ISOTYPES.get(heavy_chain, NONE_OF_THREE) if heavy_chain else UNKNOWN


def suppressed(biomarker: str, value: ArrayLike, lower_limit: ArrayLike = np.nan) -> Array:
    """Return 1 where an immunoglobulin is below its lower limit, 0 where not, NaN where that is open.

    Parameters
    ----------
    biomarker : str
        igg, iga or igm.
    value, lower_limit : arrays
        mg/dL, NaN where unknown.

    Examples
    --------
    >>> suppressed("iga", [60, 65, 70]).tolist()
    [1.0, nan, 0.0]
    """
    shape, rows = laid_out({"value": value, "limit": lower_limit}, ("value", "limit"))
    return _lows(rows, np.array([PUBLISHED_LIMITS_MG_DL[biomarker]])).reshape(shape)


def immunoparesis(values: Mapping[str, ArrayLike], involved: ArrayLike, number: int = 1) -> Array:
    """Return whether at least so many uninvolved immunoglobulins are below their lower limit.

    Where the isotype is not known, any of the three may be the involved one, or none: known is what holds for all of these.

    Parameters
    ----------
    values : mapping
        igg, iga, igm, and the laboratory's igg_lower_limit, iga_lower_limit, igm_lower_limit, each mg/dL; NaN or absent where unknown.
    involved : array of int
        As `involved_of` gives it.
    """
    shape, rows = laid_out({**values, "involved": involved}, _INPUTS)
    found = np.empty(rows.shape[1])
    _judge(_lows(rows[:-1], _LIMITS), rows[-1], number, found)
    return found.reshape(shape)


_INPUTS = (*IMMUNOGLOBULINS, *(f"{name}_lower_limit" for name in IMMUNOGLOBULINS), "involved")
_LIMITS = np.array(list(PUBLISHED_LIMITS_MG_DL.values()))


def _lows(rows: Array, published: Array) -> Array:
    """Return whether values are low; of several immunoglobulins, `rows` are first the values of each, then the laboratory's limits."""
    low = np.empty((len(published), rows.shape[1]))
    _compare(rows, published, low)
    return low


@compiled
def _compare(rows: Array, published: Array, low: Array) -> None:
    for k in range(len(low)):
        for r in range(low.shape[1]):
            value, limit = rows[k, r], rows[len(low) + k, r]
            lower, higher = (published[k, 0], published[k, 1]) if np.isnan(limit) else (limit, limit)
            low[k, r] = 1.0 if value < lower else 0.0 if value >= higher else np.nan


@compiled
def _judge(low: Array, involved: Array, number: int, found: Array) -> None:
    """Write whether at least so many uninvolved ones are low: where the involved one is not known, what holds whichever it is."""
    of_each = np.empty(len(low) + 1)  # the last: none of them is involved
    for r in range(len(found)):
        for who in range(len(of_each)):
            holds = may_hold = 0
            for k in range(len(low)):
                if k != who:
                    holds += low[k, r] == 1.0
                    may_hold += low[k, r] != 0.0  # NaN may
            of_each[who] = 1.0 if holds >= number else 0.0 if may_hold < number else np.nan
        if involved[r] >= 0:
            found[r] = of_each[int(involved[r])]
        else:
            found[r] = 1.0 if (of_each == 1.0).all() else 0.0 if (of_each == 0.0).all() else np.nan
