"""Case mix: are these the people of training? Inputs and risks then and now, and how well such people can be told apart at all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import logit

from features.history.columns import group_label
from myeloma.calendar import horizon_days
from serving.artifact import Artifact
from training.metrics import weighted_auc
from training.metrics.names import EXPECTED_AUC_OF_VISITS
from training.monitor.drift import LEAST_PEOPLE, checks_of_inputs, checks_of_risks
from training.monitor.findings import Finding, with_status
from training.monitor.suspected_units import as_finding, suspected_units
from training.monitor.verdict import MOVES_ALONE
from training.reference import first_visits
from training.reference.columns import level_column, watched_columns
from training.reference.quantiles import GRID
from training.rows.censoring import REACH
from training.rows.small_cells import SMALL_CELL, is_small

Array = NDArray[np.float64]
COLUMNS = ["kind", "name", "label", "figure", "then", "now"]
SHOWN = (10.0, 50.0, 90.0)  # percent: where a distribution is told


def findings_of(first: pd.DataFrame, risk: Array, artifact: Artifact) -> list[Finding]:
    """Return the checks of inputs and risks against training's first visits at like time since diagnosis, as `training monitor` makes them.

    Not that of the age of values: at a first visit there is none that is old. Nor that of the time since diagnosis itself.
    """
    spec, about = artifact.spec, artifact.about
    about = about | {"reference_by_time": _reference(about)}
    suspected = suspected_units(first, spec, about, level_column)
    checks = [*checks_of_inputs(first, spec, about, suspected), *checks_of_risks(first, risk, artifact.horizons, about)]
    kept = [check for check in checks if check.kind != "older" and check.name not in MOVES_ALONE]
    return [*(as_finding(one) for one in suspected), *with_status(kept)]


def _reference(about: dict[str, Any]) -> dict[str, Any]:
    """Return what a model remembers of first visits; of before there was that, of all visits."""
    found: dict[str, Any] = about.get("reference_of_first_visits", about["reference_by_time"])
    return found


def distributions(rows: pd.DataFrame, risk: Array, artifact: Artifact) -> pd.DataFrame:
    """Return quantiles of inputs over all visits, of risks over first visits, the share missing, and the AUC that the risks allow.

    The last is told of first visits, then and now, and where people come again of all visits now, which the AUC of figures is of.

    Parameters
    ----------
    rows : DataFrame
        All visits.
    risk : array (rows, horizons)

    Returns
    -------
    DataFrame
        kind (input or risk), name, label, figure (p10, p50, p90, missing, sd_log_odds, expected_auc, expected_auc_of_visits),
        then, now. NaN where too few people have a value, or a share would tell of fewer than ten.
    """
    lines = [*_of_inputs(rows, artifact), *_of_risks(rows, risk, artifact)]
    return pd.DataFrame(lines, columns=COLUMNS)


def expected_auc(risk: Array) -> float:
    """Return the AUC that these risks would have, were each right (van Klaveren et al., Stat Med 2016;35:4136).

    It falls where people are alike, whatever the model: a low AUC beside a high one of these says that the model ranks wrongly, beside
    a low one that there is little to rank.

    Examples
    --------
    >>> round(expected_auc(np.array([0.1, 0.1, 0.5, 0.5])), 3), expected_auc(np.array([0.2, 0.2]))
    (0.738, 0.5)
    """
    return weighted_auc(risk, risk, 1.0 - risk)


def _of_inputs(rows: pd.DataFrame, artifact: Artifact) -> Iterator[tuple[Any, ...]]:
    for name, (_, level, _) in watched_columns(artifact.spec).items():
        then, values, label = artifact.about["reference"][level], rows[level].to_numpy(dtype=float), group_label(name)
        known = ~np.isnan(values)
        people, without = (rows.loc[who, "patient_id"].nunique() for who in (known, ~known))
        seen = then["quantiles"] or np.unique(values[known]).tolist()  # training may have had no value
        two_words = set(seen) <= {0.0, 1.0}  # a quantile of yes and no says nothing
        share = float((~known).mean()) if not is_small(without) and not is_small(people) else np.nan
        yield "input", name, label, "missing", float(then["missing"]), share
        if two_words:
            ones = rows.loc[values == 1.0, "patient_id"].nunique()
            enough = people >= LEAST_PEOPLE and SMALL_CELL <= ones <= people - SMALL_CELL
            yield "input", name, label, "share", _mean_of(then["quantiles"]), float(np.nanmean(values)) if enough else np.nan
        else:
            yield from (("input", name, label, *cells) for cells in _quantiles(then["quantiles"], values[known], people))


def _of_risks(rows: pd.DataFrame, risk: Array, artifact: Artifact) -> Iterator[tuple[Any, ...]]:
    first = first_visits(rows).index.to_numpy()
    reference = _reference(artifact.about)["figures"]
    for h, months in enumerate(artifact.horizons):
        name, label, now = f"risk_{months}m", f"Risk at {months} months", risk[first, h]
        earliest: list[float] = next((band["quantiles"] for band in reference[name] if band and band["quantiles"]), [])
        yield from (("risk", name, label, *cells) for cells in _quantiles(earliest, now, len(first)))
        enough = len(first) >= LEAST_PEOPLE
        for figure, of in (("sd_log_odds", _spread), ("expected_auc", expected_auc)):
            then = of(_middle(earliest)) if earliest else np.nan
            yield "risk", name, label, figure, then, of(now) if enough else np.nan
        if len(first) < len(rows):
            yield "risk", name, label, EXPECTED_AUC_OF_VISITS, np.nan, _expected_auc_of_visits(rows, risk[:, h], months)


def _expected_auc_of_visits(rows: pd.DataFrame, risk: Array, months: int) -> float:
    """Return the AUC that risks allow of the visits whose AUC is told: every one that the study could follow to the horizon."""
    reached = rows[REACH].to_numpy(dtype=float) > horizon_days(months) if REACH in rows else np.ones(len(rows), dtype=bool)
    enough = rows.loc[reached, "patient_id"].nunique() >= LEAST_PEOPLE
    return expected_auc(risk[reached]) if enough else np.nan


def _quantiles(grid: list[float], values: Array, people: int) -> Iterator[tuple[str, float, float]]:
    for percent in SHOWN:
        now = float(np.percentile(values, percent)) if people >= LEAST_PEOPLE else np.nan
        yield f"p{percent:.0f}", grid[GRID.index(percent)] if grid else np.nan, now


def _middle(grid: list[float]) -> Array:
    """Return values that are spread as the reference is: its quantiles at equal steps."""
    return np.interp(np.linspace(0.5, 99.5, 200), GRID, grid)


def _mean_of(grid: list[float]) -> float:
    return float(_middle(grid).mean()) if grid else np.nan


def _spread(risk: Array) -> float:
    return float(np.std(logit(np.clip(risk, 1e-9, 1.0 - 1e-9))))
