"""The commands on the registry: register, compare, promote, rollback, history, doctor."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from features import Task, load_task
from features.console import REFUSED, console
from features.tasks import DEFAULT_PARAMS, task_names
from myeloma import ConfigError, StateError
from serving.store_trouble import told

TaskName = Annotated[str, typer.Option("--task", help="Task of params.yaml, such as mgus or smm.")]
AnyTask = Annotated[str | None, typer.Option("--task", help="Task of params.yaml. Default: all of them.")]
Params = Annotated[Path, typer.Option(help="Parameter file.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Evaluated = Annotated[Path | None, typer.Option(help="Folder of the evaluation. Default: data/TASK/evaluation.")]
Reason = Annotated[str, typer.Option(help="Why; kept in the history.")]
_BY_HAND = 'python -m training promote --task {} --model NAME{} --reason "..."'
_WIDE = 122  # columns that the table of candidates takes


@told
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
    from training.registry import register as register_candidates

    chosen = load_task(task, params)
    outcome = register_candidates(_results(chosen, evaluated), chosen, cohort)
    if out:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps(outcome, indent=1), encoding="utf-8")
    if as_json:
        typer.echo(json.dumps(outcome))
        return
    for name, verdict in outcome["verdicts"].items():
        console.print(f"{task}: {name}, version {verdict['version']}: {verdict['verdict']}", markup=False)
        for check in verdict["checks"]:
            if check["holds"] is not True:
                console.print(f"    {_line(check)}", markup=False)
    live, challenger = outcome["live"], outcome["challenger"]
    if not outcome["verdicts"]:
        stays = f"champion is still {live['model']}, version {live['version']}" if live else "there is no champion"
        console.print(f"{task}: no model is fitted, only published scores, which are never registered; {stays}", markup=False)
        console.print(f"{task}: name models in tasks.{task}.models of {params}, fit and evaluate, and register again", markup=False)
        return
    if live is None:
        console.print(f"{task}: no candidate passed the gate; there is no champion, and nothing scores until there is one", markup=False)
        verdicts = [verdict["verdict"] for verdict in outcome["verdicts"].values()]
        console.print(f"{task}: mend what is NOT MET, or decide all the same: {_by_hand(task, verdicts)}", markup=False)
        return
    stays = "" if outcome["champion"] else " stays: no candidate is shown to be as good"
    console.print(f"{task}: champion is {live['model']}, version {live['version']}{stays}", markup=False)
    if challenger:
        console.print(f"{task}: challenger is {challenger['model']}, version {challenger['version']}", markup=False)


@told
def compare(task: AnyTask = None, params: Params = DEFAULT_PARAMS, as_json: Json = False) -> None:
    """Print the table of candidates that the MLflow UI shows.

    Example: python -m training compare --task smm
    """
    from training.compare import as_dicts, as_table, candidates

    found, waiting = [], []
    for chosen in _tasks(task, params):
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
    for error in waiting:  # a task of params.yaml that is not trained yet is no mistake
        console.print(f"{error.what} {error.hint}")
    console.print(_next(found))


@told
def promote(
    task: TaskName,
    model: Annotated[str | None, typer.Option(help="Candidate to promote. Default: the best by held-out Brier score.")] = None,
    version: Annotated[str | None, typer.Option(help="Registered version to promote instead: a number, or an alias.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Promote what the gate rejects; needs --reason.")] = False,
    reason: Reason = "",
    params: Params = DEFAULT_PARAMS,
    as_json: Json = False,
) -> None:
    """Make a candidate or a version the champion: what the gate promotes; what it holds back, with a reason; else by force.

    Example: python -m training promote --task smm --model cox --reason "simpler, and as good"
    """
    from training.compare import of_run, promotable
    from training.registry import find_version
    from training.registry import promote as promote_candidate

    chosen = load_task(task, params)
    if model and version:
        raise ConfigError("--model and --version exclude each other.", "name one of them.")
    candidates = promotable(chosen) if version is None else {}
    if version is not None:
        registered = find_version(chosen.name, version)
        model = f"version {registered.version}"
        candidates = {model: of_run(registered.run_id)}
    best = next((name for name, candidate in candidates.items() if not candidate.published), "")
    _tell(promote_candidate(candidates, chosen, model or best, reason, force, folder_of(chosen, "fit")), as_json)


@told
def rollback(task: TaskName, reason: Reason = "", params: Params = DEFAULT_PARAMS, as_json: Json = False) -> None:
    """Make the version that was live before the present champion live again.

    Example: python -m training rollback --task smm --reason "drift at one site"
    """
    from training.registry import rollback as roll_back

    _tell(roll_back(load_task(task, params).name, reason), as_json)


@told
def history(task: AnyTask = None, params: Params = DEFAULT_PARAMS, as_json: Json = False) -> None:
    """Print which version was live from when to when, who decided and why.

    Example: python -m training history --task smm
    """
    from training.ledger import history as decisions

    entries = [(chosen.name, entry) for chosen in _tasks(task, params) for entry in decisions(chosen.name)]
    if as_json:
        typer.echo(json.dumps([{"task": name, **asdict(entry)} for name, entry in entries]))
        return
    table = Table("task", "version", "model", "live from (UTC)", "until", "by", "decision", "gate", "reason")
    for name, e in entries:
        table.add_row(name, e.version, e.model, _moment(e.at), _moment(e.until) or "now", e.by, e.action, e.verdict, e.reason)
    console.print(table if entries else "No version has been live yet.")


@told
def doctor(task: AnyTask = None, params: Params = DEFAULT_PARAMS, as_json: Json = False) -> None:
    """Check the store, the versions, their files, features and verdicts; exit 1 if something is wrong.

    Example: python -m training doctor
    """
    from training.doctor import examine

    findings = examine(_tasks(task, params))
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings]))
    else:
        for finding in findings:
            console.print(
                f"{'ok  ' if finding.ok else 'BAD '} {finding.what}{f' Mend: {finding.mend}' if finding.mend else ''}", markup=False
            )
    if not all(finding.ok for finding in findings):
        raise typer.Exit(REFUSED)


COMMANDS = (register, compare, promote, rollback, history, doctor)


def folder_of(task: Task, name: str) -> Path:
    """Return the default place of a part of a task's results."""
    return Path("data") / task.name / name


