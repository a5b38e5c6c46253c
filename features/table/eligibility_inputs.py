"""What the eligibility of AQUILA asks of people at landmarks, from the same point-in-time columns as the published scores."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.cohort.schema import HEAVY_CHAINS, STAGES, Cohort
from features.history.arrays import Histories
from features.history.columns import FeatureSpec
from features.history.rows import View, look, positions
from features.table.score_inputs import SCORE_COLUMNS, criteria_met, score_inputs
from myeloma.calendar import DAYS_PER_YEAR
from myeloma.immunoparesis import IMMUNOGLOBULINS, involved_of

Array = NDArray[np.float64]
_INVOLVED = np.array([involved_of(name) for name in (*HEAVY_CHAINS, "")])  # the last: unknown
_LEVELS = ("urine_m_protein", "flc_kappa", "flc_lambda")
ELIGIBILITY_COLUMNS = (*SCORE_COLUMNS, *(f"{name}__last__ever" for name in _LEVELS))


def eligibility_inputs(view: View, scores: Mapping[str, Array], met: NDArray[np.bool_]) -> dict[str, NDArray[np.generic]]:
    """Return the `values` of `myeloma.early_treatment.eligibility.criteria`, one element a landmark; unknown = NaN.

    A myeloma-defining event is met where a latest value meets one. It is not met where none does and the disease was smoldering at the
    index date; of other people it is unknown.

    Parameters
    ----------
    view : View
        Holds `ELIGIBILITY_COLUMNS`.
    scores : mapping
        As `score_inputs` returns it for the view.
    met : bool array (rows,)
        Where a latest value meets a criterion, as `criteria_met` returns it.
    """
    people, patient = view.people, view.patient
    kappa, lambda_ = (view[f"{name}__last__ever"] for name in ("flc_kappa", "flc_lambda"))
    smoldering = people.stage[patient] == STAGES.index("smm")
    return {
        "years_since_diagnosis": (view.landmark - people.index_day[patient]) / DAYS_PER_YEAR,
        **{name: scores[name] for name in ("bmpc", "performance_status", "m_protein", "flc_ratio", "flc_involved")},
        **{name: view[f"{name}__last__ever"] for name in (*IMMUNOGLOBULINS, "urine_m_protein")},
        "kappa_lambda_ratio": np.divide(kappa, lambda_, out=np.full(len(patient), np.nan), where=lambda_ > 0),
        "involved": _INVOLVED[people.heavy_chain[patient]],
        "defining_event": np.select([met, smoldering], [1.0, 0.0], np.nan),
    }


def eligibility_inputs_of(cohort: Cohort, landmarks: pd.DataFrame) -> dict[str, NDArray[np.generic]]:
    """Return the values at the landmarks of a cohort (patient_id, landmark), row by row."""
    view = look(Histories.of(cohort), *positions(cohort, landmarks), FeatureSpec((), (), (), ()), ELIGIBILITY_COLUMNS)
    return eligibility_inputs(view, score_inputs(view), criteria_met(view))
