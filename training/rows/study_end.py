"""How long after each landmark the study went on: beyond that, of a row only an event would be known."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[np.float64]
_UNKNOWN_SITE = -1
_LEAST_AT_SITE = 50  # people, for a site to have an end of its own
_ONE_IN = 200  # people, of whom one is passed over


def study_reach(rows: pd.DataFrame) -> Array:
    """Return the days from each row's landmark to the end of the study at its site; 0 for a landmark after it.

    Infinite where each person has one row: then those who came earlier are like them, and stand in. Where people come again and again,
    late visits are the ones that the study's end is near to, and an early visit cannot stand in for a late one.

    Parameters
    ----------
    rows : DataFrame
        patient_id, landmark, follow_up, and site where there is one: a name, or a number where -1 is an unknown one.
    """
    if not rows["patient_id"].duplicated().any():
        return np.full(len(rows), np.inf)
    day = rows["landmark"].to_numpy().astype("datetime64[D]").astype(float)
    reach: Array = np.maximum(_study_ends(rows, day + rows["follow_up"].to_numpy(dtype=float)) - day, 0.0)
    return reach


def _study_ends(rows: pd.DataFrame, last: Array) -> Array:
    """Return the end of the study for each row: that of its site, or of everybody where the site is unknown or small.

    The end is the last day on which anybody is known of, passing over one person in 200 and at least one: a single last contact that is
    dated too late would put all others within reach.

    Parameters
    ----------
    last : array (rows,), the last day on which the row's person is known of
    """
    site = _sites(rows)
    people = pd.DataFrame({"person": rows["patient_id"].to_numpy(), "site": site, "last": last})
    people = people.groupby("person", sort=False).agg(site=("site", "first"), last=("last", "max"))
    own = {name: _end(of) for name, of in people.groupby("site")["last"] if name != _UNKNOWN_SITE and len(of) >= _LEAST_AT_SITE}
    return np.asarray(pd.Series(site).map(own).fillna(_end(people["last"])), dtype=np.float64)


def _end(last: pd.Series) -> float:
    passed_over = max(1, len(last) // _ONE_IN) if len(last) >= _LEAST_AT_SITE else 0  # of few, one is too large a share
    return float(np.sort(last.to_numpy())[-1 - passed_over])


def _sites(rows: pd.DataFrame) -> NDArray[np.int64]:
    if "site" not in rows:
        return np.full(len(rows), _UNKNOWN_SITE)
    site = rows["site"]
    codes = site.to_numpy() if pd.api.types.is_integer_dtype(site) else pd.factorize(site.replace("", None))[0]
    return codes.astype(np.int64)
