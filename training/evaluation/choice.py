"""How much the choice among candidates flatters the figures of the one that is chosen.

Whoever takes the best of several on some people sees its figures on the very people that made it the best. The choice is made again
on bootstrap draws, and what is chosen there is judged on all people: the bootstrap's estimate of optimism (Efron and Gong, The American
Statistician 1983;37:36) for the choice, where nothing is fitted again. What a draw makes of any candidate's figure is taken
off by following the one that is best on all people through the same draws.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from training.metrics import Draws, judged_at, main_measures
from training.metrics.names import Metric
from training.metrics.order import rank

Array = NDArray[np.float64]
_BETTER = {"auc": 1, "brier": -1}  # which way of each measure is better


def choice_among(rows: pd.DataFrame, risks: Mapping[str, Array], months: int, draws: Draws) -> dict[str, dict[str, float]]:
    """Return of each candidate in how many draws it is chosen, and of the choice as a whole by how much it flatters.

    Parameters
    ----------
    rows : DataFrame
        patient_id, event, time_to_event, censoring_stratum.
    risks : arrays (rows,) of the fitted candidates

    Returns
    -------
    dict
        By candidate: `choice_share_24m`, the share of draws; `choice_auc_24m` and `choice_brier_24m`, how much better the figure of the
        chosen one looks than it would on other people (for the Brier score, how much lower).
    """
    sample = judged_at(rows, months, draws).sample
    drawn = {name: {measure: main_measures(sample, risk)[measure, None] for measure in _BETTER} for name, risk in risks.items()}
    first = _first(drawn, months, 0)
    chosen = [_first(drawn, months, k) for k in range(1, len(draws.people))]
    shares = Counter(chosen)
    flattery = {}
    for measure, better in _BETTER.items():
        ahead = {name: better * (drawn[name][measure][1:] - drawn[name][measure][0]) for name in risks}
        own = np.array([ahead[name][k] for k, name in enumerate(chosen)]) - ahead[first]
        flattery[Metric(f"choice_{measure}", months).name] = float(np.nanmean(own)) if np.isfinite(own).any() else np.nan
    share = Metric("choice_share", months).name
    return {name: {share: shares[name] / max(len(chosen), 1), **{k: v for k, v in flattery.items() if np.isfinite(v)}} for name in risks}


def _first(figures: Mapping[str, Mapping[str, Array]], months: int, draw: int) -> str:
    """Return the candidate that stands first in a draw, in the order in which candidates always stand."""

    def order(name: str) -> tuple[float, float]:
        return rank({Metric(measure, months).name: float(values[draw]) for measure, values in figures[name].items()}, months)

    return min(figures, key=order)
