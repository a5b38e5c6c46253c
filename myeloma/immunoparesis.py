"""Immunoparesis: an uninvolved immunoglobulin below its lower limit. Three-valued: 1 present, 0 absent, NaN unknown.

The scores count one suppressed immunoglobulin, AQUILA's eligibility two. Where the laboratory's own
limit is not given, published ones stand in, which differ enough to change a finding (IgA 65 mg/dL is low in one and normal in the other):
below the lower of the two a value is low, from the higher one on it is not, in between it is unknown.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from myeloma.three_valued import at_least

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
    level, limit = np.broadcast_arrays(np.asarray(value, dtype=float), np.asarray(lower_limit, dtype=float))
    lower, higher = (np.where(np.isnan(limit), published, limit) for published in PUBLISHED_LIMITS_MG_DL[biomarker])
    return np.select([level < lower, level >= higher], [1.0, 0.0], np.nan)


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
    involved = np.asarray(involved)
    low = [suppressed(name, values.get(name, np.nan), values.get(f"{name}_lower_limit", np.nan)) for name in IMMUNOGLOBULINS]
    of_each = [at_least(number, [one for k, one in enumerate(low) if k != who]) for who in (*range(len(low)), NONE_OF_THREE)]
    every = np.array(np.broadcast_arrays(*of_each, involved)[:-1])
    alike = np.select([(every == 1).all(axis=0), (every == 0).all(axis=0)], [1.0, 0.0], np.nan)
    return np.select([involved == who for who in range(len(every))], list(every), alike)
