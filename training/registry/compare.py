"""The table of candidates that the MLflow UI shows, for the terminal and for machines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from rich.table import Table

from myeloma import StateError
from myeloma.scores import SCORES
from serving.store.champion import FORCE, decisions_on, registered_name
from serving.store.reading import runs_of
from training.fitting.unfitted import ASKED, not_fitted_in_words
from training.gate.figures import Worst, worst_subgroup
from training.metrics.estimate import MAIN, Estimate
from training.metrics.names import Metric
from training.metrics.order import choice_in_words, rank
from training.places import EVALUATION, folder_of
from training.plan import Plan
from training.registry.version_page import VERDICT
from training.registry.versions import live_version
from training.tracking.run import Run


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
    worst_subgroup: Worst | None = None  # where it is most wrong in the large
    forced: bool = False  # made live against the gate
    asked: str = ""  # the candidates that its fit was asked for; empty where its run does not say

    @property
    def published(self) -> bool:
        """Return whether this is a published score, which is compared and never registered."""
        return self.estimator in SCORES


def candidates(plan: Plan) -> list[Candidate]:
    """Return the candidates of a task, best Brier at the primary horizon first, then the published scores alike.

    Raises
    ------
    StateError
        Nothing has been evaluated.
    """
    place = folder_of(plan.task.name, EVALUATION)
    runs = [Run(run, place) for run in runs_of(plan.task.name)]
    evaluated = [run for run in runs if run.is_judged_candidate]
    if not evaluated:
        from training.tracking import require_place  # MLflow, which takes two seconds to import, is needed here only

        require_place(plan.task)  # an experiment that was deleted has no runs either, and is restored by one command
        what = f"Nothing is evaluated for {plan.task.name}."
        raise StateError(what, f"run: python -m training evaluate --task {plan.task.name}", "nothing_evaluated")
    live = live_version(plan.task.name)
    newest = evaluated[0].judged_on
    chosen: dict[str, Candidate] = {}
    for run in evaluated:
        version = live[0] if live and run.id == live[1] else None
        if run.judged_on == newest and run.name not in chosen:
            chosen[run.name] = _candidate(run, plan, version)
        elif version:
            note = _why_apart(run.judged_on, newest)
            chosen[f"{run.name} ({note})"] = _candidate(run, plan, version, note)
    return sorted(chosen.values(), key=lambda c: (c.published, rank(c.metrics, plan.primary_horizon)))


def promotable(plan: Plan) -> dict[str, Candidate]:
    """Return what `promote` chooses from: the newest candidates that `compare` shows, by name, best first."""
    return {c.estimator: c for c in candidates(plan) if not c.note}


def of_run(run_id: str, plan: Plan) -> Candidate:
    """Return the candidate of one run, whatever the cohort: for promoting an older version."""
    return _candidate(Run.find(run_id, plan.task), plan, None)


def as_dicts(plan: Plan, found: list[Candidate]) -> list[dict[str, Any]]:
    """Return the candidates as JSON can hold them."""
    return [{"task": plan.task.name, **asdict(candidate)} for candidate in found]


def as_table(plan: Plan, found: list[Candidate], narrow: bool = False) -> Table:
    """Return the readable table: one line per model and horizon for which there is a figure.

    A published score is judged on the rows where it can be computed; `rows judged` says how many that are, since
    figures on other rows do not compare. Below stands where each model is most wrong. In a narrow table an interval
    stands below its estimate.
    """
    how = f"{plan.evaluation.folds}-fold cross-validation by patient" if plan.evaluation.kind == "cross_validation" else "patients held out"
    title = f"{plan.task.name}: {plan.task.title}; cohort: {found[0].source}. {how.capitalize()}; 95 % intervals by patient bootstrap"
    table = Table(title=title, title_justify="left")
    for heading in ("model", "horizon", "AUC", "Brier", "observed / expected", "ICI", "events", "rows judged"):
        table.add_column(heading, justify="left" if heading == "model" else "right")
    for candidate in found:
        lines = [f"{candidate.estimator}{f' ({candidate.note})' if candidate.note else ''}"]
        lines += [f"champion, version {candidate.champion_version}"] if candidate.champion_version else []
        lines += [f"gate: {candidate.gate}{', forced' if candidate.forced else ''}"] if candidate.gate or candidate.forced else []
        shown = [months for months in plan.task.horizons if Metric("auc", months).name in candidate.metrics]
        for k, months in enumerate(shown):
            beside = lines[k:] if months == shown[-1] else lines[k : k + 1]  # a task of one horizon has all of them in one row
            table.add_row("\n".join(beside), f"{months} m", *_cells(candidate.metrics, months, narrow))
        if not shown:
            table.add_row(lines[0], "-", "not computable on this cohort", "", "", "", "", "0%")
        table.add_section()
    said = [_choice(plan, found), not_fitted_in_words(plan, {c.estimator: {ASKED: c.asked} for c in found if not c.note})]
    table.caption, table.caption_justify = "\n".join([*_subgroup_lines(found), *filter(None, said)]), "left"
    return table


def _choice(plan: Plan, found: list[Candidate]) -> str:
    """Return how the choice among the models went; of a single one there was none."""
    models = [candidate for candidate in found if not candidate.note and not candidate.published]
    return choice_in_words(models[0].estimator, models[0].metrics, plan.primary_horizon) if len(models) > 1 else ""


def _cells(figures: Mapping[str, float], months: int, narrow: bool) -> Iterator[str]:
    """Yield the main figures with their intervals, the ICI, events and share of rows judged."""
    for measure, _, decimals in MAIN:
        yield Estimate.of(figures, Metric(measure, months)).shown(decimals, to="-", between="\n" if narrow else " ") or "-"
    for measure, form in (("ici", ".3f"), ("events", ".0f"), ("share_computable", ".0%")):
        value = figures.get(Metric(measure, months).name)
        yield "-" if value is None else f"{value:{form}}"


def _subgroup_lines(found: list[Candidate]) -> Iterator[str]:
    for candidate in found:
        if not candidate.note and (worst := candidate.worst_subgroup):
            where = f"{worst.name} ({worst.expected:.0f} events expected)"
            yield f"{candidate.estimator}: of all subgroups, observed / expected is furthest from 1 in {where}: {worst.ratio:.2f}"


def _candidate(run: Run, plan: Plan, champion_version: str | None, note: str = "") -> Candidate:
    worst = None if run.name in SCORES else worst_subgroup(run, plan.primary_horizon, plan.gate)
    return Candidate(
        run.name,
        run.id,
        champion_version,
        run.metrics,
        run.tags.get("source", "?"),
        run.tags.get("model_uri"),
        note,
        run.tags.get(VERDICT, ""),
        worst,
        champion_version is not None and FORCE in {made.get("action") for made in _made_live(plan, champion_version)},
        run.tags.get(ASKED, ""),
    )


def _made_live(plan: Plan, version: str) -> list[dict[str, Any]]:
    """Return the last decision by verdict that made a version live, if there is one."""
    return [decision for decision in decisions_on(registered_name(plan.task.name), version) if decision.get("verdict")][-1:]


def _why_apart(judged_on: tuple[str | None, ...], newest: tuple[str | None, ...]) -> str:
    """Return why a run's figures do not stand among the newest ones."""
    if judged_on == newest:
        return "earlier training"
    return "rows weighed otherwise" if judged_on[:-1] == newest[:-1] else "other cohort or split"
