"""The table of candidates that the MLflow UI shows, for the terminal and for machines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rich.table import Table

from features import Task
from myeloma import StateError
from myeloma.scores import SCORES
from serving.store import connect
from training.registry import live_version

MEASURES = ("auc", "brier", "oe_ratio")


@dataclass(frozen=True)
class Candidate:
    """The newest evaluated run of one estimator on the newest cohort."""

    estimator: str
    run_id: str
    champion_version: str | None
    metrics: dict[str, float]


def candidates(task: Task) -> list[Candidate]:
    """Return the candidates of a task, best Brier at the primary horizon first, then the published scores alike.

    Raises
    ------
    StateError
        Nothing has been evaluated.
    """
    client = connect()
    experiment = client.get_experiment_by_name(task.name)
    runs = client.search_runs([experiment.experiment_id], order_by=["attributes.start_time DESC"]) if experiment else []
    evaluated = [run for run in runs if run.data.metrics]
    if not evaluated:
        raise StateError(
            f"Nothing is evaluated for {task.name}.", f"run: python -m training evaluate --task {task.name}", "nothing_evaluated"
        )
    live = live_version(task.name)
    newest = _cohort(evaluated[0])
    chosen: dict[str, Candidate] = {}
    for run in evaluated:
        estimator, is_live = run.data.tags.get("estimator", "?"), bool(live and run.info.run_id == live[1])
        if _cohort(run) == newest and estimator not in chosen:
            chosen[estimator] = Candidate(estimator, run.info.run_id, live[0] if is_live and live else None, run.data.metrics)
        elif is_live and live:
            chosen[f"{estimator} (earlier training)"] = Candidate(
                f"{estimator} (earlier training)", run.info.run_id, live[0], run.data.metrics
            )
    key = f"brier_{task.primary_horizon}m"
    return sorted(chosen.values(), key=lambda c: (c.estimator in SCORES, c.metrics.get(key, float("inf"))))


def as_dicts(task: Task, found: list[Candidate]) -> list[dict[str, Any]]:
    """Return the candidates as JSON can hold them."""
    return [
        {"task": task.name, "estimator": c.estimator, "run_id": c.run_id, "champion_version": c.champion_version, "metrics": c.metrics}
        for c in found
    ]


def as_table(task: Task, found: list[Candidate]) -> Table:
    """Return the readable table: one line per model and horizon for which there is a figure.

    A published score is judged on the rows where it can be computed; `rows judged` says how many that are, since
    figures on other rows do not compare.
    """
    how = f"{task.evaluation.folds}-fold cross-validation by patient" if task.evaluation.kind == "cross_validation" else "patients held out"
    table = Table(title=f"{task.name}: {task.title}. {how.capitalize()}; 95 % intervals by patient bootstrap", title_justify="left")
    for heading in ("model", "horizon", "AUC", "Brier", "observed / expected", "events", "rows judged"):
        table.add_column(heading, justify="left" if heading == "model" else "right")
    for candidate in found:
        mark = f"\n[bold]champion (version {candidate.champion_version})[/bold]" if candidate.champion_version else ""
        name = candidate.estimator + mark
        shown = [months for months in task.horizons if f"auc_{months}m" in candidate.metrics]
        for months in shown:
            cells = [_with_interval(candidate.metrics, f"{measure}_{months}m") for measure in MEASURES]
            first, _, second = name.partition("\n")
            counts = [_count(candidate.metrics, f"events_{months}m"), f"{candidate.metrics[f'share_computable_{months}m']:.0%}"]
            table.add_row(first, f"{months} m", *cells, *counts)
            name = second
        if not shown:
            table.add_row(name, "-", "not computable on this cohort", "", "", "", "0%")
        table.add_section()
    return table


def _cohort(run: Any) -> tuple[str | None, str | None]:
    return run.data.tags.get("cohort_hash"), run.data.tags.get("feature_hash")


def _with_interval(metrics: dict[str, float], key: str) -> str:
    if key not in metrics:
        return "-"
    decimals = 4 if key.startswith("brier") else 3 if key.startswith("auc") else 2
    parts = [f"{metrics[k]:.{decimals}f}" if k in metrics else "?" for k in (key, f"{key}_lo", f"{key}_hi")]
    return f"{parts[0]} ({parts[1]}-{parts[2]})"


def _count(metrics: dict[str, float], key: str) -> str:
    return f"{metrics[key]:.0f}" if key in metrics else "-"
