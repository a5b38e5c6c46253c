"""`python -m training`: from fit to register and report, what is live, and what watches and validates it; `--help` lists all."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from features.console import console, door, run
from features.params import DEFAULT_PARAMS
from serving.store.trouble import explain_store_errors
from training.commands import benefit, burden, candidates, elsewhere, live, models
from training.commands.arguments import Evaluated, Json, Params, TaskName, folder_of
from training.places import FINDINGS, REPORT
from training.plan import load_plan

app = door("Fit, judge, compare and register models.")


class Refit(Enum):
    """For what the best model is fitted again."""

    sites = "sites"
    time = "time"
    history = "history"
    patients = "patients"


Fitted = Annotated[Path | None, typer.Option(help="Folder of the fitted candidates. Default: data/TASK/fit.")]


@app.command()
@explain_store_errors
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
    from training.fitting.fit import fit_task
    from training.rows.large import read_within

    chosen = load_plan(task, params)
    read, out = read_within(table_path, chosen), fitted or folder_of(chosen.task, "fit")
    runs = fit_task(read, chosen, out, model, _say(task, as_json), table_path)
    for name, run_id in runs.items():
        logging.getLogger("training").info("%s: %s is run %s", task, name, run_id)
    if as_json:
        typer.echo(json.dumps(runs))


@app.command()
@explain_store_errors
def evaluate(
    task: TaskName,
    table: Annotated[Path | None, typer.Option(help="Feature table. Default: the one that was fitted on.")] = None,
    refit: Annotated[
        list[Refit] | None,
        typer.Option(help="Also fit a model again: leaving sites out, early for late, without history, on fewer people. May be repeated."),
    ] = None,
    model: Annotated[
        list[str] | None, typer.Option(help="The model to fit again. May be repeated. Default: the best by Brier score.")
    ] = None,
    fitted: Fitted = None,
    evaluated: Evaluated = None,
    params: Params = DEFAULT_PARAMS,
    as_json: Json = False,
) -> None:
    """Judge the fitted candidates on people they have not seen, and explain them; log both to their runs.

    Example: python -m training evaluate --task smm --refit sites --refit time
    """
    from training.evaluation.evaluate import best, check_model, evaluate_task, read_records
    from training.rows.large import read_within

    chosen = load_plan(task, params)
    for name in model or []:
        check_model(chosen, name)
    folder = fitted or folder_of(chosen.task, "fit")
    table = table or Path(next(iter(read_records(folder, chosen).values()))["table"])
    data, out = read_within(table, chosen), evaluated or folder_of(chosen.task, "evaluation")
    results = evaluate_task(data, chosen, folder, out, _say(task, as_json))
    if refit:
        from training.shift import refit as fit_again

        for name in model or [best(results, chosen)]:
            fit_again(data, chosen, name, [kind.value for kind in refit], folder, out, _say(task, as_json))
    if as_json:
        typer.echo(json.dumps({name: result["metrics"] for name, result in results.items()}))


for command in (*candidates.COMMANDS, *live.COMMANDS, *models.COMMANDS, *elsewhere.COMMANDS, benefit.benefit, burden.burden):
    app.command()(command)


@app.command()
@explain_store_errors
def report(
    task: TaskName,
    version: Annotated[str | None, typer.Option(help="Registered version: a number, or an alias. Default: the champion.")] = None,
    model: Annotated[str | None, typer.Option(help="Candidate instead, by name: its newest evaluated run.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder to write to. Default: data/TASK.")] = None,
    evaluated: Evaluated = None,
    cohort: Annotated[Path | None, typer.Option(help="Cohort the model was made from. Default: data/TASK/cohort.")] = None,
    params: Params = DEFAULT_PARAMS,
) -> None:
    """Write the model card of a version, model_card.html and model_card.md, from its run.

    Example: python -m training report --task smm --version 3 --out cards
    """
    from training.card import card_of, facts_of_run, write_card
    from training.commands.choose import chosen_run

    chosen = load_plan(task, params)
    run_id, number = chosen_run(chosen, version, model)
    facts = facts_of_run(chosen, run_id, number, evaluated, cohort)
    for path in write_card(card_of(facts), out or folder_of(chosen.task, "")):
        console.print(f"{path}: model card of {task}, {facts.name}, {f'version {number}' if number else 'not registered'}", markup=False)


@app.command()
@explain_store_errors
def monitor(  # noqa: PLR0913 - the options of a command line, by name
    cohort: Annotated[Path, typer.Argument(metavar="COHORT", help="New canonical cohort, made by python -m features ingest.")],
    task: TaskName,
    since: Annotated[str | None, typer.Option(help="First day of the visits, YYYY-MM-DD. Default: half a year before the last.")] = None,
    until: Annotated[str | None, typer.Option(help="Last day of the visits. Default: the cohort's last day.")] = None,
    chart_since: Annotated[
        str, typer.Option(help="First day of the charts of outcomes, such as that on which the model went live. Default: three years back.")
    ] = "",
    delay: Annotated[int, typer.Option(help="Days after which an outcome is known: the charts end so many before the last day.")] = 0,
    false_alarms: Annotated[float, typer.Option(help="False alarms a year that the charts may give while the risks are right.")] = 0.2,
    out: Annotated[Path | None, typer.Option(help="Folder of the report. Default: data/TASK/monitor.")] = None,
    params: Params = DEFAULT_PARAMS,
    as_json: Json = False,
) -> None:
    """Compare a new cohort with what the champion was trained on, and its risks with outcomes; exit code 0 whatever is found.

    Example: python -m training monitor my_cohort --task smm --since 2024-07-01
    """
    from features import read_cohort
    from serving.store.champion import load_champion
    from training.monitor.over_time import Charting
    from training.monitor.record import log, write
    from training.monitor.refused import out_of_range
    from training.monitor.watch import watch

    chosen, artifact = load_plan(task, params), load_champion(task)
    charting = Charting(chart_since, delay, false_alarms)
    watched = watch(read_cohort(cohort), artifact, chosen, since, until, out_of_range(cohort), charting)
    folder = out or folder_of(chosen.task, "monitor")
    write(watched, folder)
    run_id = log(watched, artifact, chosen.task, folder)
    if as_json:
        typer.echo(json.dumps({**watched.to_dict(), "report": str(folder / REPORT), "run_id": run_id}))
        return
    for line in watched.lines():
        console.print(line, markup=False)
    console.print(f"{folder / REPORT}, {folder / FINDINGS}; MLflow run {run_id}", markup=False)


def _say(task: str, silent: bool) -> Callable[[str], None]:
    def say(text: str) -> None:
        logging.getLogger("training").info("%s: %s", task, text)
        if not silent:
            console.print(f"{task}: {text}", markup=False)

    return say


def main() -> None:
    """Run the command line."""
    run(app)


if __name__ == "__main__":
    main()
