"""Whether rows can have figures is decided by the events that are expected of them: those observed would choose by what is judged."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from myeloma.calendar import horizon_days
from training.metrics.figures import PROGRESS, unfollowed
from training.rows.censoring import NONE, FollowUp, progressed_by
from training.rows.small_cells import SUPPRESSED, is_small, only
from training.rows.split import LEAST_EVENTS

Array = NDArray[np.float64]


def with_expected(rows: pd.DataFrame, risk: Array, horizons: tuple[int, ...]) -> pd.DataFrame:
    """Return rows with what the champion expects of each within what was followed: `expected_24m`, the risk times the share followed.

    Whoever has an event or one that competes is known to the horizon; who is lost after half of it counts half. Of rows that the
    study's end put out of its reach nothing is expected.
    """
    follow_up = FollowUp.of(rows)
    time, lost, days = follow_up.time, follow_up.event == NONE, [float(horizon_days(months)) for months in horizons]
    shares = [np.where(lost, np.minimum(time / at, 1.0), 1.0) * follow_up.reachable(at) for at in days]
    return rows.assign(**{f"expected_{months}m": risk[:, h] * shares[h] for h, months in enumerate(horizons)})


def expected_people(rows: pd.DataFrame, months: int) -> float:
    """Return how many people the champion expects to have the event, each at their first row."""
    first = rows.sort_values("landmark", kind="stable").drop_duplicates("patient_id")
    return float(first[f"expected_{months}m"].sum())


def too_little(rows: pd.DataFrame, months: int, expected: float | None = None, words: tuple[str, str] = PROGRESS) -> str:
    """Return why these rows have no figures at a horizon; empty where they have.

    It depends on what is *expected*, not on what is observed: a group that expects 15 and is shown only once 20 are seen would look
    1.4 times wrong. Observed counts hide figures only where these would tell of fewer than ten people.

    Parameters
    ----------
    rows : DataFrame
        patient_id, landmark, event, time_to_event, and `expected_24m` and so on, unless the number of people is given.
    expected : float, optional
        How many people are expected to have the event. Default: by the risks at their first rows.
    words : tuple of str
        The verb and the noun by which the event is told.
    """
    if why := unfollowed(rows, months):
        return why
    expected, (verb, noun) = expected_people(rows, months) if expected is None else expected, words
    horizon, follow_up = float(horizon_days(months)), FollowUp.of(rows)
    if expected < LEAST_EVENTS:
        return (
            f"{expected:.1f} people are expected to {verb} within {months} months by what was followed, at least {LEAST_EVENTS} are "
            "needed; pool more people, or wait for more follow-up."
        )
    reachable = follow_up.reachable(horizon)
    progressed, free = progressed_by(follow_up, horizon) & reachable, follow_up.free_at(horizon) & reachable
    observed, others = (rows.loc[who, "patient_id"].nunique() for who in (progressed, free))
    if is_small(observed) or not observed:
        return f"{SUPPRESSED} people here {verb} within {months} months, where {expected:.0f} are expected: figures would tell how many."
    if others < LEAST_EVENTS:
        return (
            f"{only(others)} people here are known to be free of {noun} at {months} months, at least {LEAST_EVENTS} are needed; "
            "pool more people, or a longer horizon."
        )
    return ""


def expected_of_rows(rows: pd.DataFrame, risks: Mapping[str, Array], months: int) -> Array:
    """Return what each row adds to the people who are expected to have the event within a horizon of any of their rows.

    By the mean risk of the models that speak of every row, times the share of the horizon that was followed; in a part of the rows
    `people_expected` sums the largest of each person. All rows together expect as many people as there were.

    Parameters
    ----------
    risks : arrays (rows,) by candidate; those with a row without a risk are left out
    """
    every = [risk for risk in risks.values() if np.isfinite(risk).all()]
    if not every or rows.empty:
        return np.zeros(len(rows))
    of_row = with_expected(rows, np.mean(every, axis=0)[:, None], (months,))[f"expected_{months}m"].to_numpy()
    follow_up, days = FollowUp.of(rows), float(horizon_days(months))
    seen = rows.loc[progressed_by(follow_up, days) & follow_up.reachable(days), "patient_id"].nunique()
    whole = people_expected(rows["patient_id"], of_row)
    return of_row * seen / whole if whole > 0 else of_row


def people_expected(patient_id: pd.Series, of_row: Array) -> float:
    """Return how many people some rows expect: the largest of each person's rows, summed."""
    return float(pd.Series(of_row).groupby(patient_id.to_numpy()).max().sum())
