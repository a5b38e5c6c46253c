"""Every figure of every candidate on the rows that all were judged on: all visits, each person once a year, fixed landmarks."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features import FeatureTable, Task
from features.table.table import OUTCOMES
from myeloma import StateError
from training.fitting.fit import read_judged, risk_columns
from training.metrics import Draws, all_measures, figures, main_measures, named
from training.metrics.sample import yearly_share
from training.rows.censoring import STRATUM
from training.rows.landmark_tables import at_landmark, landmark_name
from training.rows.small_counts import FEW, SMALL_CELL

Array = NDArray[np.float64]
PER_PERSON = "per_person"
# What MLflow gets; the rest (treat-all, every measure at every landmark) stands in performance.csv.
_NOT_LOGGED = ("net_benefit_treat_all",)
_FIRST = ("auc", "brier", "oe_ratio", "ipa", "ici")
_COUNTS = ("patients", "rows", "events", "effective_rows")
_LOGGED_AT_LANDMARKS = ("auc", "brier", "oe_ratio", "patients", "events")


def held_out(table: FeatureTable, task: Task, fitted: Path, names: list[str]) -> tuple[pd.DataFrame, dict[str, Array]]:
    """Return the rows that all candidates were judged on, with all their columns, and each candidate's risks there.

    Raises
    ------
    StateError
        Two candidates were judged on different people, or another version kept less of them.
    """
    rows, risks, first = None, {}, names[0]
    for name in names:
        judged = read_judged(fitted / name, task)
        keys = judged[["patient_id", "landmark", *OUTCOMES, STRATUM]]
        if rows is not None and not keys.equals(rows):
            raise StateError(
                f"{name} and {first} were judged on different people, so their figures do not compare.",
                f"fit all again: python -m training fit TABLE --task {task.name}",
            )
        rows, risks[name] = keys, judged[risk_columns(task)].to_numpy()
    return rows.merge(table.rows.drop(columns=OUTCOMES), on=["patient_id", "landmark"], how="left", validate="one_to_one"), risks


def performance_of(rows: pd.DataFrame, risks: Mapping[str, Array], task: Task, draws: Draws) -> pd.DataFrame:
    """Return all figures of all candidates, one line each, as `training.metrics.figures` lays them out.

    Subsets: "" is all visits pooled, each row counting once; `per_person` the same rows, each *person* counting once a year;
    `at_2y` one row per person at a fixed landmark. Counts below 10 are not among them.
    """
    everything = partial(all_measures, cut_offs=task.evaluation.cut_offs)
    parts = [
        figures(rows, risks, task.horizons, draws, everything),
        figures(rows, risks, task.horizons, draws, main_measures, PER_PERSON, yearly_share(rows)),
    ]
    for years in task.evaluation.landmarks:
        there = at_landmark(rows, years)
        chosen = {name: risk[there["position"].to_numpy()] for name, risk in risks.items()}
        parts.append(figures(there, chosen, task.horizons, draws, everything, landmark_name(years)))
    return without_small_counts(pd.concat(parts, ignore_index=True))


def without_small_counts(table: pd.DataFrame) -> pd.DataFrame:
    """Return the figures without the counts below 10, nor the share of rows with a risk where it tells such a count; `why` says so."""
    few = table["measure"].isin(_COUNTS) & table["estimate"].between(0, SMALL_CELL, inclusive="neither")
    few_rows = (few & (table["measure"] == "rows")).groupby([table[name] for name in ("model", "subset", "horizon")]).transform("any")
    hidden = few | (few_rows & (table["measure"] == "share_computable"))
    return table.assign(estimate=table["estimate"].mask(hidden), why=table["why"].mask(hidden, FEW))


def logged(performance: pd.DataFrame) -> dict[str, float]:
    """Return the figures of one candidate that go to MLflow and to metrics.json, by name."""
    fixed = performance["subset"].str.startswith("at_")
    kept = np.where(fixed, performance["measure"].isin(_LOGGED_AT_LANDMARKS), ~performance["measure"].isin(_NOT_LOGGED))
    return named(performance[kept])


def headline_first(metrics: dict[str, float], months: int) -> dict[str, float]:
    """Return the figures in the order in which they are logged, which MLflow's pages keep: the main ones at one horizon come first."""
    names = [f"{measure}_{months}m" for measure in _FIRST]
    return {name: metrics[name] for name in names if name in metrics} | metrics


def logged_subgroups(subgroups: pd.DataFrame) -> dict[str, float]:
    """Return one candidate's figures in subgroups by name, as in `oe_ratio_24m_at_sex_female`."""
    kept = subgroups[subgroups["measure"].isin(["auc", "oe_ratio", "events"])]
    words = (kept["grouping"].str.split(",").str[0] + "_" + kept["group"]).str.replace(r"[^\w.-]+", "_", regex=True)
    return named(kept.assign(subset="at_" + words, threshold=np.nan))


def refused(performance: pd.DataFrame) -> list[str]:
    """Return, in words, the horizons of one candidate for which there are no figures, and why."""
    lines = performance[(performance["measure"] == "auc") & (performance["why"] != "")]
    return [f"{line.subset or 'all visits'}, {line.horizon} months: {line.why}" for line in lines.itertuples()]
