"""Whether 19 of 20 are free of the event for as long as the statement for a person says: a part of `benchmarks.honesty intervals`.

Models are fitted to one simulated cohort, with its treatments and losses. The people of another are judged by what becomes of them where
nobody is treated or lost: the simulator draws the same progressions and deaths. Counted are the visits whose bound lies before the last
horizon; those that are told the last horizon, where more than 19 of 20 may be free of the event, are shown with all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.honesty.goal import Goal
from benchmarks.honesty.hidden_values import features_without
from features import build_table
from features.intake.quality import clean
from features.simulation.smm import WORLDS, World, simulate
from features.simulation.smm.ends import draw_ends
from features.simulation.smm.people import draw_people
from features.simulation.source import identifiers
from myeloma.calendar import DAYS_PER_MONTH, DAYS_PER_YEAR
from serving.artifact import Artifact
from serving.predict import event_free, predict_risk
from training.estimators import Fitted, fit_candidate
from training.plan import Plan

Array = NDArray[np.float64]
Groups = dict[str, NDArray[np.bool_]]
PEOPLE, SEED = 4000, 501
ASKED = (0.93, 0.97)
HIDDEN: dict[str, tuple[str, ...]] = {"": (), "m_protein": ("m_protein",), "flc_ratio": ("flc_ratio",)}
AGE_PARTED = 65


def visits_and_waits(people: int, seed: int, world: World, plan: Plan) -> tuple[pd.DataFrame, Array]:
    """Return the visits of a simulated cohort, and the months from each to progression without treatment and loss; infinite after death."""
    rows = build_table(clean(simulate(people, seed, world))[0], plan.task).rows
    drawn = draw_people(world, people, seed)
    ends = draw_ends(replace(world, loss=0.0, treatment=0.0, study_end="2200-01-01", most_years=60.0), drawn, seed)
    day = np.where(ends.progression < ends.death, ends.progression, np.inf) * DAYS_PER_YEAR
    who = pd.Index(identifiers("S", people)).get_indexer(pd.Index(rows["patient_id"]))
    since = (rows["landmark"].to_numpy().astype("datetime64[D]") - drawn.index_day[who].astype("datetime64[D]")).astype(float)
    return rows, (day[who] - since) / DAYS_PER_MONTH


def groups_of(rows: pd.DataFrame, risk: Array, before: NDArray[np.bool_], unknown: NDArray[np.bool_]) -> Groups:
    """Return the subgroups of the visits whose bound lies before the last horizon."""
    age, female, first = (rows[name].to_numpy(dtype=float) for name in ("age", "female", "months_since_index"))
    third = np.searchsorted(np.quantile(risk[before], [1 / 3, 2 / 3]), risk)
    parts = {
        f"under {AGE_PARTED}": age < AGE_PARTED,
        f"{AGE_PARTED} and over": age >= AGE_PARTED,
        "women": female == 1,
        "men": female == 0,
        "first visits": first < 1,
        "later visits": first >= 1,
        "the third at lowest risk": third == 0,
        "the third between": third == 1,
        "the third at highest risk": third == 2,
        "a biomarker unknown": unknown,
    }
    return {name: part & before for name, part in parts.items()}


def judged(artifact: Artifact, rows: pd.DataFrame, wait: Array, hidden: tuple[str, ...]) -> tuple[dict[str, float], str]:
    """Return the share of the bounds that hold, on the whole and by subgroup, and what else is to be said."""
    x = features_without(artifact, rows, hidden)
    risks = predict_risk(artifact, x)
    bound = event_free(artifact, risks)
    holds, before = wait >= bound, bound < artifact.horizons[-1]
    latest = [artifact.columns.index(f"{name}__last__ever") for name in artifact.spec.biomarkers]
    unknown = np.asarray(np.isnan(x[:, latest]).any(axis=1), dtype=np.bool_)
    groups = groups_of(rows, risks[:, -1], before, unknown)
    found = {"all": float(holds[before].mean())} | {name: float(holds[there].mean()) for name, there in groups.items() if there.any()}
    told = f"median bound {np.median(bound):.0f} months, before the last horizon in {before.mean():.0%} of visits"
    return found, f"{told}; {holds.mean():.3f} with the others"


def goal(case: str, found: dict[str, float], told: str) -> Goal:
    """Return whether the share that holds is what is promised, on the whole and in the subgroup that is farthest from it."""
    worst = max(found, key=lambda name: abs(found[name] - sum(ASKED) / 2))
    said = f"{found['all']:.3f}, worst in {worst} {found[worst]:.3f} ({told})"
    asked = f"{ASKED[0]:g} to {ASKED[1]:g}, in every subgroup too"
    return Goal(case, said, asked, all(ASKED[0] <= share <= ASKED[1] for share in found.values()))


def measured(plan: Plan, people: int = PEOPLE) -> Iterator[Goal]:
    """Yield, by world, model and what is hidden from everybody, the share of people who are free of the event as long as they are told."""
    for world_name, world in WORLDS.items():
        rows, wait = visits_and_waits(people, SEED, world, plan)
        fitted_to, _ = visits_and_waits(people, SEED + 1, world, plan)
        fitted = dict[str, Fitted]()
        for name in plan.models:
            fitted[name] = fit_candidate(fitted_to, plan.task.features, plan, name, {}, fitted)
            for hidden, names in HIDDEN.items():
                case = f"time free of the event, world {world_name}, {name}{f', {hidden} hidden' if hidden else ''}"
                if fitted[name].artifact.event_free is None:
                    yield Goal(case, "nothing is said", "a statement", False)
                    continue
                yield goal(case, *judged(fitted[name].artifact, rows, wait, names))
