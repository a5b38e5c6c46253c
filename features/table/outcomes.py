"""What happened after each landmark, kept whole: time, kind, and follow-up. Never only a 0/1 label."""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.cohort.schema import Cohort
from features.tasks import EventKind, Population, Treatment
from myeloma.criteria import CRITERIA_INPUTS, any_met

EVENTS = ("none", "progression", "death")
CRITERIA_MET = "criteria_met"


def milestones(
    cohort: Cohort, treatment: Treatment, event: EventKind = "progression", competing_event: EventKind = "death"
) -> pd.DataFrame:
    """Return, by patient, index_date, progression, death, treatment_start, follow_up_end (NaT where there is none).

    `progression` is the day of the event that a task is about and `death` that of its competing event, whatever they are.

    Follow-up ends at the last sign of the person: a recorded last contact, death, any other event or any
    result, whichever is latest. Treatment is an intercurrent event: `censor` ends follow-up at its start,
    `composite` counts its start as progression, `ignore` leaves it aside.
    """
    events = cohort.events.groupby(["kind", "patient_id"])["occurred_at"]
    first, last = events.min(), events.max()

    def of(kind: str) -> pd.Series:
        present = kind in first.index.get_level_values(0)
        return first[kind] if present else pd.Series(dtype="datetime64[ns]")

    table = cohort.patients.set_index("patient_id")[["index_date"]].copy()
    for column, kind in (("progression", event), ("death", competing_event), ("treatment_start", "treatment_start")):
        table[column] = table.index.map(of(kind)).astype("datetime64[ns]")
    seen = pd.concat(
        [
            last.groupby("patient_id").max().astype("datetime64[ns]"),
            cohort.measurements.groupby("patient_id")["collected_at"].max(),
            table["index_date"],
        ],
        axis=1,
    ).max(axis=1)
    table["follow_up_end"] = table["death"].fillna(table.index.to_series().map(seen))
    if treatment == "composite":
        table["progression"] = table[["progression", "treatment_start"]].min(axis=1)
    if treatment == "censor":
        before = table["treatment_start"] < table["progression"].fillna(pd.Timestamp.max)
        table.loc[before, ["progression", "death"]] = pd.NaT
        table.loc[before, "follow_up_end"] = table[["treatment_start", "follow_up_end"]].min(axis=1)
    return table


def outcomes(
    cohort: Cohort,
    landmarks: pd.DataFrame,
    treatment: Treatment,
    population: Population | None = None,
    event: EventKind = "progression",
    competing_event: EventKind = "death",
) -> pd.DataFrame:
    """Return, row by row of `landmarks`, why a row is not at risk (empty = at risk) and what came after.

    Parameters
    ----------
    population : str, optional
        The stage at the index date that the task is about; people recorded with another are not at risk for it.
    event, competing_event : str
        What the task is about, and what makes it impossible.

    Returns
    -------
    DataFrame
        `not_at_risk`: "", no_visit, other_stage, before_index, progressed, dead, treated, after_follow_up;
        `event` in {none, progression, death}; `time_to_event` in days, to the first event or the end of
        observation; `follow_up` in days, to the end of observation whatever happened; `censored_by` in {"", treatment,
        last_contact}, what ended observation where no event did. Where progression and death share a day, progression counts.
    """
    when = milestones(cohort, treatment, event, competing_event).loc[landmarks["patient_id"]].reset_index()
    landmark = landmarks["landmark"].reset_index(drop=True)
    treated = when["treatment_start"] <= landmark if treatment == "censor" else pd.Series(False, index=landmark.index)
    stage = landmarks["patient_id"].map(cohort.patients.set_index("patient_id")["stage"]).reset_index(drop=True)
    reasons = [
        (landmark.isna(), "no_visit"),
        ((stage != "") & (stage != population) if population else pd.Series(False, index=landmark.index), "other_stage"),
        (landmark < when["index_date"], "before_index"),
        (when["progression"] <= landmark, "progressed"),
        (when["death"] <= landmark, "dead"),
        (treated, "treated"),
        (when["follow_up_end"] <= landmark, "after_follow_up"),
    ]
    not_at_risk = np.select([condition for condition, _ in reasons], [name for _, name in reasons], "")
    progressed = when["progression"].notna() & ~(when["death"] < when["progression"])
    died = when["death"].notna() & ~progressed
    end = when["progression"].where(progressed, when["follow_up_end"])
    by_treatment = when["treatment_start"] == when["follow_up_end"] if treatment == "censor" else pd.Series(False, index=landmark.index)
    return pd.DataFrame(
        {
            "not_at_risk": not_at_risk,
            "event": np.select([progressed, died], ["progression", "death"], "none"),
            "time_to_event": (end - landmark).dt.days.astype(float),
            "follow_up": (when["follow_up_end"] - landmark).dt.days.astype(float),
            "censored_by": np.select([progressed | died, by_treatment], ["", "treatment"], "last_contact"),
        }
    )


def criteria_met(inputs: pd.DataFrame) -> np.ndarray:
    """Return where the latest values meet a myeloma-defining criterion (`inputs` as `score_inputs` gives them)."""
    return any_met({name: inputs[name].to_numpy() for name in inputs.columns.intersection(CRITERIA_INPUTS)}) == 1.0
