"""How much of what anybody could attain the candidates attain, by how many people they learn from.

Run: python -m benchmarks.honesty attainable. Candidates are fitted to simulated people and judged on other ones, the same for all. The
way from a Cox in the form of PANGEA-SMM to the attainable risk (`features/simulation/smm/attainable.py`) is the gap. AUCs are expected
over outcomes, given the true risks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.honesty.goal import Goal
from features import build_table
from features.intake.quality import clean
from features.params import DEFAULT_PARAMS
from features.simulation.smm import DEFAULT, World, simulate, simulate_truth
from features.simulation.smm.attainable import attainable_risks
from serving.artifact import feature_matrix
from serving.predict import predict_risk
from training.estimators import Fitted, fit_candidate
from training.metrics import Draws
from training.metrics.figures import interval
from training.plan import Plan, load_plan
from training.truth.against_truth import expected_auc, true_risks

Array = NDArray[np.float64]
REPEATS = {500: 3, 1_000: 3, 2_000: 3, 5_000: 1, 10_000: 1}  # by people learned from
JUDGED, SEED = 2_000, 501
LIVE, ASKED = "ensemble", {2_000: 0.8, 10_000: 0.9}


@dataclass(frozen=True)
class Judged:
    """Visits of people that nobody learns from, with their attainable and true risks at the plan's primary horizon."""

    rows: pd.DataFrame
    attainable: Array
    true: Array
    counts: Array

    def auc(self, risk: Array) -> Array:
        """Return the AUC expected over outcomes: of all people first, then of bootstrap draws of them."""
        return expected_auc(self.counts, risk, self.true)


def judged_people(plan: Plan, people: int, seed: int, world: World = DEFAULT) -> Judged:
    """Return the people judged."""
    cohort, _ = clean(simulate(people, seed, world))
    rows, at = build_table(cohort, plan.task).rows, plan.task.horizons.index(plan.primary_horizon)
    true = true_risks(rows, simulate_truth(people, seed, world), plan.task)[:, at]
    attainable = true_risks(rows, attainable_risks(world, cohort, rows), plan.task)[:, at]
    counts = Draws.of(rows["patient_id"], plan.evaluation.bootstrap, plan.evaluation.seed).rows(rows["patient_id"])
    return Judged(rows, attainable, true, counts)


def risks_of(people: int, seed: int, plan: Plan, judged: Judged) -> dict[str, Array]:
    """Return the risks of the people judged, by candidates fitted to so many other people."""
    rows, fitted = build_table(clean(simulate(people, seed))[0], plan.task).rows, dict[str, Fitted]()
    for name in plan.models:
        fitted[name] = fit_candidate(rows, plan.task.features, plan, name, {}, fitted)
    at = plan.task.horizons.index(plan.primary_horizon)
    return {name: predict_risk(of.artifact, feature_matrix(of.artifact, judged.rows))[:, at] for name, of in fitted.items()}


def measured() -> Iterator[Goal]:
    """Yield, by people learned from and by candidate, the share of the attainable gap that is closed."""
    plan = replace(load_plan("smm", DEFAULT_PARAMS), interval_fits=0)
    judged = judged_people(plan, JUDGED, SEED)
    best, truth, start = judged.auc(judged.attainable), judged.auc(judged.true), plan.reference or ""
    risks = {n: [risks_of(n, SEED + n + k, plan, judged) for k in range(1, times + 1)] for n, times in REPEATS.items()}
    of_most = judged.auc(risks[max(risks)][0][start])
    yield Goal(
        f"the attainable risk at {plan.primary_horizon} months, {JUDGED} people judged",
        f"AUC {_three(best)}; {_share((best - of_most) / (truth - of_most))} of the way from {start} of {max(risks)} people to the truth",
        "",
        None,
    )
    for n, repeats in risks.items():
        for name in (name for name in plan.models if name != start):
            aucs = [(judged.auc(found[name]), judged.auc(found[start])) for found in repeats]
            closed = np.mean([(auc - own) / (best - own) for auc, own in aucs], axis=0)
            of_fixed = np.mean([(auc - of_most) / (best - of_most) for auc, _ in aucs], axis=0)
            said = f"{_share(closed)} from {start} of the same people, {_share(of_fixed)} from that of {max(risks)}"
            asked = ASKED.get(n) if name == LIVE else None
            holds = None if asked is None else bool(closed[0] >= asked)
            yield Goal(f"{n} people, {name}", said, "" if asked is None else f"{asked:.0%} from {start} of the same people", holds)


def _three(auc: Array) -> str:
    estimate, low, high = interval(auc)
    return f"{estimate:.3f} ({low:.3f} to {high:.3f})"


def _share(closed: Array) -> str:
    estimate, low, high = interval(closed)
    return f"{estimate:.0%} ({low:.0%} to {high:.0%})"
