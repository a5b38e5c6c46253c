"""What recalibration to a hundred people is worth: |log observed / expected| on other people of the site, before and after.

Run: python -m benchmarks.honesty recalibration. A model is fitted to simulated people of home. Sites of a hundred people each are drawn
like home; with more deaths the larger the burden; with twice the noise; with a hazard that accelerates; and at home with a model whose
risks are wrong by a third. Each site's change is judged on thousands of other people of the same world, whom nothing was fitted to.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from benchmarks.honesty.goal import Goal
from benchmarks.honesty.worlds import ACCELERATING, NOISY
from features import Cohort, build_table
from features.intake.quality import clean
from features.params import DEFAULT_PARAMS
from features.simulation.smm import DEFAULT, World, simulate
from myeloma.calendar import DAYS_PER_YEAR
from serving.artifact import Artifact
from serving.models.calibration import Calibration
from training.estimators import fit_candidate
from training.monitor.elsewhere.judged import Judged, judged_rows
from training.monitor.elsewhere.recalibration import Recalibration, Site, recalibration_of, with_calibration
from training.plan import Plan, load_plan

SITES, PEOPLE, JUDGED_ON, FITTED_TO, MODEL, SEED = 160, 100, 4000, 2000, "pangea_form", 1
WORSE, WRONG = 0.05, 4.0 / 3.0  # what doing it may cost where little is wrong; from where on the model is wrong by a third
DEATHS, LONGEST = 0.10, 20_000  # a year at the median burden, in proportion to it; days, beyond any follow-up


@dataclass(frozen=True)
class Place:
    """A kind of site: its world, whether deaths rise with the burden, and observed / expected, where the model is moved to have it."""

    name: str
    world: World = DEFAULT
    deaths: bool = False
    ratio: float | None = None


PLACES = (
    Place("like home"),
    Place("deaths rise with the burden", deaths=True),
    Place("twice the noise", NOISY),
    Place("a hazard that accelerates", ACCELERATING),
    Place("risks a third too low", ratio=1.5),
    Place("risks half as high again as they should be", ratio=2.0 / 3.0),
)


def home(plan: Plan) -> Artifact:
    """Return a model fitted to simulated people of home."""
    table = build_table(clean(simulate(FITTED_TO, SEED))[0], plan.task)
    about = {"task": plan.task.name, **plan.task.rules.as_json(), "trained_on": {"patients": table.rows["patient_id"].nunique()}}
    return fit_candidate(table.rows, table.spec, plan, MODEL, about).artifact


def with_deaths(cohort: Cohort, rng: np.random.Generator) -> Cohort:
    """Return a cohort in which people also die at a rate in proportion to their first marrow plasma cells; nothing is known after."""
    marrow = cohort.measurements[cohort.measurements["biomarker"] == "bmpc"].drop_duplicates("patient_id").set_index("patient_id")["value"]
    people = cohort.patients.set_index("patient_id")
    burden = marrow.reindex(people.index).fillna(marrow.median()) / marrow.median()
    days = np.minimum(np.ceil(rng.exponential(DAYS_PER_YEAR / (DEATHS * burden))), LONGEST)
    dies = people["index_date"] + pd.to_timedelta(days, unit="D")
    measurements = cohort.measurements[cohort.measurements["available_at"] < cohort.measurements["patient_id"].map(dies)]
    late = cohort.events["occurred_at"] >= cohort.events["patient_id"].map(dies)
    deaths = cohort.events[late].drop_duplicates("patient_id")
    deaths = deaths.assign(kind="death", detail="", occurred_at=deaths["patient_id"].map(dies))
    events = pd.concat([cohort.events[~late], deaths]).sort_values(["patient_id", "occurred_at"], kind="stable", ignore_index=True)
    return Cohort(cohort.patients, measurements.reset_index(drop=True), events)


def people_of(place: Place, artifact: Artifact, plan: Plan, sites: int, seed: int) -> Judged:
    """Return the visits of enough people for the sites and for judging them."""
    cohort = clean(simulate(JUDGED_ON + sites * PEOPLE, seed, place.world))[0]
    cohort = with_deaths(cohort, np.random.default_rng(seed)) if place.deaths else cohort
    return judged_rows(cohort, artifact, plan, "model")


def sites_of(place: Place, artifact: Artifact, plan: Plan, sites: int, seed: int) -> Iterator[tuple[Recalibration, float, float]]:
    """Yield, site by site, what recalibration does, and log observed / expected of other people of its world before and after."""
    judged = people_of(place, artifact, plan, sites, seed)
    person = pd.factorize(judged.rows["patient_id"])[0]
    others = judged.at(person >= sites * PEOPLE)
    shift = 0.0 if place.ratio is None else _shift_to(Site(others, artifact), place.ratio)
    wrong = with_calibration(artifact, Site(others, artifact).changed(shift, 1.0))
    truth = Site(others, wrong)
    before = log_ratio(truth, wrong.calibration)
    for k in range(sites):
        found = recalibration_of(judged.at(person // PEOPLE == k), wrong)
        yield found, before, log_ratio(truth, found.calibration)


def _shift_to(truth: Site, ratio: float) -> float:
    """Return the shift of the log-odds that makes observed / expected this ratio."""
    return float(brentq(lambda shift: log_ratio(truth, truth.changed(shift, 1.0)) - np.log(ratio), -3.0, 3.0))


def log_ratio(truth: Site, calibration: Calibration) -> float:
    """Return log observed / expected in person-time of the model with a calibration."""
    return float(np.log(truth.event.sum() / truth.expected(calibration)))


def measured(sites: int = SITES) -> Iterator[Goal]:
    """Yield, by place, how far observed over expected is off before and after: means of |log O/E| over sites."""
    plan = load_plan("smm", DEFAULT_PARAMS)
    artifact = home(plan)
    for number, place in enumerate(PLACES):
        found = list(sites_of(place, artifact, plan, sites, SEED + 1 + number))
        expected = float(np.mean([one.expected for one, _, _ in found]))
        before = float(np.mean([abs(ratio) for _, ratio, _ in found]))
        after = float(np.mean([abs(ratio) for _, _, ratio in found]))
        wrong = before >= np.log(WRONG)
        asked = "at least halved" if wrong else f"at most {WORSE:g} more than before"
        holds = after <= before / 2.0 if wrong else after <= before + WORSE
        said = f"|log O/E| {before:.2f} before, {after:.2f} after, {expected:.0f} events expected"
        yield Goal(place.name, said, asked, bool(holds))
