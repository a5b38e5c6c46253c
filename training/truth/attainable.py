"""How much of the gap that anybody could close the models of a simulated cohort have closed.

The true risk knows the hidden state, so nobody who sees results reaches it. What can be reached is the attainable risk: the mean of the
true risk over the hidden courses that agree with what was seen. For judging only, as `against_truth`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from training.metrics import Draws, judged_at
from training.metrics.figures import interval
from training.metrics.risk import auc as auc_of
from training.plan import Plan
from training.truth.against_truth import JudgedWithTruth, expected_auc, gap_closed, true_risks

Array = NDArray[np.float64]
_GROUPS = 10  # of equal size by attainable risk, for its calibration
_ATTAINABLE = "attainable"


@dataclass(frozen=True)
class Attainable:
    """The attainable risk at one horizon, and how near to it each candidate comes; (estimate, lo, hi) are from drawing the people judged.

    Attributes
    ----------
    auc : (estimate, lo, hi) of the attainable risk
    of_truth : share of the way from the reference to the true risk that the attainable risk comes, expected over outcomes
    closed : by candidate, the share of the way from the reference to the attainable risk, expected over outcomes
    ratio, slope, furthest : of the true risks: their mean over the mean attainable risk, their regression on it, and the ratio of means
        that lies furthest from 1 among tenths of it; near 1 where the attainable risk is right
    effective : median and 5th percentile of the effective number of courses, before the weights of a landmark were evened out
    """

    horizon: int
    auc: tuple[float, ...]
    of_truth: tuple[float, ...]
    closed: dict[str, tuple[float, ...]]
    ratio: float
    slope: float
    furthest: float
    effective: tuple[float, float]


def attainable_gap(judged: JudgedWithTruth, attainable: pd.DataFrame, plan: Plan) -> list[Attainable]:
    """Return the attainable risk beside truth and candidates at every horizon.

    Parameters
    ----------
    attainable : DataFrame
        patient_id, landmark, the risk at each horizon, and `effective`, for the visits judged.
    """
    risks, start = true_risks(judged.rows, attainable, plan.task), judged.reference
    draws = Draws.of(judged.rows["patient_id"], plan.evaluation.bootstrap, plan.evaluation.seed)
    median, low = np.percentile(attainable["effective"], [50, 5])
    found = []
    for h, months in enumerate(plan.task.horizons):
        sample, true, risk = judged_at(judged.rows, months, draws).sample, judged.true[:, h], risks[:, h]
        orders = {name: judged.risks[name][:, h] for name in judged.names} | {_ATTAINABLE: risk, "truth": true}
        auc = {name: expected_auc(sample.counts, order, true) for name, order in orders.items()}
        tenth = pd.DataFrame({"true": true, "risk": risk}).groupby(pd.qcut(risk, _GROUPS, labels=False, duplicates="drop")).mean()
        ratios = (tenth["true"] / tenth["risk"]).to_numpy()
        found.append(
            Attainable(
                months,
                interval(auc_of(sample, risk)),
                gap_closed(auc, _ATTAINABLE, start),
                {name: gap_closed(auc, name, start, _ATTAINABLE) for name in judged.names if name != start},
                float(true.mean() / risk.mean()),
                float(np.polyfit(risk, true, 1)[0]),
                float(ratios[np.abs(np.log(ratios)).argmax()]),
                (float(median), float(low)),
            )
        )
    return found
