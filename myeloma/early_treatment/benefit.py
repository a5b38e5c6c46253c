"""What early daratumumab would mean for a risk, by the effect of AQUILA: arithmetic with its uncertainty, and harms beside it.

AQUILA (Dimopoulos, N Engl J Med 2025;392:1777-88): hazard ratio of progression or death 0.49 (0.36-0.67), one average over a median
follow-up of 65 months, of which treatment took at most 36. At 5 years it reproduces the trial; beyond that nothing is known, so horizons
above 60 months are refused. Whether the effect lasts after treatment is not known either: `wanes` gives the other end. Two effects by the
Mayo 2018 group are a sensitivity: 0.36 (0.23-0.58) in the high group, looked at afterwards (journalhaema.de), and about 0.63 (0.42-0.96)
in the others, our own split of the logarithms. The trial counted deaths as events: the words are "progress or die", never "prolongs life".

A benefit of a person is arithmetic on that person's risk. So the risk must come from a model of real people, or from a published score.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from myeloma.errors import DataError

Array = NDArray[np.float64]
USABLE = ("real", "published")  # of whom a risk may be

LONGEST_MONTHS = 60.0
TREATED_MONTHS = 36.0
_RARE = 0.02  # a risk below it is told of 1,000 people: rounded to 100 it says nothing
_WIDTH = 2 * 1.959964  # of a 95 % interval, in standard errors
CITATION = "AQUILA: Dimopoulos, N Engl J Med 2025;392:1777-88, 10.1056/NEJMoa2409029"


@dataclass(frozen=True)
class Effect:
    """A hazard ratio with its 95 % interval, and what it is."""

    hazard_ratio: float
    lower: float
    upper: float
    label: str


MAIN = Effect(0.49, 0.36, 0.67, "all of the trial")
IN_MAYO_HIGH = Effect(0.36, 0.23, 0.58, "sensitivity: 20/2/20 high, looked at after the trial")
OUTSIDE_MAYO_HIGH = Effect(0.63, 0.42, 0.96, "sensitivity: not 20/2/20 high, split off the whole by our own arithmetic, approximate")
SENSITIVITIES = (IN_MAYO_HIGH, OUTSIDE_MAYO_HIGH)


@dataclass(frozen=True)
class Harm:
    """Shares of people with an adverse event, with daratumumab and under observation, in the trial."""

    label: str
    treated: float
    untreated: float

    @property
    def number_needed_to_harm(self) -> float:
        """How many people treated for one more with the event."""
        return 1.0 / (self.treated - self.untreated)


HARMS = (Harm("an adverse event of grade 3 or 4", 0.404, 0.301), Harm("an infection of grade 3 or more", 0.161, 0.046))


class Estimate(NamedTuple):
    """A figure with the lower and the upper end of its interval; arrays, NaN where there is none."""

    value: Array
    lower: Array
    upper: Array


class Benefit(NamedTuple):
    """Risk without and with treatment, absolute risk reduction, number needed to treat: NaN where its interval has 0 in it."""

    untreated: Array
    treated: Estimate
    reduction: Estimate
    number_needed_to_treat: Estimate


class OneBenefit(NamedTuple):
    """A benefit for one risk of one person: figures with the ends of their intervals, and the reduction by other effects."""

    treated: tuple[float, float, float]
    reduction: tuple[float, float, float]
    number_needed_to_treat: tuple[float, float, float] | None
    reduction_if_it_wanes: float
    reduction_in_group: float | None


def check_source(source: str) -> None:
    """Refuse a risk that does not come from real people: the benefit would be that of the simulation.

    Raises
    ------
    DataError
        The risk is a simulated model's, or nobody says whose.
    """
    if source == "simulated":
        raise DataError(
            "No benefit is computed from this risk: the model was fitted to simulated people.",
            "fit it to a real cohort, or take the risk of a published score.",
        )
    if source not in USABLE:
        raise DataError(f'No benefit is computed from a risk whose source is "{source}".', f"{' or '.join(USABLE)}.")


def benefit(risk: ArrayLike, months: ArrayLike, source: str, effect: Effect = MAIN, wanes: bool = False) -> Benefit:
    """Return the net benefit at a horizon: the power of survival, 1 - (1 - r) ** hazard ratio, as in the trial's own end point.

    Parameters
    ----------
    risk : array
        Risk of progression or death within the horizon without treatment, 0 to 1; NaN stays NaN.
    months : array
        The horizon of each risk, or of all, above 0 up to 60.
    source : {"real", "published", "simulated"}
        Of whom the risk speaks: a model fitted to real people, a published score, or a simulation, which is refused.
    wanes : bool
        The effect ends with treatment, after 36 months: the other end of what is known. The hazard is taken to be constant.

    Raises
    ------
    DataError
        A simulated source, a horizon outside 0 to 60 months, a risk outside 0 to 1.
    """
    check_source(source)
    check_horizon(months)
    untreated = _checked_risk(risk)
    ratios = np.array([effect.hazard_ratio, effect.lower, effect.upper])
    by_ratio = ratios.reshape(-1, *(1,) * max(np.ndim(untreated), np.ndim(months)))
    return _benefit(untreated, _treated(untreated, by_ratio, months, wanes))


def benefit_of_one(risks: Sequence[float], months: Sequence[float], source: str, in_group: Effect | None = None) -> list[OneBenefit]:
    """Return for each of a few risks of one person what `benefit` gives, to the last bit: by the main effect, and what else it may come to.

    Parameters
    ----------
    in_group : Effect, optional
        That of the person's own group.

    Raises
    ------
    DataError
        As `benefit`.
    """
    check_source(source)
    at = np.asarray(months, dtype=float)
    check_horizon(at)
    untreated = _checked_risk(risks)
    ratios = (MAIN.hazard_ratio, MAIN.lower, MAIN.upper, *(() if in_group is None else (in_group.hazard_ratio,)))
    treated = _treated(untreated[:, None], ratios, at, wanes=False).tolist()
    waned = _treated(untreated, MAIN.hazard_ratio, at, wanes=True).tolist()
    return [_of_one(*each, *by_ratio) for *each, by_ratio in zip(untreated.tolist(), waned, treated, strict=True)]


def _of_one(untreated: float, waned: float, treated: float, best: float, worst: float, in_group: float | None = None) -> OneBenefit:
    reduced, least, most = untreated - treated, untreated - worst, untreated - best
    return OneBenefit(
        (treated, best, worst),
        (reduced, least, most),
        (1.0 / reduced, 1.0 / most, 1.0 / least) if least > 0 else None,
        untreated - waned,
        None if in_group is None else untreated - in_group,
    )


def cause_specific_benefit(
    progression: ArrayLike, death: ArrayLike, months: float, source: str, effect: Effect = MAIN, wanes: bool = False
) -> Benefit:
    """Return the benefit for progression with death competing: the effect acts on the hazard of progression alone.

    Parameters
    ----------
    progression, death : arrays
        Cumulative incidences within the horizon without treatment: progression first, and death first. Hazards are taken to be constant.
    months, source, effect, wanes : as in `benefit`

    Raises
    ------
    DataError
        As `benefit`, or where the two incidences leave nobody.
    """
    check_source(source)
    check_horizon(months)
    rate, rate_of_death = constant_hazards(progression, death, months)
    ratios = (effect.hazard_ratio, effect.lower, effect.upper)
    treated = [treated_incidence(rate, rate_of_death, ratio, months, wanes) for ratio in ratios]
    return _benefit(_checked_risk(progression), np.array(treated))


def constant_hazards(progression: ArrayLike, death: ArrayLike, months: float) -> tuple[Array, Array]:
    """Return the constant yearly hazards of progression and of death that give two cumulative incidences at a horizon."""
    first, second = np.broadcast_arrays(_checked_risk(progression), _checked_risk(death))
    if (first + second >= 1.0).any():
        raise DataError("Progression and death together leave nobody.", "two cumulative incidences add up to less than 1.", "out_of_range")
    together = -np.log1p(-(first + second)) / (months / 12.0)
    share = np.divide(first, first + second, out=np.zeros(first.shape), where=(first + second) > 0)
    share = np.where(np.isnan(first + second), np.nan, share)
    return together * share, together * (1.0 - share)


def treated_incidence(rate: ArrayLike, rate_of_death: ArrayLike, ratio: float, months: float, wanes: bool = False) -> Array:
    """Return the cumulative incidence of progression under constant yearly hazards, that of progression times a ratio.

    Examples
    --------
    >>> float(treated_incidence(0.10, 0.03, 0.49, 60).round(4))
    0.2024
    """
    first, second = np.asarray(rate, dtype=float), np.asarray(rate_of_death, dtype=float)
    years, under = months / 12.0, min(months, TREATED_MONTHS) / 12.0 if wanes else months / 12.0
    during = _incidence(ratio * first, second, under)
    after: Array = np.exp(-(ratio * first + second) * under) * _incidence(first, second, years - under)
    return during + after


def draws_of_effect(n: int, seed: int, effect: Effect = MAIN) -> Array:
    """Return n hazard ratios of an effect as its uncertainty has them: log-normal, (n,)."""
    error = np.log(effect.upper / effect.lower) / _WIDTH
    return np.exp(np.random.default_rng(seed).normal(np.log(effect.hazard_ratio), error, n))


def reduction_interval(risk_draws: ArrayLike, months: float, source: str, seed: int = 0) -> Estimate:
    """Return the absolute risk reduction where the risk itself is uncertain: median and 95 % interval over draws of both.

    Parameters
    ----------
    risk_draws : array, (draws, ...)
        Draws of the risk without treatment, as those of a bootstrap.
    months, source : as in `benefit`
    """
    check_source(source)
    check_horizon(months)
    untreated = _checked_risk(risk_draws)
    ratios = draws_of_effect(len(untreated), seed).reshape((-1,) + (1,) * (untreated.ndim - 1))
    reduction = untreated - _treated(untreated, ratios, months, wanes=False)
    lower, value, upper = np.quantile(reduction, [0.025, 0.5, 0.975], axis=0)
    return Estimate(value, lower, upper)


def least_risk(reduction: float, effect: Effect = MAIN) -> float:
    """Return the least risk without treatment whose absolute reduction comes to so much.

    Raises
    ------
    DataError
        No risk gains so much: of those who are all but certain to progress, most do so with treatment too.

    Examples
    --------
    >>> round(least_risk(0.10), 4), round(least_risk(0.20), 4)
    (0.208, 0.4619)
    """
    most: float = 1.0 - effect.hazard_ratio ** (1.0 / (1.0 - effect.hazard_ratio))  # where the reduction is largest
    largest = most - float(_treated(np.array(most), effect.hazard_ratio, LONGEST_MONTHS, wanes=False))
    if not 0 < reduction < largest:
        raise DataError(f"No risk is reduced by {reduction:g} in absolute terms.", f"above 0 and below {largest:.3f}.", "out_of_range")
    low, high = 0.0, most
    while high - low > 1e-12:
        middle = 0.5 * (low + high)
        gained = middle - float(_treated(np.array(middle), effect.hazard_ratio, LONGEST_MONTHS, wanes=False))
        low, high = (middle, high) if gained < reduction else (low, middle)
    return high


def natural_frequencies(of: Benefit, months: float, k: int = 0, event: str = "progress or die") -> list[str]:
    """Return one person's benefit and harms as counts of 100 people alike; `event` says what the risk is of."""
    untreated, treated, few, many = (
        float(np.atleast_1d(part)[k]) for part in (of.untreated, of.treated.value, of.reduction.lower, of.reduction.upper)
    )
    if np.isnan([untreated, treated, few, many]).any():
        return ["The risk is unknown, so no benefit is."]
    return [benefit_in_words(untreated, treated, (few, many), months, event), *map(harm_in_words, HARMS)]


