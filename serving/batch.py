"""Batch scoring: people at landmarks in, one row each out; nobody is dropped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features import Cohort
from features.history.arrays import Histories, dates_of
from features.history.layout import Days
from features.history.rows import positions
from features.table.outcomes import CRITERIA_MET
from myeloma.calendar import NO_DAY
from myeloma.scores import POINT_SCORES
from serving.answer.columns import answer_columns, identity
from serving.answer.population import outside_population
from serving.answer.published import caution_words
from serving.answer.scored import Scored, score_rows, seen_by
from serving.answer.since import AGE, SINCE, day_of_scoring, happened_since, met_criteria
from serving.answer.warnings.codes import OfHistories, warning_codes
from serving.artifact import Artifact

_CHUNK = 5_000  # rows explained at a time: bounds memory, and progress can be shown
SCORED = "scored"
_SCORES = frozenset(f"score_{key}" for key in POINT_SCORES)
_WORDS = ("criteria", "cautions", "warnings")  # empty where there are none


def score_landmarks(
    artifact: Artifact,
    cohort: Cohort,
    landmarks: pd.DataFrame,
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
    today = day_of_scoring(histories) if today is None else today
    return score_histories(artifact, histories, cohort.patients["patient_id"].to_numpy(), positions(cohort, landmarks), today)


def score_histories(
    artifact: Artifact, histories: Histories, ids: NDArray[np.generic], landmarks: tuple[NDArray[np.int32], Days], today: int
) -> pd.DataFrame:
    """Return what `score_landmarks` returns, of people given as arrays.

    Parameters
    ----------
    ids : array (people,)
        What `patient_id` says of each.
    landmarks : person and day of each row
    today : days since 1970
    """
    patient, day = landmarks
    reason = outside_population(artifact, histories, patient, day)
    status = np.where(reason == "", SCORED, reason).astype(object)
    present = np.flatnonzero(status == SCORED)
    parts = []
    view = seen_by(artifact, histories, patient[present], day[present])
    said = OfHistories.of(artifact, histories, view)
    for start in range(0, max(1, len(present)), _CHUNK):  # at least once: nobody at risk still gives the columns, without a row
        rows = slice(start, start + _CHUNK)
        scored = score_rows(artifact, view.at(rows))
        status[present[rows][scored.criteria_met]] = CRITERIA_MET
        parts.append(pd.DataFrame(answer_columns(scored)).assign(**_words(scored, said.at(rows))))
    answers = pd.concat(parts).set_index(present).reindex(range(len(patient)))
    texts = [name for name in map(str, answers) if name in _SCORES or name.endswith("__reported")]
    answers = answers.astype(dict.fromkeys((*texts, *_WORDS), object))  # also where nobody has one
    there = day != NO_DAY
    when = pd.Series(dates_of(np.where(there, day, 0).astype(np.int32))).where(there)
    keys = pd.DataFrame({"patient_id": ids[patient], "landmark": when, "status": status})
    answers = answers.fillna(dict.fromkeys(_WORDS, ""))
    since = pd.DataFrame(happened_since(artifact.rules, histories, patient, day, today))
    return pd.concat([keys, answers, since], axis=1).assign(**identity(artifact))


@dataclass(frozen=True)
class Told:
    """What there is to say of scores: how many rows have which status, and to how many people of those scored what happened since."""

    COLUMNS: ClassVar[tuple[str, ...]] = ("patient_id", "status", AGE, *SINCE)
    status: dict[str, int]
    since: dict[str, int]
    age_days_median: float | None
    age_days_most: float | None
    people: int = 0  # of whom a row is scored; with every visit fewer than rows

    @classmethod
    def of(cls, scores: pd.DataFrame) -> Told:
        """Return what there is to say of rows that have at least `COLUMNS`."""
        scored = scores[scores["status"] == SCORED]
        ages = scored[AGE].dropna()
        since = {name: int(scored.loc[scored[name].notna(), "patient_id"].nunique()) for name in SINCE}
        status = {str(name): int(count) for name, count in scores["status"].value_counts().items()}
        median, most = (float(ages.median()), float(ages.max())) if len(ages) else (None, None)
        return cls(status, since, median, most, int(scored["patient_id"].nunique()))

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return sum(self.status.values())

    def since_in_words(self) -> str:
        """Return what happened after the visits scored, and how old these are; nothing where nobody was scored."""
        if self.age_days_median is None:
            return ""
        said = {"progression_since": "progressed", "death_since": "died", "treatment_since": "treated"}
        counts = ", ".join(f"{self.since[name]} {words}" for name, words in said.items())
        ages = f"{self.age_days_median:.0f} days old (median; {self.age_days_most:.0f} at most)"
        visits = self.status.get(SCORED, 0)
        who = f", of {self.people} people scored at {visits} visits" if visits > self.people else ""
        return f"since then, by the same cohort{who}: {counts}; the visits are {ages}"


def _words(scored: Scored, of_histories: OfHistories) -> dict[str, list[str]]:
    cautions = caution_words(scored.staged[0], scored.artifact.rules.population)
    said = met_criteria(scored.criteria), cautions, warning_codes(scored, of_histories)
    return dict(zip(_WORDS, said, strict=True))
