"""The report on whom to treat early: people held out at one landmark, the strategies, and what has to be said beside the figures."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from features import Cohort, FeatureTable
from myeloma import ConfigError, DataError
from myeloma.early_treatment.benefit import CITATION, HARMS, IN_MAYO_HIGH, LONGEST_MONTHS, OUTSIDE_MAYO_HIGH, check_horizon, harm_in_words
from myeloma.early_treatment.eligibility import NOT_CHECKED
from training.evaluation.early_treatment.judged import Prevented, judge
from training.evaluation.early_treatment.strategies import AQUILA, MAYO, Strategy, by_model, rules
from training.fitting.held_out import HeldOut
from training.metrics import Draws
from training.metrics.estimate import Estimate
from training.metrics.figures import refusal
from training.plan import Plan
from training.rows.landmark_tables import at_landmark
from training.rows.small_cells import written

SIMULATED = "A check on simulated people: nobody here is a patient, and no figure says anything about one."


@dataclass(frozen=True)
class Asked:
    """Horizon, years since diagnosis at which people are judged, and the absolute reductions worth treating for."""

    months: int
    years: float
    thresholds: tuple[float, ...]


@dataclass(frozen=True)
class Report:
    """Lines by threshold and strategy, what was judged, and what has to be said beside it."""

    heading: str
    asked: Asked
    lines: list[Prevented]
    notes: list[str]
    simulated: bool


def report(plan: Plan, model: str, asked: Asked, fitted: Path, table: FeatureTable, cohort: Cohort) -> Report:
    """Return the figures of one model's strategy and of the published rules.

    Raises
    ------
    ConfigError
        The task is not about smoldering myeloma, or does not have the horizon.
    DataError
        A horizon beyond what is known of the effect, a threshold that no risk reaches, or too few people.
    StateError
        The model is not fitted, or on another table.
    """
    _check(plan, asked)
    held = HeldOut.of(fitted, [model], table, plan.task)
    rows = at_landmark(held.rows, asked.years)
    if rows.empty:
        raise DataError(f"Nobody is under observation {asked.years:g} years after diagnosis.", "fewer --years.", "too_few_events")
    if why := refusal(rows, asked.months):
        raise DataError(f"No figures {asked.years:g} years after diagnosis: {why}", "another horizon, or other --years.", "too_few_events")
    risk = held.risks[model][rows["position"].to_numpy(), plan.task.horizons.index(asked.months)]
    strategies, high = rules(cohort, rows)
    strategies += [by_model(f"by {model}", risk, least) for least in asked.thresholds]
    draws = Draws.of(rows["patient_id"], plan.evaluation.bootstrap, plan.evaluation.seed)
    lines = judge(rows, strategies, high, asked.months, asked.thresholds, draws)
    simulated = table.provenance.simulated
    heading = f"{written(len(rows), ',')} people held out, {asked.years:g} years after diagnosis, {asked.months} months"
    return Report(heading, asked, lines, _notes(strategies, lines, simulated), simulated)


def as_frame(found: Report) -> pd.DataFrame:
    """Return the lines as a table, with the horizon: an interval becomes three columns, as in prevented, prevented_lo, prevented_hi."""
    flat = []
    for line in found.lines:
        one: dict[str, object] = {}
        for name, value in asdict(line).items():
            names = [name, f"{name}_lo", f"{name}_hi"] if isinstance(value, tuple) else [name]
            one |= dict(zip(names, np.atleast_1d(value) if isinstance(value, tuple) else [value], strict=True))
        flat.append(one)
    return pd.DataFrame(flat).assign(months=found.asked.months, years_since_diagnosis=found.asked.years)


def _check(plan: Plan, asked: Asked) -> None:
    if not plan.task.rules.untreated_smoldering:
        raise ConfigError(
            f"The trial's effect is not known for the people of {plan.task.name}.", "only for untreated smoldering myeloma: --task smm."
        )
    check_horizon(asked.months)
    if asked.months not in plan.task.horizons:
        usable = [str(months) for months in plan.task.horizons if months <= LONGEST_MONTHS]
        raise ConfigError(f"{plan.task.name} has no horizon of {asked.months} months.", f"one of {', '.join(usable)}.")


def _notes(strategies: list[Strategy], lines: list[Prevented], simulated: bool) -> list[str]:
    unknown = {one.name: one.unknown for one in strategies if one.name in (MAYO, AQUILA)}
    counted = "; ".join(f"{name}: {written(count, ',')}" for name, count in unknown.items() if count)
    least = lines[0].threshold
    by_group = "; ".join(
        f"{line.strategy} {Estimate(*(100 * part for part in line.by_group)).shown(1) or '-'}" for line in lines if line.threshold == least
    )
    return [
        *([SIMULATED] if simulated else []),
        f"The effect is that of {CITATION}, one hazard ratio of 0.49 (0.36-0.67) for everybody; nobody's benefit is observed.",
        f"A sensitivity, with {IN_MAYO_HIGH.hazard_ratio} for 20/2/20 high and about {OUTSIDE_MAYO_HIGH.hazard_ratio} for others: "
        f"prevented of 100 (at {100 * least:.3g} %): {by_group}.",
        *map(harm_in_words, HARMS),
        f"People whom a rule cannot judge, for results that are missing, are not treated by it ({counted or 'nobody'}).",
        f"{AQUILA}: the performance status is taken to be 0 or 1, and nobody to have a myeloma-defining event but one that a result shows. "
        f"{NOT_CHECKED}",
    ]
