"""Whether the disease that a risk is asked for is still there: a precursor that is over says that the record knows more than was sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from features.history.arrays import TREATED_BY
from features.sources.fhir.bundles import Found
from features.sources.fhir.codes import codings, words_of
from features.sources.histories import Histories as Tables
from serving.http.response import Problem

# FHIR R4, Condition.clinicalStatus (is modifier): the codes by which a condition is not active; `recurrence` and `relapse` are.
_OVER = frozenset(("inactive", "remission", "resolved"))
_KNOWN = _OVER | {"active", "recurrence", "relapse"}
PRECURSORS = ("mgus", "smm")  # of myeloma a remission is what treatment is given for
_TELLS_WHY = ("progression", "death", *TREATED_BY)


def no_longer_active(tables: Tables, resources: Sequence[Found], where: Sequence[str], stage: str) -> Iterator[Problem]:
    """Yield the diagnosis of a precursor that is over, where no other is active, and nothing that happened says why.

    Parameters
    ----------
    resources, where : what was sent, each in its place, and the place as it is told
    """
    happened = tables.occurrences
    if stage not in PRECURSORS or happened["kind"].isin(_TELLS_WHY).any():
        return
    rows = happened.loc[happened["kind"] == "index", "source_row"].tolist()
    if rows and all(_is_over(resources[row - 1].resource or {}) for row in rows):
        message = (
            "the diagnosis that the history starts with is over (clinicalStatus inactive, remission or resolved, an abatement, or a status "
            "that is no code of http://terminology.hl7.org/CodeSystem/condition-clinical), and no progression, treatment or death says why;"
            " needed: one that is active. Correct its status where the disease is still there, or send the diagnosis that took its place"
        )
        yield Problem("diagnosis_not_active", where[rows[0] - 1], message)


def _is_over(condition: dict[str, Any]) -> bool:
    """Return whether a Condition is not said to be active; one that has abated is not (R4, con-4).

    clinicalStatus is a modifier, and its codes are required: one that FHIR does not have may mean anything.
    """
    status = condition.get("clinicalStatus")
    coded = {code.casefold() for _, code in codings(status)}
    if coded and not coded & _KNOWN:
        return True
    said = coded | {words_of(status).casefold()}
    return bool(said & _OVER) or any(name.startswith("abatement") and content for name, content in condition.items())
