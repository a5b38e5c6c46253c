"""`python -m training`: fit, evaluate, register, compare, promote, rollback, history, doctor, report."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from features import Task, load_task, read_table
from features.console import REFUSED, console, run
from features.tasks import DEFAULT_PARAMS, task_names
from myeloma import StateError

app = typer.Typer(
    help="Fit, judge, compare and register models. Exit codes: 0 done, 1 refused (the message says why), 2 wrong use.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

TaskName = Annotated[str, typer.Option("--task", help="Task of params.yaml, such as mgus or smm.")]
AnyTask = Annotated[str | None, typer.Option("--task", help="Task of params.yaml. Default: all of them.")]
Params = Annotated[Path, typer.Option(help="Parameter file.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Fitted = Annotated[Path | None, typer.Option(help="Folder of the fitted candidates. Default: data/TASK/fit.")]
Evaluated = Annotated[Path | None, typer.Option(help="Folder of the evaluation. Default: data/TASK/evaluation.")]


@app.command()
def fit(
    table_path: Annotated[Path, typer.Argument(metavar="TABLE", help="Feature table, made by python -m features build.")],
    task: TaskName,
    model: Annotated[str | None, typer.Option(help="Fit only this candidate.")] = None,
    fitted: Fitted = None,
    params: Params = DEFAULT_PARAMS,
    as_json: Json = False,
) -> None:
    """Fit the task's candidates, each a run in MLflow.

    Example: python -m training fit data/smm/table.parquet --task smm
    """
    from training.fit import fit_task

    chosen = load_task(task, params)
    runs = fit_task(read_table(table_path), chosen, fitted or _folder(chosen, "fit"), model, _say(task, as_json), table_path)
    if as_json:
        typer.echo(json.dumps(runs))


@app.command()
def evaluate(
    task: TaskName,
    table: Annotated[Path | None, typer.Option(help="Feature table. Default: the one that was fitted on.")] = None,
    fitted: Fitted = None,
    evaluated: Evaluated = None,
    params: Params = DEFAULT_PARAMS,
    as_json: Json = False,
) -> None:
    """Judge the fitted candidates on people they have not seen, and explain them; log both to their runs.

    Example: python -m training evaluate --task smm
    """
    from training.evaluate import evaluate_task, read_records

    chosen = load_task(task, params)
    folder = fitted or _folder(chosen, "fit")
    table = table or Path(next(iter(read_records(folder, chosen).values()))["table"])
    results = evaluate_task(read_table(table), chosen, folder, evaluated or _folder(chosen, "evaluation"), _say(task, as_json))
    if as_json:
        typer.echo(json.dumps({name: result["metrics"] for name, result in results.items()}))


@app.command()
def register(
    task: TaskName,
    evaluated: Evaluated = None,
    out: Annotated[Path | None, typer.Option(help="File to write the verdicts to.")] = None,
    params: Params = DEFAULT_PARAMS,
    as_json: Json = False,
) -> None:
    """Register the best candidate that passes the gate as champion, the next as challenger.

    Example: python -m training register --task smm
    """
    from training.registry import register as register_candidates

    chosen = load_task(task, params)
    outcome = register_candidates(_results(chosen, evaluated), chosen)
    if out:
        out.write_text(json.dumps(outcome, indent=1), encoding="utf-8")
    if as_json:
        typer.echo(json.dumps(outcome))
        return
    for name, verdict in outcome["verdicts"].items():
        failed = "; ".join(f"{c['name']} {c['value']}, accepted {c['accepted']}" for c in verdict["checks"] if not c["holds"])
        console.print(f"{task}: {name}: {verdict['verdict']}{f' ({failed})' if failed else ''}", markup=False)
    champion = outcome["champion"]
    console.print(
        f"{task}: champion is {champion['model']}, version {champion['version']}"
        if champion
        else f"{task}: no candidate passed the gate; the champion stays as it was"
    )


@app.command()
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
    console.print("Next: make ui (compare runs)   make score IN=data/smm/cohort OUT=risks.parquet   make serve (HTTP API)   make help")


@app.command()
def promote(
    task: TaskName,
    model: Annotated[str | None, typer.Option(help="Candidate to promote. Default: the best by held-out Brier score.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Promote what the gate holds back; needs --reason.")] = False,
    reason: Annotated[str, typer.Option(help="Why; kept in the history.")] = "",
    params: Params = DEFAULT_PARAMS,
    as_json: Json = False,
) -> None:
    """Make a candidate that compare shows the champion, if it passes the gate.

    Example: python -m training promote --task smm --model cox --reason "simpler, and as good"
    """
    from training.compare import promotable
    from training.registry import promote as promote_candidate

    chosen = load_task(task, params)
    candidates = promotable(chosen)
    best = next((name for name, candidate in candidates.items() if not candidate.published), "")
    _tell(promote_candidate(candidates, chosen, model or best, reason, force), as_json)


@app.command()
def rollback(
    task: TaskName,
    reason: Annotated[str, typer.Option(help="Why; kept in the history.")] = "",
    params: Params = DEFAULT_PARAMS,
    as_json: Json = False,
) -> None:
    """Make the version that was live before the present champion live again.

    Example: python -m training rollback --task smm --reason "drift at one site"
    """
    from training.registry import rollback as roll_back

    _tell(roll_back(load_task(task, params).name, reason), as_json)


@app.command()
def history(task: AnyTask = None, params: Params = DEFAULT_PARAMS, as_json: Json = False) -> None:
    """Print every decision on the champion: when, which version, what it replaced, why.

    Example: python -m training history --task smm
    """
    from training.registry import history as decisions

    entries = [(chosen.name, entry) for chosen in _tasks(task, params) for entry in decisions(chosen.name)]
    if as_json:
        typer.echo(json.dumps([{"task": name, **asdict(entry)} for name, entry in entries]))
        return
    table = Table("task", "at (UTC)", "action", "version", "replaced", "model", "reason")
    for name, e in entries:
        table.add_row(name, e.at, e.action, e.version, e.replaced, e.model, e.reason)
    console.print(table if entries else "No version has been live yet.")


@app.command()
def doctor(task: AnyTask = None, params: Params = DEFAULT_PARAMS, as_json: Json = False) -> None:
    """Check the store, the champions, their files and their features; exit 1 if something is wrong.

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


