"""What is truly in blood, urine and marrow at each visit, before any laboratory sees it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.simulation.treated.course import WEEK, Lives, burden_at
from features.simulation.treated.people import stream
from features.simulation.treated.visits import Visits
from features.simulation.treated.worlds import World
from myeloma.calendar import DAYS_PER_YEAR

Array = NDArray[np.float64]
BLOCK = 512  # people whose weeks are held at a time
ANEMIA_G_DL, RENAL_FACTOR = 2.3, 2.2  # of a clinical relapse that shows them: IMWG asks for a fall of 2 g/dL, and a rise of 2 mg/dL


@dataclass(frozen=True)
class Markers:
    """True values at visits, arrays with one entry a visit; m_protein without what a drug adds to it.

    `burden` is the share of plasma cells in the marrow, `ill` whether a clinical relapse is there and not yet treated away.
    """

    burden: Array
    m_protein: Array
    involved: Array
    uninvolved: Array
    urine: Array
    hemoglobin: Array
    creatinine: Array
    calcium: Array
    ill: Array


def markers_at(world: World, lives: Lives, visits: Visits, seed: int) -> Markers:
    """Return the true markers at visits."""
    people, person, t = lives.people, visits.person, visits.since / DAYS_PER_YEAR
    burden, secreting = (part[:, 0] for part in burden_at(world, lives, person, t[:, None]))
    relative = secreting / people.burden[person]
    of_chain = people.chain[person] * relative
    second, clinical = lives.course.second[person], lives.course.clinical[person]
    ill = ((t >= clinical) & (t < second + 0.25)).astype(float)
    draws = stream(seed, "signs").random((2, len(people)))[:, person]
    anemic, renal = ill * (draws[0] < world.relapse_anemia), ill * (draws[1] < world.relapse_renal)
    treated = (t > 0) & (t < 0.5)
    hemoglobin = people.hemoglobin[person] - 5.0 * burden - 0.6 * treated - ANEMIA_G_DL * anemic
    creatinine = people.creatinine[person] * np.exp(0.16 * np.log1p(of_chain / 400.0) + np.log(RENAL_FACTOR) * renal)
    bone = np.clip(people.clinical_frailty[person], 0.0, 2.5)
    return Markers(
        burden=burden,
        m_protein=_m_protein(world, lives, visits),
        involved=people.uninvolved[person] + of_chain,
        uninvolved=people.uninvolved[person] * np.where(burden > 0.05, 0.6, 1.0),  # suppressed by the disease
        urine=people.urine[person] * relative,
        hemoglobin=np.maximum(hemoglobin, 5.5),
        creatinine=np.minimum(creatinine, 12.0),
        calcium=9.4 + 2.0 * bone * np.maximum(burden - 0.3, 0.0) + 0.8 * ill * (bone > 1.5),
        ill=ill,
    )


def _m_protein(world: World, lives: Lives, visits: Visits) -> Array:
    """Return the M-protein at visits: what is made follows the burden, what is there goes with the half-life of the isotype."""
    people = lives.people
    secreting = np.flatnonzero(people.m_protein > 0)
    weeks = np.ceil(np.clip(lives.course.visited, 0.0, world.most_years) / WEEK).astype(np.int64) + 2
    secreting = secreting[np.argsort(weeks[secreting], kind="stable")]  # people watched about as long together
    out = np.zeros(len(visits.person))
    first = np.searchsorted(visits.person, np.arange(len(people) + 1))
    for rows in np.array_split(secreting, len(secreting) // BLOCK + 1):
        if not len(rows):
            continue
        there = _weekly(world, lives, rows, int(weeks[rows].max()))
        at = np.concatenate([np.arange(first[p], first[p + 1]) for p in rows])
        row = np.repeat(np.arange(len(rows)), first[rows + 1] - first[rows])
        place = np.maximum(visits.since[at] / 7.0, 0.0)
        week = np.minimum(place.astype(np.int64), there.shape[1] - 2)
        out[at] = there[row, week] * (1 - place + week) + there[row, week + 1] * (place - week)
    return out


def _weekly(world: World, lives: Lives, rows: NDArray[np.int64], weeks: int) -> Array:
    """Return the M-protein of people at whole weeks from the start of therapy: exact for what is made evenly within a week."""
    people = lives.people
    middle = np.broadcast_to((np.arange(weeks) + 0.5) * WEEK, (len(rows), weeks))
    _, secreting = burden_at(world, lives, rows, middle)
    made = people.m_protein[rows, None] * secreting / people.burden[rows, None]
    half_life = np.array([world.half_life[heavy] for heavy in people.heavy[rows]])
    stays = 0.5 ** (7.0 / half_life)
    there = np.empty((len(rows), weeks + 1))
    there[:, 0] = people.m_protein[rows]
    for k in range(weeks):
        there[:, k + 1] = stays * there[:, k] + (1 - stays) * made[:, k]
    return there
