"""Measures of risk predictions under censoring and competing death.

`auc`, `brier`, `ipa`, `oe_ratio`, `calibration_curve`, `ici`, `concordance`, `net_benefit` and `cumulative_incidence` take arrays
(see `measures`). The rest works on a `Sample`: all bootstrap draws at once, shared by all models that are compared.
"""

from typing import TYPE_CHECKING

from myeloma.lazy import lazily

if TYPE_CHECKING:
    from training.metrics.figures import judged_at, named
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

__getattr__ = lazily(
    __name__,
    {
        "CensoringDistribution": "training.metrics.measures",
        "Draws": "training.metrics.sample",
        "Interval": "training.metrics.measures",
        "Sample": "training.metrics.sample",
        "aalen_johansen": "training.metrics.incidence",
        "all_measures": "training.metrics.risk",
        "auc": "training.metrics.measures",
        "bootstrap_interval": "training.metrics.measures",
        "brier": "training.metrics.measures",
        "calibration_curve": "training.metrics.measures",
        "concordance": "training.metrics.measures",
        "cumulative_incidence": "training.metrics.measures",
        "horizon_metrics": "training.metrics.risk",
        "ici": "training.metrics.measures",
        "ipa": "training.metrics.measures",
        "judged_at": "training.metrics.figures",
        "main_measures": "training.metrics.risk",
        "named": "training.metrics.figures",
        "net_benefit": "training.metrics.measures",
        "oe_ratio": "training.metrics.measures",
        "weighted_auc": "training.metrics.risk",
    },
)
