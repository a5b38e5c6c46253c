"""Reference figures by time since diagnosis, so that people of today are compared with training's people equally long after theirs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from myeloma.calendar import DAYS_PER_MONTH
from training.reference.quantiles import quantiles_of, weighted_quantiles_of

Array = NDArray[np.float64]
BandReference = dict[str, Any]  # of one figure in one time band: people, known (people with a value), missing (a share), quantiles
# Months since diagnosis at which a band begins. The first holds what comes in soon after; half-years, the usual time between
# visits, as long as the look-back of a year and the age of the marrow change by the month; longer ones later.
MONTHS = (0.0, 1.0, 6.0, 12.0, 18.0, 24.0, 36.0, 48.0, 60.0, 84.0, 120.0)
LEAST_IN_BAND = 20  # people of training in a band; the quantiles of fewer are nearly single people's values


def time_band(rows: pd.DataFrame, months: Sequence[float]) -> NDArray[np.int64]:
    """Return the time band since diagnosis of each row of patient, index_date and landmark."""
    since = (rows["landmark"] - rows["index_date"]).dt.days.to_numpy() / DAYS_PER_MONTH
    return np.searchsorted(months, since, side="right") - 1


def reference_of_bands(rows: pd.DataFrame, figures: dict[str, Array], weight: Array | None = None) -> dict[str, Any]:
    """Return the months at which bands begin, and the reference of each figure of the rows by band; None where there are too few.

    Parameters
    ----------
    weight : array (rows,), optional
        What each row counts for. Then people are as many as would tell as much, were their weights equal: (sum of w)^2 / sum of w^2
        (Kish, Survey Sampling, 1965, section 11.7).
    """
    time, person = time_band(rows, MONTHS), pd.factorize(rows["patient_id"])[0]
    bands = [(here, _people(person[here])) for here in (np.flatnonzero(time == k) for k in range(len(MONTHS)))]

    def at(values: Array, here: NDArray[np.int64], people: int) -> BandReference | None:
        if people < LEAST_IN_BAND:
            return None
        known = here[~np.isnan(values[here])]
        with_value = _people(person[known])
        if weight is None:
            quantiles = quantiles_of(values[known]) if with_value >= LEAST_IN_BAND else []
            return {"people": people, "known": with_value, "missing": float(1.0 - len(known) / len(here)), "quantiles": quantiles}
        quantiles = weighted_quantiles_of(values[known], weight[known]) if with_value >= LEAST_IN_BAND else []
        missing = max(1.0 - float(weight[known].sum() / weight[here].sum()), 0.0)
        of_all, of_known = (_effective(person[those], weight[those]) for those in (here, known))
        return {"people": of_all, "known": of_known, "missing": missing, "quantiles": quantiles}

    return {"months": list(MONTHS), "figures": {name: [at(values, *band) for band in bands] for name, values in figures.items()}}


def _people(person: NDArray[np.int64]) -> int:
    """Return how many people some rows are of, whose numbers are given: a count of each, where sorting would take long."""
    return int(np.count_nonzero(np.bincount(person)))


def _effective(person: NDArray[np.int64], weight: Array) -> float:
    of_each = np.bincount(person, weights=weight)
    return round(float(of_each.sum() ** 2 / max((of_each**2).sum(), 1e-9)), 1)
