"""Drawing whole people from a table that is too large: people with the event first, each with the weight that undoes the draw.

Whoever is drawn with the chance p stands for 1/p people (Horvitz and Thompson, J Am Stat Assoc 1952;47:663), so weighted sums have
the expectation of those over everybody. Events are what a risk is learnt from: in a case-control draw of as many others beside them
the estimate keeps most of its precision (for logistic regression King and Zeng, Political Analysis 2001;9:137).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]
STANDS_FOR = "stands_for"  # a column of drawn rows: how many people of the table the row's person stands for
_MOST_WITH_EVENT = 0.5  # of the people drawn; with fewer others than events, adding events tells little more
_SEED = 1


def draw_people(ever: Bools, count: int, seed: int, events_first: bool) -> Array:
    """Return for how many people each stands: 0 who is not drawn, N/n who is drawn as one of n out of N.

    Parameters
    ----------
    ever : array (people,)
        Who has the event.
    count : int
        How many people are drawn; everybody where there are no more.
    events_first : bool
        Whether up to half of those drawn are people with the event; else everybody has the same chance.
    """
    stands_for, rng = np.zeros(len(ever)), np.random.default_rng(seed)
    with_event, others = np.flatnonzero(ever), np.flatnonzero(~ever)
    if not events_first:
        with_event, others = np.empty(0, dtype=np.int64), np.arange(len(ever))
    of_others = min(len(others), count - min(len(with_event), int(count * _MOST_WITH_EVENT)))
    for group, drawn in ((with_event, min(len(with_event), count - of_others)), (others, of_others)):
        stands_for[rng.choice(group, drawn, replace=False)] = len(group) / max(drawn, 1)
    return stands_for


def row_weights(rows: pd.DataFrame) -> Array:
    """Return what each row counts for since its person was drawn, 1 on average; 1 each in a table that is whole."""
    if STANDS_FOR not in rows:
        return np.ones(len(rows))
    stands_for = rows[STANDS_FOR].to_numpy(dtype=float)
    weights: Array = stands_for / stands_for.mean()
    return weights


def equally_drawn(rows: pd.DataFrame) -> Bools | slice:
    """Return the rows of people who would stand in a draw with equal chances: for percentiles and whatever else takes no weights.

    A person who had a larger chance is kept with the share of it that the others had. Of a whole table all rows are returned.
    """
    if STANDS_FOR not in rows:
        return slice(None)
    people = rows.groupby("patient_id", sort=True)[STANDS_FOR].first()
    kept = np.random.default_rng(_SEED).random(len(people)) < people.to_numpy() / people.max()
    return rows["patient_id"].isin(people.index[kept]).to_numpy()
