"""A simulated cohort of treated myeloma, with the true risk of relapse at every visit in a table of its own.

People with newly diagnosed myeloma on four regimens, and people with smoldering myeloma on daratumumab. It is a mechanism with
published summary figures and assumed parameters (`worlds`), not evidence: nothing learned from it says anything about a patient or a
regimen. See docs/simulation.md.
"""

from __future__ import annotations

import pandas as pd

from features.simulation.source import as_source, identifiers
from features.simulation.treated.course import draw_lives
from features.simulation.treated.laboratory import report
from features.simulation.treated.markers import markers_at
from features.simulation.treated.marrow import report_marrow
from features.simulation.treated.people import draw_people
from features.simulation.treated.quality import report_quality
from features.simulation.treated.tables import events_table, patients_table
from features.simulation.treated.truth import true_risks
from features.simulation.treated.visits import draw_visits
from features.simulation.treated.worlds import CONTRAST, TREATED, WORLDS, World
from features.sources.received import Received

__all__ = ["CONTRAST", "TREATED", "WORLDS", "World", "simulate", "simulate_truth"]


def simulate(patients: int, seed: int, world: World = TREATED) -> Received:
    """Return a cohort as a source would: three tables, with each site's own units.

    Parameters
    ----------
    patients : int
        Number of people, at least 1.
    seed : int
        The same seed gives the same cohort.
    """
    ids = identifiers("T", patients)
    lives = draw_lives(world, draw_people(world, patients, seed), seed)
    visits = draw_visits(world, lives, seed)
    true = markers_at(world, lives, visits, seed)
    reports = [each(world, lives, visits, true, ids, seed) for each in (report, report_marrow, report_quality)]
    tables = {
        "patients": patients_table(world, lives, ids),
        "measurements": pd.concat(reports, ignore_index=True),
        "events": events_table(world, lives, ids),
    }
    return as_source(tables)


def simulate_truth(patients: int, seed: int, world: World = TREATED) -> pd.DataFrame:
    """Return the true risks at the landmarks of `simulate` with the same arguments (see `truth`)."""
    lives = draw_lives(world, draw_people(world, patients, seed), seed)
    return true_risks(world, lives, draw_visits(world, lives, seed), identifiers("T", patients))
