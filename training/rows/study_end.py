"""How long after each landmark the study went on: beyond that, of a row only an event would be known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[np.float64]
_UNKNOWN_SITE = -1
_LEAST_AT_SITE = 50  # people, for a site to have an end of its own
_ONE_IN = 200  # people, of whom one is passed over
_PLANNED_SHARE = 0.1  # of people known of for one and the same time, the longest: no day of the calendar leaves so many of them together
_ALIKE = 31.0  # days by which such times differ


def study_reach(rows: pd.DataFrame) -> Array:
    """Return the days from each row's landmark to the end of the study at its site; 0 for a landmark after it.

    A study ends on a day of the calendar and, where it follows everybody for the same time from diagnosis on, at that time too.
    Infinite where each person has one row: then those who came earlier are like them, and stand in. Where people come again and again,
    late visits are the ones that the study's end is near to, and an early visit cannot stand in for a late one.

    Parameters
    ----------
    rows : DataFrame
        patient_id, index_date, landmark, follow_up, and site where there is one: a name, or a number where -1 is an unknown one.
    """
    if not rows["patient_id"].duplicated().any():
        return np.full(len(rows), np.inf)
    day, index = (rows[name].to_numpy().astype("datetime64[D]").astype(float) for name in ("landmark", "index_date"))
    person, last = pd.factorize(rows["patient_id"])[0], day + rows["follow_up"].to_numpy(dtype=float)
    visits = pd.DataFrame({"site": _sites(rows), "first": index, "last": last})
    people = visits.groupby(person).agg(site=("site", "first"), first=("first", "min"), last=("last", "max"))
    planned = people["first"] + _ends(people["last"] - people["first"], people["site"], _planned)
    ends: Array = np.minimum(_ends(people["last"], people["site"], _latest).to_numpy(), planned.to_numpy())
    reach: Array = np.maximum(ends[person] - day, 0.0)
    return reach


def _ends(last: pd.Series, site: pd.Series, end: Callable[[Array], float]) -> pd.Series:
    """Return the end of the study for each person: that of the site, or of everybody where the site is unknown or small.

    Parameters
    ----------
    last : the last time at which each person is known of
    end : the end that some people's last times show
    """
    own = {name: end(of.to_numpy()) for name, of in last.groupby(site) if name != _UNKNOWN_SITE and len(of) >= _LEAST_AT_SITE}
    return site.map(own).astype(float).fillna(end(last.to_numpy()))


def _latest(last: Array) -> float:
    """Return the last day on which anybody is known of, passing over one person in 200 and at least one.

    A single last contact that is dated too late would put all others within reach.
    """
    passed_over = max(1, len(last) // _ONE_IN) if len(last) >= _LEAST_AT_SITE else 0  # of few, one is too large a share
    return float(np.sort(last)[-1 - passed_over])


def _planned(known: Array) -> float:
    """Return the time from diagnosis to which everybody was to be followed; infinite where no large share was known of for so long."""
    longest = _latest(known)
    together = len(known) >= _LEAST_AT_SITE and np.mean(np.abs(known - longest) <= _ALIKE) >= _PLANNED_SHARE
    return longest if together else np.inf


def _sites(rows: pd.DataFrame) -> NDArray[np.int64]:
    if "site" not in rows:
        return np.full(len(rows), _UNKNOWN_SITE)
    site = rows["site"]
    codes = site.to_numpy() if pd.api.types.is_integer_dtype(site) else pd.factorize(site.replace("", None))[0]
    return codes.astype(np.int64)
