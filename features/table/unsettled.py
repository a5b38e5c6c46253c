"""What results of one person leave open against each other: the light chains and their ratio, and calcium with its correction.

A ratio says something of its own day. A chain that is newer and has no partner of its day makes no ratio: from then on the older ratio may
have risen, so what it met stays met, and what it did not meet is unknown. Chains that come a day apart are two such days: no source says
how far apart two may be taken.

Of one day a reported ratio and the chains must agree, as a reported and a computed filtration rate must: what lies between the two is
open. They agree where the reported one is the other, rounded; and where the imprecision of both chains explains the rest, unless they lie
on either side of the criterion's cut-off.

A ratio beyond the normal range on the side of the other chain than the one on record (`light_chain_contradicted`) may be that of the chain
on record, or its inverse: what lies between is open.

The criterion is of serum calcium (Rajkumar, Lancet Oncol 2014;15:e538); whether corrected for albumin it does not say, an older British
table does. So nothing is met on corrected calcium; a criterion that it would meet, and total calcium does not, is open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from features.cohort.schema import LIGHT_CHAINS
from features.history.rows import View
from features.history.sides import LEAST, MOST, Sides
from features.table.limits import Leaves
from myeloma import catalogue
from myeloma.criteria import FLC_RATIO_FROM
from myeloma.scores import Score
from myeloma.units import quotient

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]
LONE_KAPPA, LONE_LAMBDA, RATIOS_CONTRADICT, CHAIN_CONTRADICTED, CORRECTED_ABOVE = 1, 2, 4, 8, 16
OPENED = ("flc_ratio", "kappa_lambda_ratio", "flc_involved", "calcium")  # in the order of the compiled rules
CHAINS = ("flc_kappa", "flc_lambda")
_LATEST = ("flc_ratio", "kappa_lambda_ratio", "flc_involved", "calcium", *CHAINS, "calcium_corrected")
UNSETTLED_COLUMNS = tuple(f"{name}__{statistic}__ever" for name in _LATEST for statistic in ("last", "age_days"))
_KAPPA, _LAMBDA = (float(LIGHT_CHAINS.index(name)) for name in ("kappa", "lambda"))
_IMPRECISION = 0.05  # of one chain: SPAPLUS assay < 5 % (PMC6807592)
_APART = (1.0 + _IMPRECISION) / (1.0 - _IMPRECISION)
_MOST_DECIMALS = 4
_EXACT = 1e-9


class Range(NamedTuple):
    """What is left of some values, and which of them were opened (values,)."""

    least: Array
    most: Array
    opened: Bools

    def range_of(self, value: Array) -> tuple[Array, Array]:
        """Return the least and the most that each value may be."""
        return self.least, self.most


@dataclass(frozen=True)
class Unsettled:
    """What is open, by biomarker, and why, as a sum of `LONE_KAPPA` and so on (rows,); without ranges where nothing is."""

    ranges: dict[str, Range]
    why: NDArray[np.int64]

    def with_limits(self, limits: Mapping[str, Sides], values: Mapping[str, Array]) -> dict[str, Leaves]:
        """Return what limits and results leave of the values together."""
        leaves: dict[str, Leaves] = dict(limits)
        for name, found in self.ranges.items():
            if name in limits:
                low, high = limits[name].range_of(values[name])
                found = Range(np.minimum(low, found.least), np.maximum(high, found.most), found.opened)
            leaves[name] = found
        return leaves


def where_settled(values: Mapping[str, Array], leaves: Mapping[str, Leaves]) -> dict[str, Array]:
    """Return the values, unknown where other results contradict them; one that is a limit stays as it is."""
    opened = {name: left.opened for name, left in leaves.items() if isinstance(left, Range) and name in values}
    return {**values, **{name: np.where(rows, np.nan, values[name]) for name, rows in opened.items()}}


def settled_for(score: Score, inputs: Mapping[str, Array], leaves: Mapping[str, Leaves]) -> dict[str, Array]:
    """Return a score's inputs; what is left open of a value is unknown to it where it leaves open which points the factor has."""
    values = {name: inputs[name] for name in score.inputs}
    for factor in score.factors:
        if factor.input in leaves:
            value, (least, most) = inputs[factor.input], leaves[factor.input].range_of(inputs[factor.input])
            # `>20` passes a cut-off of more than 20, which the number 20 does not: the nearer end of what is left says the level.
            end = np.where(np.abs(least - value) <= np.abs(most - value), least, most)
            told = np.where(np.isnan(value) | (factor.level(value) == factor.level(least)), value, end)
            values[factor.input] = np.where(factor.is_settled(least, most), told, np.nan)
    return values


