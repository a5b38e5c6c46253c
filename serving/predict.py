"""The one predictor: what training evaluates, batch writes and the API answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.special import stdtrit

from features.history.columns import without_what_measures_nothing
from myeloma import UserError
from serving.artifact import Artifact
from serving.models import logistic
from serving.models.competing import AGE, FEMALE
from serving.models.unknown import Reduced

Array = NDArray[np.float64]
_SINGLE = np.finfo(np.float32)


@dataclass(frozen=True)
class Explained:
    """Risks with their reasons: base + the sum of contributions = logit(risk), for every row and horizon.

    Attributes
    ----------
    risks, lower, upper, base : arrays (rows, horizons)
        `lower` and `upper` are the 95 % interval of the risk; NaN where the artifact keeps no resampled fits.
    contributions : array (rows, horizons, features), log-odds
    die_first : array (rows, horizons)
        The chance that the competing event, death, comes first; NaN where the artifact does not keep it.
    event_free : array (rows,), months
        How long 19 of 20 such people are free of the event at least; NaN where the artifact does not keep it.
    """

    risks: Array
    lower: Array
    upper: Array
    base: Array
    contributions: Array
    die_first: Array
    event_free: Array


def predict_risk(artifact: Artifact, x: Array) -> Array:
    """Return the probability of progression within each horizon (rows, horizons), death competing.

    Parameters
    ----------
    x : array (rows, features)
        In the order of `artifact.columns`; NaN where unknown.

    Raises
    ------
    UserError
        A value is infinite (see `accepted`).
    """
    x = accepted(artifact, x)
    return logistic(recalibrated(artifact, x, artifact.model.margins(x)).log_odds)


@dataclass(frozen=True)
class Recalibrated:
    """Log-odds of the risks, the slope by which they follow the margins, and the rows that a regression of their own speaks of.

    Attributes
    ----------
    log_odds, slope : arrays (rows, horizons)
    """

    log_odds: Array
    slope: Array
    reduced: Reduced | None


def recalibrated(artifact: Artifact, x: Array, margins: Array) -> Recalibrated:
    """Return the recalibrated log-odds of features whose margins are given, each (rows, horizons)."""
    log_odds, slope = artifact.calibration.log_odds(margins), np.full(margins.shape, artifact.calibration.slope)
    reduced = None if artifact.unknown is None else artifact.unknown.reduced(x, margins)
    if reduced is not None:
        log_odds[reduced.rows], slope[reduced.rows] = reduced.log_odds, reduced.slope
    return Recalibrated(log_odds, slope, reduced)


def accepted(artifact: Artifact, x: Array) -> Array:
    """Return the features as every kind of model takes them: a value nearer to 0 than single precision tells is 0.

    Trees see single precision, the other kinds double. What one of them would take for another number, none does. An M-protein that was
    never measurable is unknown to a model of the burden.

    Raises
    ------
    UserError
        A value is infinite, or beyond single precision, where it would be.
    """
    x = without_what_measures_nothing(x, artifact.columns)
    size = np.abs(x)
    if (beyond := size > _SINGLE.max).any():  # NaN, which is unknown, is not
        first = artifact.columns[int(np.flatnonzero(beyond.any(axis=0))[0])]
        rows = int(beyond.any(axis=1).sum())
        raise UserError(
            f"{rows} of {len(x)} rows hold an infinite value, or one beyond {_SINGLE.max:.2g}; the first is in the column {first}.",
            "leave a value empty that is not known.",
            "infinite",
        )
    return np.where(size < _SINGLE.tiny, 0.0, x) if ((size < _SINGLE.tiny) & (size > 0)).any() else x


def explain(artifact: Artifact, x: Array) -> Explained:
    """Return risks and SHAP contributions in the log-odds of the shown, calibrated risk."""
    if not len(x):  # XGBoost refuses a table without rows
        none = np.empty((0, len(artifact.horizons)))
        return Explained(none, none, none, none, np.empty((*none.shape, len(artifact.columns))), none, np.empty(0))
    x = accepted(artifact, x)
    every_margin, of_model = artifact.explaining(x)
    margins, resampled = every_margin[0], every_margin[1:]
    found = recalibrated(artifact, x, margins)
    contributions = artifact.calibration.slope * of_model
    base = artifact.calibration.log_odds(margins) - contributions.sum(axis=2)
    if found.reduced is not None and artifact.unknown is not None:
        rows = found.reduced.rows
        contributions[rows] = artifact.unknown.contributions(found.reduced, of_model[rows], base[rows])
    if artifact.burden_columns is not None:
        _to_m_protein(contributions, x, *artifact.burden_columns)
    lower, upper = _interval(artifact, found, margins, resampled)
    risks = logistic(found.log_odds)
    return Explained(risks, lower, upper, base, contributions, predict_die_first(artifact, x, risks), event_free(artifact, risks))


def _to_m_protein(contributions: Array, x: Array, burden: list[int], m_protein: int) -> None:
    """Move what an unknown burden adds to a column of M-protein, in place: it is unknown for want of a value of M-protein above 0."""
    if (unknown := np.isnan(x[:, burden[0]])).any():
        for column in burden:
            contributions[unknown, :, m_protein] += contributions[unknown, :, column]
            contributions[unknown, :, column] = 0.0


def predict_die_first(artifact: Artifact, x: Array, risks: Array) -> Array:
    """Return the chance that the competing event comes first within each horizon (rows, horizons), given the risks of the event."""
    if artifact.competing is None:
        return np.full(risks.shape, np.nan)
    age, female = (x[:, artifact.columns.index(name)] for name in (AGE, FEMALE))
    return artifact.competing.risks(age, female, risks)


def event_free(artifact: Artifact, risks: Array) -> Array:
    """Return how long 19 of 20 such people are free of the event at least, in months (rows,); NaN where the artifact does not keep it."""
    return np.full(len(risks), np.nan) if artifact.event_free is None else artifact.event_free.months(risks, artifact.horizons)


def predict_interval(artifact: Artifact, x: Array) -> tuple[Array, Array]:
    """Return the lower and upper bounds of `predict_risk`, each (rows, horizons); NaN where the artifact has none."""
    x = accepted(artifact, x)
    margins = artifact.model.margins(x)
    resampled = artifact.resampled_margins(x) if artifact.resampled else margins[:0]
    return _interval(artifact, recalibrated(artifact, x, margins), margins, resampled)


def _interval(artifact: Artifact, found: Recalibrated, margins: Array, resampled: Array) -> tuple[Array, Array]:
    """Return the 95 % interval of each risk from fits to halves of the patients.

    A fit to a half that is drawn without replacement differs from the whole fit with the variance that the whole fit
    itself has (half-sampling: Politis, Romano and Wolf, Subsampling, 1999, section 2.2). Each is recalibrated by itself, and of a person
    of whom something is unknown its own regression speaks; of a model whose halves have none, the log-odds move as its recalibration moves
    those of others. The interval is about how far the model is known for such a person; what was not measured is not in it. Bounds do not
    fall with the horizon.
    """
    if not len(resampled):
        return np.full(margins.shape, np.nan), np.full(margins.shape, np.nan)
    deviations = _deviations(artifact, found, margins, resampled)
    spread = _spread(deviations) if artifact.resampled_calibrations else np.sqrt(np.mean(np.square(deviations), axis=0))
    reach = stdtrit(len(deviations) // 2, 0.975) * spread  # the quantile of Student's t
    lower, upper = np.maximum.accumulate(logistic(np.array([found.log_odds - reach, found.log_odds + reach])), axis=2)
    return lower, upper


def _deviations(artifact: Artifact, found: Recalibrated, margins: Array, resampled: Array) -> Array:
    """Return how far the log-odds that each half gives lie from the model's (halves, rows, horizons)."""
    apart, (shift, slope), reduced = resampled - margins, artifact.recalibrated_anew, found.reduced
    if reduced is None or artifact.unknown is None:
        return shift + (slope - 1.0) * found.log_odds + slope * found.slope * apart
    by_halves = artifact.unknown.by_halves(reduced, resampled)
    if by_halves is None:  # a horizon whose regression does not speak has the interval of the one that does, as it has its risk
        apart, shift = (_of_speaking(of, reduced) for of in (apart, np.broadcast_to(shift, apart.shape)))
    deviations: Array = shift + (slope - 1.0) * found.log_odds + slope * found.slope * apart
    if by_halves is not None:
        deviations[:, reduced.rows] = by_halves - reduced.log_odds
    return deviations


