"""Kidney function and calcium by formula.

The filtration rate is an estimate, indexed to a body surface of 1.73 m2; the renal criterion of myeloma is about clearance in
mL/min, for which it only stands in. The corrected calcium is for display: no criterion uses it.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from myeloma.laid_out import laid_out

ALBUMIN_NORMAL_G_DL = 4.0
CALCIUM_PER_ALBUMIN = 0.8
_DECIMALS = 9  # so that what is 11 on paper is not above 11


def egfr_ckd_epi_2021(creatinine: ArrayLike, age: ArrayLike, female: ArrayLike) -> NDArray[np.float64]:
    """Return the estimated glomerular filtration rate of adults, mL/min/1.73 m2; NaN where an input is unknown.

    Parameters
    ----------
    creatinine : mg/dL, by a method traceable to isotope dilution mass spectrometry
    age : years
    female : 1 or 0

    Notes
    -----
    142 x min(Cr/k, 1)^a x max(Cr/k, 1)^-1.200 x 0.9938^age x 1.012 if female; k 0.7 / 0.9 and a -0.241 / -0.302 for
    women / men (CKD-EPI 2021: Inker et al., N Engl J Med 2021;385:1737-1749, 10.1056/NEJMoa2102953). On average 4 % high in
    non-Black and 4 % low in Black persons (NIDDK).

    Examples
    --------
    >>> round(float(egfr_ckd_epi_2021(0.9, 50, 0)), 1)
    104.0
    """
    shape, inputs = laid_out({"creatinine": creatinine, "age": age, "female": female}, ("creatinine", "age", "female"))
    rate = np.empty(inputs.shape[1])
    _egfr(inputs, rate)
    return rate.reshape(shape)


@njit(cache=True, nogil=True)
def _egfr(inputs: NDArray[np.float64], rate: NDArray[np.float64]) -> None:
    for r in range(len(rate)):
        creatinine, age, female = inputs[0, r], inputs[1, r], inputs[2, r]
        if np.isnan(creatinine) or np.isnan(age) or np.isnan(female):
            rate[r] = np.nan
            continue
        kappa, power, factor = (0.7, -0.241, 1.012) if female == 1.0 else (0.9, -0.302, 1.0)
        relative = creatinine / kappa
        rate[r] = 142.0 * min(relative, 1.0) ** power * max(relative, 1.0) ** -1.200 * 0.9938**age * factor


def corrected_calcium(calcium: ArrayLike, albumin: ArrayLike) -> NDArray[np.float64]:
    """Return calcium corrected for albumin, mg/dL: the simplified formula of Payne et al., Br Med J 1973;4:643-646.

    Parameters
    ----------
    calcium : mg/dL
    albumin : g/dL

    Notes
    -----
    Not for a high albumin. In 6,549 patients unadjusted calcium told more where the filtration rate was below 60 (Lian & Asberg,
    BMJ Open 2018;8:e017703).
    """
    corrected = np.asarray(calcium, dtype=float) + CALCIUM_PER_ALBUMIN * (ALBUMIN_NORMAL_G_DL - np.asarray(albumin, dtype=float))
    return np.round(corrected, _DECIMALS)
