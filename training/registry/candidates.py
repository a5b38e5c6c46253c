"""Every fitted candidate becomes a version that carries its verdict; the best that the gate promotes goes live.

The verdict stands in tags and a description that the registry page shows, and in `gate.json` and the model card among the
artifacts of the run. The aliases say what is live (`champion`) and what waits (`challenger`).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from serving.store.champion import CHALLENGER, CHAMPION, connect, registered_name
from training.gate.held_out import Sources, cohort_of, judged_people
from training.gate.verdict import OF_THOSE_THAT_PASS, PROMOTE, REJECT
from training.metrics.names import Metric
from training.metrics.order import rank
from training.places import EVALUATION, folder_of
from training.plan import Plan
from training.registry.judgement import Registered, champion, judge_version
from training.registry.ledger import Entry, last_key, now, user
from training.registry.live import go_live
from training.registry.training_page import describe_trainings
from training.registry.versions import live_version, version_for
from training.tracking import require_runs
from training.tracking.run import Run


def register(results: dict[str, dict[str, Any]], plan: Plan, cohort: Path | None = None, evaluated: Path | None = None) -> dict[str, Any]:
    """Register every fitted candidate with its verdict; the best that the gate promotes becomes the champion.

    The order is by held-out Brier score at the task's primary horizon, of equal ones by AUC (see `training.metrics.order.rank`).
    Each is compared with what is live when its turn comes, so of one training at most one is promoted. The best that is
    only held back becomes the challenger; the champion stays. Published scores are compared, never registered.

    Parameters
    ----------
    results : dict
        What evaluation says of each candidate, by name.
    cohort : Path, optional
        Folder of the cohort. Default: beside the table.
    evaluated : Path, optional
        Folder of the evaluation. Default: data/TASK/evaluation.

    Returns
    -------
    dict
        `verdicts` by name, `champion` (what this call made or left live because it is the same version; None where an
        older champion stays), `live` (what is live now) and `challenger`, each a model and a version.
    """
    brier = Metric("brier", plan.primary_horizon).name
    fitted = {name: result for name, result in results.items() if not result["published"]}
    entities = require_runs([result["run_id"] for result in fitted.values()], plan.task)
    live = None
    sources = cache(lambda table, folder: Sources(table, folder, plan))  # candidates of one table are judged on the same people, read once
    outcome: dict[str, Any] = {"verdicts": {}, CHAMPION: None, CHALLENGER: None, "live": None}
    for name in sorted(fitted, key=lambda name: rank(fitted[name]["metrics"], plan.primary_horizon)):
        result = fitted[name]
        version = version_for(result["run_id"], result["model_uri"], plan.task.name, name)
        folder, run = cohort or cohort_of(result), Run(entities[result["run_id"]], evaluated or folder_of(plan.task.name, EVALUATION))
        after, live = last_key(plan.task.name), champion(plan, live)
        held = judged_people(result, plan.task, sources(Path(result["table"]), folder))
        verdict = judge_version(Registered(plan, version, run), result["metrics"], held, folder, live)
        outcome["verdicts"][name] = {"version": version, **verdict.to_dict()}
        if verdict.verdict == PROMOTE and outcome[CHAMPION] is None:
            replaced, reason = live.version if live else "", f"lowest {brier} {OF_THOSE_THAT_PASS}"
            if replaced != version:  # what is live already stays so, unrecorded
                go_live(plan.task.name, after, Entry(now(), PROMOTE, version, replaced, name, reason, user(), verdict.verdict))
            outcome[CHAMPION] = {"model": name, "version": version}
        elif verdict.verdict != REJECT and outcome[CHALLENGER] is None:
            connect().set_registered_model_alias(registered_name(plan.task.name), CHALLENGER, version)
            outcome[CHALLENGER] = {"model": name, "version": version}
    if current := live_version(plan.task.name):
        estimator = connect().get_model_version(registered_name(plan.task.name), current[0]).tags.get("estimator", "?")
        outcome["live"] = {"model": estimator, "version": current[0]}
    place = evaluated or folder_of(plan.task.name, EVALUATION)
    if some := next((result for result in results.values() if "training_id" in result), None):
        describe_trainings(plan, results, outcome, sources(Path(some["table"]), cohort or cohort_of(some)), place)
    return outcome
