"""Measures of risk predictions under censoring and competing death."""

from training.metrics.bootstrap import Interval, evaluate_risks
from training.metrics.incidence import aalen_johansen
from training.metrics.risk import horizon_metrics, weighted_auc

__all__ = ["Interval", "aalen_johansen", "evaluate_risks", "horizon_metrics", "weighted_auc"]
