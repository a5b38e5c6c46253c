"""What a watch leaves: the report and the findings in a folder, and a run in MLflow that is no candidate."""

from __future__ import annotations

import json
import re
from pathlib import Path

from features import Task
from features.cohort.files import whole_file
from serving.artifact import Artifact
from serving.store.champion import connect
from training import tracking
from training.monitor.page import page
from training.monitor.watch import Watched
from training.rows.small_counts import SMALL_CELL

REPORT, FINDINGS = "report.html", "findings.json"


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
    return run.info.run_id


def figures(watched: Watched) -> dict[str, float]:
    """Return the findings as metrics: `missing_m_protein`, `level_m_protein`, `oe_ratio_24m`, with `_lo` and `_hi`, and counts."""
    out = {"changed": float(sum(finding.status == "changed" for finding in watched.findings))}
    if watched.people >= SMALL_CELL:
        out["people"] = float(watched.people)
    for finding in watched.findings:
        name = f"{finding.kind}_{finding.name}{f'_at_{_plain(finding.site)}' if finding.site else ''}"
        name = f"oe_ratio_{finding.name.removeprefix('risk_')}" if finding.kind == "outcome" else name.replace("risk_risk", "risk")
        values = {name: finding.estimate, f"{name}_lo": finding.lo, f"{name}_hi": finding.hi}
        out |= {key: value for key, value in values.items() if value is not None}
    return out


def _plain(site: str) -> str:
    return re.sub(r"[^\w.-]+", "_", site)
