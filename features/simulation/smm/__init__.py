"""A simulated cohort of smoldering myeloma, with the true risk at every visit in a table of its own.

No open cohort of smoldering myeloma with M-protein series exists, so the default run uses this one. It is a mechanism with
published summary figures and assumed parameters (`worlds`), not evidence: nothing learned from it says anything about a
patient. See docs/simulation.md.
"""

from __future__ import annotations

import pandas as pd

from features.simulation.smm.ends import draw_ends
from features.simulation.smm.laboratory import report
from features.simulation.smm.people import draw_people
from features.simulation.smm.tables import events_table, patients_table
from features.simulation.smm.truth import true_risks, write_truth
from features.simulation.smm.visits import draw_visits
from features.simulation.smm.worlds import CONTRAST, DEFAULT, WORLDS, World, world_named
from features.simulation.source import as_source, identifiers
from features.sources.received import Received

__all__ = ["CONTRAST", "DEFAULT", "WORLDS", "World", "simulate", "simulate_truth", "world_named", "write_truth"]


def simulate(patients: int, seed: int, world: World = DEFAULT) -> Received:
    """Return a cohort as a source would: three tables, with each site's own units.

    Parameters
    ----------
    patients : int
        Number of people, at least 1.
    seed : int
        The same seed gives the same cohort.
    """
    people = draw_people(world, patients, seed)
    ends = draw_ends(world, people, seed)
    ids = identifiers("S", patients)
    tables = {
        "patients": patients_table(world, people, ids),
        "measurements": report(world, people, draw_visits(world, people, ends, seed), ids, seed),
        "events": events_table(people, ends, ids),
    }
    return as_source(tables)


def simulate_truth(patients: int, seed: int, world: World = DEFAULT) -> pd.DataFrame:
    """Return the true risks at the landmarks of `simulate` with the same arguments (see `truth`)."""
    people = draw_people(world, patients, seed)
    visits = draw_visits(world, people, draw_ends(world, people, seed), seed)
    return true_risks(world, people, visits, identifiers("S", patients))