def benefit_in_words(untreated: float, treated: float, reduction: tuple[float, float], months: float, event: str) -> str:
    """Return a benefit as counts of 100 people alike, of 1,000 where the risk is small; `reduction` are the ends of its interval."""
    people = 100 if untreated >= _RARE else 1000
    without, with_it = round(people * untreated), round(people * treated)
    few, many = round(people * reduction[0]), round(people * reduction[1])
    return (
        f"Of {people:,} people like this, {without} {event} within {months:g} months without daratumumab, and {with_it} with it:"
        f" {without - with_it} fewer ({few} to {many})."
    )


def harm_in_words(harm: Harm) -> str:
    """Return a harm as counts of 100 people of the trial."""
    harmed, anyway = _of_100(harm.treated), _of_100(harm.untreated)
    return f"Of 100 people in the trial, {harmed} had {harm.label} with daratumumab and {anyway} without: {harmed - anyway} more."


def _benefit(untreated: Array, treated: Array) -> Benefit:
    """Return the benefit; `treated` (3, ...) is the estimate, its best and its worst end: the best is the upper end of the reduction."""
    reduction = untreated - treated
    value, upper, lower = reduction
    needed = np.divide(1.0, reduction, out=np.full(reduction.shape, np.nan), where=lower > 0)
    return Benefit(untreated, Estimate(*treated), Estimate(value, lower, upper), Estimate(*needed))


