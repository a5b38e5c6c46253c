"""How much of the risk rests on *whether* a test was done rather than on what it showed.

That a test was ordered, how often and how long ago says what a physician thought; it need not hold at another site.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from features import parse_column

Array = NDArray[np.float64]
_ABOUT_ORDERING = ("count", "age_days")


def availability(values: Array, x: Array, columns: list[str]) -> dict[str, Any]:
    """Return the share of the contributions that availability has, in all and by biomarker.

    A contribution is about availability where its column counts results or says how old the latest is, or where its value
    is missing in that row.

    Parameters
    ----------
    values : array (rows, features)
        SHAP contributions in log-odds.
    x : array (rows, features)

    Returns
    -------
    dict
        absolute_share : sum of |contribution| that is about availability / sum of all |contribution|.
        variance_share : covariance of the availability part with the whole / variance of the whole; the shares of this and
        of the rest add to 1, and one is negative where the parts pull against each other.
        by_kind (count, age_days, missing_value) and by_biomarker : parts of the absolute share.
    """
    parsed = [parse_column(name) for name in columns]
    missing = np.isnan(x)
    kinds = {kind: np.array([column.statistic == kind for column in parsed]) & ~missing for kind in _ABOUT_ORDERING} | {
        "missing_value": missing
    }
    about = np.any(list(kinds.values()), axis=0)
    whole, part, size = values.sum(axis=1), (values * about).sum(axis=1), np.abs(values)
    total, variance = size.sum(), whole.var()

    def share(of: Array) -> float:
        return float((size * of).sum() / total) if total > 0 else 0.0

    biomarkers = np.array([column.biomarker for column in parsed])
    return {
        "absolute_share": share(about),
        "variance_share": float(((part - part.mean()) * (whole - whole.mean())).mean() / variance) if variance > 0 else 0.0,
        "by_kind": {kind: share(of) for kind, of in kinds.items()},
        "by_biomarker": {name: share(about & (biomarkers == name)) for name in dict.fromkeys(biomarkers)},
    }
