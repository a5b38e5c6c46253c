"""What results say of a stage: of people without a recorded one, and against the one that somebody stated.

A stated stage is set against the latest results, since an older one may have been corrected by a newer; an unstated one is shown by any.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from features.cohort.schema import STAGES
from features.history.arrays import REPORTED, Histories, Results, is_among, places
from features.history.columns import FeatureSpec, group_label
from features.history.layout import Days
from features.history.rows import View, look
from features.history.sides import Sides
from features.table.limits import limits_of
from features.tasks import Rules
from myeloma import catalogue
from myeloma.calendar import NEVER, date_of
from myeloma.stage import (
    BMPC_BELOW_PERCENT,
    BMPC_FROM_PERCENT,
    M_PROTEIN_FROM_G_DL,
    URINE_M_PROTEIN_FROM_MG_24H,
    mgus,
    reaches,
    smoldering,
)
from serving.answer.sentences import unit_text

Bools = NDArray[np.bool_]
_LIMITS = (
    ("m_protein", M_PROTEIN_FROM_G_DL),
    ("urine_m_protein", URINE_M_PROTEIN_FROM_MG_24H),
    ("bmpc", BMPC_FROM_PERCENT),
    ("bmpc", BMPC_BELOW_PERCENT),
)
_LIMITED, _LIMIT = tuple(name for name, _ in _LIMITS), np.array([limit for _, limit in _LIMITS])[:, None]
_SHOWING = dict(_LIMITS[:3])  # by biomarker, the limit of smoldering disease
_COLUMNS = tuple(f"{name}__{statistic}__ever" for name in _SHOWING for statistic in ("last", "age_days"))
_ROUNDED = 1e-9


def contradicted(rules: Rules, histories: Histories, patient: NDArray[np.int32], landmark: Days) -> Bools:
    """Return where MGUS is stated and the latest results known by the landmark show smoldering disease.

    M-protein of just the limit does not contradict: results are rounded, and data of MGUS hold some of 3 g/dL. It is doubted (`doubted`).
    """
    found = np.zeros(len(patient), bool)
    stated = histories.people.stage[patient] >= 0
    if rules.population == "mgus" and rules.line is None and stated.any():
        view, limits = _latest(histories, patient[stated], landmark[stated])
        m_protein, urine, bmpc = (_reaches(view, limits, name) for name in _SHOWING)
        much = _reaches(view, limits, "bmpc", BMPC_BELOW_PERCENT)
        found[stated] = smoldering(np.where(_at_the_limit(view, limits), np.nan, m_protein), urine, bmpc, much) == 1.0
    return found


def doubted(rules: Rules, histories: Histories, patient: NDArray[np.int32], landmark: Days) -> Bools:
    """Return where a stated stage is doubtful by the results, which are not enough to refuse.

    For MGUS: the latest M-protein is just the limit of smoldering disease. For smoldering disease: all results of M-protein, urine and
    marrow that were known by the landmark show MGUS.
    """
    found = np.zeros(len(patient), bool)
    stated = histories.people.stage[patient] == STAGES.index(rules.population) if rules.of_precursor and rules.population else found
    if stated.any():
        who, when = patient[stated], landmark[stated]
        if rules.population == "mgus":
            found[stated] = _at_the_limit(*_latest(histories, who, when))
        else:
            found[stated] = mgus(*reached(histories.results, len(histories.people), who, when)[:3]) == 1.0
    return found


def contradiction_in_words(histories: Histories, landmark: int) -> str:
    """Return which latest results of one person show smoldering disease, and what to do."""
    return (
        f"the stage stated is mgus, and the latest results show smoldering myeloma: {_told(histories, landmark, True)}. State smm and ask "
        "the task smm; or correct the result, where it is wrong"
    )


def doubt_in_words(rules: Rules, histories: Histories, landmark: int) -> str:
    """Return what speaks against the stage that is stated of one person (see `doubted`)."""
    if rules.population == "mgus":
        told = _told(histories, landmark, True)
        return (
            f"the stage stated is mgus, and the latest results are at the limit of smoldering myeloma: {told}. Where it is smoldering "
            "myeloma, state smm and ask the task smm"
        )
    return (
        f"the stage stated is smm, and the results show MGUS: {_told(histories, landmark, False)}. The risk is then likely too high. "
        "Where it is MGUS, state mgus and ask the task mgus; a marrow sample can miss"
    )


def _latest(histories: Histories, patient: NDArray[np.int32], landmark: Days) -> tuple[View, dict[str, Sides]]:
    view = look(histories, patient, landmark, FeatureSpec((), (), (), ()), _COLUMNS)
    return view, limits_of(view, tuple(_SHOWING))


def _reaches(view: View, limits: dict[str, Sides], name: str, limit: float | None = None) -> NDArray[np.float64]:
    sides = limits.get(name) or Sides(*np.zeros((2, len(view.patient)), bool))
    return reaches(view[f"{name}__last__ever"], _SHOWING[name] if limit is None else limit, *sides)


def _at_the_limit(view: View, limits: dict[str, Sides]) -> Bools:
    """Return where M-protein is just the limit of smoldering disease, and was not reported as less or as more."""
    at: Bools = np.abs(view["m_protein__last__ever"] - M_PROTEIN_FROM_G_DL) <= _ROUNDED
    sides = limits.get("m_protein")
    return at if sides is None else at & ~sides.below & ~sides.above


def _told(histories: Histories, landmark: int, reaching: bool) -> str:
    """Return the latest results of one person that reach their limit, or those that do not, each with its day and the limit."""
    view, limits = _latest(histories, np.zeros(1, np.int32), np.array([landmark], np.int32))
    told = []
    for name, limit in _SHOWING.items():
        if _reaches(view, limits, name)[0] == float(reaching):
            sign = "" if name not in limits else "<" if limits[name].below[0] else ">" if limits[name].above[0] else ""
            value, day = view[f"{name}__last__ever"].item(0), date_of(landmark - int(view[f"{name}__age_days__ever"].item(0)))
            unit = unit_text(catalogue()[name].unit)
            told.append(f"{group_label(name)} {sign}{value:g}{unit} of {day} (smoldering from {limit:g}{unit} on)")
    return ", ".join(told)


def reached(results: Results, people: int, patient: NDArray[np.int32], landmark: Days) -> NDArray[np.float64]:
    """Return, for each of `_LIMITS`, 1 where a result known by the landmark reaches it, NaN where one might or there is none, else 0."""
    of_limit = places(_LIMITED)[:, None]
    row = np.flatnonzero(is_among(results.biomarker, of_limit))
    operator = np.zeros(len(row), np.int8) if results.operator is None else results.operator[row]
    said = reaches(results.value[row], _LIMIT, operator == REPORTED.index("<"), operator == REPORTED.index(">"))
    first, found = np.full((3, len(_LIMITS), people), NEVER, np.int32), np.empty((len(_LIMITS), len(patient)))
    about = results.biomarker[row] == of_limit
    _say_most(said, about, results.patient[row], results.available[row], first, patient, landmark, found)
    return found


@njit(cache=True, nogil=True)
def _say_most(
    said: NDArray[np.float64],
    about: NDArray[np.bool_],
    whose: NDArray[np.int32],
    available: Days,
    first: NDArray[np.int32],
    patient: NDArray[np.int32],
    landmark: Days,
    found: NDArray[np.float64],
) -> None:
    """Write of no, open or yes the one that says most of what was known by then: no is taken back by open, and open by yes.

    `first` takes the first day of each, by limit and person.
    """
    for limit in range(len(said)):
        for i in range(len(whose)):
            if about[limit, i]:
                which = 1 if np.isnan(said[limit, i]) else 2 if said[limit, i] == 1.0 else 0
                first[which, limit, whose[i]] = min(first[which, limit, whose[i]], available[i])
        for r in range(len(patient)):
            no, maybe, yes = first[0, limit, patient[r]], first[1, limit, patient[r]], first[2, limit, patient[r]]
            day = landmark[r]
            found[limit, r] = 1.0 if yes <= day else np.nan if maybe <= day or no > day else 0.0
