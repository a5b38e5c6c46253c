"""What a watch leaves: the report and the findings in a folder, and a run in MLflow that is no candidate."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from features import Task
from features.cohort.files import whole_file
from serving.artifact import Artifact
from serving.store.champion import connect
from training import tracking
from training.metrics.names import Metric, site_subsets
from training.monitor.findings import Finding
from training.monitor.over_time import NAME as PERSON_TIME
from training.monitor.over_time import OverTime, too
from training.monitor.page import page
from training.monitor.watch import Watched
from training.places import FINDINGS, REPORT
from training.rows.small_cells import is_small


def write(watched: Watched, folder: Path) -> None:
    """Write the report and the findings; the same watch gives the same bytes."""
    for name, text in ((REPORT, page(watched)), (FINDINGS, json.dumps(watched.to_dict(), indent=1) + "\n")):
        with whole_file(folder / name) as work:
            work.write_text(text, encoding="utf-8")


def log(watched: Watched, artifact: Artifact, task: Task, folder: Path) -> str:
    """Open a run in the task's experiment with the figures and both files, and return its id."""
    name = f"monitor {watched.period.in_words()}"
    tags = {
        "mlflow.runName": name,
        "kind": tracking.MONITOR,
        "task": task.name,
        "verdict": watched.verdict.verdict,
        "model_version": watched.version,
        "watched_run": artifact.origin.get("run_id", ""),
        "cohort_hash": watched.cohort_hash,
        "feature_hash": artifact.spec.feature_hash(),
        "git_commit": tracking.git_commit(),
    }
    client = connect()
    run = client.create_run(tracking.experiment_of(task), run_name=name, tags=tags)
    try:
        for file in (REPORT, FINDINGS):
            client.log_artifact(run.info.run_id, str(folder / file))
        tracking.log_results(run.info.run_id, figures(watched))
    except BaseException:
        client.set_terminated(run.info.run_id, "FAILED")
        raise
    run_id: str = run.info.run_id
    return run_id


def figures(watched: Watched) -> dict[str, float]:
    """Return the findings as metrics, with `_lo` and `_hi`, and counts.

    `missing_m_protein`, `level_m_protein`, `unit_m_protein_at_site_east`, `risk_24m`, `oe_ratio_24m`, `oe_ratio_person_time`,
    `cusum_too_many`.
    """
    out = {"changed": float(sum(finding.status == "changed" for finding in watched.findings))}
    if not is_small(watched.people):
        out["people"] = float(watched.people)
    subset = site_subsets(sorted({finding.site for finding in watched.findings if finding.site}))
    for finding in watched.findings:
        name = _name(finding) + (f"_{subset[finding.site]}" if finding.site else "")
        values = {name: finding.estimate, f"{name}_lo": finding.lo, f"{name}_hi": finding.hi}
        out |= {key: value for key, value in values.items() if value is not None}
    return out | _of_charts(watched.over_time)


def _of_charts(found: OverTime) -> dict[str, float]:
    """Return the sums and limits of the charts, and what they find in how many months with how many false alarms a year."""
    out = {"cusum_false_alarms_a_year": found.false_alarms} if found.charts else {}
    for one in found.charts:
        name = f"cusum_{too(one).replace(' ', '_')}"
        value = {} if is_small(found.observed) else {name: float(one.values[-1])}
        out |= {**value, f"{name}_limit": float(one.limits[-1]), f"{name}_alarms": float(one.alarms.sum())}
        out |= {f"{name}_months_to_find": one.months_to_find} if np.isfinite(one.months_to_find) else {}
    return out


def _name(finding: Finding) -> str:
    """Return what is looked at; risks and outcomes are figures at a horizon, as in `risk_24m`, or in person-time."""
    if finding.name == PERSON_TIME:
        return f"oe_ratio_{PERSON_TIME}"
    metric = Metric.parse(finding.name) if finding.kind in ("risk", "outcome") else None
    if metric is None:
        return f"{finding.kind}_{finding.name}"
    return metric.name if finding.kind == "risk" else replace(metric, measure="oe_ratio").name
