"""What the gate says of simulated candidates whose observed over expected is known: how many right ones it rejects, wrong ones promotes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from benchmarks.honesty.goal import Goal
from myeloma.calendar import horizon_days
from training.gate.demands import held_out_figures
from training.gate.verdict import HOLD, PROMOTE, REJECT, Evidence, Verdict
from training.metrics import Draws, main_measures
from training.metrics.figures import figures, named
from training.plan import Plan, load_plan

EVENTS, RATIOS, MONTHS = (20, 50, 100, 150), (1.0, 1.2, 1.5), 24
CANDIDATES, DRAWS = 200, 200
_MEAN, _SPREAD, _CENSORED = 0.2, 0.8, 0.2  # risk of the average person, standard deviation of log-odds, share lost at a random day


def measured() -> Iterator[Goal]:
    """Yield, by events expected and true ratio, what became of the candidates."""
    plan = replace(load_plan("smm"), scores=())
    plan = replace(plan, task=replace(plan.task, horizons=(MONTHS,)), gate=replace(plan.gate, doubt_accepted={}))
    for events in EVENTS:
        for ratio in RATIOS:
            rng = np.random.default_rng([events, round(10 * ratio)])
            found = Counter(_verdict(plan, rng, events, ratio) for _ in range(CANDIDATES))
            shares = {verdict: found[verdict] / CANDIDATES for verdict in (PROMOTE, HOLD, REJECT)}
            said = ", ".join(f"{verdict} {share:.1%}" for verdict, share in shares.items())
            holds = {1.0: shares[REJECT] < 0.05, 1.5: shares[PROMOTE] < 0.10}.get(ratio)
            goal = {1.0: "under 5 % rejected", 1.5: "under 10 % promoted"}.get(ratio, "")
            yield Goal(f"{events} events expected, true O/E {ratio:g}", said, goal, holds)


def _verdict(plan: Plan, rng: np.random.Generator, events: int, ratio: float) -> str:
    """Return the verdict, by its held-out figures alone, on a candidate whose risks are this far off."""
    people, horizon = round(events / _MEAN), float(horizon_days(MONTHS))
    risk = 1 / (1 + np.exp(-(np.log(_MEAN / (1 - _MEAN)) - 0.2 + _SPREAD * rng.standard_normal(people))))
    risk *= _MEAN / risk.mean()
    happens = rng.random(people) < np.minimum(risk * ratio, 1)
    day = np.where(happens, rng.uniform(1, horizon, people), 2 * horizon)
    lost = np.where(rng.random(people) < _CENSORED, rng.uniform(1, horizon, people), 3 * horizon)
    rows = pd.DataFrame(
        {
            "patient_id": [f"p{k}" for k in range(people)],
            "event": np.where(lost < day, "none", np.where(happens, "event", "none")),
            "time_to_event": np.minimum(day, lost),
            "follow_up": np.minimum(day, lost),
        }
    )
    table = figures(rows, {"": risk[:, None]}, (MONTHS,), Draws.of(rows["patient_id"], DRAWS, 1), main_measures, why_not=lambda *_: "")
    return Verdict(tuple(held_out_figures(Evidence(named(table)), plan))).verdict
