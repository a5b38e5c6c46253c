"""What each strategy would have prevented among people held out, by the effect of AQUILA on what was observed of them.

The net benefit of treating is the events prevented less the people treated times a threshold: the absolute reduction from which one
would accept the treatment (Vickers, Kattan and Sargent, Trials 2007;8:14). All are per person of the cohort, treated or not.

Nobody's benefit is observed. Within the people whom a strategy treats, progression under treatment is their Aalen-Johansen incidence
with its hazard times the trial's ratio and death as it was: the effect is that of the trial on average, transported, never fitted.
Intervals draw the people and the hazard ratio anew together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from myeloma.calendar import horizon_days
from myeloma.early_treatment.benefit import HARMS, IN_MAYO_HIGH, MAIN, OUTSIDE_MAYO_HIGH, TREATED_MONTHS, Effect, draws_of_effect
from training.evaluation.early_treatment.strategies import MAYO, Strategy
from training.metrics import Draws, aalen_johansen
from training.metrics.figures import interval
from training.rows.censoring import FollowUp, progressed_by
from training.rows.small_cells import SUPPRESSED, is_small, only, written
from training.rows.split import LEAST_EVENTS

Array = NDArray[np.float64]
Interval = tuple[float, float, float]  # estimate, lower and upper end
# Two effects are two estimates: each has draws of its own.
_SEEDS = {effect.label: seed for seed, effect in enumerate((MAIN, IN_MAYO_HIGH, OUTSIDE_MAYO_HIGH), start=1)}
_HARM = HARMS[1]  # infections of grade 3 or more


@dataclass(frozen=True)
class Prevented:
    """One strategy at one threshold. Shares are of all people; an interval is (estimate, lo, hi), all NaN where `why` says why.

    Attributes
    ----------
    treated : share who are treated
    unknown : how many people the strategy could not judge, in words
    incidence : of progression among the treated, without treatment
    prevented : progressions prevented within the horizon
    if_it_wanes : the same where the effect ends with treatment, after 36 months
    by_group : the same by the two effects inside and outside 20/2/20 high, a sensitivity
    number_needed_to_treat : treated over prevented; NaN where the interval of what is prevented has 0 in it
    harmed : more infections of grade 3 or more, by the trial
    net_benefit : prevented less treated times the threshold
    above_mayo : net benefit minus that of treating 20/2/20 high, on the same people and draws
    """

    strategy: str
    threshold: float
    people: int
    treated: float
    unknown: str
    incidence: Interval
    prevented: Interval
    if_it_wanes: Interval
    by_group: Interval
    number_needed_to_treat: Interval
    harmed: float
    net_benefit: Interval
    above_mayo: Interval
    why: str = ""


def judge(
    rows: pd.DataFrame, strategies: list[Strategy], high: Array, months: int, thresholds: tuple[float, ...], draws: Draws
) -> list[Prevented]:
    """Return what each strategy prevents within the horizon, one line for each threshold.

    Parameters
    ----------
    rows : DataFrame
        One a person: patient_id, event, time_to_event.
    strategies : list
        One with a threshold stands for that one, the others for all.
    high : array (people,)
        Whether a person is 20/2/20 high: 1, 0, NaN unknown; who is unknown has the effect outside of it.
    """
    counts = draws.rows(rows["patient_id"])
    of = _World(FollowUp.of(rows), float(horizon_days(months)), counts, _ratios(MAIN, len(counts)), high == 1)
    reductions = [_reductions(of, one) for one in strategies]
    of_mayo, mayo_shown = next(
        (r, not _why_not(rows, one, months)) for r, one in zip(reductions, strategies, strict=True) if one.name == MAYO
    )
    lines = []
    for found, one in zip(reductions, strategies, strict=True):
        why = _why_not(rows, one, months)
        for threshold in thresholds if one.threshold is None else [one.threshold]:
            above = _net(found, threshold) - _net(of_mayo, threshold) if mayo_shown else np.full(len(counts), np.nan)
            lines.append(_line(one, threshold, len(rows), found, above) if not why else _hidden(one, threshold, len(rows), why))
    return sorted(lines, key=lambda line: thresholds.index(line.threshold))


def _why_not(rows: pd.DataFrame, one: Strategy, months: int) -> str:
    """Return why a strategy's figures are not shown: a small count could be told from them, or too few of its people say anything."""
    treated = int(one.treats.sum())
    if is_small(treated) or is_small(len(rows) - treated):
        return f"{SUPPRESSED} people are treated, or are not"
    return _says_nothing(FollowUp.of(rows[one.treats]), months) if treated else ""


