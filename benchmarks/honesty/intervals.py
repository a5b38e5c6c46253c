"""Whether the 95 % interval of a risk holds what it is of, the fit found on average over such cohorts; and the statement for a person.

Run: python -m benchmarks.honesty intervals. To each of some simulated cohorts every kind of model of `smm` is fitted, with its intervals.
At the visits of people whom no cohort holds, the mean of the log-odds over the cohorts is the expected fit. Each cohort's own fit is part
of that mean: its distance to it counts sqrt(n / (n - 1)) times. For time there are fewer trees and columns than in params.yaml. The
statement for a person, how long 19 of 20 are free of the event at least, is judged in `benchmarks.honesty.event_free`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.honesty import event_free
from benchmarks.honesty.goal import Goal
from benchmarks.honesty.hidden_values import features_without
from features import build_table
from features.intake.quality import clean
from features.params import DEFAULT_PARAMS
from features.simulation.smm import DEFAULT, simulate
from serving.artifact import Artifact
from serving.models import logit
from serving.predict import predict_interval, predict_risk
from training.estimators import Fitted, fit_candidate
from training.plan import Plan, load_plan

Array = NDArray[np.float64]
COHORTS, PEOPLE, VISITS, SEED = 24, 1000, 200, 1000
TREES = {"rounds": 80, "eta": 0.075}  # in place of 240 steps of 0.025
COLUMNS: dict[str, Any] = {"look_backs": ("ever",), "statistics": ("last", "mean", "slope", "trend_pct", "evolving")}  # 28 in place of 93
ASKED = (0.94, 0.96)
WITH_HIDDEN = 10  # cohorts, the last ones: what is hidden is shown, not judged


@dataclass(frozen=True)
class Told:
    """What one cohort's fit says at the visits: log-odds of the risk and of its bounds, each (visits, horizons)."""

    fit: Array
    lower: Array
    upper: Array

    @classmethod
    def of(cls, artifact: Artifact, x: Array) -> Told:
        """Return what an artifact says of features."""
        return cls(*(logit(of) for of in (predict_risk(artifact, x), *predict_interval(artifact, x))))


ByFit = dict[tuple[str, str, bool], list[Told]]  # by model, by what is hidden, and whether each half has a recalibration of its own


def covered(told: list[Told]) -> Array:
    """Return which intervals hold the expected fit: (cohorts, visits, horizons)."""
    fit, lower, upper = (np.array([getattr(one, name) for one in told]) for name in ("fit", "lower", "upper"))
    expected = fit - (fit - fit.mean(axis=0)) * np.sqrt(len(told) / (len(told) - 1.0))
    found: Array = (lower <= expected) & (expected <= upper)
    return found


def small_plan() -> Plan:
    """Return the plan of `smm` with fewer trees and columns."""
    plan = load_plan("smm", DEFAULT_PARAMS)
    task = replace(plan.task, features=replace(plan.task.features, **COLUMNS))
    return replace(plan, task=task, models={name: options | (TREES if name == "boosting" else {}) for name, options in plan.models.items()})


def visits_of(people: int, seed: int, plan: Plan) -> pd.DataFrame:
    """Return the feature table's rows of a simulated cohort."""
    return build_table(clean(simulate(people, seed, DEFAULT))[0], plan.task).rows


def new_visits(plan: Plan, people: int) -> pd.DataFrame:
    """Return visits of people whom no cohort holds and of whom every biomarker is known."""
    rows = visits_of(people, SEED - 1, plan)
    some = rows.iloc[np.linspace(0, len(rows) - 1, VISITS).astype(int)]
    return some[some[[f"{name}__last__ever" for name in plan.task.features.biomarkers]].notna().all(axis=1)]


def told_by_cohorts(plan: Plan, cohorts: int, people: int) -> ByFit:
    """Return what each cohort's fits say."""
    new, found = new_visits(plan, people), ByFit()
    for k in range(cohorts):
        rows, fitted = visits_of(people, SEED + k, plan), dict[str, Fitted]()
        for name in plan.models:
            fitted[name] = fit_candidate(rows, plan.task.features, plan, name, {}, fitted, plan.interval_fits)
            artifact = fitted[name].artifact
            for hidden, biomarkers in event_free.HIDDEN.items():
                if hidden and k < cohorts - WITH_HIDDEN:
                    continue
                x = features_without(artifact, new, biomarkers)
                for own in (True, False):
                    told = Told.of(artifact if own else _with_what_the_whole_has(artifact), x)
                    found.setdefault((name, hidden, own), []).append(told)
    return found


def _with_what_the_whole_has(artifact: Artifact) -> Artifact:
    """Return the artifact without what each half has of its own: a recalibration, and what it says of people partly unknown."""
    unknown = artifact.unknown and replace(artifact.unknown, of_halves=None)
    return replace(artifact, resampled_calibrations=(), unknown=unknown)


def measured(cohorts: int = COHORTS, people: int = PEOPLE) -> Iterator[Goal]:
    """Yield, by model and by what is hidden, the share of intervals that hold the expected fit."""
    plan = small_plan()
    yield from goals(told_by_cohorts(plan, cohorts, people), plan)
    yield from event_free.measured(plan)


def goals(told: ByFit, plan: Plan) -> Iterator[Goal]:
    """Yield, by model and by what is hidden, the share of intervals that hold the expected fit, of what each cohort's fits say."""
    for (name, hidden, own), of in told.items():
        if not own:
            continue
        holds, before = covered(of), covered(told[name, hidden, False]).mean()
        case = f"{name}, {hidden} hidden" if hidden else name
        asked = "" if hidden else f"{ASKED[0]:g} to {ASKED[1]:g}"
        yield Goal(f"interval of a risk, {case}", said(holds, float(before), plan), asked, None if hidden else within(holds))


def within(holds: Array) -> bool:
    """Return whether the share is the one promised."""
    return ASKED[0] <= float(holds.mean()) <= ASKED[1]


def said(holds: Array, before: float, plan: Plan) -> str:
    """Return the share of intervals that hold the expected fit, with its standard error over cohorts, and by horizon."""
    error = holds.mean(axis=(1, 2)).std(ddof=1) / np.sqrt(len(holds))
    by_horizon = ", ".join(f"{share:.3f} at {h} m" for share, h in zip(holds.mean(axis=(0, 1)), plan.task.horizons, strict=True))
    whole = f"{holds.mean():.3f} over {len(holds)} cohorts (standard error {error:.3f}; {by_horizon})"
    return f"{whole}; {before:.3f} with one recalibration for all halves"