@app.command()
def report(
    task: TaskName,
    out: Annotated[Path | None, typer.Option(help="File to write. Default: data/TASK/model_card.md.")] = None,
    params: Params = DEFAULT_PARAMS,
) -> None:
    """Write the model card of the champion, from its run.

    Example: python -m training report --task smm
    """
    from serving.store import connect, load_champion
    from training.report import model_card

    chosen = load_task(task, params)
    artifact = load_champion(task)
    metrics = connect().get_run(artifact.origin["run_id"]).data.metrics
    path = out or _folder(chosen, "model_card.md")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(model_card(chosen, artifact, metrics), encoding="utf-8")
    console.print(f"{path}: model card of {task} version {artifact.origin['model_version']}", markup=False)


_WIDE = 122  # columns that the table of candidates takes


def _folder(task: Task, name: str) -> Path:
    return Path("data") / task.name / name


def _tasks(name: str | None, params: Path) -> list[Task]:
    return [load_task(each, params) for each in ([name] if name else task_names(params))]


def _results(task: Task, evaluated: Path | None) -> dict[str, Any]:
    path = (evaluated or _folder(task, "evaluation")) / "metrics.json"
    if not path.is_file():
        raise StateError(f"No evaluation in {path.parent}.", f"run: python -m training evaluate --task {task.name}", "nothing_evaluated")
    return json.loads(path.read_text(encoding="utf-8"))


def _say(task: str, silent: bool):  # noqa: ANN202 - a function from str to None
    return lambda text: None if silent else console.print(f"{task}: {text}", markup=False)


def _tell(entry: Any, as_json: bool) -> None:
    replaced = f", replacing version {entry.replaced}" if entry.replaced else ""
    console.print(
        json.dumps(asdict(entry)) if as_json else f"{entry.action}: version {entry.version} ({entry.model}) is live{replaced}", markup=False
    )


if __name__ == "__main__":
    run(app)
