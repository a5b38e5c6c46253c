"""Kidney function and calcium by formula.

The filtration rate is an estimate, indexed to a body surface of 1.73 m2; the renal criterion of myeloma is about clearance in
mL/min, for which it only stands in. The corrected calcium is for display: no criterion uses it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

ALBUMIN_NORMAL_G_DL = 4.0
CALCIUM_PER_ALBUMIN = 0.8


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
    woman = np.asarray(female, dtype=float)
    known = ~np.isnan(woman)
    relative = np.asarray(creatinine, dtype=float) / np.where(woman == 1, 0.7, 0.9)
    power = np.where(woman == 1, -0.241, -0.302)
    rate = 142.0 * np.minimum(relative, 1.0) ** power * np.maximum(relative, 1.0) ** -1.200 * 0.9938 ** np.asarray(age, dtype=float)
    return np.where(known, rate * np.where(woman == 1, 1.012, 1.0), np.nan)


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
    return np.asarray(calcium, dtype=float) + CALCIUM_PER_ALBUMIN * (ALBUMIN_NORMAL_G_DL - np.asarray(albumin, dtype=float))