def _says_nothing(treated: FollowUp, months: int) -> str:
    """Return why an incidence among those treated would say nothing; empty where it does."""
    horizon = float(horizon_days(months))
    if not treated.is_followed(horizon):
        return f"nobody who is treated is followed for {months} months"
    progressed = int(progressed_by(treated, horizon).sum())
    if progressed < LEAST_EVENTS:
        return f"{only(progressed)} of those treated progress, at least {LEAST_EVENTS} are needed"
    return f"{SUPPRESSED} of those treated are known to stay free of it" if is_small(int(treated.free_at(horizon).sum())) else ""


@dataclass(frozen=True)
class _World:
    follow_up: FollowUp
    days: float
    counts: Array
    ratios: Array
    high: NDArray[np.bool_]

    def incidence(self, chosen: NDArray[np.bool_], ratio: Array) -> Array:
        """Return, in each draw, the incidence of progression among those chosen, with the hazard times the draw's ratio."""
        found = (
            aalen_johansen(self.follow_up, [self.days], weight=count * chosen, hazard_ratio=times)[0]
            for count, times in zip(self.counts, ratio, strict=True)
        )
        return np.array(list(found))


@dataclass(frozen=True)
class _Reductions:
    """By draw: the share treated, their incidence, and what is prevented per person of all, by each reading of the effect."""

    share: Array
    incidence: Array
    prevented: Array
    waning: Array
    by_group: Array


def _reductions(of: _World, one: Strategy) -> _Reductions:
    everybody, times = of.counts.sum(axis=1), of.follow_up.times
    without = of.incidence(one.treats, np.ones_like(of.ratios))
    share = of.counts @ one.treats.astype(float) / everybody
    under = times <= horizon_days(int(TREATED_MONTHS))
    waning = of.incidence(one.treats, np.where(under, of.ratios[:, None], 1.0))
    by_group = np.zeros_like(share)
    for group, effect in ((of.high, IN_MAYO_HIGH), (~of.high, OUTSIDE_MAYO_HIGH)):
        part = one.treats & group
        ratio = _ratios(effect, len(of.ratios))
        saved = of.incidence(part, np.ones_like(ratio)) - of.incidence(part, ratio)
        by_group += of.counts @ part.astype(float) / everybody * saved
    return _Reductions(share, without, share * (without - of.incidence(one.treats, of.ratios)), share * (without - waning), by_group)


def _ratios(effect: Effect, draws: int) -> Array:
    """Return the hazard ratio, and one for each draw of people."""
    return np.concatenate([[effect.hazard_ratio], draws_of_effect(draws - 1, _SEEDS[effect.label], effect)])


def _net(found: _Reductions, threshold: float) -> Array:
    net: Array = found.prevented - found.share * threshold
    return net


def _hidden(one: Strategy, threshold: float, people: int, why: str) -> Prevented:
    no: Interval = (np.nan, np.nan, np.nan)
    return Prevented(one.name, threshold, people, np.nan, written(one.unknown), no, no, no, no, no, np.nan, no, no, why)


def _line(one: Strategy, threshold: float, people: int, found: _Reductions, above: Array) -> Prevented:
    share = float(found.share[0])
    with np.errstate(divide="ignore", invalid="ignore"):
        gained, least, most = interval(found.prevented / found.share)  # an absolute reduction; nobody treated gives NaN
    needed = (1.0 / gained, 1.0 / most, 1.0 / least) if least > 0 else (np.nan, np.nan, np.nan)
    return Prevented(
        one.name,
        threshold,
        people,
        share,
        written(one.unknown),
        interval(np.where(found.share > 0, found.incidence, np.nan)),
        interval(found.prevented),
        interval(found.waning),
        interval(found.by_group),
        needed,
        share / _HARM.number_needed_to_harm,
        interval(_net(found, threshold)),
        interval(above),
    )
