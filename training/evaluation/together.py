"""Figures of all candidates on the very same rows, for the pictures that set them beside each other.

A score that cannot be computed for the ill or the well is judged on easier or harder rows than the others: its own figures, drawn on one
axis with theirs, would rank rows rather than candidates.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from training.evaluation.performance import without_small_cells
from training.metrics import Draws, main_measures
from training.metrics.figures import figures, refusal
from training.metrics.names import landmark_subset
from training.metrics.risk import rank_measures
from training.plan import Plan
from training.plots.candidates import LEAST_SHARE
from training.rows.landmark_tables import at_landmark

Array = NDArray[np.float64]
_LEFT_OUT = f"it has a risk on fewer than {LEAST_SHARE:.0%} of the visits, too few to compare all on"


def together(
    rows: pd.DataFrame,
    risks: Mapping[str, Array],
    plan: Plan,
    draws: Draws,
    orders: Mapping[str, Array] | None = None,
) -> pd.DataFrame:
    """Return the main figures of every candidate on the rows where all have a risk: all visits, and at each fixed landmark.

    A candidate with a risk on fewer than half of the rows is left out of a comparison, and `why` says so.

    Parameters
    ----------
    orders : arrays (rows,) by score that ranks people without a risk: it is compared at the landmarks, by its AUC.

    Returns
    -------
    DataFrame
        As `training.metrics.figures.figures` lays it out; `share_computable` is the share of the rows on which all have a risk.
    """
    horizons = plan.task.horizons
    ranked = {name: np.column_stack([order] * len(horizons)) for name, order in (orders or {}).items()}
    given = {name: risk for name, risk in risks.items() if name not in ranked}
    parts = [figures(rows, with_every_risk(given), horizons, draws, main_measures, why_not=_why_not)]
    for years in plan.evaluation.landmarks:
        there = at_landmark(rows, years)
        at = there["position"].to_numpy()
        every = with_every_risk({name: risk[at] for name, risk in (given | ranked).items()})
        for names, measures in ((given, main_measures), (ranked, rank_measures)):
            chosen = {name: every[name] for name in names}
            parts.append(figures(there, chosen, horizons, draws, measures, landmark_subset(years), why_not=_why_not))
    return without_small_cells(pd.concat(parts, ignore_index=True))


def with_every_risk(risks: Mapping[str, Array]) -> dict[str, Array]:
    """Return risks (rows, horizons) where every candidate has one, NaN elsewhere; one that fewer than half of the rows have, has none.

    Examples
    --------
    >>> column = lambda *risks: np.array([risks]).T
    >>> of = {"a": column(0.1, 0.2, 0.3), "b": column(0.1, np.nan, 0.3), "c": column(np.nan, np.nan, 0.3)}
    >>> {name: risk[:, 0].tolist() for name, risk in with_every_risk(of).items()}
    {'a': [0.1, nan, 0.3], 'b': [0.1, nan, 0.3], 'c': [nan, nan, nan]}
    """
    there = {name: np.isfinite(risk) for name, risk in risks.items()}
    shown = {name: has.mean(axis=0) >= LEAST_SHARE if len(has) else np.zeros(has.shape[1], dtype=bool) for name, has in there.items()}
    everywhere = np.all([there[name] | ~shown[name] for name in risks], axis=0)
    return {name: np.where(everywhere & shown[name], risk, np.nan) for name, risk in risks.items()}


def _why_not(rows: pd.DataFrame, months: int) -> str:
    """Return why rows say nothing, as `refusal` does; where none are left, that a candidate has too few."""
    return _LEFT_OUT if rows.empty else refusal(rows, months)
