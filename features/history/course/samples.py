"""Results of many people become the samples that the rules of response judge: one row a view and day, one array a quantity."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from features.cohort.schema import HEAVY_CHAINS, LIGHT_CHAINS
from features.history.arrays import Histories, Results, places
from features.history.course.therapy import Treated
from features.history.course.views import Views, rows_of
from features.history.sides import Sides
from myeloma.scores.cautions import FLC_RATIO_NORMAL
from myeloma.three_valued import all_of
from myeloma.treated.interference import drug_band, without_drug
from myeloma.treated.response.assessments import KAPPA, LAMBDA, Assessments, Lines, assessments, light_chains, lines
from myeloma.units import quotient

Array = NDArray[np.float64]
Whole = NDArray[np.int64]
_CHAINS = ("flc_kappa", "flc_lambda", "kappa_lambda_ratio")
_AMOUNTS = ("m_protein", "urine_m_protein", "bmpc", "calcium", "hemoglobin", "creatinine")
_FINDINGS = ("serum_immunofixation", "urine_immunofixation", "plasmacytoma")
READ = (*_AMOUNTS, *_CHAINS, *_FINDINGS, "dira")


@dataclass(frozen=True)
class Samples:
    """What the rules judge.

    Attributes
    ----------
    view, day : (rows,), sorted
    visits : Assessments, whose people are the views
    lines : Lines, one a view
    band : (rows,), whether a small M-protein may be an antibody: 1, 0, NaN
    """

    view: Whole
    day: Whole
    visits: Assessments
    lines: Lines
    band: Array


def samples_of(histories: Histories, results: Results, treated: Treated, views: Views) -> Samples:
    """Return the samples of views; `results` are those of `READ`, with their operators."""
    rows, view = rows_of(results, views)
    key = (view << 32) + rows.collected + (1 << 31)
    first = np.flatnonzero(np.diff(key, prepend=-1))
    sample = np.repeat(np.arange(len(first)), np.diff(np.append(first, len(key))))
    at = _Cells(rows, sample, len(first))
    whose, day = view[first], rows.collected[first].astype(np.int64)
    patient, people = views.patient[whose], histories.people
    offsets = np.searchsorted(whose, np.arange(len(views.line) + 1))
    start = treated.start[views.line].astype(np.int64)
    columns = {name: at.value(name) for name in (*_AMOUNTS, *_FINDINGS)}
    limits = {name: at.sides(name) for name in _AMOUNTS}
    ratio = _ratio(at)
    columns["flc_ratio_normal"] = normal = _is_normal(*ratio)
    abnormal = np.where(normal == 0, np.where(ratio[0] > FLC_RATIO_NORMAL[1], KAPPA, LAMBDA), np.nan)
    side = _involved(people.light_chain[views.patient], abnormal, day, offsets, start)[whose]
    columns["flc_involved"], columns["flc_uninvolved"] = light_chains(at.value("flc_kappa"), at.value("flc_lambda"), side)
    limits["flc_involved"], limits["flc_uninvolved"] = _of_chains(at.sides("flc_kappa"), at.sides("flc_lambda"), side)
    own = _igg_kappa(people.heavy_chain[patient], people.light_chain[patient])
    seen, dira = treated.antibody_seen(patient, day.astype(np.int32)), at.value("dira")
    reported = columns["m_protein"]
    ends = limits["m_protein"].range_of(reported) if limits["m_protein"].found() else (reported,)
    columns["drug_band"] = _agreed([drug_band(seen, own, end, dira) for end in ends])
    unsettled = _agreed([drug_band(seen, own, end) for end in ends])
    columns["m_protein"], columns["serum_immunofixation"] = without_drug(reported, columns["serum_immunofixation"], dira, unsettled)
    limits["m_protein"] = limits["m_protein"].where(columns["m_protein"] == reported, Sides(*np.zeros((2, len(day)), bool)))
    columns |= _flags(limits)
    following = np.maximum(treated.following[views.line], treated.start[views.line]).astype(np.int64)
    return Samples(whose, day, assessments(offsets, day, **columns), lines(start, following), columns["drug_band"])


@dataclass(frozen=True)
class _Cells:
    """Rows of samples by quantity; the last of a day and availability is the one that counts (`rows_of`)."""

    rows: Results
    sample: Whole
    number: int

    def value(self, biomarker: str) -> Array:
        return self._filled(biomarker, self.rows.value, np.nan)

    def sides(self, biomarker: str) -> Sides:
        """Return on which side of each value the truth lies."""
        if self.rows.operator is None or places([biomarker])[0] not in self._limited:
            return Sides(*np.zeros((2, self.number), bool))
        return Sides.of(self._filled(biomarker, self.rows.operator.astype(float), 0.0).astype(np.int8))

    @cached_property
    def _limited(self) -> set[int]:
        """Return the biomarkers of which a result is a limit."""
        if self.rows.operator is None:
            return set()
        below, above = Sides.of(self.rows.operator)
        return set(self.rows.biomarker[below | above].tolist())

    def _filled(self, biomarker: str, values: Array, otherwise: float) -> Array:
        column = np.full(self.number, otherwise)
        here = self.rows.biomarker == places([biomarker])[0]
        column[self.sample[here]] = values[here]
        return column


def _flags(limits: dict[str, Sides]) -> dict[str, Array]:
    """Return the columns of an assessment that say what is a limit; none of an amount that nobody has as one."""
    flags = {f"{name}_{way}": getattr(sides, way) for name, sides in limits.items() for way in Sides._fields}
    return {name: flag.astype(float) for name, flag in flags.items() if flag.any()}


def _agreed(bands: list[Array]) -> Array:
    """Return what holds at both ends of a range, NaN where they differ."""
    return np.where(bands[0] == bands[-1], bands[0], np.nan)


def _of_chains(kappa: Sides, other: Sides, side: Array) -> tuple[Sides, Sides]:
    """Return the sides of the involved and the uninvolved chain."""
    is_kappa = side == KAPPA
    return kappa.where(is_kappa, other), other.where(is_kappa, kappa)


def _ratio(at: _Cells) -> tuple[Array, Array]:
    """Return the least and the most that kappa / lambda may be, of both chains where they are there, else as it was reported."""
    kappa, other = at.value("flc_kappa"), at.value("flc_lambda")
    computed = quotient(kappa, np.where(other > 0, other, np.nan))
    sides = at.sides("flc_kappa").against(at.sides("flc_lambda")).where(~np.isnan(computed), at.sides("kappa_lambda_ratio"))
    return sides.range_of(np.where(np.isnan(computed), at.value("kappa_lambda_ratio"), computed))


def _is_normal(least: Array, most: Array) -> Array:
    """Return whether a ratio is normal: 1, 0, NaN where it is not known, or where only a part of what it may be is."""
    low, high = FLC_RATIO_NORMAL
    return np.select([(least >= low) & (most <= high), (least > high) | (most < low)], [1.0, 0.0], np.nan)


def _involved(recorded: NDArray[np.int8], abnormal: Array, day: Whole, offsets: Whole, start: Whole) -> Array:
    """Return each view's involved chain: as recorded, else as the last abnormal ratio by the start of the line says, else unknown."""
    whose = np.repeat(np.arange(len(start)), np.diff(offsets))
    says = np.flatnonzero((day <= start[whose]) & ~np.isnan(abnormal))
    by_ratio = np.full(len(start), np.nan)
    by_ratio[whose[says]] = abnormal[says]  # in order of days: the last stays
    known = np.select([recorded == LIGHT_CHAINS.index("kappa"), recorded == LIGHT_CHAINS.index("lambda")], [KAPPA, LAMBDA], np.nan)
    return np.where(recorded < 0, by_ratio, known)


def _igg_kappa(heavy: NDArray[np.int8], light: NDArray[np.int8]) -> Array:
    """Return whether a person's own protein is IgG-kappa: 1, 0, NaN where a part of it is not known."""
    is_igg = np.where(heavy < 0, np.nan, heavy == HEAVY_CHAINS.index("IgG"))
    is_kappa = np.where(light < 0, np.nan, light == LIGHT_CHAINS.index("kappa"))
    return all_of([is_igg, is_kappa])
