"""Quality of life: a few scales that answer to disease and to therapy. How much is assumed: no source gives a course by regimen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.simulation.treated.course import Lives
from features.simulation.treated.laboratory import joined, rows_of, written
from features.simulation.treated.markers import Markers
from features.simulation.treated.people import stream
from features.simulation.treated.visits import Visits
from features.simulation.treated.worlds import World
from myeloma import catalogue
from myeloma.calendar import DAYS_PER_YEAR

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Scale:
    """A scale's value in health, and what a full burden, a clinical relapse, induction, transplant and maintenance add to it.

    `step` is the distance between two values that the scale can take.
    """

    usual: float
    burden: float
    ill: float
    induction: float
    transplant: float
    maintenance: float
    step: float


SCALES = {
    "qlq_c30_ql": Scale(72, -32, -12, -6, -12, -2, 100 / 12),
    "qlq_c30_pf": Scale(82, -30, -12, -5, -12, -2, 100 / 15),
    "qlq_c30_fa": Scale(28, 35, 14, 9, 16, 4, 100 / 9),
    "qlq_my20_ds": Scale(17, 38, 16, 0, 2, 0, 100 / 18),
    "qlq_my20_se": Scale(12, 6, 3, 12, 12, 6, 100 / 30),
}
OF_PERSON, OF_DAY = 11.0, 9.0  # standard deviations
TRANSPLANT_YEARS = 0.25


def report_quality(world: World, lives: Lives, visits: Visits, true: Markers, ids: NDArray[np.str_], seed: int) -> pd.DataFrame:
    """Return the scales as scores of 0 to 100; all of one day are answered together."""
    rng = stream(seed, "quality")
    people, therapy, t = lives.people, lives.therapy, visits.since / DAYS_PER_YEAR
    asked = visits.known["quality"] >= 0
    person, t = visits.person[asked], t[asked]
    second = lives.course.second[person]
    transplanted = (t >= therapy.transplant[person]) & (t < therapy.transplant[person] + TRANSPLANT_YEARS)
    on = (t > 0.02) & (t < np.minimum(therapy.stop[person], second)) | (t > second)
    induction = on & ((t < 0.5) | (t > second))
    of_person, of_day = rng.standard_normal(len(people))[person], rng.standard_normal(len(person))
    parts = []
    for name, scale in SCALES.items():
        worse = np.sign(scale.burden)  # a bad day is bad on all scales
        score = (
            scale.usual
            + scale.burden * true.burden[asked]
            + scale.ill * true.ill[asked]
            + np.select([transplanted, induction, on], [scale.transplant, scale.induction, scale.maintenance], 0.0)
            + worse * OF_PERSON * (0.8 * of_person + 0.6 * rng.standard_normal(len(people))[person])
            + worse * OF_DAY * (0.6 * of_day + 0.8 * rng.standard_normal(len(person)))
        )
        score = np.clip(np.round(score / scale.step) * scale.step, 0.0, 100.0)
        parts.append(rows_of(name, written(score, 2), catalogue()[name].unit, asked, visits, "quality"))
    return joined(parts, lives, ids)
