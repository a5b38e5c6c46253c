"""What acting on a risk is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from numpy.typing import ArrayLike

from myeloma import DataError
from training.metrics.decision import decision_measures
from training.metrics.measures.inputs import judged

if TYPE_CHECKING:
    from training.metrics.measures.censoring import CensoringDistribution


def net_benefit(
    time: ArrayLike,
    event: ArrayLike,
    risk: ArrayLike,
    horizon: float,
    threshold: float,
    censoring: ArrayLike | CensoringDistribution | None = None,
    *,
    weights: ArrayLike | None = None,
) -> float:
    r"""Return the net benefit of acting on everybody whose risk reaches a threshold.

    .. math:: \widehat{NB}(h, t) = \frac1n \sum_i w_i \, 1\{r_i \ge t\} \Big[1\{T_i \le h, \delta_i = 1\} - \frac{t}{1 - t} \,
        1\{T_i > h \text{ or } \delta_i = 2\}\Big]

    with the weights of `auc`: true positives, less false positives at the rate of exchange that the threshold stands for. Who has a
    competing event first and reaches the threshold is a false positive.

    Parameters
    ----------
    time, event, risk, horizon, censoring, weights
        As of `brier`.
    threshold : float
        The risk at which one acts, above 0 and below 1. A risk equal to it is acted on.

    Returns
    -------
    float
        In true positives a person: 0.05 is worth five people in a hundred who are found at no cost. Acting on nobody is worth 0;
        acting on everybody is worth ``net_benefit(time, event, np.ones(n), horizon, threshold)``.

    Raises
    ------
    DataError
        As `brier`, or the threshold lies outside.

    See Also
    --------
    auc : whether the risk ranks people, whatever one does with it.

    References
    ----------
    .. [1] Vickers and Elkin, "Decision curve analysis: a novel method for evaluating prediction models", Med Decis Making
           2006;26:565.

    Examples
    --------
    >>> time, event = [200, 300, 400, 900, 900, 900], [1, 2, 1, 0, 0, 0]
    >>> round(net_benefit(time, event, [0.4, 0.1, 0.2, 0.3, 0.1, 0.05], horizon=730.5, threshold=0.2), 4)
    0.2917
    >>> net_benefit(time, event, [0.4, 0.1, 0.2, 0.3, 0.1, 0.05], horizon=730.5, threshold=20)
    Traceback (most recent call last):
    ...
    myeloma.errors.DataError: threshold is 20, accepted: a risk, above 0 and below 1.
    """
    if not 0 < threshold < 1:
        raise DataError(f"threshold is {threshold:g}, accepted: a risk, above 0 and below 1.")
    sample, risks = judged(time, event, risk, horizon, censoring, weights, probability=True, both=False)
    return float(decision_measures(sample, risks, (), (threshold,))["net_benefit", threshold][0])
