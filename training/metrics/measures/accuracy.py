"""How far a risk lies from what happened, person by person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from numpy.typing import ArrayLike

from training.metrics.measures.inputs import judged
from training.metrics.risk import main_measures

if TYPE_CHECKING:
    from training.metrics.measures.censoring import CensoringDistribution


def brier(
    time: ArrayLike,
    event: ArrayLike,
    risk: ArrayLike,
    horizon: float,
    censoring: ArrayLike | CensoringDistribution | None = None,
    *,
    weights: ArrayLike | None = None,
) -> float:
    r"""Return the Brier score of the risks at the horizon, weighted for censoring, competing events counting as none.

    The estimand is the mean squared distance of the predicted risk from 1 for those with the event within the horizon and from 0
    for all others:

    .. math:: \widehat{BS}(h) = \frac1n \sum_i w_i \, (1\{T_i \le h, \delta_i = 1\} - r_i)^2

    with the weights of `auc`.

    Parameters
    ----------
    time, event, horizon, censoring, weights
        As of `auc`.
    risk : array (people,)
        Predicted probability of the event within the horizon, 0 to 1.

    Returns
    -------
    float
        0 at best; it depends on how common the event is, `ipa` does not.

    Raises
    ------
    DataError
        As `auc`, and where a risk is no probability. Without any event it is defined.

    See Also
    --------
    ipa : the same, against predicting the average for everybody.

    References
    ----------
    .. [1] Graf et al., "Assessment and comparison of prognostic classification schemes for survival data", Stat Med 1999;18:2529.
    .. [2] Schoop et al., "Quantifying the predictive accuracy of time-to-event models in the presence of competing risks",
           Biom J 2011;53:88.

    Examples
    --------
    >>> time, event = [200, 300, 400, 900, 900, 900], [1, 2, 1, 0, 0, 0]
    >>> round(brier(time, event, [0.4, 0.1, 0.2, 0.3, 0.1, 0.05], horizon=730.5), 4)
    0.1854
    >>> brier(time, event, [40, 10, 20, 30, 10, 5], horizon=730.5)
    Traceback (most recent call last):
    ...
    myeloma.errors.DataError: risk is 40 at position 0, accepted: a probability, 0 to 1. Hint: divide percent by 100.
    """
    sample, risks = judged(time, event, risk, horizon, censoring, weights, probability=True, both=False)
    return float(main_measures(sample, risks)["brier", None][0])


def ipa(
    time: ArrayLike,
    event: ArrayLike,
    risk: ArrayLike,
    horizon: float,
    censoring: ArrayLike | CensoringDistribution | None = None,
    *,
    weights: ArrayLike | None = None,
) -> float:
    r"""Return the index of prediction accuracy (scaled Brier score): what the risks gain over the same average for everybody.

    .. math:: \widehat{IPA}(h) = 1 - \widehat{BS}(h) / \widehat{BS}_0(h)

    with the Brier score of predicting the observed incidence for everybody as :math:`\widehat{BS}_0`.

    Parameters
    ----------
    time, event, risk, horizon, censoring, weights
        As of `brier`.

    Returns
    -------
    float
        1 at best; 0 for the average, less for what is worse than it.

    Raises
    ------
    DataError
        As `brier`; and where nobody, or everybody, has the event within the horizon.

    See Also
    --------
    brier : the score itself.

    References
    ----------
    .. [1] Kattan and Gerds, "The index of prediction accuracy: an intuitive measure useful for evaluating risk prediction models",
           Diagn Progn Res 2018;2:7.

    Examples
    --------
    >>> time, event = [200, 300, 400, 900, 900, 900], [1, 2, 1, 0, 0, 0]
    >>> round(ipa(time, event, [0.4, 0.1, 0.2, 0.3, 0.1, 0.05], horizon=730.5), 4)
    0.1656
    >>> ipa(time, event, [0.4, 0.1, 0.2, 0.3, 0.1, 0.05], horizon=100)
    Traceback (most recent call last):
    ...
    myeloma.errors.DataError: Nobody has the event within 100 days. Hint: choose another horizon (it is in days, as the times are), or more people.
    """  # noqa: E501 - what a message says is one line of a doctest
    sample, risks = judged(time, event, risk, horizon, censoring, weights, probability=True, both=True)
    return float(main_measures(sample, risks)["ipa", None][0])
