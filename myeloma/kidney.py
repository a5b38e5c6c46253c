"""Kidney function and calcium by formula. Both formulas are unconfirmed here: nothing that ships depends on them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

ALBUMIN_NORMAL_G_DL = 4.0
CALCIUM_PER_ALBUMIN = 0.8


def egfr_ckd_epi_2021(creatinine: ArrayLike, age: ArrayLike, female: ArrayLike) -> NDArray[np.float64]:
    """Return the estimated glomerular filtration rate, mL/min/1.73 m2; NaN where an input is unknown.

    Parameters
    ----------
    creatinine : mg/dL
    age : years
    female : 1 or 0

    Notes
    -----
    142 x min(Cr/k, 1)^a x max(Cr/k, 1)^-1.200 x 0.9938^age x 1.012 if female; k 0.7 / 0.9 and a -0.241 / -0.302 for
    women / men (CKD-EPI 2021; coefficients unconfirmed).

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
    """Return calcium corrected for albumin, mg/dL (the usual formula, unconfirmed).

    Parameters
    ----------
    calcium : mg/dL
    albumin : g/dL
    """
    return np.asarray(calcium, dtype=float) + CALCIUM_PER_ALBUMIN * (ALBUMIN_NORMAL_G_DL - np.asarray(albumin, dtype=float))
