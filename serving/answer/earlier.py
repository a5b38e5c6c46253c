"""Which criteria for active myeloma were met earlier, and are not known to be met now: said with the finding and its date."""

from __future__ import annotations

from functools import lru_cache
from math import isnan

import numpy as np
from numba import njit
from numpy.typing import NDArray

from features.history.arrays import Histories
from features.history.columns import FeatureSpec
from features.history.layout import Days, Flags, Rows, Whole
from features.history.rows import View, look
from features.table.score_inputs import CRITERIA_COLUMNS, criteria_at
from myeloma import catalogue
from myeloma.calendar import date_of
from myeloma.criteria import (
    BMPC_FROM_PERCENT,
    CALCIUM_ABOVE_MG_DL,
    CLEARANCE_BELOW_ML_MIN,
    CREATININE_ABOVE_MG_DL,
    FLC_RATIO_FROM,
    HEMOGLOBIN_BELOW_G_DL,
    findings,
)
from serving.answer.sentences import figure, unit_text

Array = NDArray[np.float64]
# Without a result at or beyond one of these no criterion can have been met: (biomarker, cut-off, whether what is above it may meet).
_MAY_MEET = (
    ("calcium", CALCIUM_ABOVE_MG_DL, True),
    ("creatinine", CREATININE_ABOVE_MG_DL, True),
    ("egfr", CLEARANCE_BELOW_ML_MIN, False),
    ("hemoglobin", HEMOGLOBIN_BELOW_G_DL, False),
    ("bmpc", BMPC_FROM_PERCENT, True),
    ("flc_ratio", FLC_RATIO_FROM, True),
)
_CUTS = np.array([cut for _, cut, _ in _MAY_MEET])
_ABOVE = np.array([above for *_, above in _MAY_MEET])
_CREATININE = 1
_LOWEST_CREATININE = 1.0  # with it nobody's rate is below the criterion's, not even that of a woman of 120 years
_NO_COLUMNS = FeatureSpec((), (), (), ())


def met_earlier(known: Histories, view: View, criteria: dict[str, Array]) -> list[str]:
    """Return a warning for each criterion of one person that was met on an earlier day and is not known to be met now.

    Parameters
    ----------
    known : Histories
        Of one person, with what is known by the landmark.
    view : View
        Of that person at one landmark; holds every biomarker that decides a criterion.
    criteria : dict
        Each criterion at the landmark.
    """
    days = _days(view, isnan(known.people.female.item(0)) or isnan(known.people.age_at_index.item(0)))
    if not len(days):
        return []
    values, status, marrow = criteria_at(look(known, np.zeros(len(days), np.int32), days, _NO_COLUMNS, CRITERIA_COLUMNS))
    said = []
    for key, now in criteria.items():
        met = np.flatnonzero(status[key] == 1.0)
        if now[0] == 1.0 or not len(met):
            continue
        at = met[-1]
        inputs = {name: one.item(at) for name, one in values.items()}
        if key == "marrow" and marrow is not None and not np.isnan(marrow.value[at]):
            inputs["bmpc"] = marrow.value.item(at)
        said.append(_said(key, inputs, date_of(int(days[at])), bool(np.isnan(now[0]))))
    return said


def _days(view: View, is_unsure: bool) -> Days:
    """Return the days before the landmark on which a result became known that may have met a criterion."""
    series = view.series
    which = _which(series.biomarkers)
    cuts = _CUTS
    if is_unsure:  # of unknown age or sex no rate is computed
        cuts = np.where(np.arange(len(cuts)) == _CREATININE, _LOWEST_CREATININE, _CUTS)
    found = np.zeros(len(series.value), np.bool_)
    person = view.patient[0]
    rows = (series.collected, series.available, series.value)
    _mark(rows, (series.starts[person], series.stops[person]), which, cuts, _ABOVE, view.landmark[0], found)
    return np.unique(series.available[found]) if found.any() else series.available[:0]


@lru_cache(maxsize=64)
def _which(biomarkers: tuple[str, ...]) -> Whole:
    return np.array([biomarkers.index(name) for name, *_ in _MAY_MEET], np.int64)


@njit(cache=True, nogil=True)
def _mark(rows: Rows, runs: tuple[Whole, Whole], which: Whole, cuts: Array, above: Flags, day: int, found: Flags) -> None:
    """Mark the results known before a day that may meet a criterion, without those that a later one of the same day superseded."""
    collected, available, value = rows
    for k in range(len(which)):
        last = -1
        for i in range(runs[1][which[k]] - 1, runs[0][which[k]] - 1, -1):
            if available[i] > day or collected[i] == last:
                continue
            last = collected[i]
            found[i] = available[i] < day and (value[i] >= cuts[k] if above[k] else value[i] <= cuts[k])


def _said(key: str, inputs: dict[str, float], day: str, is_open: bool) -> str:
    (found,) = (one for one in findings(inputs) if one.criterion.key == key)
    name = found.criterion.biomarker
    entry = catalogue()[name]
    what = f"{entry.name} {figure(found.value)}{unit_text(entry.unit)}" if found.value is not None else ""
    told = ", ".join(part for part in (what, found.note) if part)
    now = "whether it is met now is not known" if is_open else "it is not met now"
    return f"a criterion for active myeloma was met on {day}: {told} ({found.criterion.label}); {now}: clinician review"
