"""What is noticed about the sites: one of which far fewer, or far more, are told to have the event than are expected there."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import binomtest

from myeloma.calendar import horizon_days
from training.evaluation.diagnoses.diagnosis import Diagnosis, listed
from training.evaluation.expected_events import expected_of_rows, people_expected
from training.rows.censoring import FollowUp, progressed_by
from training.rows.small_cells import is_small, written

Array = NDArray[np.float64]

# Ours. One site in a hundred tables says this by chance: the level is shared among the sites of the table. Sites do differ in what no
# column tells, and in many events a small difference shows: what is said is a difference that asks whether outcomes are told at all.
LEVEL = 0.01
TIMES = 2.0


def site_outcomes(rows: pd.DataFrame, risks: Mapping[str, Array], months: int) -> Diagnosis | None:
    """Return the sites with far fewer or far more people who have the event within a horizon than are expected of them.

    All sites together expect as many as there were. Given these, each site's number is binomial, with its share of what is expected.

    Parameters
    ----------
    rows : DataFrame
        patient_id, site, event, time_to_event: the people judged.
    risks : arrays (rows,) by candidate
        Given by models that have not seen the person; those that speak of every row count.
    """
    follow_up, days = FollowUp.of(rows), float(horizon_days(months))
    of_row, seen = expected_of_rows(rows, risks, months), progressed_by(follow_up, days) & follow_up.reachable(days)
    site = rows["site"].fillna("").to_numpy()
    names = sorted(name for name in set(site) if name)
    if len(set(site)) < 2 or not names:
        return None
    people = {name: _counts(rows["patient_id"], seen, of_row, site == name) for name in set(site)}
    observed, expected = (sum(counts[k] for counts in people.values()) for k in (0, 1))
    level = LEVEL / len(names)
    said = [_in_words(name, *people[name]) for name in names if expected and _far(*people[name], int(observed), expected, level)]
    return Diagnosis("site_outcomes", f"within {months} months, {listed(said, '; ')}") if said else None


def _counts(patient_id: pd.Series, seen: NDArray[np.bool_], of_row: Array, there: NDArray[np.bool_]) -> tuple[int, float]:
    """Return how many people of a site have the event, and how many are expected to."""
    return int(patient_id[seen & there].nunique()), people_expected(patient_id[there], of_row[there])


def _far(observed: int, expected: float, of: int, in_all: float, level: float) -> bool:
    """Return whether a site's number is half of what is expected or less, or twice as many or more, and not by chance."""
    if expected / TIMES < observed < expected * TIMES:
        return False
    return bool(binomtest(observed, of, min(expected / in_all, 1.0)).pvalue < level)


def _in_words(name: str, observed: int, expected: float) -> str:
    """Return a site's number in words that tell no count of fewer than ten, nor one from which another site's could be told."""
    if not observed or is_small(observed):
        return f"site {name}: {written(observed)} people have the event, where {expected:.0f} are expected"
    much = "twice as many or more" if observed > expected else "half as many or fewer"
    return f"site {name}: {much} have the event as the {expected:.0f} expected"