def _treated(risk: Array, ratio: ArrayLike, months: ArrayLike, wanes: bool) -> Array:
    """Return 1 - (1 - risk) ** ratio, the ratio being 1 again after 36 months where the effect wanes."""
    power = np.asarray(ratio, dtype=float)
    if wanes:
        power = np.where(np.greater(months, TREATED_MONTHS), (power * TREATED_MONTHS + np.subtract(months, TREATED_MONTHS)) / months, power)
    treated: Array = 1.0 - (1.0 - risk) ** power
    return treated


def _incidence(rate: Array, rate_of_death: Array, years: float) -> Array:
    together = rate + rate_of_death
    share = np.divide(rate, together, out=np.zeros(np.shape(together)), where=together > 0)
    return np.where(np.isnan(together), np.nan, -share * np.expm1(-together * years))


def _of_100(share: float) -> int:
    return round(100.0 * share)


def _checked_risk(risk: ArrayLike) -> Array:
    found = np.asarray(risk, dtype=float)
    wrong = (found < 0) | (found > 1)
    if wrong.any():
        raise DataError(f"A risk of {found[wrong].flat[0]:g} cannot be.", "a share from 0 to 1; 20 % is 0.2.", "out_of_range")
    return found


def check_horizon(months: ArrayLike) -> None:
    """Refuse a horizon at which nothing is known of the effect.

    Raises
    ------
    DataError
        It is not above 0 and up to 60 months.
    """
    known = np.greater(months, 0) & np.less_equal(months, LONGEST_MONTHS)
    if not known.all():
        raise DataError(
            f"No benefit is computed at {np.asarray(months)[~known].flat[0]:g} months: of the effect nothing is known beyond"
            f" {LONGEST_MONTHS:g}.",
            f"above 0 up to {LONGEST_MONTHS:g} months.",
        )
