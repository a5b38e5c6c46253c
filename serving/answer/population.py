"""For whom a risk is meant: why anybody else is shown none. One rule for a single person and for a cohort."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from features.cohort.schema import STAGES
from features.history.arrays import Histories
from features.history.columns import FeatureSpec
from features.history.layout import Days
from features.history.rows import look, static_column
from features.table.outcomes import not_at_risk
from myeloma.stage import BMPC_BELOW_PERCENT, SHOWN_BY, mgus, reaches, smoldering
from serving.answer.stage import contradicted, contradiction_in_words, reached
from serving.artifact import Artifact

LEAST_AGE = 18  # years: the scores, the criteria's clearance and the cohorts are of adults
UNDER_AGE, STAGE_UNKNOWN, CONTRADICTED = "under_age", "stage_unknown", "stage_contradicted"
_SHOWN_BY = {"smm": SHOWN_BY, "mgus": "M-protein and marrow plasma cells, both below the limits of smoldering disease"}


def outside_population(artifact: Artifact, histories: Histories, patient: NDArray[np.int32], landmark: Days) -> NDArray[np.object_]:
    """Return why a person is shown no risk at a landmark; empty where the risk is meant for such a person.

    Beside whom the rules leave out (see `features.table.outcomes`): people under age, and those of whom nobody recorded the stage
    that the model is for, where their results do not show it; and for MGUS those whose latest results show smoldering disease, whatever
    was recorded. That follow-up ends at the landmark is no reason: scoring looks at the present.
    """
    reason = not_at_risk(histories, patient, landmark, artifact.rules)
    reason[reason == "after_follow_up"] = ""
    inside = np.flatnonzero(reason == "")
    young = static_column("age", histories.people, patient[inside], landmark[inside]) < LEAST_AGE  # an unknown age is not
    reason[inside[young]] = UNDER_AGE
    unknown = _stage_unknown(artifact, histories, patient[inside], landmark[inside])
    reason[inside[unknown & ~young]] = STAGE_UNKNOWN
    inside = inside[~unknown & ~young]
    reason[inside[contradicted(artifact.rules, histories, patient[inside], landmark[inside])]] = CONTRADICTED
    return reason


def _stage_unknown(artifact: Artifact, histories: Histories, patient: NDArray[np.int32], landmark: Days) -> NDArray[np.bool_]:
    """Return where the stage is not recorded, nor shown by what was known at the landmark; a line of therapy shows treated myeloma."""
    population, unknown = artifact.rules.population, histories.people.stage[patient] < 0
    if population not in STAGES or artifact.rules.line is not None or not unknown.any():
        return np.zeros(len(patient), bool)
    who, when = patient[unknown], landmark[unknown]
    m_protein, urine, bmpc, much = reached(histories.results, len(histories.people), who, when)
    # Of whom the latest marrow is that of myeloma, the guard of criteria speaks, which says more than that the stage is not known.
    if artifact.rules.criteria_guard and (much == 1.0).any():
        now = look(histories, who, when, FeatureSpec((), (), (), ()), ("bmpc__last__ever",))["bmpc__last__ever"]
        much = np.where(reaches(now, BMPC_BELOW_PERCENT) == 1.0, 0.0, much)
    if population == "smm":
        unknown[unknown] = smoldering(m_protein, urine, bmpc, much) != 1.0
    elif population == "mgus":
        unknown[unknown] = mgus(m_protein, urine, bmpc) != 1.0
    return unknown


def who_is_needed(artifact: Artifact, reason: str, histories: Histories, landmark: int) -> str:
    """Return in words whom the model is for, as the answer to why one person is not at a landmark."""
    words, rules = artifact.words, artifact.rules
    if reason == CONTRADICTED:
        return contradiction_in_words(histories, landmark)
    if reason == UNDER_AGE:
        return f"needed: an age of {LEAST_AGE} years or more"
    if reason == STAGE_UNKNOWN:
        return f"needed: patient.stage, {rules.population}, or what shows it: {_SHOWN_BY.get(str(rules.population), 'nothing else does')}"
    who = f"stage {rules.population or 'any'} and a day"
    if rules.line is not None:
        start = f"at least {rules.line.from_days} days after the start of line {rules.line.number}"
        return f"needed: {who} {start}, before {words.event} or {words.competing}"
    treated = "; for treated people there are the task relapse, and the course (python -m features course)" if reason == "treated" else ""
    ends = f"{words.event} or {words.competing}" if rules.intercurrent == "ignore" else f"{words.event}, treatment or {words.competing}"
    return f"needed: {who} from the index date on, before {ends}{treated}"