def _spread(fits: Array) -> Array:
    """Return the standard deviation of fits to halves, a half and the other half in turn.

    The two of a pair lie about as far from the whole fit on either side: a pair is one degree of freedom. What they have in common counts
    by how it differs between pairs. What all have in common, since they are fits to fewer people, is no variance.
    """
    one, other = fits[0::2], fits[1::2]
    apart = np.mean(np.square((one - other) / 2.0), axis=0)
    spread: Array = np.sqrt(apart + np.var((one + other) / 2.0, axis=0, ddof=1) if len(one) > 1 else apart)
    return spread


def _of_speaking(of: Array, reduced: Reduced) -> Array:
    """Return values (fits, rows, horizons) with those of the horizon that speaks at each of the reduced rows."""
    found = of.copy()
    found[:, reduced.rows] = of[:, reduced.rows[:, None], reduced.at]
    return found


def by_biomarker(artifact: Artifact, contributions: Array) -> dict[str, Array]:
    """Return contributions summed per biomarker, each (rows, horizons)."""
    sums = np.zeros((len(artifact.groups), *contributions.shape[:2]))
    _add_up(np.ascontiguousarray(contributions), artifact.group_of_column, sums)
    return dict(zip(artifact.groups, sums, strict=True))


@njit(cache=True, nogil=True)
def _add_up(contributions: Array, of_column: NDArray[np.int64], sums: Array) -> None:
    """Add the columns (rows, horizons, columns) of each group to its sums (groups, rows, horizons), in their order."""
    for column in range(len(of_column)):
        for row in range(contributions.shape[0]):
            for h in range(contributions.shape[1]):
                sums[of_column[column], row, h] += contributions[row, h, column]
