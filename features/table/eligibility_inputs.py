"""What the eligibility of AQUILA asks of people at landmarks, from the same point-in-time columns as the published scores."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.cohort.schema import STAGES, Cohort
from features.history.arrays import Histories
from features.history.columns import FeatureSpec
from features.history.rows import View, look, positions
from features.table.limits import limits_of
from features.table.marrow import marrow_by_method
from features.table.score_inputs import INVOLVED, LIMITED, SCORE_COLUMNS, criteria_of, score_inputs
from features.table.unsettled import settled_for, unsettled_of, where_settled
from myeloma.calendar import DAYS_PER_YEAR
from myeloma.immunoparesis import IMMUNOGLOBULINS
from myeloma.scores import Score
from myeloma.three_valued import any_of

Array = NDArray[np.float64]
Values = dict[str, NDArray[np.generic]]
_TAKEN = ("bmpc", "performance_status", "m_protein", "flc_ratio", "flc_involved", "kappa_lambda_ratio")
_PICTURED = ("bone", "mri")  # the criteria that a laboratory does not tell: of smoldering disease the diagnosis vouches for them
ELIGIBILITY_COLUMNS = (*SCORE_COLUMNS, "urine_m_protein__last__ever")


def eligibility_inputs(view: View, scores: Mapping[str, Array], judged: Mapping[str, Array]) -> Values:
    """Return the `values` of `myeloma.early_treatment.eligibility.criteria`, one element a landmark; unknown = NaN.

    A myeloma-defining event is met where a latest value meets one. It is not met where every laboratory criterion is known not to be,
    and the disease was smoldering at the index date: its diagnosis vouches for the images. Else it is unknown.

    Parameters
    ----------
    view : View
        Holds `ELIGIBILITY_COLUMNS`.
    scores : mapping
        As `score_inputs` returns it for the view.
    judged : mapping
        As `criteria_of` returns it for the scores.
    """
    people, patient = view.people, view.patient
    by_laboratory = any_of([found for key, found in judged.items() if key not in _PICTURED])
    smoldering = people.stage[patient] == STAGES.index("smm")
    return {
        "years_since_diagnosis": (view.landmark - people.index_day[patient]) / DAYS_PER_YEAR,
        **{name: scores[name] for name in _TAKEN},
        **{name: view[f"{name}__last__ever"] for name in (*IMMUNOGLOBULINS, "urine_m_protein")},
        "involved": INVOLVED[people.heavy_chain[patient]],
        "defining_event": np.where((by_laboratory == 0) & ~smoldering, np.nan, by_laboratory),
    }


def inputs_of(cohort: Cohort, landmarks: pd.DataFrame, score: Score) -> tuple[dict[str, Array], Values]:
    """Return the inputs of a published score and of the eligibility at the landmarks of a cohort (patient_id, landmark), row by row.

    What limits and contradictions leave open is as open as in an answer.
    """
    view = look(Histories.of(cohort, operators=True), *positions(cohort, landmarks), FeatureSpec((), (), (), ()), ELIGIBILITY_COLUMNS)
    scores = score_inputs(view)
    limits = limits_of(view, LIMITED)
    leaves = unsettled_of(view, limits).with_limits(limits, scores)
    judged = criteria_of(scores, leaves, marrow_by_method(view))
    return settled_for(score, scores, leaves), eligibility_inputs(view, where_settled(scores, leaves), judged)
