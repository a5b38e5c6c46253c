"""Batch scoring: a cohort in, one row per patient and landmark out, written whole or not at all."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from features import Cohort
from features.history.arrays import Histories
from features.history.rows import positions
from features.table.outcomes import CRITERIA_MET
from serving.answer.columns import answer_columns, identity
from serving.answer.population import outside_population
from serving.answer.published import caution_words
from serving.answer.scored import Scored, score_rows, seen_by
from serving.answer.since import AGE, day_of_scoring, happened_since, met_criteria
from serving.artifact import Artifact

_CHUNK = 5_000  # rows explained at a time: bounds memory, and progress can be shown
SCORED = "scored"
_WORDS = ("criteria", "cautions")  # empty where there are none


def score_landmarks(
    artifact: Artifact,
    cohort: Cohort,
    landmarks: pd.DataFrame,
    progress: Callable[[int], None] = lambda rows: None,
    today: int | None = None,
) -> pd.DataFrame:
    """Return one row per landmark: patient_id, landmark, status, the answer's columns, published scores, what happened since, the model.

    A person who has progressed, died or been treated by the landmark, has no visit, is under age, or is not known to have the
    stage that the model is for, is outside its population: `status` says so and the numbers are empty. Where the task guards
    against it and a myeloma-defining criterion is met (`criteria_met`), no risk is shown either. Nobody is dropped.

    Parameters
    ----------
    today : int, optional
        Days since 1970 to which the age of a visit counts; left out, the day of the call, or the cohort's last day if that is later.
    """
    histories = Histories.of(cohort, operators=True)
    patient, day = positions(cohort, landmarks)
    reason = outside_population(artifact, histories, patient, day)
    status = np.where(reason == "", SCORED, reason).astype(object)
    present = np.flatnonzero(status == SCORED)
    parts = []
    view = seen_by(artifact, histories, patient[present], day[present])
    for start in range(0, max(1, len(present)), _CHUNK):  # at least once: nobody at risk still gives the columns, without a row
        rows = slice(start, start + _CHUNK)
        scored = score_rows(artifact, view.at(rows))
        status[present[rows][scored.criteria_met]] = CRITERIA_MET
        parts.append(pd.DataFrame(answer_columns(scored)).assign(**_words(scored)))
        progress(int((~scored.criteria_met).sum()))
    answers = pd.concat(parts).set_index(present).reindex(range(len(landmarks)))
    keys = landmarks[["patient_id", "landmark"]].reset_index(drop=True).assign(status=status)
    answers = answers.fillna(dict.fromkeys(_WORDS, ""))
    since = pd.DataFrame(happened_since(histories, patient, day, day_of_scoring(histories) if today is None else today))
    return pd.concat([keys, answers, since], axis=1).assign(**identity(artifact))


def _words(scored: Scored) -> dict[str, list[str]]:
    said = met_criteria(scored.inputs), caution_words(scored.inputs, scored.artifact.rules.population)
    return dict(zip(_WORDS, said, strict=True))


def told_since(scores: pd.DataFrame) -> str:
    """Return in words what happened after the visits scored, and how old these are; nothing where nobody was scored."""
    scored = scores[scores["status"] == SCORED]
    if scored.empty:
        return ""
    words = {"progression_since": "progressed", "death_since": "died", "treatment_since": "treated"}
    counts = ", ".join(f"{int(scored[name].notna().sum())} {said}" for name, said in words.items())
    ages = scored[AGE].dropna()
    return f"since then, by the same cohort: {counts}; the visits are {ages.median():.0f} days old (median; {ages.max():.0f} at most)"
