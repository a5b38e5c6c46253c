"""Several sites' aggregates as one: what adds up is added up, what does not is pooled with the heterogeneity between sites.

Random effects: the variance between sites by Paule and Mandel (J Res NBS 1982;87:377), intervals of the mean by Hartung and Knapp (Stat
Med 2001;20:3875), I2 by Higgins and Thompson (Stat Med 2002;21:1539), the prediction interval for another site by Higgins et al. (J R
Stat Soc A 2009;172:137).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.optimize import brentq
from scipy.special import expit

from myeloma import DataError
from training.monitor.elsewhere.aggregates import Aggregates, Sums

Array = NDArray[np.float64]
_NEAR = 0.02  # of the larger count: what an export made again some days later adds
_UNSAID = "its file does not say why"
LEAST_SITES = 3  # below, neither the variance between sites nor a prediction interval can be told


@dataclass(frozen=True)
class RandomEffects:
    """A figure over sites: mean with its 95 % interval, the interval for another site, variance between sites, I2 and sites."""

    mean: float
    lo: float
    hi: float
    predicted_lo: float
    predicted_hi: float
    tau2: float
    i2: float
    sites: int


@dataclass(frozen=True)
class Pooled:
    """One horizon over all sites. `oe_ratio`, `brier` and the counts are sums; `oe` and `auc` None with fewer than three sites."""

    months: int
    sites: int
    people: int
    rows: int
    events: int
    observed: float
    expected: float
    oe_ratio: float
    brier: float
    oe: RandomEffects | None
    auc: RandomEffects | None
    of: tuple[str, ...]  # the hashes of the cohorts that are in


def pool(sites: list[Aggregates]) -> list[Pooled]:
    """Return the figures of all sites together, horizon by horizon.

    Raises
    ------
    DataError
        There are fewer than two, one comes twice, or not all judged the same model.
    """
    _check(sites)
    months = sorted({one.months for site in sites for one in site.horizons})
    return [_pooled({site.cohort_hash: one for site in sites for one in site.horizons if one.months == at}) for at in months]


def who_is_in(sites: Mapping[str, Aggregates]) -> list[str]:
    """Return for each horizon which sites, by file, are in the pool, and which are not, with the reason that their files give."""
    given = {name: {one.months for one in site.horizons} for name, site in sites.items()}
    left = {name: {one.months: one.why for one in site.left_out or ()} for name, site in sites.items()}
    lines = []
    for at in sorted(set().union(*given.values(), *left.values())):
        inside = ", ".join(name for name, months in given.items() if at in months) or "no site"
        lines.append(f"{at} m: in the pool: {inside}")
        lines += [f"  missing: {name}: {left[name].get(at, _UNSAID)}" for name, months in given.items() if at not in months]
    return lines


def alike(sites: Mapping[str, Aggregates]) -> list[str]:
    """Return of which two files the counts are so near to each other that they may be of the same people, exported twice."""
    lines = []
    for one, other in combinations(sites, 2):
        here, there = ({sums.months: (sums.people, sums.rows, sums.events) for sums in sites[name].horizons} for name in (one, other))
        shared = here.keys() & there.keys()
        near = all(abs(a - b) <= _NEAR * max(a, b) for at in shared for a, b in zip(here[at], there[at], strict=True))
        if shared and near:
            within = f"people, visits and events agree to {_NEAR:.0%} at every horizon of both"
            lines.append(f"{one} and {other}: {within}: see that they are not the same people, exported twice, who would count twice")
    return lines


def _check(sites: list[Aggregates]) -> None:
    if len(sites) < 2:
        raise DataError(f"{len(sites)} file is given, accepted: two or more.", "name the files of several sites.", "one_site")
    if len({site.cohort_hash for site in sites}) < len(sites):
        raise DataError("Two files are of the same cohort, which would count twice.", "name each site's file once.", "repeated_site")
    first = sites[0]
    for other in sites[1:]:
        if (other.task, other.seal, other.version) != (first.task, first.seal, first.version):
            received = f"{other.task} version {other.version} (seal {other.seal[:12]})"
            raise DataError(
                f"The sites judged other models: received {received} beside {first.task} version {first.version} (seal {first.seal[:12]}).",
                "let every site validate the same registered version.",
                "other_model",
            )


def _pooled(of: Mapping[str, Sums]) -> Pooled:
    parts = list(of.values())
    people, rows, events = (sum(getattr(part, name) for part in parts) for name in ("people", "rows", "events"))
    observed, expected, error = (sum(getattr(part, name) for part in parts) for name in ("observed", "expected", "squared_error"))
    oe = random_effects([(part.log_oe, part.log_oe_se) for part in parts])
    auc = random_effects([(part.logit_auc, part.logit_auc_se) for part in parts])
    both, ratio = (_back(oe, np.exp), _back(auc, expit)), observed / expected
    return Pooled(parts[0].months, len(parts), people, rows, events, observed, expected, ratio, error / rows, *both, tuple(of))


def random_effects(found: list[tuple[float | None, float | None]]) -> RandomEffects | None:
    """Return estimates with standard errors pooled over sites; None with fewer than three that have both.

    Examples
    --------
    >>> random_effects([(0.1, 0.1), (0.1, 0.2), (0.1, 0.1)]).tau2
    0.0
    >>> round(random_effects([(-1.0, 0.1), (0.0, 0.1), (1.0, 0.1)]).tau2, 2)
    0.99
    """
    known = np.array([(value, error) for value, error in found if value is not None and error], dtype=float)
    if len(known) < LEAST_SITES:
        return None
    effect, variance, free = known[:, 0], known[:, 1] ** 2, len(known) - 1

    def excess(tau2: float) -> float:
        return _q(effect, variance + tau2) - free

    tau2 = float(brentq(excess, 0.0, 1e3 + 10.0 * effect.var())) if excess(0.0) > 0 else 0.0
    weight = 1.0 / (variance + tau2)
    mean = float(weight @ effect / weight.sum())
    error = float(np.sqrt(max(_q(effect, variance + tau2) / free, 1.0) / weight.sum()))  # never narrower than without the correction
    half, beyond = stats.t.ppf(0.975, free) * error, stats.t.ppf(0.975, free - 1) * np.sqrt(tau2 + error**2)
    q = _q(effect, variance)
    i2 = max(0.0, (q - free) / q) if q > 0 else 0.0
    return RandomEffects(mean, mean - half, mean + half, mean - float(beyond), mean + float(beyond), tau2, i2, len(known))


def _q(effect: Array, variance: Array) -> float:
    weight = 1.0 / variance
    return float(weight @ (effect - weight @ effect / weight.sum()) ** 2)


def _back(found: RandomEffects | None, scale: np.ufunc) -> RandomEffects | None:
    """Return mean and intervals on the scale of the figure; the variance between sites stays that of the logarithm or logit."""
    if found is None:
        return None
    names = ("mean", "lo", "hi", "predicted_lo", "predicted_hi")
    scaled: dict[str, Any] = {name: float(scale(getattr(found, name))) for name in names}
    return replace(found, **scaled)
