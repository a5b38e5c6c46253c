"""Held-out figures of one model at every horizon, with intervals from resampling patients."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from training.metrics.figures import figures, named
from training.metrics.risk import all_measures
from training.metrics.sample import Draws

Array = NDArray[np.float64]
CUT_OFFS = (0.10, 0.40, 0.50)


def evaluate_risks(rows: pd.DataFrame, risks: Array, horizons: tuple[int, ...], draws: int, seed: int) -> dict[str, float]:
    """Return metrics by name (`auc_24m`, `auc_24m_lo`, `auc_24m_hi`, ...) of held-out risks.

    Rows whose risk is NaN (a score that cannot be computed) are left out and counted in `share_computable`. A horizon at
    which fewer than 20 people progress, or are known not to, has counts and no measures.

    Parameters
    ----------
    rows : DataFrame
        patient_id, event, time_to_event of the judged rows.
    risks : array (rows, horizons)
    horizons : months
    draws : int
        Bootstrap samples of patients; with a patient come all of their rows.
    """
    drawn = Draws.of(rows["patient_id"], draws, seed)
    return named(figures(rows, {"": risks}, horizons, drawn, lambda sample, risk: all_measures(sample, risk, CUT_OFFS)))
