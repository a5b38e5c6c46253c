"""Results of many people become the samples that the rules of response judge: one row a view and day, one array a quantity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.cohort.schema import HEAVY_CHAINS, LIGHT_CHAINS
from features.history.arrays import REPORTED, Histories, Results, places
from features.history.course.therapy import Treated
from features.history.course.views import Views, rows_of
from myeloma.scores.cautions import FLC_RATIO_NORMAL
from myeloma.three_valued import all_of
from myeloma.treated.interference import drug_band, without_drug
from myeloma.treated.response.assessments import KAPPA, LAMBDA, Assessments, Lines, assessments, light_chains, lines
from myeloma.units import quotient

Array = NDArray[np.float64]
Whole = NDArray[np.int64]
_CHAINS = ("flc_kappa", "flc_lambda", "kappa_lambda_ratio")
_LIMITED = ("m_protein", "urine_m_protein")
_AS_THEY_ARE = ("bmpc", "calcium", "hemoglobin", "creatinine", "serum_immunofixation", "urine_immunofixation", "plasmacytoma")
READ = (*_LIMITED, *_CHAINS, *_AS_THEY_ARE, "dira")
_BELOW = REPORTED.index("<")


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
    columns = {name: at.value(name) for name in (*_LIMITED, *_AS_THEY_ARE)}
    ratio = _ratio(at)
    side = _involved(people.light_chain[views.patient], ratio, day, offsets, start)
    columns["flc_involved"], columns["flc_uninvolved"] = light_chains(at.value("flc_kappa"), at.value("flc_lambda"), side[whose])
    low, high = FLC_RATIO_NORMAL
    columns["flc_ratio_normal"] = np.where(np.isnan(ratio), np.nan, ((ratio >= low) & (ratio <= high)).astype(float))
    own = _igg_kappa(people.heavy_chain[patient], people.light_chain[patient])
    seen, dira = treated.antibody_seen(patient, day.astype(np.int32)), at.value("dira")
    columns["drug_band"] = drug_band(seen, own, columns["m_protein"], dira)
    unsettled = drug_band(seen, own, columns["m_protein"])
    columns["m_protein"], columns["serum_immunofixation"] = without_drug(
        columns["m_protein"], columns["serum_immunofixation"], dira, unsettled
    )
    columns |= {f"{name}_below": at.below(name) for name in _LIMITED}
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

    def below(self, biomarker: str) -> Array:
        operator = np.zeros(len(self.rows), np.int8) if self.rows.operator is None else self.rows.operator
        return self._filled(biomarker, (operator == _BELOW).astype(float), 0.0)

    def _filled(self, biomarker: str, values: Array, otherwise: float) -> Array:
        column = np.full(self.number, otherwise)
        here = self.rows.biomarker == places([biomarker])[0]
        column[self.sample[here]] = values[here]
        return column


def _ratio(at: _Cells) -> Array:
    """Return kappa / lambda, of both chains where they are there, else as it was reported."""
    kappa, other = at.value("flc_kappa"), at.value("flc_lambda")
    computed = quotient(kappa, np.where(other > 0, other, np.nan))
    return np.where(np.isnan(computed), at.value("kappa_lambda_ratio"), computed)


def _involved(recorded: NDArray[np.int8], ratio: Array, day: Whole, offsets: Whole, start: Whole) -> Array:
    """Return each view's involved chain: as recorded, else as the last abnormal ratio by the start of the line says, else unknown."""
    low, high = FLC_RATIO_NORMAL
    whose = np.repeat(np.arange(len(start)), np.diff(offsets))
    says = np.flatnonzero((day <= start[whose]) & ((ratio > high) | (ratio < low)))
    by_ratio = np.full(len(start), np.nan)
    by_ratio[whose[says]] = np.where(ratio[says] > high, KAPPA, LAMBDA)  # in order of days: the last stays
    known = np.select([recorded == LIGHT_CHAINS.index("kappa"), recorded == LIGHT_CHAINS.index("lambda")], [KAPPA, LAMBDA], np.nan)
    return np.where(recorded < 0, by_ratio, known)


def _igg_kappa(heavy: NDArray[np.int8], light: NDArray[np.int8]) -> Array:
    """Return whether a person's own protein is IgG-kappa: 1, 0, NaN where a part of it is not known."""
    is_igg = np.where(heavy < 0, np.nan, heavy == HEAVY_CHAINS.index("IgG"))
    is_kappa = np.where(light < 0, np.nan, light == LIGHT_CHAINS.index("kappa"))
    return all_of([is_igg, is_kappa])
