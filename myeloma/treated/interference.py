"""A therapeutic antibody seen as an M-protein: where an IgG-kappa band may be the drug, and what that leaves open.

Antibodies against CD38 (daratumumab, isatuximab) and SLAMF7 (elotuzumab) are IgG-kappa. On electrophoresis they add up to 0.20 g/dL,
and a shift assay is worth doing below 0.25 g/dL, not above (J Appl Lab Med 2021, jfab055; measured for daratumumab, taken to hold
for the other two). So in a person whose own protein is IgG-kappa, a band below 0.25 g/dL cannot be told from the drug: CR is not
assessable without a shift assay (DIRA) or mass spectrometry. A false rise of 0.20 is below the 0.5 g/dL of progression.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from myeloma.three_valued import all_of

Floats = NDArray[np.float64]

BAND_BELOW_G_DL = 0.25
# Months for which serum interference is taken to last: from blood banks (2 to 6 months); serum bands fade in 1 to 3. A parameter.
WINDOW_DAYS = 183
_TOLERANCE = 1e-9


def under_antibody(day: ArrayLike, last_on: ArrayLike, antibody: ArrayLike, window_days: int = WINDOW_DAYS) -> Floats:
    """Return 1 on an antibody or within the window after its last day, 0 where not, NaN where it is not known what was given.

    Parameters
    ----------
    day : array
        The visits.
    last_on : array
        Last day on the therapy up to the visit: the visit's own day where it still goes on, `NO_DAY` where it has not begun, NaN where
        it is not known.
    antibody : array
        Whether the therapy holds such an antibody: 1, 0 or NaN (a regimen that is not known).

    Examples
    --------
    >>> under_antibody([200, 400], 200, 1.0).tolist(), under_antibody(200, 200, float("nan")).tolist()
    ([1.0, 0.0], nan)
    """
    since, drug = np.broadcast_arrays(np.asarray(day, np.float64) - np.asarray(last_on, np.float64), np.asarray(antibody, np.float64))
    return np.where(since > window_days, 0.0, np.where(np.isnan(since) & (drug != 0), np.nan, drug))


def drug_band(antibody: ArrayLike, igg_kappa: ArrayLike, m_protein: ArrayLike, dira: ArrayLike = np.nan) -> Floats:
    """Return 1 where a band may be the drug, 0 where it cannot, NaN where that depends on what is not known.

    Parameters
    ----------
    antibody : array
        As `under_antibody` gives it.
    igg_kappa : array
        Whether the person's own protein is IgG-kappa: 1, 0 or NaN.
    m_protein : array
        g/dL; NaN where not measured. A value below a limit: the limit.
    dira : array
        The shift assay (or mass spectrometry) of the visit: 1 a band of the person's own, 0 none, NaN not done.

    Examples
    --------
    >>> drug_band(1.0, 1.0, [0.24, 0.25]).tolist()
    [1.0, 0.0]
    """
    drug, own, value, shift = np.broadcast_arrays(*(np.asarray(a, np.float64) for a in (antibody, igg_kappa, m_protein, dira)))
    small = np.where(np.isnan(value), np.nan, (value < BAND_BELOW_G_DL - _TOLERANCE).astype(float))
    return np.where(np.isnan(shift), all_of([drug, own, small]), 0.0)


def without_drug(m_protein: ArrayLike, immunofixation: ArrayLike, dira: ArrayLike, band: ArrayLike) -> tuple[Floats, Floats]:
    """Return M-protein and serum immunofixation as a shift assay corrects them: where it is negative, a small band was the drug.

    Parameters
    ----------
    m_protein, immunofixation, dira : arrays
        As in `drug_band`.
    band : array
        `drug_band` without the shift assay: where it is 0, the assay corrects nothing; where unknown, the assay is believed.

    Examples
    --------
    >>> [part.tolist() for part in without_drug([0.1, 0.1], 1.0, [0.0, 1.0], 1.0)]
    [[0.0, 0.1], [0.0, 1.0]]
    """
    value, fixation, shift, may_be = np.broadcast_arrays(*(np.asarray(a, np.float64) for a in (m_protein, immunofixation, dira, band)))
    drug = (shift == 0) & (may_be != 0)
    return np.where(drug & ~np.isnan(value), 0.0, value), np.where(drug, 0.0, fixation)


def second_clone(new_igg_kappa_band: ArrayLike, antibody: ArrayLike) -> Floats:
    """Return whether a new IgG-kappa band is a second clone: 0 under an antibody, where it is the drug; NaN where neither is sure.

    Without an antibody a new band is one clone more, or oligoclonal and transient after a transplant: 1 says only that no drug explains it.

    Examples
    --------
    >>> second_clone(1.0, [1.0, 0.0, float("nan")]).tolist()
    [0.0, 1.0, nan]
    """
    band, drug = np.broadcast_arrays(np.asarray(new_igg_kappa_band, np.float64), np.asarray(antibody, np.float64))
    return np.where((band == 0) | (drug == 1), 0.0, np.where(np.isnan(band) | np.isnan(drug), np.nan, 1.0))
