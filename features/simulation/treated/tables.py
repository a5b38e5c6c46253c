"""Patients and events as a source would hand them over."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.simulation.smm.visits import days
from features.simulation.treated.course import BIOCHEMICAL, CLINICAL, Lives
from features.simulation.treated.people import Mask
from features.simulation.treated.worlds import World
from myeloma.calendar import DAYS_PER_YEAR


def patients_table(world: World, lives: Lives, ids: NDArray[np.str_]) -> pd.DataFrame:
    """Return one row per person."""
    people = lives.people
    birth = people.index_day - np.round(people.age * DAYS_PER_YEAR).astype(np.int64)
    return pd.DataFrame(
        {
            "patient_id": ids,
            "birth_date": birth.astype("datetime64[ns]"),
            "sex": np.where(people.female, "female", "male"),
            "site": np.array([site.name for site in world.sites], dtype=object)[people.site],
            "index_date": people.index_day.astype("datetime64[ns]"),
            "stage": np.where(people.smoldering, "smm", "mm"),
            "heavy_chain": people.heavy,
            "light_chain": np.where(people.kappa, "kappa", "lambda"),
            "fish": people.fish,
        }
    )


def events_table(world: World, lives: Lives, ids: NDArray[np.str_]) -> pd.DataFrame:
    """Return what was recorded: therapy with its lines, progressions with their kind, the end of observation."""
    course, therapy = lives.course, lives.therapy
    watched = course.watched
    parts: list[pd.DataFrame] = []

    def add(kind: str, times: NDArray[np.float64], rows: Mask, detail: str | NDArray[np.object_] = "", line: int = 0) -> None:
        seen = np.flatnonzero(rows & (times <= watched))
        after = np.maximum(days(times[seen]), 0 if kind == "treatment_start" else 1)
        day = lives.people.index_day[seen] + therapy.start_day[seen] + after
        words = detail if isinstance(detail, str) else detail[seen]
        when = {"patient_id": ids[seen], "occurred_at": day.astype("datetime64[ns]")}
        parts.append(pd.DataFrame({**when, "kind": kind, "detail": words, "line": str(line) if line else ""}))

    everybody = np.ones(len(ids), dtype=bool)
    _first_line(world, lives, add, course.second)
    add("progression", course.progression, course.recorded, course.kind)
    becomes_clinical = course.recorded & (course.kind == BIOCHEMICAL) & (course.clinical < course.second)
    add("progression", course.clinical, becomes_clinical, CLINICAL)
    exposed = np.array([kind.anti_cd38 for kind in world.regimens])[lives.people.regimen]
    add("treatment_start", course.second, everybody, np.array(world.second_lines, dtype=object)[np.where(exposed, 0, 1)], 2)
    add("progression", course.second_progression, everybody, CLINICAL)
    add("death", course.death, course.death <= course.last_contact)
    add("last_contact", course.last_contact, course.last_contact < course.death)
    return pd.concat(parts, ignore_index=True)


def _first_line(world: World, lives: Lives, add: Callable[..., None], second: NDArray[np.float64]) -> None:
    """Add the first line: it is stopped as planned, or on the day before the second begins."""
    therapy, regimen = lives.therapy, lives.people.regimen
    ends = np.minimum(therapy.stop, second - 1 / DAYS_PER_YEAR)
    for k, kind in enumerate(world.regimens):
        mine = regimen == k
        add("treatment_start", np.zeros(len(regimen)), mine, kind.name, 1)
        stops = np.minimum(therapy.induction_end, ends)
        add("treatment_stop", stops, mine & np.isfinite(stops), kind.name, 1)
        add("transplant", therapy.transplant, mine & (therapy.transplant < second))
        goes_on = mine & np.isfinite(therapy.maintenance) & (therapy.maintenance < ends)
        for drug in kind.maintenance:
            add("treatment_start", therapy.maintenance, goes_on, drug, 1)
            add("treatment_stop", ends, goes_on & np.isfinite(ends), drug, 1)
