"""What MLflow's pages show of a version, of its run and of its training: the tags and descriptions a person needs to decide."""

from __future__ import annotations

from typing import Any

from training.fitting.unfitted import not_fitted_in_words
from training.gate.verdict import IN_THE_WAY, Verdict
from training.metrics.estimate import MAIN, Estimate
from training.metrics.names import Metric
from training.metrics.order import rank
from training.places import GATE
from training.plan import Plan
from training.tracking.run import Run

VERDICT = "gate_verdict"
NOTE = "mlflow.note.content"  # MLflow's own name for the description of a run
_LONGEST_TAG = 4000  # MLflow refuses tags of more than 5000 characters


def describe_model(task_name: str) -> str:
    """Return the description of a task's registered model: what the aliases mean, and how to change what is live."""
    return (
        f"Risk of progression, task {task_name}. `champion` is live, `challenger` waits for a person. "
        f"Change them with `python -m training promote --task {task_name}` or `rollback`, which keep the history; "
        "an alias moved on this page is not recorded."
    )


def describe_version(plan: Plan, run: Run, verdict: Verdict, judged_at: str) -> tuple[dict[str, str], str]:
    """Return the tags and the Markdown description of a version.

    Parameters
    ----------
    run : Run
        Of the candidate, with its held-out figures.
    """
    made, months = run.tags, plan.primary_horizon
    figures = {Metric(measure, months).name: _shown(run.metrics, measure, months, decimals) for measure, _, decimals in MAIN}
    in_the_way = {state: ", ".join(verdict.in_the_way(state)) or "-" for state in IN_THE_WAY}
    said = " ".join(f"{state.capitalize()}: {names}." for state, names in in_the_way.items())
    tags = {
        VERDICT: verdict.verdict,
        **figures,
        "estimator": run.name,
        **{f"gate_{state.lower().replace(' ', '_')}": names[:_LONGEST_TAG] for state, names in in_the_way.items()},
        "cohort": f"{made.get('source', '?')} {made.get('cohort_hash', '?')}",
        "judged_at": judged_at,
        "feature_hash": made.get("feature_hash", "?"),
        "git_commit": made.get("git_commit", "?"),
    }
    lines = [
        f"{verdict.verdict.upper()} says the gate of {run.name} ({judged_at[:10]}). Cohort {tags['cohort']}. {said}",
        *([f"Recalibrated from version {before} to that cohort's people."] if (before := made.get("recalibrated_from")) else []),
        "",
        *(f"- {label} at {months} months: {_with_level(run.metrics, measure, months, decimals)}" for measure, label, decimals in MAIN),
        "",
        "| demand | value | accepted | |",
        "|---|---|---|---|",
        *(_row(check) for check in verdict.checks),
        "",
        f"What each figure was compared with stands in `{GATE}` among the artifacts of the source run.",
    ]
    return tags, "\n".join(lines)[:_LONGEST_TAG]


def describe_training(plan: Plan, results: dict[str, dict[str, Any]], outcome: dict[str, Any]) -> str:
    """Return the Markdown description of a training: its candidates side by side, the best first, and what is live.

    Parameters
    ----------
    results : figures by candidate, as evaluation wrote them
    outcome : what register decided
    """
    months, live = plan.primary_horizon, outcome["live"]
    lines = [
        _live_in_words(live),
        *(["", missing] if (missing := not_fitted_in_words(plan, results)) else []),
        "",
        f"| candidate | gate | {' | '.join(f'{label}, {months} m' for _, label, _ in MAIN)} | rows judged |",
        "|---|---|---|---|---|---|",
    ]
    for name in sorted(results, key=lambda n: (results[n]["published"], rank(results[n]["metrics"], months))):
        metrics, verdict = results[name]["metrics"], outcome["verdicts"].get(name, {}).get("verdict", "published score")
        figures = " | ".join(_shown(metrics, measure, months, decimals) for measure, _, decimals in MAIN)
        share = metrics.get(Metric("share_computable", months).name)
        lines.append(f"| {name} | {verdict} | {figures} | {'-' if share is None else f'{share:.0%}'} |")
    return "\n".join([*lines, "", "Figures on other rows do not compare. How to read these pages: docs/comparing.md."])[:_LONGEST_TAG]


def _live_in_words(live: dict[str, str] | None) -> str:
    """Return what is live, and, where that was decided since, when, how and why."""
    if not live:
        return "No candidate is live."
    if "at" not in live:
        return f"Live after this training: {live['model']}, version {live['version']}."
    why = f": {live['reason']}" if live["reason"] else ""
    return f"Live since {live['at']}: {live['model']}, version {live['version']}, by {live['action']}{why}."


def _row(check: Any) -> str:
    met = f"**{check.state.lower()}**" if check.holds_back else check.state
    return f"| {check.name} | {check.shown} | {check.accepted} | {met} |"


def _with_level(metrics: dict[str, float], measure: str, months: int, decimals: int) -> str:
    """Return a figure, and of how much its interval is where it has one."""
    there = Estimate.of(metrics, Metric(measure, months)).has_interval
    return _shown(metrics, measure, months, decimals) + (", 95 % interval" if there else "")


def _shown(metrics: dict[str, float], measure: str, months: int, decimals: int) -> str:
    return Estimate.of(metrics, Metric(measure, months)).shown(decimals, to="-") or "not available"
