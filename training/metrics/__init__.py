"""Measures of risk predictions under censoring and competing death.

`auc`, `brier`, `ipa`, `oe_ratio`, `calibration_curve`, `ici`, `concordance`, `net_benefit` and `cumulative_incidence` take arrays
(see `measures`). The rest works on a `Sample`: all bootstrap draws at once, shared by all models that are compared.
"""

from training.metrics.figures import figures, judged_at, named
from training.metrics.incidence import aalen_johansen
from training.metrics.measures import (
    CensoringDistribution,
    Interval,
    auc,
    bootstrap_interval,
    brier,
    calibration_curve,
    concordance,
    cumulative_incidence,
    ici,
    ipa,
    net_benefit,
    oe_ratio,
)
from training.metrics.risk import all_measures, horizon_metrics, main_measures, weighted_auc
from training.metrics.sample import Draws, Sample

__all__ = [
    "CensoringDistribution",
    "Draws",
    "Interval",
    "Sample",
    "aalen_johansen",
    "all_measures",
    "auc",
    "bootstrap_interval",
    "brier",
    "calibration_curve",
    "concordance",
    "cumulative_incidence",
    "figures",
    "horizon_metrics",
    "ici",
    "ipa",
    "judged_at",
    "main_measures",
    "named",
    "net_benefit",
    "oe_ratio",
    "weighted_auc",
]
