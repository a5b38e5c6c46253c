"""People scored at landmarks, as arrays: the one thing that a person's answer, a batch and the MLflow flavour are made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from features.cohort.schema import HEAVY_CHAINS
from features.history.arrays import Histories
from features.history.layout import Days
from features.history.rows import View, look
from features.history.sides import Sides
from features.table.limits import Leaves, limits_of
from features.table.marrow import Marrow, marrow_by_method
from features.table.score_inputs import LIMITED, SCORE_COLUMNS, criteria_of, score_inputs
from features.table.staging_inputs import staging_inputs
from features.table.unsettled import unsettled_of
from features.tasks import Rules
from myeloma.criteria import CRITERIA, WITHOUT_OTHER_CAUSE
from myeloma.scores.pangea import HEAVY_CHAIN_IGM
from myeloma.three_valued import any_of
from serving.answer.latest import LatestRead, latest_columns, latest_read
from serving.artifact import Artifact
from serving.predict import Explained, explain

Array = NDArray[np.float64]
_IS_IGM = np.array([float(name == "IgM") for name in HEAVY_CHAINS] + [np.nan])  # the last: unknown


@dataclass(frozen=True)
class Scored:
    """Rows of an artifact's answer.

    Attributes
    ----------
    view : View
        Every column of the rows, among them those of the latest value that the model reads of each biomarker (`serving.answer.latest`).
    inputs : dict
        Inputs of the published scores (rows,), NaN where unknown.
    limits : dict
        On which side the truth lies of latest values that are limits, by biomarker of the model, the criteria or the scores.
    leaves : dict
        What is left open of latest values, by biomarker: of limits, and of what other results contradict.
    staged : tuple
        Inputs and what is left open of them as the published scores take them: of active myeloma of before treatment (`staging_inputs`).
    unsettled : array (rows,)
        Why results contradict each other, as a sum (`features.table.unsettled`).
    marrow : Marrow, optional
        Marrow that meets its criterion by another method than the latest, which does not.
    criteria : dict
        Each myeloma-defining criterion (rows,): 1 met, 0 not met, NaN unknown.
    criteria_met : bool array (rows,)
        Where a myeloma-defining criterion is met and the task guards against it: the risk is then not shown. Of a precursor every task
        guards against those of `WITHOUT_OTHER_CAUSE`.
    explained : Explained
        Of all rows, shown or not.
    """

    artifact: Artifact
    view: View
    inputs: dict[str, Array]
    limits: dict[str, Sides]
    leaves: dict[str, Leaves]
    staged: tuple[dict[str, Array], Mapping[str, Leaves]]
    unsettled: NDArray[np.int64]
    marrow: Marrow | None
    criteria: dict[str, Array]
    criteria_met: NDArray[np.bool_]
    explained: Explained

    def read(self, biomarker: str) -> LatestRead:
        """Return the latest values of a biomarker of the model, as the model reads them."""
        return latest_read(self.view, self.artifact.spec, self.limits, biomarker)


def seen_by(artifact: Artifact, histories: Histories, patient: NDArray[np.int32], landmark: Days, more: tuple[str, ...] = ()) -> View:
    """Return all columns that an answer of an artifact rests on, and more that are asked for, in one pass over the results."""
    spec = artifact.spec
    return look(histories, patient, landmark, spec, _beside(spec.biomarkers, spec.windows, more))


@lru_cache(maxsize=64)
def _beside(biomarkers: tuple[str, ...], windows: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    latest = (column for name in biomarkers for column in latest_columns(name, windows))
    return tuple(dict.fromkeys((*SCORE_COLUMNS, *latest, *more)))


def score_rows(artifact: Artifact, view: View) -> Scored:
    """Return the answer's rows of people seen at landmarks.

    Parameters
    ----------
    view : View
        As `seen_by` returns it, or some of its rows.
    """
    inputs = score_inputs(view) | {HEAVY_CHAIN_IGM: _IS_IGM[view.people.heavy_chain[view.patient]]}
    limits = limits_of(view, tuple(dict.fromkeys((*LIMITED, *artifact.spec.biomarkers))))
    unsettled, marrow = unsettled_of(view, limits), marrow_by_method(view)
    leaves = unsettled.with_limits(limits, inputs)
    criteria = criteria_of(inputs, leaves, marrow)
    guarded = [criteria[key] for key in guarded_criteria(artifact.rules)]
    met = any_of(guarded) == 1.0 if guarded else np.zeros(len(view.patient), bool)
    staged = staging_inputs(view, inputs, limits) if artifact.rules.population == "mm" else (inputs, leaves)
    explained = explain(artifact, view.features(artifact.spec))
    return Scored(artifact, view, inputs, limits, leaves, staged, unsettled.why, marrow, criteria, met, explained)


def guarded_criteria(rules: Rules) -> tuple[str, ...]:
    """Return the myeloma-defining criteria by each of which a risk is withheld.

    Examples
    --------
    >>> guarded_criteria(Rules("censor", criteria_guard=False, population="mgus"))
    ('marrow', 'light_chains')
    """
    if rules.criteria_guard:
        return tuple(one.key for one in CRITERIA)
    return WITHOUT_OTHER_CAUSE if rules.of_precursor else ()
