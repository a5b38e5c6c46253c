"""What the columns of the burden that markers have in common are worth: the share of the attainable gap that they add.

Run: python -m benchmarks.honesty latent_burden. In each world candidates are fitted twice to the same simulated people, without these
columns (then with all statistics that tell a marker's course) and with them; the parameters of the burden are fitted to these people too.
Both are judged on other people, the same for all. The gap is that of `attainable`: from a Cox in the form of PANGEA-SMM, fitted to the
same people, to the attainable risk. AUCs are expected over outcomes, given the true risks; intervals are from drawing the people judged.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from benchmarks.honesty.attainable import JUDGED, SEED, Judged, judged_people
from benchmarks.honesty.goal import Goal
from benchmarks.honesty.worlds import ACCELERATING, NOISY
from features import Cohort, build_table
from features.history.burden.fit import fit_burden
from features.history.burden.parameters import Burden
from features.history.columns import STATE_SPACE
from features.intake.quality import clean
from features.params import DEFAULT_PARAMS
from features.simulation.smm import CONTRAST, DEFAULT, World, simulate
from serving.artifact import feature_matrix
from serving.predict import predict_risk
from training.estimators import Fitted, fit_candidate
from training.metrics.figures import interval
from training.plan import Plan, load_plan

Array = NDArray[np.float64]
PLACES = {
    "default": DEFAULT,
    "contrast": CONTRAST,
    "a hazard that accelerates": ACCELERATING,
    "twice the noise": NOISY,
}
FITTED_TO, REPEATS = 2_000, 1
LIVE, ASKED = "ensemble", 0.05
# What the task had before there was a burden: each marker's course by itself.
COURSES = ("last", "age_days", "mean", "slope", "trend_pct", "pct_first", "pct_min", "pct_12m", "evolving")


def with_burden(plan: Plan, burden: Burden | None) -> Plan:
    """Return a plan whose task has the columns of the burden, by these parameters; without these, one that has none, in no model either."""
    features, models = plan.task.features, plan.models
    static, statistics = tuple(name for name in features.static if burden or name not in STATE_SPACE), features.statistics
    if burden is None:
        statistics = COURSES
        models = {name: {key: _without(value) for key, value in settings.items()} for name, settings in models.items()}
    features = replace(features, static=static, statistics=statistics, burden=burden)
    return replace(plan, task=replace(plan.task, features=features), models=models)


def _without(setting: object) -> object:
    return [name for name in setting if name not in STATE_SPACE] if isinstance(setting, list) else setting


def risks_of(plan: Plan, names: list[str], learned: Cohort, judged: Cohort) -> dict[str, Array]:
    """Return the risks at the primary horizon of the visits judged, by candidates fitted to other people."""
    rows, others = (build_table(cohort, plan.task).rows for cohort in (learned, judged))
    fitted, at = dict[str, Fitted](), plan.task.horizons.index(plan.primary_horizon)
    for name in names:
        fitted[name] = fit_candidate(rows, plan.task.features, plan, name, {}, fitted)
    return {name: predict_risk(of.artifact, feature_matrix(of.artifact, others))[:, at] for name, of in fitted.items()}


def closed(judged: Judged, start: str, risks: dict[str, Array]) -> dict[str, Array]:
    """Return the share of the attainable gap that each candidate closes, of all people judged first, then of draws of them."""
    auc = {name: judged.auc(risk) for name, risk in risks.items()}
    gap = judged.auc(judged.attainable) - auc[start]
    return {name: (of - auc[start]) / gap for name, of in auc.items() if name != start}


def in_world(world: World, plan: Plan, repeats: int = REPEATS) -> dict[str, tuple[Array, Array]]:
    """Return by candidate the shares closed without and with the columns, each the mean over whom was learned from."""
    judged, start = judged_people(plan, JUDGED, SEED, world), plan.reference or ""
    cohort, found = clean(simulate(JUDGED, SEED, world))[0], []
    for k in range(1, repeats + 1):
        learned, names = clean(simulate(FITTED_TO, SEED + FITTED_TO + k, world))[0], list(plan.models)
        without = risks_of(with_burden(plan, None), names, learned, cohort)
        names.remove(start)
        added = risks_of(with_burden(plan, fit_burden(learned)), names, learned, cohort)
        found.append([closed(judged, start, without), closed(judged, start, {start: without[start]} | added)])
    first, second = ({name: np.mean([pair[k][name] for pair in found], axis=0) for name in found[0][0]} for k in (0, 1))
    return {name: (first[name], second[name]) for name in first}


def measured() -> Iterator[Goal]:
    """Yield, by world and candidate, the share of the attainable gap closed without and with the columns, and what they add."""
    plan = replace(load_plan("smm", DEFAULT_PARAMS), interval_fits=0)
    for place, world in PLACES.items():
        for name, (without, added) in in_world(world, plan).items():
            estimate, low, high = interval(added - without)
            said = f"{without[0]:.0%} closed without, {added[0]:.0%} with: {estimate:.1%} more ({low:.1%} to {high:.1%})"
            asked = f"at least {ASKED:.0%} more" if name == LIVE else ""
            yield Goal(f"world {place}, {name}", said, asked, bool(estimate >= ASKED) if asked else None)
