"""Every figure of every candidate on the rows that all were judged on: all visits, each person once a year, fixed landmarks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from training.estimators.competing import as_event
from training.evaluation.expected_events import with_expected
from training.metrics import Draws, all_measures, main_measures, named
from training.metrics.estimate import lines_of
from training.metrics.figures import RefusalOf, figures, refusal
from training.metrics.names import PER_PERSON, Metric, landmark_subset, landmark_years, subgroup_subsets, without_subset
from training.metrics.risk import calibration_in_the_large, rank_measures
from training.metrics.sample import yearly_share
from training.plan import Plan
from training.rows.landmark_tables import at_landmark
from training.rows.small_cells import SUPPRESSED, is_small

Array = NDArray[np.float64]
# What MLflow gets; the rest (treat-all, every measure at every landmark) stands in performance.csv.
_NOT_LOGGED = ("net_benefit_treat_all",)
OF_DYING = {"auc": "die_first_auc", "oe_ratio": "die_first_oe_ratio"}
_COMPETING_FIRST = ("have the competing event first", "a competing event first")
_FIRST = ("auc", "brier", "oe_ratio", "ipa", "ici")
_COUNTS = ("patients", "rows", "events", "effective_rows")
_LOGGED_AT_LANDMARKS = ("auc", "brier", "oe_ratio", "patients", "events")


def performance_of(
    rows: pd.DataFrame,
    risks: Mapping[str, Array],
    plan: Plan,
    draws: Draws,
    orders: Mapping[str, Array] | None = None,
    die_first: Mapping[str, Array] | None = None,
    why_not: RefusalOf = refusal,
    without: Mapping[str, Mapping[str, Array]] | None = None,
) -> pd.DataFrame:
    """Return all figures of all candidates, one line each, as `training.metrics.figures` lays them out.

    Subsets: "" is all visits pooled, each row counting once; `per_person` the same rows, each *person* counting once a year;
    `at_2y` one row per person at a fixed landmark. Counts below 10 are not among them. Of a score that ranks people without a risk
    (`orders`), the AUC alone can be said. Of the chance that the competing event comes first (`die_first`), discrimination and
    calibration are said, by the names of `OF_DYING`. Of the risks with a biomarker hidden (`without`), calibration in the large is
    said, on all visits. `why_not` says of which rows there are no figures, and why.
    """
    ranked = {name: np.column_stack([order] * len(plan.task.horizons)) for name, order in (orders or {}).items()}
    given = {name: risk for name, risk in risks.items() if name not in ranked}
    everything = partial(all_measures, cut_offs=plan.evaluation.cut_offs)
    kinds = ((given, everything, main_measures), (ranked, rank_measures, rank_measures))
    parts, share = [], yearly_share(rows)
    for judged, all_of, main in kinds:
        parts += [
            figures(rows, judged, plan.task.horizons, draws, all_of, why_not=why_not),
            figures(rows, judged, plan.task.horizons, draws, main, PER_PERSON, share, why_not),
        ]
    for years in plan.evaluation.landmarks:
        there = at_landmark(rows, years)
        for judged, all_of, _ in kinds:
            chosen = {name: risk[there["position"].to_numpy()] for name, risk in judged.items()}
            parts.append(figures(there, chosen, plan.task.horizons, draws, all_of, landmark_subset(years), why_not=why_not))
    parts += [*_of_dying(rows, die_first or {}, plan, draws, why_not), *_hidden(rows, without or {}, plan, draws)]
    return without_small_cells(pd.concat(parts, ignore_index=True))


def _of_dying(rows: pd.DataFrame, die_first: Mapping[str, Array], plan: Plan, draws: Draws, why_not: RefusalOf) -> Iterator[pd.DataFrame]:
    """Yield each model's figures of the chance that the competing event comes first, by as many such events as it expects."""
    swapped, horizons = as_event(rows), plan.task.horizons
    for name, risk in die_first.items():
        expecting = with_expected(swapped, risk, horizons)
        found = figures(expecting, {name: risk}, horizons, draws, main_measures, why_not=partial(why_not, words=_COMPETING_FIRST))
        yield found[found["measure"].isin(OF_DYING)].assign(measure=lambda lines: lines["measure"].map(OF_DYING))


def _hidden(rows: pd.DataFrame, without: Mapping[str, Mapping[str, Array]], plan: Plan, draws: Draws) -> list[pd.DataFrame]:
    risks = {(name, hidden): risk for name, those in without.items() for hidden, risk in those.items()}
    if not risks:
        return []
    told = {f"{name} {hidden}": (name, hidden) for name, hidden in risks}
    found = figures(rows, dict(zip(told, risks.values(), strict=True)), plan.task.horizons, draws, calibration_in_the_large)
    found = found[found["measure"] == "oe_ratio"]
    name, hidden = ([told[line][k] for line in found["model"]] for k in (0, 1))
    return [found.assign(model=name, subset=[without_subset(biomarker) for biomarker in hidden])]


def without_small_cells(table: pd.DataFrame) -> pd.DataFrame:
    """Return the figures without the counts below 10, nor the share of rows with a risk where it tells such a count; `why` says so."""
    few = table["measure"].isin(_COUNTS) & is_small(table["estimate"])
    few_rows = (few & (table["measure"] == "rows")).groupby([table[name] for name in ("model", "subset", "horizon")]).transform("any")
    hidden = few | (few_rows & (table["measure"] == "share_computable"))
    return table.assign(estimate=table["estimate"].mask(hidden), why=table["why"].mask(hidden, SUPPRESSED))


def logged(performance: pd.DataFrame) -> dict[str, float]:
    """Return the figures of one candidate that go to MLflow and to metrics.json, by name."""
    fixed = performance["subset"].map(landmark_years).notna()
    kept = np.where(fixed, performance["measure"].isin(_LOGGED_AT_LANDMARKS), ~performance["measure"].isin(_NOT_LOGGED))
    return named(performance[kept])


def headline_first(metrics: dict[str, float], months: int) -> dict[str, float]:
    """Return the figures in the order in which they are logged, which MLflow's pages keep: the main ones at one horizon come first."""
    names = [Metric(measure, months).name for measure in _FIRST]
    return {name: metrics[name] for name in names if name in metrics} | metrics


def logged_subgroups(subgroups: pd.DataFrame) -> dict[str, float]:
    """Return one candidate's figures in subgroups by name, as in `oe_ratio_24m_at_sex_female`."""
    pairs = list(zip(subgroups["grouping"], subgroups["group"], strict=True))
    subset = pd.Series(pairs, index=subgroups.index, dtype=object).map(subgroup_subsets(pairs))
    return named(subgroups.assign(subset=subset, threshold=np.nan)[subgroups["measure"].isin(["auc", "oe_ratio", "events"])])


def refused(performance: pd.DataFrame) -> list[str]:
    """Return, in words, the horizons of one candidate for which there are no figures, and why."""
    lines = performance[(performance["measure"] == "auc") & (performance["why"] != "")]
    return [f"{line.subset or 'all visits'}, {line.horizon} months: {line.why}" for line in lines_of(lines)]
