"""Fixed landmarks: everybody still at risk and under observation so many years after the index date, once each."""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.tasks import DAYS_PER_YEAR


def at_landmark(rows: pd.DataFrame, years: float) -> pd.DataFrame:
    """Return, for each person at risk and observed then, the latest row at or before that time, seen from that time.

    The risk is the one given at that row, the last one a physician would have had; what came after is counted from
    the landmark. Whoever progressed, died or was lost by then (on that day included) is not there.

    Parameters
    ----------
    rows : DataFrame
        patient_id, landmark, index_date, event, time_to_event (days from the row's own landmark).

    Returns
    -------
    DataFrame
        patient_id, event, time_to_event (days from the fixed landmark), position (of the row in `rows`),
        age_days (from the row's landmark to the fixed one).
    """
    fixed = rows["index_date"] + pd.Timedelta(days=round(years * DAYS_PER_YEAR))
    age = (fixed - rows["landmark"]).dt.days.to_numpy()
    there = np.flatnonzero((age >= 0) & (rows["time_to_event"].to_numpy() > age))
    frame = pd.DataFrame({"patient_id": rows["patient_id"].to_numpy()[there], "position": there, "age_days": age[there]})
    latest = frame.sort_values("age_days", kind="stable").drop_duplicates("patient_id").sort_values("position")
    position = latest["position"].to_numpy()
    return latest.assign(
        event=rows["event"].to_numpy()[position],
        time_to_event=rows["time_to_event"].to_numpy()[position] - latest["age_days"].to_numpy(),
    ).reset_index(drop=True)


def landmark_name(years: float) -> str:
    """Return the suffix that metrics at a fixed landmark carry, as in `auc_24m_at_2y`.

    Examples
    --------
    >>> landmark_name(2), landmark_name(0.5)
    ('at_2y', 'at_0.5y')
    """
    return f"at_{years:g}y"
