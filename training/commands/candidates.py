"""The commands on the candidates: register, which judges them, and compare, which shows them."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from shlex import quote
from typing import Annotated, Any

import typer

from features.cohort.files import whole_file
from features.console import console
from features.params import DEFAULT_PARAMS
from myeloma import ConfigError, StateError
from serving.store.trouble import explain_store_errors
from training.commands.arguments import AnyTask, Evaluated, Json, Params, TaskName, folder_of, plans_of
from training.fitting.unfitted import not_fitted_in_words
from training.places import EVALUATION, METRICS
from training.plan import Plan, load_plan

_LOG = logging.getLogger("training")
_BY_HAND = 'python -m training promote --task {} --model NAME{} --reason "..."'
_WIDE = 122  # columns that the table of candidates takes


@explain_store_errors
def register(
    task: TaskName,
    evaluated: Evaluated = None,
    cohort: Annotated[Path | None, typer.Option(help="Cohort the table was built from. Default: the folder cohort beside it.")] = None,
    out: Annotated[Path | None, typer.Option(help="File to write the verdicts to.")] = None,
    params: Params = DEFAULT_PARAMS,
    as_json: Json = False,
) -> None:
    """Judge and register every candidate; the best that the gate promotes becomes champion, the next challenger.

    Example: python -m training register --task smm
    """
    from training.commands.verdicts import verdict_table
    from training.registry.candidates import register as register_candidates

    chosen = load_plan(task, params)
    outcome = register_candidates(_results(chosen, evaluated), chosen, cohort, evaluated)
    if out:
        with whole_file(out) as work:
            work.write_text(json.dumps(outcome, indent=1), encoding="utf-8")
    for name, verdict in outcome["verdicts"].items():
        _LOG.info("%s: %s, version %s: %s", task, name, verdict["version"], verdict["verdict"])
        for check in verdict["checks"]:
            if check["holds"] is not True:
                _LOG.info("%s: %s: %s", task, name, _line(check))
    if as_json:
        typer.echo(json.dumps(outcome))
        return
    if outcome["verdicts"]:
        console.print(verdict_table(task, outcome["verdicts"]))
    live, challenger = outcome["live"], outcome["challenger"]
    if not outcome["verdicts"]:
        stays = f"champion is still {live['model']}, version {live['version']}" if live else "there is no champion"
        console.print(f"{task}: no model is fitted, only published scores, which are never registered; {stays}", markup=False)
        console.print(f"{task}: name models in training.{task}.models of {params}, fit and evaluate, and register again", markup=False)
        return
    if live is None:
        console.print(f"{task}: no candidate passed the gate; there is no champion, and nothing scores until there is one", markup=False)
        verdicts = [verdict["verdict"] for verdict in outcome["verdicts"].values()]
        console.print(f"{task}: mend what is NOT MET or NOT MEASURED, or decide all the same: {_by_hand(task, verdicts)}", markup=False)
        return
    stays = "" if outcome["champion"] else " stays: no candidate is shown to be as good"
    console.print(f"{task}: champion is {live['model']}, version {live['version']}{stays}", markup=False)
    if challenger:
        console.print(f"{task}: challenger is {challenger['model']}, version {challenger['version']}", markup=False)


@explain_store_errors
def compare(
    task: AnyTask = None,
    params: Params = DEFAULT_PARAMS,
    other: Annotated[
        str | None, typer.Option("--with", metavar="RUN", help="A run of an earlier training: set the newest training beside it.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Print the table of candidates that the MLflow UI shows.

    Example: python -m training compare --task smm
    """
    from training.registry.compare import as_dicts, as_table, candidates

    if other is not None:
        _beside(task, params, other, as_json)
        return
    found, waiting = [], []
    for chosen in plans_of(task, params):
        try:
            found.append((chosen, candidates(chosen)))
        except StateError as error:
            waiting.append(error)
    if not found:
        raise waiting[0]
    if as_json:
        typer.echo(json.dumps([row for chosen, rows in found for row in as_dicts(chosen, rows)]))
        return
    for chosen, rows in found:
        console.print(as_table(chosen, rows, narrow=console.width < _WIDE))
    for untrained in waiting:  # a task of params.yaml that is not trained yet is no mistake
        console.print(f"{untrained.what} {untrained.hint}")
    console.print(_next(found))


COMMANDS = (register, compare)


def _beside(task: str | None, params: Path, other: str, as_json: bool) -> None:
    from training.registry.two_trainings import as_table, two_trainings

    if task is None:
        raise ConfigError("--with compares two trainings of one task.", "name it with --task.")
    (plan,) = plans_of(task, params)
    found = two_trainings(plan, other)
    if as_json:
        typer.echo(json.dumps(found.as_dict()))
    else:
        console.print(as_table(plan, found))


def _results(plan: Plan, evaluated: Path | None) -> dict[str, Any]:
    """Return what evaluation says of each candidate, and warn of those that are missing."""
    path = (evaluated or folder_of(plan.task, EVALUATION)) / METRICS
    if not path.is_file():
        hint = f"run: python -m training evaluate --task {plan.task.name}"
        raise StateError(f"No evaluation in {path.parent}.", hint, "nothing_evaluated")
    results: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if missing := not_fitted_in_words(plan, results):
        _LOG.warning("%s", missing)
    return results


def _line(check: dict[str, Any]) -> str:
    from training.gate.verdict import Check

    return f"{Check(**check).state}: {Check(**check).in_words()}"


def _next(found: list[tuple[Plan, list[Any]]]) -> str:
    """Return what may follow on the table of candidates: score with a champion, or get one."""
    steps = ["make ui (compare runs)"]
    for plan, rows in found:
        if not any(row.champion_version for row in rows):
            verdicts = [row.gate for row in rows if row.gate]
            steps.append(_by_hand(plan.task.name, verdicts) if verdicts else f"python -m training register --task {plan.task.name}")
            continue
        cohort = folder_of(plan.task, "cohort")
        given = quote(str(cohort)) if cohort.is_dir() else "COHORT"
        steps.append(f"make score TASK={plan.task.name} IN={given} OUT={plan.task.name}_risks.parquet")
    return "\n  ".join(["Next:", *steps, "make serve (HTTP API)   make help"])


def _by_hand(task: str, verdicts: list[str]) -> str:
    """Return how a person makes a candidate live: where the gate only holds one back, a reason is enough."""
    from training.gate.verdict import HOLD

    return _BY_HAND.format(task, "" if HOLD in verdicts else " --force")
