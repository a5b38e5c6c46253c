"""Every fitted candidate becomes a version that carries its verdict; the best that the gate promotes goes live.

The verdict stands in tags and a description that the registry page shows, and in `gate.json` and the model card among the
artifacts of the run. The aliases say what is live (`champion`) and what waits (`challenger`).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from features import Task
from serving.store.champion import CHALLENGER, CHAMPION, connect, registered_name
from training.gate.held_out import People, cohort_of, held_out
from training.gate.verdict import PROMOTE, REJECT
from training.metrics.order import rank
from training.registry.judgement import judged
from training.registry.ledger import last_key
from training.registry.live import go_live
from training.registry.version_page import NOTE, describe_training
from training.registry.versions import live_version, version_for
from training.tracking import require_runs


def register(results: dict[str, dict[str, Any]], task: Task, cohort: Path | None = None) -> dict[str, Any]:
    """Register every fitted candidate with its verdict; the best that the gate promotes becomes the champion.

    The order is by held-out Brier score at the task's primary horizon, of equal ones by AUC (see `training.metrics.order.rank`).
    Each is compared with what is live when its turn comes, so of one training at most one is promoted. The best that is
    only held back becomes the challenger; the champion stays. Published scores are compared, never registered.

    Returns
    -------
    dict
        `verdicts` by name, `champion` (what this call made or left live because it is the same version; None where an
        older champion stays), `live` (what is live now) and `challenger`, each a model and a version.
    """
    brier = f"brier_{task.primary_horizon}m"
    fitted = {name: result for name, result in results.items() if not result["published"]}
    require_runs([result["run_id"] for result in fitted.values()], task)
    people = cache(People)  # candidates of one table are judged on the same people, which are read once
    outcome: dict[str, Any] = {"verdicts": {}, CHAMPION: None, CHALLENGER: None, "live": None}
    for name in sorted(fitted, key=lambda name: rank(fitted[name]["metrics"], task.primary_horizon)):
        result = fitted[name]
        version = version_for(result["run_id"], result["model_uri"], task.name, name)
        folder = cohort or cohort_of(result)
        after, held = last_key(task.name), held_out(result, task, people(Path(result["table"]), folder))
        verdict = judged(task, version, result["run_id"], name, result["metrics"], held, folder)
        outcome["verdicts"][name] = {"version": version, **verdict.to_dict()}
        if verdict.verdict == PROMOTE and outcome[CHAMPION] is None:
            go_live(task.name, after, version, name, PROMOTE, f"lowest {brier} of those that pass the gate", verdict.verdict)
            outcome[CHAMPION] = {"model": name, "version": version}
        elif verdict.verdict != REJECT and outcome[CHALLENGER] is None:
            connect().set_registered_model_alias(registered_name(task.name), CHALLENGER, version)
            outcome[CHALLENGER] = {"model": name, "version": version}
    if live := live_version(task.name):
        estimator = connect().get_model_version(registered_name(task.name), live[0]).tags.get("estimator", "?")
        outcome["live"] = {"model": estimator, "version": live[0]}
    _describe_trainings(task, results, outcome)
    return outcome


def _describe_trainings(task: Task, results: dict[str, dict[str, Any]], outcome: dict[str, Any]) -> None:
    client = connect()
    for training_id in {result["training_id"] for result in results.values() if "training_id" in result}:
        client.set_tag(training_id, NOTE, describe_training(task, results, outcome))
