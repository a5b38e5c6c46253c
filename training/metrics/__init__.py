"""Measures of risk predictions under censoring and competing death."""

from training.metrics.bootstrap import evaluate_risks
from training.metrics.figures import figures, judged_at, named
from training.metrics.incidence import aalen_johansen
from training.metrics.risk import all_measures, horizon_metrics, main_measures, weighted_auc
from training.metrics.sample import Draws, Sample

__all__ = [
    "Draws",
    "Sample",
    "aalen_johansen",
    "all_measures",
    "evaluate_risks",
    "figures",
    "horizon_metrics",
    "judged_at",
    "main_measures",
    "named",
    "weighted_auc",
]
