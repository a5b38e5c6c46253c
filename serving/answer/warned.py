"""What an answer must warn of beside its number: each has a code in score files, and words in the answer of one person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from features.history.arrays import Histories, is_among, places
from features.history.layout import Chosen
from features.history.rows import View
from features.tasks import Rules
from myeloma import catalogue
from myeloma.calendar import date_of
from myeloma.scores.pangea import HEAVY_CHAIN_IGM
from myeloma.three_valued import any_of
from serving.answer.progressing import Unconfirmed, unconfirmed
from serving.answer.record import CriterionFinding
from serving.answer.scored import Scored
from serving.answer.sentences import unit_text
from serving.answer.stage import doubt_in_words, doubted

Bools = NDArray[np.bool_]
CRITERION_MET, STAGE_DOUBTED, IGM, PROGRESSION = "criterion_met", "stage_doubted", "igm", "progression_unconfirmed"
WARNINGS = (CRITERION_MET, STAGE_DOUBTED, PROGRESSION, IGM)
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

# No risk of a precursor considers lesions. An osteolytic lesion on X-ray, CT or PET-CT, or more than one focal lesion on MRI, defines
# myeloma, and a plasmacytoma stands for the clonal marrow that an event needs (Rajkumar, Lancet Oncol 2014;15:e538). A lesion on PET
# without lysis defines nothing (Blood 2015;125:3069), and a positive PET/CT does not say which it is: the criterion stays unknown.
_MEANS = {
    "pet_ct": "an osteolytic lesion defines myeloma, one without lysis does not; which it was is not recorded",
    "plasmacytoma": "a biopsy-proven plasmacytoma with one event defines myeloma, as clonal marrow plasma cells of 10 % or more do",
}


@dataclass(frozen=True)
class OfHistories:
    """What whole histories say against risks at landmarks (rows,): found for all rows at once, since it goes through every result."""

    doubted: Bools
    progression: Unconfirmed | None

    @classmethod
    def of(cls, rules: Rules, histories: Histories, view: View) -> OfHistories:
        """Return it for people at landmarks, as they are seen."""
        return cls(doubted(rules, histories, view.patient, view.landmark), unconfirmed(rules, histories, view))

    def at(self, rows: Chosen) -> OfHistories:
        """Return some of the rows."""
        of = self.progression
        return OfHistories(self.doubted[rows], of if of is None else replace(of, sample=of.sample[rows]))


def warning_codes(scored: Scored, said: OfHistories) -> list[str]:
    """Return what each row is to be warned of, as codes joined by a bar; empty where there is nothing."""
    found = _warned(scored, said)
    each = np.column_stack([found[code] for code in WARNINGS])
    return ["|".join(code for code, holds in zip(WARNINGS, row, strict=True) if holds) for row in each]


def warning_words(scored: Scored, histories: Histories, criteria: Iterable[CriterionFinding]) -> list[str]:
    """Return what one person's answer is to be warned of, in words.

    Parameters
    ----------
    criteria : iterable of CriterionFinding
        Of the person.
    """
    rules, landmark = scored.artifact.rules, int(scored.view.landmark[0])
    said = OfHistories.of(rules, histories, scored.view)
    words = {
        CRITERION_MET: lambda: (
            "a criterion for active myeloma is met, by which this task withholds no risk, since it often has another cause: "
            f"{met_in_words(criteria)}. Clinician review: where the plasma cell disorder causes it, this risk does not hold"
        ),
        STAGE_DOUBTED: lambda: doubt_in_words(rules, histories, landmark),
        PROGRESSION: lambda: said.progression.in_words() if said.progression else "",
        IGM: lambda: _OF_IGM[str(rules.population)],
    }
    found = _warned(scored, said)
    return [words[code]() for code in WARNINGS if found[code][0]]


def found_in_pictures(known: Histories) -> list[str]:
    """Return a warning for each kind of finding of which the person has a positive result: the latest, and one since that is negative."""
    results, said = known.results, list[str]()
    biomarkers = places(tuple(_MEANS))
    if not is_among(results.biomarker, biomarkers).any():
        return said
    for name, place in zip(_MEANS, biomarkers.tolist(), strict=True):
        rows = np.flatnonzero(results.biomarker == place)
        if not len(rows):
            continue
        positive = rows[results.value[rows] > 0]
        if len(positive):
            day, last = int(results.collected[positive].max()), int(results.collected[rows].max())
            later = f", negative on {date_of(last)}" if last > day else ""
            said.append(
                f"positive: {catalogue()[name].name}, on {date_of(day)}{later}: {_MEANS[name]}; no risk here considers it: clinician review"
            )
    return said


def met_in_words(criteria: Iterable[CriterionFinding]) -> str:
    """Return the criteria that are met, each with the value that it rests on and its day, or what it was met by."""
    return "; ".join(_met(one) for one in criteria if one.status == "met")


def _met(one: CriterionFinding) -> str:
    if one.value is None:
        return f"{one.label} ({one.note})" if one.note else one.label
    return f"{one.label}: {one.value:g}{unit_text(one.unit or '{}')} of {one.collected_on}{f' ({one.note})' if one.note else ''}"


def _warned(scored: Scored, said: OfHistories) -> dict[str, Bools]:
    of_precursor, nobody = scored.artifact.rules.of_precursor, np.zeros(len(scored.view.patient), bool)
    met = (any_of(list(scored.criteria.values())) == 1.0) & ~scored.criteria_met  # the risk is shown all the same
    return {
        CRITERION_MET: met if of_precursor else nobody,
        STAGE_DOUBTED: said.doubted,
        PROGRESSION: nobody if said.progression is None else said.progression.sample >= 0,
        IGM: scored.inputs[HEAVY_CHAIN_IGM] == 1.0 if of_precursor else nobody,
    }
