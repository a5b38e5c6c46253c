"""Are the risks right? Observed over predicted, once outcomes have arrived, and how many events it takes to say so."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats

from myeloma.calendar import horizon_days
from serving.artifact import Artifact, feature_matrix
from serving.predict import predict_risk
from training.estimators.censoring_strata import with_censoring_strata
from training.gate.verdict import Check
from training.metrics import Draws, judged_at, main_measures
from training.metrics.figures import refusal
from training.monitor.cusum import WRONG_BY
from training.monitor.findings import FALSE_ALARMS, Finding, two_sided
from training.monitor.people import Period, Visits
from training.rows.censoring import FollowUp, progressed_by
from training.rows.small_cells import written
from training.rows.split import LEAST_EVENTS

_POWER = 0.8
_DRAWS = 400
_SEED = 1


@dataclass(frozen=True)
class Bounds:
    """Between which O/E a model is right enough: those with which the gate let it go live."""

    low: float
    high: float


def events_needed(checks: int, wrong_by: float = WRONG_BY) -> int:
    """Return how many events it takes to find risks wrong by a factor, with a power of 80 % at the corrected level.

    The logarithm of observed over expected has a standard error of about one over the root of the events.

    Examples
    --------
    >>> events_needed(1), events_needed(3)
    (58, 74)
    """
    z: float = stats.norm.isf(FALSE_ALARMS / checks / 2.0) + stats.norm.ppf(_POWER)
    return math.ceil((z / math.log(wrong_by)) ** 2)


def checks_of_outcomes(visits: Visits, artifact: Artifact, period: Period, bounds: Bounds) -> list[Finding]:
    """Return the check of each horizon: people first seen in a period that lies the horizon back."""
    found = []
    for h, months in enumerate(artifact.horizons):
        first, last = period.for_outcomes(months)
        rows = with_censoring_strata(visits.first_followed(first, last), artifact.spec, artifact.horizons)
        risk = predict_risk(artifact, feature_matrix(artifact, rows))[:, h] if len(rows) else np.empty(0)
        checked = check_of_outcomes(rows, risk, months, bounds, len(artifact.horizons))
        found.append(replace(checked, words=f"visits {first.date()} to {last.date()}: {checked.words}"))
    return found


def check_of_outcomes(rows: pd.DataFrame, risk: np.ndarray, months: int, bounds: Bounds, checks: int) -> Finding:
    """Compare the Aalen-Johansen incidence with the mean risk; the interval is of the logarithm, from drawing people.

    Parameters
    ----------
    rows : DataFrame
        patient_id, event, time_to_event; one row per person.
    checks : int
        Horizons that are checked together, which the number of events needed depends on.
    """
    name, label, people = f"risk_{months}m", f"Observed / expected at {months} months", len(rows)
    why = refusal(rows, months) if people else "nobody was seen early enough."
    if why:
        needed = events_needed(checks)
        have = int(progressed_by(FollowUp.of(rows), float(horizon_days(months))).sum()) if people else 0
        words = (
            f"too few to say: {written(have)} of {written(people)} people progressed within {months} months; "
            f"{LEAST_EVENTS} are the least, {needed} show risks wrong by {WRONG_BY:g} times"
        )
        rate = f" (about {round(needed / risk.mean())} people at the predicted risk)" if people else ""
        return Finding("outcome", name, label, people, reference=1.0, words=words + rate)
    drawn = Draws.of(rows["patient_id"], _DRAWS, _SEED)
    ratios = main_measures(judged_at(rows, months, drawn).sample, risk)[("oe_ratio", None)]
    ratio, logs = float(ratios[0]), np.log(ratios[1:][ratios[1:] > 0])
    error = float(logs.std(ddof=1))
    lo, hi = (float(ratio * math.exp(side * stats.norm.ppf(0.975) * error)) for side in (-1, 1))
    accepted, large = f"{bounds.low:g} to {bounds.high:g}", not bounds.low <= ratio <= bounds.high
    shown = Check(label, ratio, accepted, False).shown if large else f"{ratio:.2f}"  # a ratio that misses a bound is not rounded to it
    within = bounds.low <= lo and hi <= bounds.high
    words = f"{shown} ({lo:.2f} to {hi:.2f}; accepted {accepted})"
    return Finding("outcome", name, label, people, ratio, lo, hi, 1.0, two_sided(math.log(ratio) / error), large, within, words=words)
