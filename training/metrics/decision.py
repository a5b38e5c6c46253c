"""What a rule "act when the risk reaches the threshold" does: sensitivity, predictive values, net benefit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from training.metrics.sample import Sample

Array = NDArray[np.float64]
Key = tuple[str, float | None]  # a measure, and the threshold it is taken at
NET_BENEFIT_AT = tuple(round(0.05 * k, 2) for k in range(1, 11))


def decision_measures(
    sample: Sample, risk: Array, cut_offs: tuple[float, ...], curve: tuple[float, ...] = NET_BENEFIT_AT
) -> dict[Key, Array]:
    """Return, in each draw, sensitivity, specificity, ppv and npv at `cut_offs`, and net benefit along `curve`.

    Net benefit is (true positives - false positives x threshold / (1 - threshold)) / rows (Vickers and Elkin, Med Decis
    Making 2006;26:565), both weighted for censoring; people who died first and are above the threshold are false positives.
    """
    at = tuple(sorted({*cut_offs, *curve}))
    cut = [at.index(t) for t in cut_offs]
    above, case = risk[:, None] >= np.array(at), sample.case[:, None]
    below = ~above[:, cut]
    # Each of the four summed by itself: a share of all or none is 1 or 0 to the last bit, in every draw.
    true_positive, false_positive, false_negative, true_negative = (
        sample.known @ part.astype(float) for part in (above & case, above & ~case, below & case, below & ~case)
    )
    rows, cases, controls = sample.rows[:, None], sample.cases[:, None], sample.controls[:, None]
    odds = np.array(at) / (1.0 - np.array(at))
    positives, negatives = true_positive[:, cut], false_positive[:, cut]
    with np.errstate(invalid="ignore", divide="ignore"):
        found = {
            "sensitivity": positives / (positives + false_negative),
            "specificity": true_negative / (true_negative + negatives),
            "ppv": positives / (positives + negatives),
            "npv": true_negative / (true_negative + false_negative),
        }
    out: dict[Key, Array] = {(name, t): found[name][:, k] for k, t in enumerate(cut_offs) for name in found}
    net = {"net_benefit": (true_positive - false_positive * odds) / rows, "net_benefit_treat_all": (cases - controls * odds) / rows}
    return out | {(name, t): values[:, at.index(t)] for name, values in net.items() for t in curve}