def _tasks(name: str | None, params: Path) -> list[Task]:
    return [load_task(each, params) for each in ([name] if name else task_names(params))]


def _results(task: Task, evaluated: Path | None) -> dict[str, Any]:
    path = (evaluated or folder_of(task, "evaluation")) / "metrics.json"
    if not path.is_file():
        raise StateError(f"No evaluation in {path.parent}.", f"run: python -m training evaluate --task {task.name}", "nothing_evaluated")
    return json.loads(path.read_text(encoding="utf-8"))


def _line(check: dict[str, Any]) -> str:
    from training.verdict import Check

    return f"{'not measured' if check['holds'] is None else 'NOT MET'}: {Check(**check).in_words()}"


def _next(found: list[tuple[Task, list[Any]]]) -> str:
    """Return what may follow on the table of candidates: score with a champion, or get one."""
    steps = ["make ui (compare runs)"]
    for task, rows in found:
        if not any(row.champion_version for row in rows):
            verdicts = [row.gate for row in rows if row.gate]
            steps.append(_by_hand(task.name, verdicts) if verdicts else f"python -m training register --task {task.name}")
            continue
        cohort = folder_of(task, "cohort")
        steps.append(f"make score TASK={task.name} IN={cohort if cohort.is_dir() else 'COHORT'} OUT={task.name}_risks.parquet")
    return "\n  ".join(["Next:", *steps, "make serve (HTTP API)   make help"])


def _by_hand(task: str, verdicts: list[str]) -> str:
    """Return how a person makes a candidate live: where the gate only holds one back, a reason is enough."""
    from training.verdict import HOLD

    return _BY_HAND.format(task, "" if HOLD in verdicts else " --force")


def _moment(at: str) -> str:
    return at[:19].replace("T", " ")


def _tell(entry: Any, as_json: bool) -> None:
    replaced = f", replacing version {entry.replaced}" if entry.replaced else ""
    console.print(
        json.dumps(asdict(entry)) if as_json else f"{entry.action}: version {entry.version} ({entry.model}) is live{replaced}", markup=False
    )
