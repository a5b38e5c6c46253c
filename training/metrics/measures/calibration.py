"""Whether as many people have the event as were predicted to: in all, and at each risk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from myeloma import DataError
from training.metrics import calibration as in_draws
from training.metrics.measures.inputs import judged
from training.metrics.risk import main_measures

if TYPE_CHECKING:
    from training.metrics.measures.censoring import CensoringDistribution


def oe_ratio(
    time: ArrayLike,
    event: ArrayLike,
    risk: ArrayLike,
    horizon: float,
    censoring: ArrayLike | CensoringDistribution | None = None,
    *,
    weights: ArrayLike | None = None,
) -> float:
    r"""Return the observed incidence at the horizon divided by the mean predicted risk (calibration in the large).

    .. math:: \widehat{O/E}(h) = \hat F_1(h) \Big/ \frac1n \sum_i r_i

    with the cumulative incidence :math:`\hat F_1`; with strata, its mean over these, each as large as it is.

    Parameters
    ----------
    time, event, risk, horizon, censoring, weights
        As of `brier`.

    Returns
    -------
    float
        1 where as many have the event as predicted, 2 where twice as many have; 0 where nobody has.

    Raises
    ------
    DataError
        As `brier`; and where every risk is 0, so that nothing was expected.

    See Also
    --------
    calibration_curve : the observed risk at each predicted one.
    cumulative_incidence : the observed part.

    References
    ----------
    .. [1] Van Calster et al., "Calibration: the Achilles heel of predictive analytics", BMC Med 2019;17:230.

    Examples
    --------
    >>> time, event = [200, 300, 400, 900, 900, 900], [1, 2, 1, 0, 0, 0]
    >>> round(oe_ratio(time, event, [0.4, 0.1, 0.2, 0.3, 0.1, 0.05], horizon=730.5), 3)
    1.739
    >>> oe_ratio(time, event, [0.0] * 6, horizon=730.5)
    Traceback (most recent call last):
    ...
    myeloma.errors.DataError: Every risk is 0: nothing was expected to compare with.
    """
    sample, risks = judged(time, event, risk, horizon, censoring, weights, probability=True, both=False)
    if not (sample.counts[0] @ risks) > 0:
        raise DataError("Every risk is 0: nothing was expected to compare with.")
    return float(main_measures(sample, risks)["oe_ratio", None][0])


def calibration_curve(
    time: ArrayLike,
    event: ArrayLike,
    risk: ArrayLike,
    horizon: float,
    censoring: ArrayLike | CensoringDistribution | None = None,
    *,
    weights: ArrayLike | None = None,
) -> NDArray[np.float64]:
    r"""Return the observed risk at each predicted one, smoothed: what is drawn against the diagonal.

    Of at most 10 different risks, such as those of a score, it is the observed incidence of each class. Of more it is

    .. math:: \operatorname{logit} \hat o(r) = \hat\beta^\top B(\operatorname{logit} r)

    by logistic regression with the weights of `auc`; :math:`B` is a restricted cubic spline with knots at the 5, 35, 65 and 95 %
    quantiles. Risks below 0.1 % and above 99.9 % enter the spline as these.

    Parameters
    ----------
    time, event, risk, horizon, censoring, weights
        As of `brier`.

    Returns
    -------
    array (people,)
        The observed risk, in the order of `risk`; NaN where the regression has no solution.

    Raises
    ------
    DataError
        As `ipa`.

    See Also
    --------
    ici : the mean distance of this curve from the diagonal.

    References
    ----------
    .. [1] Austin et al., "Graphical calibration curves and the integrated calibration index (ICI) for competing risk models",
           Diagn Progn Res 2022;6:2 (they smooth a subdistribution hazard instead).
    .. [2] Harrell, "Regression Modeling Strategies", 2nd edition, 2015, section 2.4.5 and table 2.3.

    Examples
    --------
    >>> time, event = [200, 300, 400, 900, 900, 900], [1, 2, 1, 0, 0, 0]
    >>> calibration_curve(time, event, [0.3, 0.3, 0.3, 0.1, 0.1, 0.1], horizon=730.5).round(3).tolist()
    [0.667, 0.667, 0.667, 0.0, 0.0, 0.0]
    >>> calibration_curve(time, event, [0.3, 0.3, 0.3, 0.1, 0.1, float("nan")], horizon=730.5)
    Traceback (most recent call last):
    ...
    myeloma.errors.DataError: risk is nan at position 5, accepted: a probability, 0 to 1. Hint: leave out, first, people of whom it is not known.
    """  # noqa: E501 - what a message says is one line of a doctest
    sample, risks = judged(time, event, risk, horizon, censoring, weights, probability=True, both=True)
    return in_draws.calibration_curve(sample, risks)


def ici(
    time: ArrayLike,
    event: ArrayLike,
    risk: ArrayLike,
    horizon: float,
    censoring: ArrayLike | CensoringDistribution | None = None,
    *,
    weights: ArrayLike | None = None,
) -> float:
    r"""Return the integrated calibration index: the mean distance of the smoothed calibration curve from the diagonal.

    .. math:: \widehat{ICI}(h) = \frac1n \sum_i |\hat o(r_i) - r_i|

    Parameters
    ----------
    time, event, risk, horizon, censoring, weights
        As of `brier`.

    Returns
    -------
    float
        In units of risk: 0.02 says that a predicted risk is off by two percentage points on average. NaN as of the curve.

    Raises
    ------
    DataError
        As `ipa`.

    See Also
    --------
    calibration_curve : the curve itself.

    References
    ----------
    .. [1] Austin and Steyerberg, "The integrated calibration index (ICI) and related metrics for quantifying the calibration of
           logistic regression models", Stat Med 2019;38:4051.

    Examples
    --------
    >>> time, event = [200, 300, 400, 900, 900, 900], [1, 2, 1, 0, 0, 0]
    >>> round(ici(time, event, [0.3, 0.3, 0.3, 0.1, 0.1, 0.1], horizon=730.5), 4)
    0.2333
    >>> ici(time, event, [0.3, 0.3, 0.3, 0.1, 0.1, 0.1], horizon=1200)
    Traceback (most recent call last):
    ...
    myeloma.errors.DataError: Nobody is followed for 1200 days; the longest time is 900. Hint: use a shorter horizon; whoever is last seen on its very day is not known to be free.
    """  # noqa: E501 - what a message says is one line of a doctest
    sample, risks = judged(time, event, risk, horizon, censoring, weights, probability=True, both=True)
    return float(in_draws.calibration_measures(sample, risks)["ici"][0])
