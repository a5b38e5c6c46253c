"""What speaks against a risk as a whole: said before all else."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from features.history.arrays import Histories
from features.history.layout import Days
from myeloma.criteria import CRITERIA
from myeloma.scores.pangea import HEAVY_CHAIN_IGM
from myeloma.three_valued import any_of
from serving.answer.record import CriterionFinding
from serving.answer.scored import Scored
from serving.answer.sentences import unit_text
from serving.answer.stage import doubt_in_words, doubted
from serving.answer.warnings.in_line import OF_LINE, begun, in_line, met_in_line
from serving.answer.warnings.progressing import Unconfirmed, unconfirmed

Bools = NDArray[np.bool_]
CRITERION_MET, CRITERION_OPEN, STAGE_DOUBTED = "criterion_met", "criterion_open", "stage_doubted"
IGM, PROGRESSION = "igm", "progression_unconfirmed"
_OF_IGM = {
    "smm": (
        "heavy chain IgM: smoldering myeloma was defined by an M-protein other than IgM where PANGEA-SMM was made (Nature Medicine 2026, "
        "10.1038/s41591-026-04304-x), and this model knows no heavy chain: the risk may not be meant for this person"
    ),
    "mgus": (
        "heavy chain IgM: this model knows no heavy chain, and its risk is that of all MGUS; of IgM MGUS 1 % progress a year, of others "
        "0.5 % (table of the American Society of Hematology)"
    ),
}


def against_in_words(scored: Scored, histories: Histories, criteria: Iterable[CriterionFinding]) -> list[str]:
    """Return what speaks against the risk of one person, in words.

    Parameters
    ----------
    criteria : iterable of CriterionFinding
        Of the person.
    """
    rules, view, landmark = scored.artifact.rules, scored.view, int(scored.view.landmark[0])
    progression, start = unconfirmed(rules, histories, view), begun(rules, histories, view)
    words = {
        CRITERION_MET: lambda: _met_told(scored, start, criteria),
        CRITERION_OPEN: lambda: (
            f"whether a criterion for active myeloma is met is open: {_open_in_words(scored, criteria)}. The risk takes the limit for the "
            "value. Clinician review: ask the laboratory for the value itself"
        ),
        STAGE_DOUBTED: lambda: doubt_in_words(rules, histories, landmark),
        PROGRESSION: lambda: progression.in_words() if progression else "",
        IGM: lambda: _OF_IGM[str(rules.population)],
    }
    found = against_risk(scored, doubted(rules, histories, view.patient, view.landmark), progression, start)
    return [words[code]() for code, holds in found.items() if holds[0]]


def _open_by_limits(scored: Scored) -> dict[str, Bools]:
    """Return by criterion where it is open since its value is a limit (rows,): a ratio of `>25` may be one of 100."""
    found = {}
    for one in CRITERIA:
        if (sides := scored.limits.get(one.biomarker)) is not None:
            found[one.key] = np.isnan(scored.criteria[one.key]) & (sides.below | sides.above)
    return found


def _met_told(scored: Scored, start: Days | None, criteria: Iterable[CriterionFinding]) -> str:
    review = "Clinician review: where the plasma cell disorder causes it, this risk does not hold"
    if start is not None:
        return f"a criterion for active myeloma is met: {met_in_words(met_in_line(scored, start, criteria))}, {OF_LINE}. {review}"
    why = "by which this task withholds no risk, since it often has another cause"
    return f"a criterion for active myeloma is met, {why}: {met_in_words(criteria)}. {review}"


def met_in_words(criteria: Iterable[CriterionFinding]) -> str:
    """Return the criteria that are met, each with the value that it rests on and its day, or what it was met by."""
    return "; ".join(_told(one) for one in criteria if one.status == "met")


def _open_in_words(scored: Scored, criteria: Iterable[CriterionFinding]) -> str:
    is_open = {key for key, rows in _open_by_limits(scored).items() if rows[0]}
    return "; ".join(_told(one) for one in criteria if one.criterion in is_open)


def _told(one: CriterionFinding) -> str:
    if one.value is None:
        return f"{one.label} ({one.note})" if one.note else one.label
    return f"{one.label}: {one.value:g}{unit_text(one.unit or '{}')} of {one.collected_on}{f' ({one.note})' if one.note else ''}"


def against_risk(scored: Scored, is_doubted: Bools, progression: Unconfirmed | None, start: Days | None = None) -> dict[str, Bools]:
    """Return by code where something speaks against the risk (rows,), in the order in which it is said.

    Parameters
    ----------
    is_doubted : bool array (rows,)
        Where the stage that is stated is doubtful.
    progression : Unconfirmed, optional
        Progression that no second sample has confirmed.
    start : array (rows,), optional
        Of a task about a line of therapy the day on which it began: what was found before says nothing against the risk.
    """
    of_precursor, nobody = scored.artifact.rules.of_precursor, np.zeros(len(scored.view.patient), bool)
    criteria = scored.criteria if start is None else in_line(scored, start)
    met = (any_of(list(criteria.values())) == 1.0) & ~scored.criteria_met  # the risk is shown all the same
    return {
        CRITERION_MET: met if of_precursor or start is not None else nobody,
        CRITERION_OPEN: np.any([nobody, *_open_by_limits(scored).values()], axis=0) if of_precursor else nobody,
        STAGE_DOUBTED: is_doubted,
        PROGRESSION: nobody if progression is None else progression.sample >= 0,
        IGM: scored.inputs[HEAVY_CHAIN_IGM] == 1.0 if of_precursor else nobody,
    }
