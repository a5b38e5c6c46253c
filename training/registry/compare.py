"""The table of candidates that the MLflow UI shows, for the terminal and for machines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from rich.table import Table

from features import Task
from myeloma import StateError
from myeloma.scores import SCORES
from serving.store.champion import connect
from training.gate.demands import most_wrong
from training.metrics.figures import MAIN
from training.metrics.order import rank
from training.registry.version_page import VERDICT
from training.registry.versions import live_version
from training.rows.landmark_tables import landmark_name


@dataclass(frozen=True)
class Candidate:
    """The newest evaluated run of one estimator on the newest cohort and split; or the champion, where that is another one (`note`)."""

    estimator: str
    run_id: str
    champion_version: str | None
    metrics: dict[str, float]
    source: str
    model_uri: str | None
    note: str = ""
    gate: str = ""  # verdict of the gate, once registered

    @property
    def published(self) -> bool:
        """Return whether this is a published score, which is compared and never registered."""
        return self.estimator in SCORES


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
    evaluated = [run for run in runs if run.data.metrics and "kind" not in run.data.tags]  # searches and the like are no candidates
    if not evaluated:
        what = f"Nothing is evaluated for {task.name}."
        raise StateError(what, f"run: python -m training evaluate --task {task.name}", "nothing_evaluated")
    live = live_version(task.name)
    newest = _judged_on(evaluated[0])
    chosen: dict[str, Candidate] = {}
    for run in evaluated:
        estimator = run.data.tags.get("estimator", "?")
        version = live[0] if live and run.info.run_id == live[1] else None
        if _judged_on(run) == newest and estimator not in chosen:
            chosen[estimator] = _candidate(run, estimator, version)
        elif version:
            note = "earlier training" if _judged_on(run) == newest else "other cohort or split"
            chosen[f"{estimator} ({note})"] = _candidate(run, estimator, version, note)
    return sorted(chosen.values(), key=lambda c: (c.published, rank(c.metrics, task.primary_horizon)))


def promotable(task: Task) -> dict[str, Candidate]:
    """Return what `promote` chooses from: the newest candidates that `compare` shows, by name, best first."""
    return {c.estimator: c for c in candidates(task) if not c.note}


def of_run(run_id: str) -> Candidate:
    """Return the candidate of one run, whatever the cohort: for promoting an older version."""
    run = connect().get_run(run_id)
    return _candidate(run, run.data.tags.get("estimator", "?"), None)


def as_dicts(task: Task, found: list[Candidate]) -> list[dict[str, Any]]:
    """Return the candidates as JSON can hold them."""
    return [{"task": task.name, **asdict(candidate)} for candidate in found]


def as_table(task: Task, found: list[Candidate], narrow: bool = False) -> Table:
    """Return the readable table: one line per model and horizon for which there is a figure.

    A published score is judged on the rows where it can be computed; `rows judged` says how many that are, since
    figures on other rows do not compare. Below stands where each model is most wrong. In a narrow table an interval
    stands below its estimate.
    """
    how = f"{task.evaluation.folds}-fold cross-validation by patient" if task.evaluation.kind == "cross_validation" else "patients held out"
    title = f"{task.name}: {task.title}; cohort: {found[0].source}. {how.capitalize()}; 95 % intervals by patient bootstrap"
    table = Table(title=title, title_justify="left")
    for heading in ("model", "horizon", "AUC", "Brier", "observed / expected", "ICI", "events", "rows judged"):
        table.add_column(heading, justify="left" if heading == "model" else "right")
    for candidate in found:
        lines = [f"{candidate.estimator}{f' ({candidate.note})' if candidate.note else ''}"]
        lines += [f"champion, version {candidate.champion_version}"] if candidate.champion_version else []
        lines += [f"gate: {candidate.gate}"] if candidate.gate else []
        shown = [months for months in task.horizons if f"auc_{months}m" in candidate.metrics]
        for k, months in enumerate(shown):
            between = "\n" if narrow else " "
            cells = [_with_interval(candidate.metrics, f"{measure}_{months}m", decimals, between) for measure, _, decimals in MAIN]
            cells.append(f"{candidate.metrics[f'ici_{months}m']:.3f}" if f"ici_{months}m" in candidate.metrics else "-")
            counts = [_count(candidate.metrics, f"events_{months}m"), f"{candidate.metrics[f'share_computable_{months}m']:.0%}"]
            table.add_row(lines[k] if k < len(lines) else "", f"{months} m", *cells, *counts)
        if not shown:
            table.add_row(lines[0], "-", "not computable on this cohort", "", "", "", "", "0%")
        table.add_section()
    table.caption, table.caption_justify = "\n".join(_subgroup_lines(task, found)), "left"
    return table


def worst_subgroup(task: Task, candidate: Candidate) -> tuple[str, float, int] | None:
    """Return the subgroup whose observed / expected is furthest from 1 at the primary horizon, the ratio, and its events.

    Only subgroups with as many events as the gate asks for count; the gate also looks at those whose count is kept back.
    """
    metrics, at = candidate.metrics, f"{task.primary_horizon}m_at_"
    fixed = {landmark_name(years).removeprefix("at_") for years in task.evaluation.landmarks}
    groups = {key.removeprefix(f"events_{at}") for key in metrics if key.startswith(f"events_{at}")} - fixed
    known = {
        name: (metrics[f"oe_ratio_{at}{name}"], metrics[f"events_{at}{name}"])
        for name in sorted(groups)
        if f"oe_ratio_{at}{name}" in metrics
    }
    worst = most_wrong(known, task.gate.subgroup_events_at_least)
    return None if worst is None else (worst, known[worst][0], int(known[worst][1]))


def _subgroup_lines(task: Task, found: list[Candidate]) -> Iterator[str]:
    for candidate in found:
        if not candidate.published and not candidate.note and (worst := worst_subgroup(task, candidate)):
            where = f"{worst[0].replace('_', ' ')} ({worst[2]} events)"
            yield f"{candidate.estimator}: of all subgroups, observed / expected is furthest from 1 in {where}: {worst[1]:.2f}"


def _candidate(run: Any, estimator: str, champion_version: str | None, note: str = "") -> Candidate:
    tags = run.data.tags
    return Candidate(
        estimator,
        run.info.run_id,
        champion_version,
        run.data.metrics,
        tags.get("source", "?"),
        tags.get("model_uri"),
        note,
        tags.get(VERDICT, ""),
    )


def _judged_on(run: Any) -> tuple[str | None, ...]:
    """Return what two runs must share for their figures to stand in one table: people, features, rows judged."""
    return tuple(run.data.tags.get(name) for name in ("cohort_hash", "feature_hash", "judged_hash"))


def _with_interval(metrics: dict[str, float], key: str, decimals: int, separator: str) -> str:
    if key not in metrics:
        return "-"
    parts = [f"{metrics[k]:.{decimals}f}" if k in metrics else "?" for k in (key, f"{key}_lo", f"{key}_hi")]
    return f"{parts[0]}{separator}({parts[1]}-{parts[2]})"


def _count(metrics: dict[str, float], key: str) -> str:
    return f"{metrics[key]:.0f}" if key in metrics else "-"