def unsettled_of(view: View, limits: Mapping[str, Sides]) -> Unsettled:
    """Return what the latest results leave open.

    Parameters
    ----------
    view : View
        Holds `UNSETTLED_COLUMNS`.
    limits : mapping
        Of the latest values those that are limits, by biomarker, among them the chains and both ratios.
    """
    first = len(view.static)
    rows = view.values[[first + view.plan.place[name] for name in UNSETTLED_COLUMNS]]
    chain = view.people.light_chain[view.patient].astype(np.float64)
    sides = np.zeros((3, len(chain)), dtype=np.bool_)  # whether ratios or chains are limits; where the truth of kappa / lambda lies
    for name in ("flc_ratio", "kappa_lambda_ratio", *CHAINS):
        if name in limits:
            sides[0] |= limits[name].below | limits[name].above
    if (ratio := limits.get("kappa_lambda_ratio")) is not None:
        sides[1], sides[2] = ratio.below, ratio.above
    ranges, why = np.empty((2, len(OPENED), len(chain))), np.zeros(len(chain), np.int64)
    kappa, lambda_ = (np.where(rows[place] > 0.0, rows[place], np.nan) for place in (_OF_KAPPA, _OF_LAMBDA))
    divided = np.array([quotient(kappa, lambda_), quotient(lambda_, kappa)])
    _open(rows, divided, chain, sides, _bounds(catalogue().version), ranges, why)
    if not why.any():
        return Unsettled({}, why)
    opened = (ranges[0] < ranges[1]) | (np.abs(ranges[0] - rows[: 2 * len(OPENED) : 2]) > 0.0)
    return Unsettled({name: Range(ranges[0, k], ranges[1, k], opened[k]) for k, name in enumerate(OPENED) if opened[k].any()}, why)


@lru_cache(maxsize=4)
def _bounds(version: str) -> Array:
    """Return the normal range of kappa / lambda, and the limits of either ratio, in that version of the catalogue."""
    by_kappa, by_chain = catalogue()["kappa_lambda_ratio"], catalogue()["flc_ratio"]
    return np.array([by_kappa.expected or (0.0, np.inf), (by_kappa.lower, by_kappa.upper), (by_chain.lower, by_chain.upper)])


# Places among the rows: each value stands before its age.
_RATIO, _BY_KAPPA, _INVOLVED, _CALCIUM, _OF_KAPPA, _OF_LAMBDA, _CORRECTED = range(0, 14, 2)


@njit(cache=True, nogil=True)
def _open(rows: Array, divided: Array, chain: Array, sides: Bools, bounds: Array, ranges: Array, why: NDArray[np.int64]) -> None:
    """Write the least and the most of each of `OPENED`, and why."""
    for r in range(rows.shape[1]):
        one, least, most = rows[:, r], ranges[0, :, r], ranges[1, :, r]
        for k, place in enumerate((_RATIO, _BY_KAPPA, _INVOLVED, _CALCIUM)):
            least[k] = most[k] = one[place]
        if one[_CORRECTED + 1] <= one[_CALCIUM + 1] and one[_CORRECTED] > one[_CALCIUM]:
            most[3] = one[_CORRECTED]
            why[r] |= CORRECTED_ABOVE
        why[r] |= _open_later(one, chain[r], sides[0, r], bounds[0], least, most)
        if not sides[0, r]:
            why[r] |= _open_between(one, divided[:, r], chain[r], bounds, least, most)
        why[r] |= _open_chain(one, chain[r], sides[:, r], bounds[0], least, most)


@njit(cache=True, nogil=True)
def _open_later(one: Array, chain: float, limited: bool, normal: Array, least: Array, most: Array) -> int:
    """Open ratios that are older than chains without a partner; return which chains these are."""
    if one[_OF_KAPPA + 1] == one[_OF_LAMBDA + 1]:
        return 0
    kappa, lambda_ = _is_later(one, _OF_KAPPA, _RATIO), _is_later(one, _OF_LAMBDA, _RATIO)
    if not (kappa or lambda_):
        return 0
    if not np.isnan(one[_RATIO]):
        most[0] = MOST
    ratio = one[_BY_KAPPA]
    if _is_later(one, _OF_KAPPA, _BY_KAPPA) or _is_later(one, _OF_LAMBDA, _BY_KAPPA):
        least[1], most[1] = ratio if ratio > normal[1] else LEAST, ratio if ratio < normal[0] else MOST
    if not np.isnan(one[_INVOLVED]):
        most[2] = MOST
        if not limited and ((kappa and chain == _KAPPA) or (lambda_ and chain == _LAMBDA)):  # the involved chain itself is known
            most[2] = one[_OF_KAPPA] if chain == _KAPPA else one[_OF_LAMBDA]
            least[2] = min(least[2], most[2])
    return (LONE_KAPPA if kappa else 0) | (LONE_LAMBDA if lambda_ else 0)


