"""Two trainings of a task side by side: what the newest one gained or lost, model by model, and whether the figures compare."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from rich.table import Table

from myeloma import ConfigError, StateError
from serving.store.reading import runs_of
from training.metrics.estimate import MAIN, Estimate
from training.metrics.names import Metric
from training.metrics.order import rank
from training.plan import Plan
from training.registry.version_page import VERDICT
from training.tracking.run import Run
from training.tracking.runs import TRAINING

_DIFFERS = {"cohort_hash": "another cohort", "feature_hash": "other features", "judged_hash": "other people or visits held out"}
_WEIGHED_OTHERWISE = "the same rows, weighed for censoring otherwise"
_WEIGHING_UNKNOWN = "how rows were weighed for censoring is not known"  # of a run that a former version left
_ADVICE = "python -m training compare --json names the run of every candidate; `make ui` shows the id of a training."


@dataclass(frozen=True)
class Pair:
    """One candidate in both trainings; None where a training has none of its name.

    `apart` says in what the rows that they were judged on, or what each counts for, differ; empty where they are the same, and only then
    figures compare.
    """

    estimator: str
    here: dict[str, float] | None
    there: dict[str, float] | None
    gates: tuple[str, str]
    apart: tuple[str, ...]


@dataclass(frozen=True)
class TwoTrainings:
    """The newest training of a task (`here`) and another one (`there`), by the ids of their runs, and their candidates, the best first."""

    task: str
    here: str
    there: str
    pairs: tuple[Pair, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return asdict(self)


def two_trainings(plan: Plan, run_id: str) -> TwoTrainings:
    """Return the newest training of a task beside the one that a run is, or belongs to.

    Parameters
    ----------
    run_id : str
        Of a training or of a candidate; its first letters, as long as they name one training.

    Raises
    ------
    StateError
        Nothing has been evaluated, or the other training's candidates have no figures.
    ConfigError
        No run begins like that, those that do are of several trainings, or it is the newest training itself.
    """
    runs = [Run(run) for run in runs_of(plan.task.name)]
    judged = [run for run in runs if run.is_judged_candidate and "training_id" in run.tags]
    if not judged:
        hint = f"run: python -m training evaluate --task {plan.task.name}"
        raise StateError(f"Nothing is evaluated for {plan.task.name}.", hint, "nothing_evaluated")
    of_training = [run for run in runs if run.tags.get("kind", TRAINING) == TRAINING]
    meant = {run.tags.get("training_id", run.id) for run in of_training if run.id.startswith(run_id)}
    if len(meant) != 1:
        what = f'"{run_id}" names no run of {plan.task.name}.' if not meant else f'"{run_id}" begins the names of {len(meant)} trainings.'
        raise ConfigError(what, _ADVICE)
    here, there = judged[0].tags["training_id"], meant.pop()
    if here == there:
        raise ConfigError(f"{there} is the newest training of {plan.task.name} itself.", _ADVICE)
    mine, theirs = ({run.name: run for run in reversed(judged) if run.tags["training_id"] == one} for one in (here, there))
    if not theirs:
        raise StateError(f"No candidate of the training {there} was evaluated.", _ADVICE, "nothing_evaluated")
    names = sorted({**mine, **theirs}, key=lambda name: rank((mine.get(name) or theirs[name]).metrics, plan.primary_horizon))
    return TwoTrainings(plan.task.name, here, there, tuple(_pair(name, mine.get(name), theirs.get(name)) for name in names))


def as_table(plan: Plan, found: TwoTrainings) -> Table:
    """Return the readable table: at each horizon the figures of both, and what was gained where they compare."""
    title = f"{found.task}: training {found.here[:8]} beside {found.there[:8]}; 95 % intervals by patient bootstrap"
    table = Table(title=title, title_justify="left")
    for heading in ("model", "horizon", "figure", "newest", "other", "newest - other"):
        table.add_column(heading, justify="left" if heading in ("model", "figure") else "right")
    for pair in found.pairs:
        said = [pair.estimator, *(f"gate: {gate}" for gate in dict.fromkeys(pair.gates) if gate), *pair.apart]
        lines = list(_lines(plan, pair))
        for k, line in enumerate(lines or [("-", "no figure in both", "", "", "")]):
            table.add_row("\n".join(said) if k == 0 else "", *line)
        table.add_section()
    if any(pair.apart for pair in found.pairs):
        table.caption = "Where the rows or their weights differ, no difference is shown:\nit would be of people as well as of models."
    else:
        table.caption = "Both were judged on the very same rows."
    table.caption_justify = "left"
    return table


def _pair(name: str, here: Run | None, there: Run | None) -> Pair:
    apart: tuple[str, ...] = ("not in both",)
    if here and there:
        apart = tuple(words for tag, words in _DIFFERS.items() if here.tags.get(tag) != there.tags.get(tag)) or _weighed_apart(here, there)
    gates = (here.tags.get(VERDICT, "") if here else "", there.tags.get(VERDICT, "") if there else "")
    return Pair(name, here.metrics if here else None, there.metrics if there else None, gates, apart)


def _weighed_apart(here: Run, there: Run) -> tuple[str, ...]:
    """Return whether what the same rows count for tells two runs apart; runs of former versions do not say it."""
    both = [run.tags.get("weighing_hash") for run in (here, there)]
    if None in both:
        return (_WEIGHING_UNKNOWN,)
    return () if both[0] == both[1] else (_WEIGHED_OTHERWISE,)


def _lines(plan: Plan, pair: Pair) -> Iterator[tuple[str, ...]]:
    for months in plan.task.horizons:
        for key, words, decimals in MAIN:
            here, there = (Estimate.of(of or {}, Metric(key, months)) for of in (pair.here, pair.there))
            if here.value is None and there.value is None:
                continue
            known = here.value is not None and there.value is not None and not pair.apart
            gain = f"{(here.value or 0.0) - (there.value or 0.0):+.{decimals}f}" if known else "-"
            yield f"{months} m", words, here.shown(decimals, to="-") or "-", there.shown(decimals, to="-") or "-", gain
