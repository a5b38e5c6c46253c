"""What a measure is given, checked, and arranged as the kernels want it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from myeloma import DataError
from training.metrics.sample import Sample
from training.rows.censoring import NONE, FollowUp, progressed_by

if TYPE_CHECKING:
    from training.metrics.measures.censoring import CensoringDistribution

Array = NDArray[np.float64]
EVENTS = "0 (none), 1 (the event) or 2 (a competing event first)"


def judged(
    time: ArrayLike,
    event: ArrayLike,
    risk: ArrayLike,
    horizon: float,
    censoring: ArrayLike | CensoringDistribution | None,
    weights: ArrayLike | None,
    *,
    probability: bool,
    both: bool,
) -> tuple[Sample, Array]:
    """Return the people as a sample at the horizon, and their risks.

    Parameters
    ----------
    probability : bool
        Whether the risk has to be one, or any number that ranks people will do.
    both : bool
        Whether there have to be people with the event within the horizon and people known to be free of it.

    Raises
    ------
    DataError
        What is given is not accepted, or would say nothing.
    """
    strata = None if censoring is None or hasattr(censoring, "before") else _column("censoring", censoring, None)
    follow_up = checked_follow_up(time, event, strata)
    n = len(follow_up.time)
    ranked = checked_numbers("risk", risk, n, "" if not probability else "a probability, 0 to 1", 1.0 if probability else np.inf)
    counts = np.ones(n) if weights is None else checked_numbers("weights", weights, n, "0 or more", np.inf)
    if not counts.any():
        raise DataError("weights are all 0: there is nobody to judge.", "give at least one person a weight.")
    _check_horizon(horizon, follow_up, counts)
    if hasattr(censoring, "before"):
        known = cast("CensoringDistribution", censoring)  # no isinstance: the class's module imports this one
        sample = _weighed_by(known, follow_up, float(horizon), counts[None])
    else:
        sample = Sample.of(follow_up, float(horizon), np.ascontiguousarray(counts[None]))
    if both and not (sample.cases[0] > 0 and sample.controls[0] > 0):
        who = "has the event" if sample.cases[0] == 0 else "is known to be free of the event"
        raise DataError(
            f"Nobody {who} within {horizon:g} days.", "choose another horizon (it is in days, as the times are), or more people."
        )
    return sample, ranked


def checked_follow_up(time: ArrayLike, event: ArrayLike, strata: NDArray[Any] | None = None) -> FollowUp:
    """Return times and events as a follow-up.

    Raises
    ------
    DataError
        There is nobody, a time is negative or unknown, a code is none of three, or the lengths differ.
    """
    days = checked_numbers("time", time, None, "days, 0 or more", np.inf)
    if not len(days):
        raise DataError("time has no value: there is nobody to judge.", "one time and one event a person.")
    codes = checked_numbers("event", event, len(days), EVENTS, 2.0)
    if (odd := np.flatnonzero(codes != codes.astype(int))).size:
        raise DataError(f"event is {codes[odd[0]]:g} at position {odd[0]}, accepted: {EVENTS}.")
    if strata is not None and len(strata) != len(days):
        raise DataError(f"censoring has {len(strata)} strata, time has {len(days)} values.", "one stratum a person.")
    groups = None if strata is None else np.unique(strata, return_inverse=True)[1].astype(np.int64)
    return FollowUp.from_arrays(days, codes.astype(np.int64), groups)


def checked_numbers(name: str, values: ArrayLike, n: int | None, accepted: str, most: float) -> Array:
    """Return a column of finite numbers from 0 (or, where nothing is said of what is accepted, any number) to `most`.

    Raises
    ------
    DataError
        Naming the first value that is not accepted, and its position.
    """
    try:
        found = _column(name, np.asarray(values, dtype=float), n)
    except (TypeError, ValueError):
        raise DataError(f"{name} does not hold numbers, accepted: {accepted or 'numbers'}.") from None
    least = 0.0 if accepted else -np.inf
    with np.errstate(invalid="ignore"):
        wrong = np.flatnonzero(~(np.isfinite(found) & (found >= least) & (found <= most)))
    if wrong.size:
        value, accepted = found[wrong[0]], accepted or "a finite number"
        hint = "leave out, first, people of whom it is not known." if np.isnan(value) else ""
        if name == "risk" and value > most:
            hint = "divide percent by 100."
        raise DataError(f"{name} is {value:g} at position {wrong[0]}, accepted: {accepted}.", hint)
    return found


def _column(name: str, values: ArrayLike, n: int | None) -> NDArray[Any]:
    found = np.asarray(values)
    if found.ndim != 1:
        raise DataError(f"{name} has the shape {found.shape}, accepted: one value a person.")
    if n is not None and len(found) != n:
        raise DataError(f"{name} has {len(found)} values, time has {n}.", "one value a person, in the same order.")
    return found


def _check_horizon(horizon: float, follow_up: FollowUp, counts: Array) -> None:
    if np.ndim(horizon) != 0 or not np.isfinite(horizon) or horizon <= 0:
        raise DataError(f"horizon is {horizon}, accepted: one number of days, more than 0.", "24 months are 730.5 days.")
    if not follow_up.is_followed(horizon, counts):
        longest = follow_up.time[counts > 0].max()
        hint = "use a shorter horizon; whoever is last seen on its very day is not known to be free."
        raise DataError(f"Nobody is followed for {horizon:g} days; the longest time is {longest:g}.", hint)


def _weighed_by(censoring: CensoringDistribution, follow_up: FollowUp, horizon: float, counts: Array) -> Sample:
    """Return the sample with weights from a distribution that was estimated on other people."""
    case = progressed_by(follow_up, horizon)
    happened, beyond = (follow_up.time <= horizon) & (follow_up.event != NONE), follow_up.time > horizon
    chance = np.where(happened, censoring.before(follow_up.time), censoring.after(horizon))
    needed = (happened | beyond) & (counts[0] > 0)
    if (chance[needed] <= 0).any():
        raise DataError(
            f"By the censoring distribution nobody is followed for {horizon:g} days.",
            "use a shorter horizon, or fit it to people who are followed for longer.",
        )
    known = np.divide(counts[0], chance, out=np.zeros(len(chance)), where=needed)[None]
    reached = int(np.searchsorted(follow_up.times, horizon, side="right"))
    before = censoring.before(follow_up.times[:reached])[None, None, :]
    cases = known @ case.astype(float)
    alike = np.zeros(len(case), dtype=np.int64)
    return Sample(follow_up, counts, known, alike, before, case, reached, counts.sum(axis=1), cases, known.sum(axis=1) - cases)
