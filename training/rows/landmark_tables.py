"""Fixed landmarks: everybody still at risk and under observation so many years after the index date, once each."""

from __future__ import annotations

import numpy as np
import pandas as pd

from myeloma.calendar import DAYS_PER_YEAR
from training.rows.censoring import REACH, staying_columns


def at_landmark(rows: pd.DataFrame, years: float) -> pd.DataFrame:
    """Return, for each person at risk and observed then, the latest row at or before that time, seen from that time.

    The risk is the one given at that row, the last one a physician would have had; what came after is counted from
    the landmark. Whoever progressed, died or was lost by then (on that day included) is not there.

    How far the study reaches counts from the landmark, too. Weights of staying are of the time from a visit to its own horizon, so they
    hold where everybody comes on that very day; elsewhere the groups of censoring weigh alone.

    Parameters
    ----------
    rows : DataFrame
        patient_id, landmark, index_date, event, time_to_event (days from the row's own landmark), and what rows are weighed by.

    Returns
    -------
    DataFrame
        The columns of `rows`, with time_to_event and study_reach in days from the fixed landmark; position (of the row in `rows`),
        age_days (from the row's landmark to the fixed one).
    """
    fixed = rows["index_date"] + pd.Timedelta(days=round(years * DAYS_PER_YEAR))
    age = (fixed - rows["landmark"]).dt.days.to_numpy()
    there = np.flatnonzero((age >= 0) & (rows["time_to_event"].to_numpy() > age))
    frame = pd.DataFrame({"patient_id": rows["patient_id"].to_numpy()[there], "position": there, "age_days": age[there]})
    latest = frame.sort_values("age_days", kind="stable").drop_duplicates("patient_id").sort_values("position")
    position, age_days = latest["position"].to_numpy(), latest["age_days"].to_numpy()
    observed = rows.iloc[position]
    if age_days.any():
        observed = observed.drop(columns=list(staying_columns(observed).values()))
    if REACH in observed:
        observed = observed.assign(**{REACH: np.maximum(observed[REACH] - age_days, 0.0)})
    return observed.assign(time_to_event=observed["time_to_event"] - age_days, position=position, age_days=age_days).reset_index(drop=True)
