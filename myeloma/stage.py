"""The precursor that results show where nobody recorded a stage: smoldering myeloma, MGUS, or not to be told. Never a diagnosis.

Rajkumar et al., Lancet Oncol 2014;15:e538. Smoldering: serum M-protein >= 3 g/dL, or urine M-protein >= 500 mg/24 h, or 10 to below
60 % clonal marrow plasma cells. MGUS: M-protein < 3 g/dL and marrow < 10 %, both known. Neither with a myeloma-defining event or
amyloidosis, which are looked at elsewhere (`myeloma.criteria`) or not known at all.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from myeloma.three_valued import all_of, any_of

M_PROTEIN_FROM_G_DL = 3.0
URINE_M_PROTEIN_FROM_MG_24H = 500.0
BMPC_FROM_PERCENT = 10.0
SHOWN_BY = (
    f"serum M-protein of {M_PROTEIN_FROM_G_DL:g} g/dL or more, urine M-protein of {URINE_M_PROTEIN_FROM_MG_24H:g} mg/24 h or more, or "
    f"marrow plasma cells of {BMPC_FROM_PERCENT:g} % or more"
)
_TOLERANCE = 1e-9  # so that 30 g/L, read as 3 g/dL, is 3


def shows_smoldering(m_protein: ArrayLike, urine_m_protein: ArrayLike, bmpc: ArrayLike) -> NDArray[np.float64]:
    """Return 1 where one of the limits of smoldering disease is reached, 0 where all are known not to be, NaN where that is open.

    Parameters
    ----------
    m_protein, urine_m_protein, bmpc : array_like
        The highest known: serum M-protein, g/dL; urine M-protein, mg/24 h; clonal marrow plasma cells, %. NaN where unknown.

    Examples
    --------
    >>> shows_smoldering([1.0, 3.0, 1.0, 1.0], [np.nan, np.nan, 500.0, 0.0], [np.nan, np.nan, np.nan, 9.0]).tolist()
    [nan, 1.0, 1.0, 0.0]
    """
    return any_of(
        [
            _from(m_protein, M_PROTEIN_FROM_G_DL),
            _from(urine_m_protein, URINE_M_PROTEIN_FROM_MG_24H),
            _from(bmpc, BMPC_FROM_PERCENT),
        ]
    )


def shows_mgus(m_protein: ArrayLike, bmpc: ArrayLike) -> NDArray[np.float64]:
    """Return 1 where M-protein and marrow are both known to lie below the limits of smoldering disease, 0 where one does not, else NaN.

    Examples
    --------
    >>> shows_mgus([1.0, 1.0, 3.0], [5.0, np.nan, np.nan]).tolist()
    [1.0, nan, 0.0]
    """
    return all_of([1.0 - _from(m_protein, M_PROTEIN_FROM_G_DL), 1.0 - _from(bmpc, BMPC_FROM_PERCENT)])


def _from(value: ArrayLike, limit: float) -> NDArray[np.float64]:
    known = np.asarray(value, dtype=np.float64)
    return np.where(np.isnan(known), np.nan, known >= limit - _TOLERANCE)
