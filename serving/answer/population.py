"""For whom a risk is meant: why anybody else is shown none. One rule for a single person and for a cohort."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from features.cohort.schema import STAGES
from features.history.arrays import Histories
from features.history.columns import FeatureSpec
from features.history.layout import Days
from features.history.rows import look, static_column
from myeloma.stage import SHOWN_BY, shows_mgus, shows_smoldering
from serving.artifact import Artifact, at_risk

LEAST_AGE = 18  # years: the scores, the criteria's clearance and the cohorts are of adults
UNDER_AGE, STAGE_UNKNOWN = "under_age", "stage_unknown"
_NOTHING = FeatureSpec((), (), (), ())
_HIGHEST = ("m_protein__max__ever", "urine_m_protein__max__ever", "bmpc__max__ever")
_SHOWN_BY = {"smm": SHOWN_BY, "mgus": "M-protein and marrow plasma cells, both below the limits of smoldering disease"}


def outside_population(artifact: Artifact, histories: Histories, patient: NDArray[np.int32], landmark: Days) -> NDArray[np.object_]:
    """Return why a person is shown no risk at a landmark; empty where the risk is meant for such a person.

    Beside whom the rules leave out (see `features.table.outcomes`): people under age, and those of whom nobody recorded the stage
    that the model is for, where their results do not show it. That follow-up ends at the landmark is no reason: scoring looks at
    the present.
    """
    reason = at_risk(artifact, histories, patient, landmark).not_at_risk
    reason = np.where(reason == "after_follow_up", "", reason).astype(object)
    inside = np.flatnonzero(reason == "")
    young = static_column("age", histories.people, patient[inside], landmark[inside]) < LEAST_AGE  # an unknown age is not
    reason[inside[young]] = UNDER_AGE
    unknown = _stage_unknown(artifact, histories, patient[inside], landmark[inside])
    reason[inside[unknown & ~young]] = STAGE_UNKNOWN
    return reason


def _stage_unknown(artifact: Artifact, histories: Histories, patient: NDArray[np.int32], landmark: Days) -> NDArray[np.bool_]:
    """Return where the stage is not recorded, nor shown by what was known at the landmark; a line of therapy shows treated myeloma."""
    unknown = histories.people.stage[patient] < 0
    population = artifact.rules.population
    if population not in STAGES or artifact.rules.line is not None or not unknown.any():
        return unknown & (population in STAGES) & (artifact.rules.line is None)
    view = look(histories, patient[unknown], landmark[unknown], _NOTHING, _HIGHEST)
    m_protein, urine, bmpc = (view[name] for name in _HIGHEST)
    shown = {"smm": shows_smoldering(m_protein, urine, bmpc), "mgus": shows_mgus(m_protein, bmpc)}.get(population)
    unknown[unknown] = True if shown is None else shown != 1.0
    return unknown


def who_is_needed(artifact: Artifact, reason: str) -> str:
    """Return in words whom the model is for, as the answer to why somebody is not."""
    words, rules = artifact.words, artifact.rules
    if reason == UNDER_AGE:
        return f"needed: an age of {LEAST_AGE} years or more"
    if reason == STAGE_UNKNOWN:
        return f"needed: patient.stage, {rules.population}, or what shows it: {_SHOWN_BY.get(str(rules.population), 'nothing else does')}"
    who = f"stage {rules.population or 'any'} and a day"
    if rules.line is not None:
        start = f"at least {rules.line.from_days} days after the start of line {rules.line.number}"
        return f"needed: {who} {start}, before {words.event} or {words.competing}"
    treated = "; for treated people there are the task relapse, and the course (python -m features course)" if reason == "treated" else ""
    return f"needed: {who} from the index date on, before {words.event}, treatment or {words.competing}{treated}"
