"""The precursor that results show where nobody recorded a stage: smoldering myeloma, MGUS, or not to be told. Never a diagnosis.

Rajkumar et al., Lancet Oncol 2014;15:e538. Smoldering: serum M-protein >= 3 g/dL, or urine M-protein >= 500 mg/24 h, or 10 to below
60 % clonal marrow plasma cells. MGUS: M-protein < 3 g/dL and marrow < 10 %, both known. Neither with a myeloma-defining event (60 %
of marrow plasma cells is one, of which this asks; of the others `myeloma.criteria`) or amyloidosis, which is not known at all.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from myeloma.three_valued import all_of, any_of

Array = NDArray[np.float64]
M_PROTEIN_FROM_G_DL = 3.0
URINE_M_PROTEIN_FROM_MG_24H = 500.0
BMPC_FROM_PERCENT = 10.0
BMPC_BELOW_PERCENT = 60.0
SHOWN_BY = (
    f"serum M-protein of {M_PROTEIN_FROM_G_DL:g} g/dL or more, urine M-protein of {URINE_M_PROTEIN_FROM_MG_24H:g} mg/24 h or more, or "
    f"marrow plasma cells of {BMPC_FROM_PERCENT:g} to below {BMPC_BELOW_PERCENT:g} %"
)
_TOLERANCE = 1e-9  # so that 30 g/L, read as 3 g/dL, is 3


def reaches(value: ArrayLike, limit: ArrayLike, below: ArrayLike = False, above: ArrayLike = False) -> Array:
    """Return 1 where a result is known to reach a limit, 0 where it is known not to, NaN where that is open or nothing is known.

    Parameters
    ----------
    below, above : array_like of bool
        Where the result was reported as less, or as more, than the value.

    Examples
    --------
    >>> reaches([10, 10, 12, 9, 9, 10], 10.0, below=[0, 1, 1, 0, 0, 0], above=[0, 0, 0, 0, 1, 1]).tolist()
    [1.0, 0.0, nan, 0.0, nan, 1.0]
    >>> at_most, at_least = np.nextafter(10.0, np.inf), np.nextafter(10.0, -np.inf)
    >>> reaches([at_most, at_least], 10.0, below=[1, 0], above=[0, 1]).tolist()
    [nan, 1.0]
    """
    known, bound = np.asarray(value, dtype=np.float64), np.asarray(limit, dtype=np.float64)
    less, more = np.asarray(below, dtype=bool), np.asarray(above, dtype=bool)
    at_least = known >= bound - _TOLERANCE
    open_ = np.isnan(known) | (less & (known > bound)) | (more & ~at_least)  # at most 10 is less than the number after 10, and may be 10
    return np.where(open_, np.nan, at_least & ~less)


def smoldering(m_protein: Array, urine_m_protein: Array, bmpc: Array, bmpc_of_myeloma: Array) -> Array:
    """Return 1 where the results show smoldering disease, 0 where they show that it is none, NaN where that is open.

    Parameters
    ----------
    m_protein, urine_m_protein, bmpc, bmpc_of_myeloma : arrays of 1, 0 or NaN
        Whether the highest result of each reaches its limit (`reaches`), the last the marrow's 60 %.

    Examples
    --------
    >>> nan = np.nan
    >>> smoldering(np.array([nan, 1, 0]), np.array([1, 0, nan]), np.array([nan, 1, 0]), np.array([nan, 1, 0])).tolist()
    [1.0, 0.0, nan]
    """
    shown = any_of([m_protein, urine_m_protein, bmpc])
    return np.where(bmpc_of_myeloma == 1.0, 0.0, shown)


def mgus(m_protein: Array, urine_m_protein: Array, bmpc: Array) -> Array:
    """Return 1 where M-protein and marrow are known to lie below the limits of smoldering disease; 0 where one, or urine, reaches it.

    Examples
    --------
    >>> nan = np.nan
    >>> mgus(np.array([0, 0, 0, 1.0]), np.array([nan, 1, 0, nan]), np.array([0, 0, nan, nan])).tolist()
    [1.0, 0.0, nan, 0.0]
    """
    return np.where(urine_m_protein == 1.0, 0.0, all_of([1.0 - m_protein, 1.0 - bmpc]))
