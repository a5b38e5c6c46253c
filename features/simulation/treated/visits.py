"""When people come, what is tested then, and when the results are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.simulation.smm.visits import days
from features.simulation.treated.course import Lives
from features.simulation.treated.people import Mask, stream
from features.simulation.treated.worlds import World
from myeloma.calendar import DAYS_PER_MONTH

Days = NDArray[np.int64]
PANELS = ("blood", "flc", "urine", "quality", "marrow", "imaging", "dira", "start")


@dataclass(frozen=True)
class Visits:
    """Visits by person and day: whole days from the index date.

    Attributes
    ----------
    known : when each panel's result is, -1 = no test
    since : days since the start of the first line
    confirms : the visit of a progression, or the one that confirms it
    told_day : of each person, the day of the first progression; where no event records it, of the second line; (people,)
    """

    person: Days
    day: Days
    known: dict[str, Days]
    since: Days
    confirms: Mask
    told_day: Days


def draw_visits(world: World, lives: Lives, seed: int) -> Visits:
    """Return every visit: at the index date, before therapy, on schedule, at a progression and to confirm it. A day has one visit."""
    rng = stream(seed, "visits")
    start, course = lives.therapy.start_day, lives.course
    last = start + np.maximum(days(course.visited), 1) - 1
    progression = start + np.maximum(days(course.progression), 1)
    second = start + np.maximum(days(course.second), 2)
    person, day, marrow_due = _scheduled(world, start, last, rng)
    relapsed = np.flatnonzero((progression <= last) & course.recorded)
    # The confirming sample comes before the next line begins.
    confirming = np.minimum(progression + rng.integers(10, 29, len(progression)), second - 1)
    confirmed = np.flatnonzero((confirming <= last) & (confirming > progression) & course.recorded)
    person = np.concatenate([person, relapsed, confirmed])
    day = np.concatenate([day, progression[relapsed], confirming[confirmed]])
    extra = np.zeros(len(relapsed) + len(confirmed), dtype=bool)
    marrow_due = np.concatenate([marrow_due, extra])
    confirms = np.concatenate([np.zeros(len(marrow_due) - len(extra), dtype=bool), ~extra])
    order = np.lexsort((~confirms, day, person))
    person, day, marrow_due, confirms = person[order], day[order], marrow_due[order], confirms[order]
    first = np.ones(len(day), dtype=bool)
    first[1:] = (person[1:] != person[:-1]) | (day[1:] != day[:-1])
    person, day, marrow_due, confirms = person[first], day[first], marrow_due[first], confirms[first]
    known = _tested(world, lives, person, day, marrow_due, last, rng)
    return Visits(person, day, known, day - start[person], confirms, np.where(course.recorded, progression, second))


def _scheduled(world: World, start: Days, last: Days, rng: np.random.Generator) -> tuple[Days, Days, Mask]:
    """Return person, day and whether a marrow is due, of the visits at the index date, before therapy, and on schedule."""
    months = list(world.early_visits)
    while months[-1] < 12 * world.most_years:
        months.append(months[-1] + (world.visit_months if months[-1] < 36 else world.late_visit_months))
    planned = np.array(months)
    gap = np.diff(planned, prepend=0.0)
    jitter = np.clip(rng.normal(0.0, world.visit_jitter, (len(start), len(planned))), -0.4, 0.4) * gap
    day = start[:, None] + np.round((planned + jitter) * DAYS_PER_MONTH).astype(np.int64)
    due = np.zeros(len(planned), dtype=bool)
    due[np.abs(planned[:, None] - np.array(world.marrow_months)).argmin(axis=0)] = True
    there = day <= last[:, None]
    row, visit = np.nonzero(there)
    everybody = np.arange(len(start))
    before = np.full(2 * len(start), False)
    return (
        np.concatenate([everybody, everybody, row]),
        np.concatenate([np.zeros_like(start), start - 1, day[there]]),
        np.concatenate([before, due[visit]]),
    )


def _tested(world: World, lives: Lives, person: Days, day: Days, marrow_due: Mask, last: Days, rng: np.random.Generator) -> dict[str, Days]:
    """Return when each panel of each visit is known, -1 where it is not tested."""
    people, n = lives.people, len(day)
    start = lives.therapy.start_day[person]
    baseline, fresh = day < start, day == 0
    kinds = world.regimens
    taken = np.array([world.marrow_taken[kind.name] for kind in kinds])[people.regimen[person]]
    after_first = day >= start + days(lives.course.second)[person]
    marrow = fresh | (marrow_due & (rng.random(n) < taken) & ~after_first)
    quarter = (day - start) % round(world.quality_months * DAYS_PER_MONTH)
    quality_due = baseline | (quarter < world.visit_months * DAYS_PER_MONTH)
    anti_cd38 = np.array([kind.anti_cd38 for kind in kinds])[people.regimen[person]]
    banded = anti_cd38 & (people.heavy[person] == "IgG") & people.kappa[person]
    tested = {
        "blood": np.ones(n, dtype=bool),
        "flc": baseline | (rng.random(n) < world.chains_taken),
        "urine": (people.urine[person] > 0) & (baseline | (rng.random(n) < world.urine_taken)),
        "quality": quality_due & ~fresh & (rng.random(n) < world.quality_taken),
        "marrow": marrow,
        "imaging": fresh | (marrow & (rng.random(n) < world.imaging_taken)),
        "dira": banded & ~baseline & ~after_first & (rng.random(n) < world.dira_taken),
        "start": fresh,
    }
    known = {}
    for panel in PANELS:
        late = rng.random(n) < world.late_share.get(panel, 0.0)
        delay = np.where(late, rng.integers(world.late_days[0], world.late_days[1] + 1, n), 0)
        in_time = day + delay <= last[person]  # what comes in after the last visit is nobody's history any more
        known[panel] = np.where(tested[panel] & in_time, day + delay, -1)
    return known
