"""Who of another cohort counts for the live model: those at risk whom it has not seen, looked for as `overlap` says."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features import Cohort
from myeloma import DataError
from serving.artifact import RECALIBRATED, Artifact
from training.monitor.elsewhere.judged import Judged, judged_rows, plan_of
from training.monitor.elsewhere.overlap import Overlap, only_people, overlap_of
from training.monitor.watch import check_artifact
from training.plan import Plan
from training.rows.small_cells import written

CHAMPION = "champion"  # how the tables name the model


@dataclass(frozen=True)
class Elsewhere:
    """Another cohort beside the model.

    Attributes
    ----------
    plan : with the model's own features and horizons
    judged : everybody at risk, every visit
    overlap : None where the training cohort is not at hand
    seen : array (rows,), whose person is likely in the training cohort, or the model was recalibrated to
    """

    plan: Plan
    cohort_hash: str
    judged: Judged
    overlap: Overlap | None
    seen: NDArray[np.bool_]

    @property
    def others(self) -> Judged:
        """Return those that the model has not seen."""
        return self.judged.at(~self.seen)


def people_elsewhere(cohort: Cohort, artifact: Artifact, plan: Plan, training: Cohort | None) -> Elsewhere:
    """Return the people of a cohort beside the model.

    Raises
    ------
    StateError
        The model remembers too little of its training to compare with.
    ConfigError
        The model follows other rules than the task does now.
    DataError
        The cohort is empty, of another stage, without outcomes, nobody has a visit at risk, or all who have are of training.
    """
    check_artifact(artifact, plan.task)
    plan, content = plan_of(artifact, plan), cohort.content_hash()
    judged = judged_rows(cohort, artifact, plan, CHAMPION)
    of_site = artifact.about.get(RECALIBRATED, {}).get("cohort_hash")
    known = cohort if content in (artifact.provenance.cohort_hash, of_site) else training
    overlap = None if known is None else overlap_of(only_people(cohort, judged.rows["patient_id"].unique()), known)
    seen = judged.rows["patient_id"].isin(overlap.people if overlap else []).to_numpy()
    if seen.all():
        them = "are those that the model was recalibrated to" if content == of_site else "are likely in the training cohort too"
        raise DataError(
            f"All {written(judged.rows['patient_id'].nunique())} people at risk here {them}: nobody is left to judge by.",
            f"give a cohort of other people. Figures on people held out of training: python -m training compare --task {plan.task.name}",
            "only_people_of_training",
        )
    return Elsewhere(plan, content, judged, overlap, seen)
