"""A recalibrated model as a version of its own: it says what it was before, and waits for a person; nothing becomes live."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from features import Cohort
from myeloma import StateError
from serving.artifact import RECALIBRATED, Artifact, save_artifact
from serving.store.champion import connect, registered_name
from training import tracking
from training.gate.verdict import Verdict
from training.monitor.elsewhere.others import Elsewhere, people_elsewhere
from training.monitor.elsewhere.recalibration import Recalibration, recalibrated
from training.monitor.elsewhere.validate import how_looked
from training.places import ARTIFACT
from training.plan import Plan
from training.reference.person_time import REFERENCE
from training.registry.judgement import Registered, champion, judge_version
from training.registry.versions import version_for
from training.rows.small_cells import written
from training.tracking.run import Run

FROM = "recalibrated_from"  # tag of a run and of a version


def people_to_recalibrate_to(cohort: Cohort, artifact: Artifact, plan: Plan, training: Cohort | None) -> Elsewhere:
    """Return the people of a cohort whom the model was not fitted to (see `people_elsewhere`, which says what is refused).

    Raises
    ------
    StateError
        The model is a recalibrated one, what it is then wrong by would be of two sites; or it keeps nothing of training's person-time.
    """
    if REFERENCE not in artifact.about:
        raise StateError(
            "The version was fitted by an earlier version of this program, which kept nothing of person-time.",
            f"fit and register again: python -m training fit TABLE --task {plan.task.name}",
            "old_reference",
        )
    if before := artifact.about.get(RECALIBRATED):
        raise StateError(
            f"Version {artifact.origin.get('model_version')} is recalibrated itself, from version {before['from_version']}.",
            f"recalibrate that one: --version {before['from_version']}",
            "recalibrated_already",
        )
    return people_elsewhere(cohort, artifact, plan, training)


def told(found: Recalibration, here: Elsewhere, artifact: Artifact, source: str) -> dict[str, Any]:
    """Return what is told of a recalibration, in a file, at a terminal and by the model itself; no count of fewer than ten people."""
    return {
        "kind": found.kind,
        "shift": found.shift,
        "slope": found.slope,
        "from_version": artifact.origin.get("model_version", ""),
        "from_run": artifact.origin.get("run_id", ""),
        "source": source,
        "cohort_hash": here.cohort_hash,
        "people": written(found.people),
        "observed": written(found.observed),
        "expected_before": round(found.expected, 2),
        "expected_after": round(found.expected_then, 2),
        "p": {name: round(value, 4) for name, value in found.p.items()},
        "why": found.why,
        "before": asdict(artifact.calibration),
        "after": asdict(found.calibration),
        "people_of_training": how_looked(here.overlap, here.judged.rows["patient_id"].nunique()),
    }


def register_recalibrated(
    found: Recalibration, said: dict[str, Any], artifact: Artifact, plan: Plan, folder: Path
) -> tuple[str, str, Verdict]:
    """Write the changed model to a folder, log it in a run of its own, register it, and return version, run and the gate's verdict."""
    client, task, site = connect(), plan.task, f"{said['source'] or 'cohort'} {said['cohort_hash']}"
    source = Run.known(said["from_run"], task)
    estimator = source.name if source else artifact.kind
    tags = {
        "kind": tracking.RECALIBRATION,
        "task": task.name,
        "estimator": estimator,
        FROM: said["from_version"],
        "recalibrated_run": said["from_run"],
        "source": said["source"],
        "cohort_hash": said["cohort_hash"],
        "feature_hash": artifact.feature_hash,
        "git_commit": tracking.git_commit(),
    }
    name = f"recalibration of version {said['from_version']} to {site}"
    run = client.create_run(tracking.experiment_of(task), run_name=name, tags={"mlflow.runName": name, **tags})
    run_id: str = run.info.run_id
    with tracking.taken_back_unless_done(run_id):
        new = recalibrated(artifact, found, {RECALIBRATED: said})
        save_artifact(new, folder / ARTIFACT)
        uri = tracking.log_model(run_id, folder / ARTIFACT, new)
        tracking.tag_run(run_id, "model_uri", uri)
        client.log_dict(run_id, said, f"{RECALIBRATED}.json")
        tracking.log_results(run_id, figures(found))
    version = version_for(run_id, uri, task.name, estimator)
    client.set_model_version_tag(registered_name(task.name), version, FROM, said["from_version"])
    verdict = judge_version(Registered(plan, version, Run.find(run_id, task)), {}, None, None, champion(plan))
    return version, run_id, verdict


def figures(found: Recalibration) -> dict[str, float]:
    """Return what was changed, and observed / expected before and after, as metrics."""
    before, after = (found.observed / expected for expected in (found.expected, found.expected_then))
    return {"shift": found.shift, "slope": found.slope, "oe_ratio_person_time_before": before, "oe_ratio_person_time": after}
