"""Patients and events as a source would hand them over."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.simulation.smm.ends import Ends
from features.simulation.smm.people import People
from features.simulation.smm.visits import days
from features.simulation.smm.worlds import World
from myeloma.calendar import DAYS_PER_YEAR


def patients_table(world: World, people: People, ids: NDArray[np.str_]) -> pd.DataFrame:
    """Return one row per person. Heavy chain and FISH are left out: no source gives their shares, so they are unknown."""
    birth = people.index_day - np.round(people.age * DAYS_PER_YEAR).astype(np.int64)
    return pd.DataFrame(
        {
            "patient_id": ids,
            "birth_date": birth.astype("datetime64[ns]"),
            "sex": np.where(people.female, "female", "male"),
            "site": np.array([site.name for site in world.sites], dtype=object)[people.site],
            "index_date": people.index_day.astype("datetime64[ns]"),
            "stage": "smm",
            "light_chain": np.where(people.kappa, "kappa", "lambda"),
        }
    )


def events_table(people: People, ends: Ends, ids: NDArray[np.str_]) -> pd.DataFrame:
    """Return what was seen: nothing after the last contact or death; progression under treatment is recorded too."""
    watched = np.minimum(ends.death, ends.last_contact)
    happened = {
        "progression": (ends.progression, ends.progression <= watched),
        "treatment_start": (ends.treatment, (ends.treatment <= watched) & (ends.treatment < ends.progression)),
        "death": (ends.death, ends.death <= ends.last_contact),
        "last_contact": (ends.last_contact, ends.last_contact < ends.death),
    }
    parts = []
    for kind, (times, seen) in happened.items():
        day = people.index_day[seen] + np.maximum(days(times[seen]), 1)
        detail = "daratumumab" if kind == "treatment_start" else ""
        parts.append(pd.DataFrame({"patient_id": ids[seen], "occurred_at": day.astype("datetime64[ns]"), "kind": kind, "detail": detail}))
    return pd.concat(parts, ignore_index=True)
