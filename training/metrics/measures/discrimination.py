"""Whether those who have the event, or have it first, are given the higher risks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from numpy.typing import ArrayLike

from training.metrics import risk as in_draws
from training.metrics.measures.inputs import judged

if TYPE_CHECKING:
    from training.metrics.measures.censoring import CensoringDistribution


def auc(
    time: ArrayLike,
    event: ArrayLike,
    risk: ArrayLike,
    horizon: float,
    censoring: ArrayLike | CensoringDistribution | None = None,
    *,
    weights: ArrayLike | None = None,
) -> float:
    r"""Return the area under the time-dependent ROC curve: cumulative cases against dynamic controls, competing events among these.

    The estimand is the probability that somebody with the event within the horizon has a higher risk than somebody without it
    by then, be it that they are free of any event or that a competing event came first (definition ii of [1]_):

    .. math:: \widehat{AUC}(h) = \frac{\sum_i \sum_j w_i w_j \, 1\{T_i \le h, \delta_i = 1\} \, 1\{T_j > h \text{ or } (T_j \le h,
        \delta_j = 2)\} \, [1\{r_i > r_j\} + \tfrac12 1\{r_i = r_j\}]}{\sum_i \sum_j w_i w_j \, 1\{T_i \le h, \delta_i = 1\} \,
        1\{T_j > h \text{ or } (T_j \le h, \delta_j = 2)\}}

    with :math:`w = 1 / \hat G(T^-)` for those whose event is within the horizon, :math:`1 / \hat G(h)` for those followed beyond it,
    and 0 for the lost; :math:`\hat G` is the chance of being uncensored.

    Parameters
    ----------
    time : array (people,)
        Days from the time of prediction to the first event, or to the end of follow-up.
    event : array (people,)
        0 none (censored), 1 the event, 2 a competing event came first.
    risk : array (people,)
        Predicted risk within the horizon, or any number that ranks people; higher means sooner.
    horizon : float
        Days. An event at the horizon lies within it.
    censoring : None, array of strata (people,), or CensoringDistribution
        How being uncensored is estimated: by Kaplan-Meier on these people (None), on those of each stratum (neighbours in the order
        of the strata are joined where fewer than 20 are followed beyond the horizon), or by what was fitted to other people.
    weights : array (people,), optional
        What each person counts, 0 or more; as often as it says where they are whole numbers.

    Returns
    -------
    float
        0.5 where the risk says nothing, 1 where it says everything.

    Raises
    ------
    DataError
        Lengths differ; a time, event or risk is unknown or not accepted; nobody is followed to the horizon; nobody has the event
        within it, or nobody is known to be free of it.

    See Also
    --------
    concordance : compares in the order of the events.
    bootstrap_interval : a confidence interval, of this or any other measure.

    Notes
    -----
    Equal to R's ``riskRegression::Score`` to 1e-8, ties counting half.

    References
    ----------
    .. [1] Blanche et al., "Estimating and comparing time-dependent areas under receiver operating characteristic curves for
           censored event times with competing risks", Stat Med 2013;32:5381.

    Examples
    --------
    >>> time, event = [200, 300, 400, 900, 900, 900], [1, 2, 1, 0, 0, 0]
    >>> auc(time, event, [0.40, 0.10, 0.20, 0.30, 0.10, 0.05], horizon=730.5)
    0.875
    >>> auc(time, event, [0.40, 0.10, 0.20, 0.30, 0.10, 0.05], horizon=24)
    Traceback (most recent call last):
    ...
    myeloma.errors.DataError: Nobody has the event within 24 days. Hint: choose another horizon (it is in days, as the times are), or more people.
    """  # noqa: E501 - what a message says is one line of a doctest
    sample, ranked = judged(time, event, risk, horizon, censoring, weights, probability=False, both=True)
    return float(in_draws.auc(sample, ranked)[0])


def concordance(
    time: ArrayLike,
    event: ArrayLike,
    risk: ArrayLike,
    horizon: float,
    censoring: ArrayLike | CensoringDistribution | None = None,
    *,
    weights: ArrayLike | None = None,
) -> float:
    r"""Return the concordance index up to the horizon, with competing events and inverse-probability-of-censoring weights.

    The estimand is the probability that of two people the one who has the event first, within the horizon, has the higher risk;
    somebody with a competing event never has the event [1]_:

    .. math:: \hat C(h) = \frac{\sum_i \sum_j W_{ij} \, 1\{T_i \le h, \delta_i = 1\} \, 1\{T_i < T_j \text{ or } \delta_j = 2\} \,
        [1\{r_i > r_j\} + \tfrac12 1\{r_i = r_j\}]}{\sum_i \sum_j W_{ij} \, 1\{T_i \le h, \delta_i = 1\} \, 1\{T_i < T_j \text{ or }
        \delta_j = 2\}}

    with :math:`W_{ij} = 1 / (\hat G(T_i^-) \hat G(T_i^-))` where the second is still followed, and
    :math:`1 / (\hat G(T_i^-) \hat G(T_j^-))` where they had a competing event before.

    Parameters
    ----------
    time, event, risk, horizon, censoring, weights
        As of `auc`.

    Returns
    -------
    float
        0.5 where the risk says nothing about the order.

    Raises
    ------
    DataError
        As `auc`.

    See Also
    --------
    auc : of a risk at one horizon, the measure to prefer: concordance is not proper for it [2]_.

    Notes
    -----
    Without competing events this is Uno's C. Somebody censored on the day of an event was free of it: the pair counts, as in R's
    ``survival::concordance(timewt = "n/G2")``; ``pec::cindex`` takes the chance just after that day for the second of the pair.

    References
    ----------
    .. [1] Wolbers et al., "Concordance for prognostic models with competing risks", Biostatistics 2014;15:526.
    .. [2] Blanche, Kattan and Gerds, "The c-index is not proper for the evaluation of t-year predicted risks", Biostatistics
           2019;20:347.

    Examples
    --------
    >>> concordance([200, 300, 400, 900], [1, 2, 1, 0], [0.4, 0.1, 0.2, 0.3], horizon=730.5)
    0.8
    >>> concordance([200, 300, 400], [1, 2, 1], [0.4, 0.1], horizon=730.5)
    Traceback (most recent call last):
    ...
    myeloma.errors.DataError: risk has 2 values, time has 3. Hint: one value a person, in the same order.
    """
    sample, ranked = judged(time, event, risk, horizon, censoring, weights, probability=False, both=True)
    return float(in_draws.concordance(sample, ranked)[0])