@njit(cache=True, nogil=True)
def _is_later(one: Array, place: int, other: int) -> bool:
    """Return whether a value is known and another is older or unknown."""
    known: bool = one[place + 1] < one[other + 1] or (np.isnan(one[other + 1]) and not np.isnan(one[place + 1]))
    return known


@njit(cache=True, nogil=True)
def _open_between(one: Array, quotients: Array, chain: float, bounds: Array, least: Array, most: Array) -> int:
    """Open what lies between a ratio and others of its day that contradict it."""
    ratio, by_kappa, age, divided = one[_RATIO], one[_BY_KAPPA], one[_RATIO + 1], np.nan
    of_one_day = one[_OF_KAPPA + 1] == one[_OF_LAMBDA + 1]
    by_lambda, turned = (quotients[0], quotients[1]) if of_one_day else (np.nan, np.nan)
    if by_lambda > 0.0:
        divided = min(max(by_lambda, bounds[1, 0]), bounds[1, 1])
    found = one[_OF_KAPPA + 1] == one[_BY_KAPPA + 1] and _contradict(by_kappa, divided)
    if found:
        least[1], most[1] = min(by_kappa, divided), max(by_kappa, divided)
    inverse = 1.0 / by_kappa if by_kappa > 0.0 else np.nan
    told, computed = _by_chain(by_kappa, inverse, chain, bounds[2]), _by_chain(by_lambda, turned, chain, bounds[2])
    is_told = one[_BY_KAPPA + 1] == age and told == ratio  # the ratio is that of kappa / lambda: of these it is known whether they agree
    for other, contradicts in (
        (told, one[_BY_KAPPA + 1] == age and not is_told and _contradict(ratio, told)),
        (computed, one[_OF_KAPPA + 1] == age and (found if is_told else _contradict(ratio, computed))),
    ):
        if contradicts:
            least[0], most[0], found = min(least[0], other), max(most[0], other), True
    return RATIOS_CONTRADICT if found else 0


@njit(cache=True, nogil=True)
def _by_chain(ratio: float, turned: float, chain: float, bounds: Array) -> float:
    """Return the involved / uninvolved ratio that one of kappa / lambda is."""
    if not ratio > 0.0:
        return np.nan
    by_chain = ratio if chain == _KAPPA else turned if chain == _LAMBDA else max(ratio, turned)
    within: float = min(max(by_chain, bounds[0]), bounds[1])
    return within


@njit(cache=True, nogil=True)
def _contradict(told: float, computed: float) -> bool:
    """Return whether a ratio is not the other, neither rounded nor as near as the assay is; what is unknown contradicts nothing."""
    if not (told > 0.0 and computed > 0.0) or told == computed or _is_rounded(told, computed):
        return False
    apart = (max(told, 1.0 / told) < FLC_RATIO_FROM) != (max(computed, 1.0 / computed) < FLC_RATIO_FROM)
    return apart or max(told, computed) / min(told, computed) > _APART


@njit(cache=True, nogil=True)
def _is_rounded(told: float, computed: float) -> bool:
    """Return whether one number is another, rounded to some decimals."""
    for decimals in range(_MOST_DECIMALS + 1):
        power = 10.0**decimals
        if abs(np.round(told * power) - told * power) < _EXACT and abs(told - computed) * power <= 0.5 + _EXACT:
            return True
    return False


@njit(cache=True, nogil=True)
def _open_chain(one: Array, chain: float, sides: Bools, normal: Array, least: Array, most: Array) -> int:
    """Open what lies between a ratio and its inverse where it points to the other chain than the one on record."""
    ratio = one[_BY_KAPPA]
    is_kappa = chain == _KAPPA and 0.0 < ratio < normal[0] and not sides[2]
    if one[_BY_KAPPA + 1] != one[_RATIO + 1] or not (is_kappa or (chain == _LAMBDA and ratio > normal[1] and not sides[1])):
        return 0
    most[0] = max(most[0], MOST if sides[1] or sides[2] else 1.0 / ratio if is_kappa else ratio)
    if not np.isnan(one[_INVOLVED]):
        other = one[_OF_LAMBDA] if is_kappa else one[_OF_KAPPA]
        of_day = one[(_OF_LAMBDA if is_kappa else _OF_KAPPA) + 1] == one[_RATIO + 1] and not sides[0]
        most[2] = max(most[2], other if of_day else MOST)
        least[2] = min(least[2], other) if of_day else least[2]
    return CHAIN_CONTRADICTED
