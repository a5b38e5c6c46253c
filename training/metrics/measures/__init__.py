"""Measures of predicted risks, callable in one line: arrays in, a number out.

`time` is in days from the time of prediction, `event` is 0 (none: censored), 1 (the event) or 2 (a competing event came first),
`horizon` is in days. All share how the lost are weighed (`censoring`), what is refused, and `weights`.
"""

from training.metrics.measures.accuracy import brier, ipa
from training.metrics.measures.calibration import calibration_curve, ici, oe_ratio
from training.metrics.measures.censoring import CensoringDistribution
from training.metrics.measures.decision import net_benefit
from training.metrics.measures.discrimination import auc, concordance
from training.metrics.measures.incidence import cumulative_incidence
from training.metrics.measures.interval import Interval, bootstrap_interval

__all__ = [
    "CensoringDistribution",
    "Interval",
    "auc",
    "bootstrap_interval",
    "brier",
    "calibration_curve",
    "concordance",
    "cumulative_incidence",
    "ici",
    "ipa",
    "net_benefit",
    "oe_ratio",
]
