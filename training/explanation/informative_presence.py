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
    is missing in that row. Where the value is known, it is in part: that there is one moves the risk the other way than its
    absence, by the mean of the contributions where it is known less that of all. The rest is about the value.

    Parameters
    ----------
    values : array (rows, features)
        SHAP contributions in log-odds.
    x : array (rows, features)

    Returns
    -------
    dict
        absolute_share : sum of |part| that is about availability / sum of all |part|.
        variance_share : covariance of the availability part with the whole / variance of the whole; the shares of this and
        of the rest add to 1, and one is negative where the parts pull against each other.
        by_kind (count, age_days, missing_value: whether there is one) and by_biomarker : parts of the absolute share.
        None where a model has no contributions, or none that differ, to share out.
    """
    parsed = [parse_column(name) for name in columns]
    missing = np.isnan(x)
    ordering = np.array([column.statistic in _ABOUT_ORDERING for column in parsed])
    about = np.where(missing | ordering, values, _of_being_known(values, missing))
    whole, part, size = values.sum(axis=1), about.sum(axis=1), np.abs(about)
    total, variance = size.sum() + np.abs(values - about).sum(), whole.var()

    def share(of: NDArray[np.bool_] | np.bool_) -> float | None:
        return float(size[np.broadcast_to(of, size.shape)].sum() / total) if total > 0 else None

    kinds = {kind: np.array([column.statistic == kind for column in parsed]) & ~missing for kind in _ABOUT_ORDERING}
    biomarkers = np.array([column.biomarker for column in parsed])
    return {
        "absolute_share": share(np.True_),
        "variance_share": float(((part - part.mean()) * (whole - whole.mean())).mean() / variance) if variance > 0 else None,
        "by_kind": {kind: share(of) for kind, of in kinds.items()} | {"missing_value": share(missing | ~ordering)},
        "by_biomarker": {name: share(biomarkers == name) for name in dict.fromkeys(biomarkers)},
    }


def _of_being_known(values: Array, missing: NDArray[np.bool_]) -> Array:
    """Return, by feature, the mean contribution where the value is known less that of all: 0 where it always is."""
    known = np.where(missing, 0.0, values).sum(axis=0) / np.maximum((~missing).sum(axis=0), 1)
    beyond: Array = known - values.mean(axis=0)
    return beyond
