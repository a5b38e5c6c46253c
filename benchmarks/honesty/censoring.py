"""Whether risks are right late after diagnosis, and where those at high risk leave: mean true over mean predicted risk of simulated people.

Run: python -m benchmarks.honesty censoring. Histories are drawn without treatment, or without loss. People then leave them by a rate
that goes with what their latest visit found, with their true share of plasma cells, which visits tell with error, or with their true
risk, which nobody measures. Each half of a world's people is judged by models fitted to the other, and the truth is that of the
histories as they would have gone on. The plan's reference is shown and not asked: it is what gaps are measured from, and stays as
published, without the time since diagnosis.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.honesty.goal import Goal
from features import Cohort, build_table
from features.intake.quality import clean
from features.params import DEFAULT_PARAMS
from features.simulation.smm import DEFAULT, World, simulate, simulate_truth
from features.simulation.smm.disease import markers
from features.simulation.smm.people import draw_people
from features.simulation.source import identifiers
from myeloma.calendar import DAYS_PER_YEAR
from serving.artifact import feature_matrix
from serving.predict import predict_risk
from training.estimators import Fitted, fit_candidate
from training.estimators.censoring_strata import with_censoring_strata
from training.plan import Plan, load_plan
from training.rows.split import patient_folds
from training.truth.against_truth import true_risks

Array = NDArray[np.float64]
PEOPLE, SEED = 10000, 23
ACCEPTED = (0.9, 1.1)
YEARS = (0, 0.5, 1.5, 2.5, 4, 6.5, 8)  # since diagnosis, where bands begin: at diagnosis, around 1, 2, 3, 5 and 7 years, 8 and later
TOP_SHARE = 0.1
_LEAST_ROWS = 150  # in a band that is judged
_AVERAGE = {"risk": 0.06, "burden": 17.5}  # at 24 months; percent of the marrow


@dataclass(frozen=True)
class Visits:
    """Rows with what is true of them and in no table.

    Attributes
    ----------
    risk : array (rows,), at 24 months
    burden : array (rows,), percent of the marrow
    """

    rows: pd.DataFrame
    risk: Array
    burden: Array


Rate = Callable[[Visits], Array]  # of leaving, per year


@dataclass(frozen=True)
class Case:
    """A world, and by what rate people leave it, by treatment or by loss."""

    world: World
    cause: str = ""
    rate: Rate | None = None


def by_findings(visits: Visits) -> Array:
    """Return a rate of treatment that rises with the latest M-protein and light chain ratio."""
    m_protein, ratio = (visits.rows[f"{name}__last__ever"].fillna(usual) for name, usual in (("m_protein", 1.2), ("flc_ratio", 5.0)))
    rate: Array = np.minimum((0.04 * (m_protein / 1.2) ** 1.5 * (ratio / 5.0) ** 0.5).to_numpy(dtype=float), 1.5)
    return rate


def by_truth(what: Literal["risk", "burden"], rate: float, power: float) -> Rate:
    """Return a rate that is so high where the true risk, or burden, is average, and rises with a power of it."""
    return lambda visits: np.minimum(rate * (getattr(visits, what) / _AVERAGE[what]) ** power, 1.5)


UNTREATED, FOLLOWED = replace(DEFAULT, treatment=0.0), replace(DEFAULT, loss=0.0)
CASES = {
    "the default world": Case(DEFAULT),
    "all diagnosed within two years": Case(replace(DEFAULT, entry=("2012-01-01", "2013-12-31"))),
    "treated for high M-protein and ratio": Case(UNTREATED, "treatment_start", by_findings),
    "treated by true burden": Case(UNTREATED, "treatment_start", by_truth("burden", 0.04, 1.5)),
    "lost by true burden": Case(FOLLOWED, "last_contact", by_truth("burden", 0.1, 1.0)),
    "treated by true risk": Case(UNTREATED, "treatment_start", by_truth("risk", 0.04, 1.0)),
    "lost by true risk": Case(FOLLOWED, "last_contact", by_truth("risk", 0.1, 0.7)),
}


def left(cohort: Cohort, day: pd.Series, cause: str) -> Cohort:
    """Return a cohort in which people leave on a day (by patient_id): what became known from then on is gone.

    Events after the start of treatment stay, as a source has them; those after a loss do not.
    """
    measurements, events = cohort.measurements, cohort.events
    of_result, of_event = measurements["patient_id"].astype(str).map(day), events["patient_id"].map(day)
    kept = events if cause == "treatment_start" else events[~(events["occurred_at"] > of_event)]
    added = pd.DataFrame({"patient_id": day.index, "occurred_at": day.to_numpy(), "kind": cause, "detail": "", "source_row": 0})
    added = added.reindex(columns=events.columns).astype(events.dtypes.to_dict())
    every = pd.concat([kept, added], ignore_index=True).sort_values(["patient_id", "occurred_at", "kind"], kind="stable")
    seen = measurements[~(measurements["available_at"] >= of_result)]
    return replace(cohort, measurements=seen.reset_index(drop=True), events=every.reset_index(drop=True))


def leaving_days(rows: pd.DataFrame, rate: Array, seed: int) -> pd.Series:
    """Return the first day on which each person leaves by the rate (per year) of their latest visit; of those who never do none."""
    rng = np.random.default_rng(seed)
    visits = rows.assign(rate=rate).sort_values(["patient_id", "landmark"], kind="stable")
    to_next = visits.groupby("patient_id", sort=False)["landmark"].diff(-1).dt.days.abs().fillna(visits["time_to_event"])
    days = np.maximum(np.ceil(rng.exponential(1.0, len(visits)) / visits["rate"].to_numpy() * DAYS_PER_YEAR), 1.0)
    visits["day"] = visits["landmark"] + pd.to_timedelta(np.minimum(days, 10**4), unit="D")
    found: pd.Series = visits[days < to_next.to_numpy()].groupby("patient_id")["day"].min()
    return found


def true_burden(world: World, people: int, seed: int, rows: pd.DataFrame) -> Array:
    """Return the true share of plasma cells in the marrow at rows of `simulate` with the same arguments, in percent."""
    drawn, ids = draw_people(world, people, seed), pd.Index(identifiers("S", people))
    person = ids.get_indexer(pd.Index(rows["patient_id"].astype(str)))
    years = np.asarray((rows["landmark"] - rows["index_date"]).dt.days, dtype=np.float64) / DAYS_PER_YEAR
    found: Array = markers(world, drawn.traits.of(person), drawn.arrival[person], years)["bmpc"]
    return found


def judged(case: Case, plan: Plan, people: int, seed: int) -> tuple[pd.DataFrame, Array, dict[str, Array]]:
    """Return the rows of a case, their true risks, and those of each model fitted to the other half (rows, horizons)."""
    cohort, truth = clean(simulate(people, seed, case.world))[0], simulate_truth(people, seed, case.world)
    if case.rate is not None:
        natural = build_table(cohort, plan.task).rows
        visits = Visits(natural, true_risks(natural, truth, plan.task)[:, 1], true_burden(case.world, people, seed, natural))
        cohort = left(cohort, leaving_days(natural, case.rate(visits), seed), case.cause)
    rows = build_table(cohort, plan.task).rows.reset_index(drop=True)
    risks = {name: np.full((len(rows), len(plan.task.horizons)), np.nan) for name in plan.models}
    for fold in patient_folds(rows, 2, seed):
        fit, fitted = with_censoring_strata(rows.iloc[fold.fit], plan.task.features, plan.task.horizons), dict[str, Fitted]()
        for name in plan.models:
            fitted[name] = fit_candidate(fit, plan.task.features, plan, name, {}, fitted)
            risks[name][fold.judge] = predict_risk(fitted[name].artifact, feature_matrix(fitted[name].artifact, rows.iloc[fold.judge]))
    return rows, true_risks(rows, truth, plan.task), risks


def ratios(rows: pd.DataFrame, true: Array, risk: Array) -> dict[str, float]:
    """Return mean true over mean predicted risk: of all, by years since diagnosis, and in the tenth at highest predicted risk."""
    years = (rows["landmark"] - rows["index_date"]).dt.days.to_numpy() / DAYS_PER_YEAR
    band, top = np.searchsorted(YEARS, years, side="right") - 1, risk >= np.quantile(risk, 1.0 - TOP_SHARE)
    parts = {"all": np.full(len(rows), True), "top tenth": top} | {f"{YEARS[k]:g} y": band == k for k in range(len(YEARS))}
    return {name: float(true[part].mean() / risk[part].mean()) for name, part in parts.items() if part.sum() >= _LEAST_ROWS}


def measured(people: int = PEOPLE) -> Iterator[Goal]:
    """Yield, by case and model, the range over horizons of true over predicted risk: of all, by years since diagnosis, in the top tenth."""
    plan = load_plan("smm", DEFAULT_PARAMS)
    for name, case in CASES.items():
        rows, true, risks = judged(case, plan, people, SEED)
        for model, risk in risks.items():
            found = pd.DataFrame([ratios(rows, true[:, h], risk[:, h]) for h in range(true.shape[1])])
            bands = found.drop(columns=["all", "top tenth"])
            said = f"all {_range(found['all'])}, by years since diagnosis {_range(bands)}, top tenth {_range(found['top tenth'])}"
            values = found.to_numpy(dtype=float)
            holds = bool(((values >= ACCEPTED[0]) & (values <= ACCEPTED[1]) | np.isnan(values)).all())
            asked = model != plan.reference
            yield Goal(f"{name}, {model}", said, f"{ACCEPTED[0]:g} to {ACCEPTED[1]:g}" if asked else "", holds if asked else None)


def _range(ratio: pd.Series | pd.DataFrame) -> str:
    return f"{np.nanmin(ratio):.3f} to {np.nanmax(ratio):.3f}"
