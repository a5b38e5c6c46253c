"""Which criteria for active myeloma were met earlier, and are not known to be met now: said with the finding and its day.

Judged by the days of samples, among all that was known by the landmark: in a record that was transferred as a whole every result became
known on one day, and each still says what was so when its sample was taken.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from math import isnan

import numpy as np
from numba import njit
from numpy.typing import NDArray

from features.history.arrays import Histories
from features.history.columns import FeatureSpec
from features.history.layout import Days, Flags, Rows, Whole
from features.history.of_day import counted
from features.history.rows import View, look
from features.table.marrow import Marrow
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
_HALF = 2**31  # of the days that a whole number of 32 bits tells apart
_BEFORE_ALL = -_HALF
_NO_COLUMNS = FeatureSpec((), (), (), ())


@dataclass(frozen=True)
class Earlier:
    """The earlier days on which criteria were met, of those that are not known to be met now.

    Attributes
    ----------
    at : dict
        By criterion, for each row the position of its latest such day among `days`; -1 where there is none.
    days : array (days,)
        Of samples.
    values, marrow : what the criteria were decided by on those days
    """

    at: dict[str, Whole]
    days: Days
    values: dict[str, Array]
    marrow: Marrow | None

    @property
    def rows(self) -> Flags:
        """Return where any criterion was met earlier (rows,)."""
        found: Flags = np.any([at >= 0 for at in self.at.values()], axis=0)
        return found


def met_earlier(histories: Histories, view: View, criteria: dict[str, Array]) -> Earlier | None:
    """Return which criteria were met on an earlier day and are not known to be met now; None where there were none at any row.

    Parameters
    ----------
    histories : Histories
        Those of the view; of each row only what was known by its landmark is read.
    view : View
        Of people at landmarks; holds every biomarker that decides a criterion.
    criteria : dict
        Each criterion at the landmarks (rows,).
    """
    row, days = _days(view)
    if not len(days):
        return None
    rows, place = np.unique(row, return_inverse=True)
    then = _as_collected(histories, view.patient[rows], view.landmark[rows])
    values, status, marrow = criteria_at(look(then, place.astype(np.int32), days, _NO_COLUMNS, CRITERIA_COLUMNS))
    at = {}
    for key, now in criteria.items():
        met, latest = np.flatnonzero(status[key] == 1.0), np.full(len(now), -1)
        latest[row[met]] = met  # in order of days, so that the latest stands
        at[key] = np.where(now == 1.0, -1, latest)
    return Earlier(at, days, values, marrow)


def met_earlier_in_words(known: Histories, view: View, criteria: dict[str, Array]) -> list[str]:
    """Return a warning for each criterion of one person that was met on an earlier day and is not known to be met now."""
    earlier = met_earlier(known, view, criteria)
    if earlier is None:
        return []
    said = []
    for key, (at,) in earlier.at.items():
        if at < 0:
            continue
        inputs = {name: one.item(at) for name, one in earlier.values.items()}
        if key == "marrow" and earlier.marrow is not None and not isnan(earlier.marrow.value[at]):
            inputs["bmpc"] = earlier.marrow.value.item(at)
        said.append(_said(key, inputs, date_of(int(earlier.days[at])), isnan(criteria[key][0])))
    return said


def _as_collected(histories: Histories, patient: NDArray[np.int32], landmark: Days) -> Histories:
    """Return a person for each landmark, with what was known by it as if known when collected; what a correction replaced is left out."""
    of_everybody = histories.results
    order = np.argsort(of_everybody.patient, kind="stable")
    starts, stops = (np.searchsorted(of_everybody.patient, patient, side, order) for side in ("left", "right"))
    length = stops - starts
    person = np.repeat(np.arange(len(patient), dtype=np.int32), length)
    place = order[np.arange(len(person)) - np.repeat(np.cumsum(length) - length - starts, length)]
    known = of_everybody.available[place] <= landmark[person]
    results = replace(of_everybody.at(place[known]), patient=person[known])
    kind = results.biomarker if results.method is None else results.biomarker + (results.method.astype(np.int32) << 16)
    stands = counted(results.patient, kind, results.collected, np.zeros_like(results.collected), results.available)
    results = replace(results, available=results.collected).at(stands)
    return Histories(histories.people.at(patient), results, histories.happened.first_of(patient))


def _days(view: View) -> tuple[Whole, Days]:
    """Return rows, and the days of samples before their landmarks that may have met a criterion, in order."""
    series, people, patient = view.series, view.people, view.patient
    unsure: Flags = (np.isnan(people.female) | np.isnan(people.age_at_index))[patient]  # of unknown age or sex no rate is computed
    rows, runs = (series.collected, series.available, series.value), (series.starts, series.stops)
    about = (patient, view.landmark, unsure)
    which, nowhere = _which(series.biomarkers), np.zeros(0, np.int64)
    count = _mark(rows, runs, about, which, _CUTS, _ABOVE, nowhere)
    found = np.empty(count, np.int64)
    _mark(rows, runs, about, which, _CUTS, _ABOVE, found)
    found = np.unique(found)
    row = (found + _HALF) // (2 * _HALF)
    return row, (found - row * 2 * _HALF).astype(np.int32)


@lru_cache(maxsize=64)
def _which(biomarkers: tuple[str, ...]) -> Whole:
    return np.array([biomarkers.index(name) for name, *_ in _MAY_MEET], np.int64)


@njit(cache=True, nogil=True)
def _mark(
    rows: Rows,
    runs: tuple[Whole, Whole],
    about: tuple[NDArray[np.int32], Days, Flags],
    which: Whole,
    cuts: Array,
    above: Flags,
    found: Whole,
) -> int:
    """Write row and day of the results that may meet a criterion, and return how many; without room for them they are counted only.

    Of a row they are those collected before its landmark and known by it, without those that one of the same day superseded by then.
    """
    collected, available, value = rows
    patient, landmark, unsure = about
    n = 0
    for r in range(len(patient)):
        for k in range(len(which)):
            cut = _LOWEST_CREATININE if k == _CREATININE and unsure[r] else cuts[k]
            last = _BEFORE_ALL
            for i in range(runs[1][patient[r], which[k]] - 1, runs[0][patient[r], which[k]] - 1, -1):
                if available[i] > landmark[r] or collected[i] == last:
                    continue
                last = collected[i]
                if collected[i] < landmark[r] and (value[i] >= cut if above[k] else value[i] <= cut):
                    if len(found):
                        found[n] = r * 2 * _HALF + collected[i]
                    n += 1
    return n


def _said(key: str, inputs: dict[str, float], day: str, is_open: bool) -> str:
    (found,) = (one for one in findings(inputs) if one.criterion.key == key)
    name = found.criterion.biomarker
    entry = catalogue()[name]
    what = f"{entry.name} {figure(found.value)}{unit_text(entry.unit)}" if found.value is not None else ""
    told = ", ".join(part for part in (what, found.note) if part)
    now = "whether it is met now is not known" if is_open else "it is not met now"
    return f"a criterion for active myeloma was met on {day}: {told} ({found.criterion.label}); {now}: clinician review"
