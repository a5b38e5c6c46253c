"""A short model card from the run's own data: what it is for, who it was made from, how it did, where it ends."""

from __future__ import annotations

from features import Task
from serving.answer import NOTICE
from serving.artifact import Artifact
from training.gate import Evidence, judge

_ROWS = (
    ("auc", "AUC", 3),
    ("brier", "Brier score", 4),
    ("ipa", "scaled Brier (1 - Brier / Brier of the average)", 3),
    ("oe_ratio", "observed / expected", 2),
)


def model_card(task: Task, artifact: Artifact, metrics: dict[str, float]) -> str:
    """Return the card of the live model as Markdown."""
    origin, about = artifact.origin, artifact.about
    trained, attrition, verdict = about["trained_on"], about["attrition"], judge(Evidence(metrics), task)
    kind = (
        f"{task.evaluation.folds}-fold cross-validation by patient"
        if task.evaluation.kind == "cross_validation"
        else "patients held out of the fit"
    )
    reproduce = "`make train`" if about["source"] in ("simulated", "mgus2") else "ingest, build, fit and evaluate as in the README"
    simulated = about.get("source") == "simulated"
    lines = [
        f"# {origin['model_name']} version {origin['model_version']}",
        "",
        f"{NOTICE} {task.title}.",
        "",
        *(["**Fitted to simulated histories: its figures say nothing about patients.**", ""] if simulated else []),
        "## What it predicts",
        "",
        f"The probability of progression within {', '.join(map(str, task.horizons))} months of a visit, among people still at risk, "
        "death competing.",
        f"Treatment before progression: {task.treatment}. Estimator: {artifact.kind}, {len(artifact.columns)} features.",
        "",
        "## Cohort",
        "",
        f"Source {about['source']}, cohort {about['cohort_hash']}; fitted on {trained['patients']} people, "
        f"{trained['landmarks']} landmarks, {trained['patients_progressing']} people progressing.",
        f"Attrition: {attrition['visits']} visits of {attrition['patients']} people; not at risk: "
        f"{attrition['not_at_risk'] or 'none'}; landmarks in the table: {attrition['landmarks']}.",
        "",
        f"## Performance ({kind}; 95 % intervals by patient bootstrap)",
        "",
        "| measure | " + " | ".join(f"{h} months" for h in task.horizons) + " |",
        "|---|" + "---|" * len(task.horizons),
        *(_metric_row(label, key, decimals, metrics, task) for key, label, decimals in _ROWS),
        "",
        f"## Gate: {verdict.verdict}",
        "",
        *(
            f"- {c.name}: {'missing' if c.value is None else f'{c.value:.3f}'} (accepted: {c.accepted})"
            for c in verdict.checks
            if c.holds is not None
        ),
        "",
        "## To reproduce",
        "",
        f"Run {origin['run_id']}, feature_hash {artifact.spec.feature_hash()}, versions {about['versions']}: {reproduce}.",
        "",
    ]
    return "\n".join(lines)


def _metric_row(label: str, key: str, decimals: int, metrics: dict[str, float], task: Task) -> str:
    cells = []
    for months in task.horizons:
        name = f"{key}_{months}m"
        values = [metrics.get(n) for n in (name, f"{name}_lo", f"{name}_hi")]
        cells.append("not available" if None in values else "{0:.{d}f} ({1:.{d}f} to {2:.{d}f})".format(*values, d=decimals))
    return f"| {label} | " + " | ".join(cells) + " |"
