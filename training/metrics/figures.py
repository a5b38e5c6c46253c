"""The figures of one model on one set of rows, with intervals, as a long table; what says nothing is refused with its reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from myeloma.calendar import horizon_days
from training.metrics.decision import Key
from training.metrics.names import Metric
from training.metrics.sample import Draws, Sample
from training.rows.censoring import FollowUp, progressed_by
from training.rows.small_cells import only
from training.rows.split import LEAST_EVENTS

Array = NDArray[np.float64]
COLUMNS = ("model", "subset", "horizon", "measure", "threshold", "estimate", "lo", "hi", "why")
Measures = Callable[[Sample, Array], dict[Key, Array]]
Refusal = Callable[[pd.DataFrame, int], str]  # why rows say nothing at a horizon in months, empty where they do
Line = tuple[Any, ...]  # what a measure gives a line of the table
PROGRESS = ("progress", "progression")
_DISTANCES = ("ici",)
_LEAST_DRAWN = 2  # of one draw both ends of the interval would be that draw


class RefusalOf(Protocol):
    """Why rows say nothing at a horizon in months, of an event told by a verb and a noun; empty where they do."""

    def __call__(self, rows: pd.DataFrame, months: int, *, words: tuple[str, str] = ...) -> str:
        """Return why."""


@dataclass(frozen=True)
class Judged:
    """Rows that are judged at one horizon, and the weights that go with them."""

    rows: pd.DataFrame
    months: int
    sample: Sample


def judged_at(rows: pd.DataFrame, months: int, draws: Draws, share: Array | None = None) -> Judged:
    """Return the rows with their weights at a horizon.

    Parameters
    ----------
    rows : DataFrame
        patient_id, event, time_to_event.
    share : array (rows,), optional
        What each row counts for; one each by default.
    """
    counts = draws.rows(rows["patient_id"])
    sample = Sample.of(FollowUp.of(rows), float(horizon_days(months)), counts if share is None else counts * share)
    return Judged(rows, months, sample)


def refusal(rows: pd.DataFrame, months: int, words: tuple[str, str] = PROGRESS) -> str:
    """Return why figures at this horizon would say nothing, and what to do; empty where they do say something.

    `words` are the verb and the noun by which the event is told.
    """
    if why := unfollowed(rows, months):
        return why
    horizon, follow_up = float(horizon_days(months)), FollowUp.of(rows)
    reachable, (verb, noun) = follow_up.reachable(horizon), words
    progressed, free = progressed_by(follow_up, horizon) & reachable, follow_up.free_at(horizon) & reachable
    for who, what in ((progressed, f"{verb} within {months} months"), (free, f"are known to be free of {noun} at {months} months")):
        people = rows.loc[who, "patient_id"].nunique()
        if people < LEAST_EVENTS:
            return f"{only(people)} people here {what}, at least {LEAST_EVENTS} are needed; pool more people, or a longer horizon."
    return ""


def unfollowed(rows: pd.DataFrame, months: int) -> str:
    """Return that nobody has a risk, or is followed, to a horizon, and what to do; empty where somebody has and is."""
    if rows.empty:
        return f"there is no risk at {months} months: a published score gives none, or no row has its inputs; record them, or leave it out."
    horizon, follow_up = float(horizon_days(months)), FollowUp.of(rows)
    if not follow_up.is_followed(horizon):
        return f"nobody here is followed for {months} months (the longest is {follow_up.time.max():.0f} days); use a shorter horizon."
    return ""


def figures(
    rows: pd.DataFrame,
    risks: Mapping[str, Array],
    horizons: tuple[int, ...],
    draws: Draws,
    measures: Measures,
    subset: str = "",
    share: Array | None = None,
    why_not: Refusal = refusal,
) -> pd.DataFrame:
    """Return counts and measures of each model at each horizon, on the rows for which it has a risk.

    Parameters
    ----------
    rows : DataFrame
        patient_id, event, time_to_event.
    risks : arrays (rows, horizons) by model; NaN where a score cannot be computed.
    measures : function of a sample and its risks
        Such as `main_measures`.
    share : array (rows,), optional
        What each row counts for; one each by default.
    why_not : function of rows and a horizon in months
        Why there are no figures on these rows.

    Returns
    -------
    DataFrame
        Columns model, subset, horizon, measure, threshold, estimate, lo, hi, why; one line with `why` and no estimate
        where the horizon is refused.
    """
    lines: list[Line] = []
    for h, months in enumerate(horizons):
        for kept, names in same_rows({name: np.isfinite(risk[:, h]) for name, risk in risks.items()}):
            part = rows[kept]
            found: list[Line] = [("share_computable", None, kept.mean() if len(kept) else 0.0, None, None, "")]
            by_model: dict[str, list[Line]] = {name: [] for name in names}
            why = why_not(part, months)
            if len(part):
                judged = judged_at(part, months, draws, None if share is None else share[kept])
                found += [(name, None, value, None, None, "") for name, value in _counts(judged).items()]
            if why:
                found.append(("auc", None, None, None, None, why))
            else:
                found.append(("censoring_groups", None, float(judged.sample.stratum.max() + 1), None, None, ""))
                for name in names:
                    of_model = measures(judged.sample, risks[name][kept, h])
                    by_model[name] = [(measure, threshold, *interval(v, measure), "") for (measure, threshold), v in of_model.items()]
            lines += [(name, subset, months, *line) for name in names for line in found + by_model[name]]
    table = pd.DataFrame(lines, columns=list(COLUMNS)).astype(dict.fromkeys(("threshold", "estimate", "lo", "hi"), float))
    return table.iloc[np.argsort(table["model"].map({name: k for k, name in enumerate(risks)}), kind="stable")].reset_index(drop=True)


def same_rows(computable: Mapping[str, NDArray[np.bool_]]) -> list[tuple[NDArray[np.bool_], list[str]]]:
    """Return each set of rows with the models that have a risk on exactly those."""
    groups: dict[bytes, tuple[NDArray[np.bool_], list[str]]] = {}
    for name, kept in computable.items():
        groups.setdefault(kept.tobytes(), (kept, []))[1].append(name)
    return list(groups.values())


def interval(values: Array, measure: str = "") -> tuple[float, float, float]:
    """Return the estimate (the first value) and the 95 % percentile interval of the others; one that does not hold it is none (NaN).

    Noise adds to a distance (`ici`) and never takes away, so it is larger in the draws than in the people drawn from, and there than
    in truth: of a perfect model no percentile interval reaches 0. Its interval is a bound, from 0 to the 97.5th percentile, which
    the truth exceeded in 0 to 3 % of 900 simulated cohorts (400 and 2,000 people, true distances 0, 0.06 and 0.14).
    """
    estimate, drawn = float(values[0]), values[1:][np.isfinite(values[1:])]
    if len(drawn) < _LEAST_DRAWN:
        return estimate, np.nan, np.nan
    lo, hi = map(float, np.percentile(drawn, [2.5, 97.5]))
    lo = 0.0 if measure in _DISTANCES else lo
    return (estimate, lo, hi) if lo <= estimate <= hi else (estimate, np.nan, np.nan)


def named(table: pd.DataFrame) -> dict[str, float]:
    """Return the finite figures of one model by their names in MLflow.

    Parameters
    ----------
    table : DataFrame
        measure, horizon, threshold, estimate, lo, hi; subset, or reference where each line is a difference to that model.
    """
    out: dict[str, Any] = {}
    for line in table.to_dict("records"):
        threshold = None if np.isnan(line["threshold"]) else line["threshold"]
        metric = Metric(line["measure"], line["horizon"], threshold, line.get("subset", ""), line.get("reference", ""))
        out |= dict(zip(metric.with_bounds, (line["estimate"], line["lo"], line["hi"]), strict=True))
    return {name: float(value) for name, value in out.items() if np.isfinite(value)}


def _counts(judged: Judged) -> dict[str, float]:
    there = judged.sample.there
    rows, case = judged.rows[there], judged.sample.case[there]
    return {
        "patients": float(rows["patient_id"].nunique()),
        "rows": float(len(rows)),
        "events": float(rows.loc[case, "patient_id"].nunique()),
        "effective_rows": judged.sample.effective_rows(),
    }
