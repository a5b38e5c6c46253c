"""First visits as they are: mean true over mean predicted risk where least is known, and where decisions are made.

Run: python -m benchmarks.honesty first_visits. Nothing is hidden: in a world whose people mostly come without a result of marrow or light
chains at diagnosis they are judged as they come. Each half of a world's people is judged by models fitted to the other. The risk has to be
right for all of them, and for those of whom all is known, which an error for the others can hide.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from benchmarks.honesty.goal import Goal
from benchmarks.honesty.hidden_values import JUDGED_TO, SEED, WHOLE, Judged, judged_halves
from features.params import DEFAULT_PARAMS
from features.simulation.smm import WORLDS
from serving.artifact import feature_matrix
from serving.predict import predict_risk
from training.estimators.imputation import knows_all
from training.plan import load_plan
from training.reference import first_visits

Array = NDArray[np.float64]
PEOPLE, COHORTS = 6000, 4


def ratios(halves: list[Judged], model: str) -> tuple[Array, Array, float]:
    """Return true over predicted risk (horizons,) of all first visits, of those of whom all is known, and the share of these."""
    true, risk, knows = [], [], []
    for half in halves:
        rows, artifact = first_visits(half.rows.reset_index(drop=True)), half.models[model]
        x = feature_matrix(artifact, rows)
        true.append(half.true[rows.index])
        risk.append(predict_risk(artifact, x))
        knows.append(knows_all(x, artifact.columns, artifact.spec.biomarkers))
    all_true, all_risk, known = np.concatenate(true), np.concatenate(risk), np.concatenate(knows)
    whole, of_known = (all_true[some].mean(axis=0) / all_risk[some].mean(axis=0) for some in (np.full(len(known), True), known))
    return whole, of_known, float(known.mean())


def measured(people: int = PEOPLE, cohorts: int = COHORTS) -> Iterator[Goal]:
    """Yield, by world and model, true over predicted risk of first visits at each horizon."""
    plan = load_plan("smm", DEFAULT_PARAMS)
    judged = np.array(plan.task.horizons) <= JUDGED_TO
    asked = f"{WHOLE[0]:g} to {WHOLE[1]:g} up to {JUDGED_TO} months"
    for name, world in WORLDS.items():
        halves = [half for k in range(cohorts) for half in judged_halves(world, plan, people, SEED + k)]
        for model in plan.models:
            whole, of_known, share = ratios(halves, model)
            within = [(WHOLE[0] <= ratio).all() and (ratio <= WHOLE[1]).all() for ratio in (whole[judged], of_known[judged])]
            found = f"{_told(whole)}; of whom all is known ({share:.0%}) {_told(of_known)}"
            holds = None if model == "pangea_form" else all(within)
            yield Goal(f"first visits, world {name}, {model}", found, "" if holds is None else asked, holds)


def _told(ratio: Array) -> str:
    return ", ".join(f"{one:.2f}" for one in ratio)
