"""The commands on models beside the pipeline: tune, and truth (simulated cohorts only)."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
import yaml
from rich.table import Table

from features.console import console
from features.history.columns import group_label
from features.params import DEFAULT_PARAMS
from myeloma import ConfigError, StateError
from serving.store.trouble import explain_store_errors
from training.commands.arguments import Json, Params, TaskName, folder_of
from training.places import FIT, TUNE
from training.plan import load_plan

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

    from features import FeatureTable
    from features.simulation.smm import World
    from training.plan import Plan
    from training.truth.against_truth import Beside, JudgedWithTruth
    from training.truth.attainable import Attainable
    from training.truth.known_drivers import Carried, Drivers

TablePath = Annotated[Path | None, typer.Option("--table", help="Feature table. Default: data/TASK/table.parquet.")]


@explain_store_errors
def tune(
    task: TaskName,
    model: Annotated[str, typer.Option(help="Which of the task's models, such as boosting, logistic or cox.")] = "boosting",
    trials: Annotated[int, typer.Option(min=1, help="Trials of each study.")] = 25,
    outer: Annotated[int, typer.Option(min=0, help="Outer folds, which say what tuning is worth; 0 for none.")] = 3,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same search.")] = 1,
    table: TablePath = None,
    params: Params = DEFAULT_PARAMS,
    as_json: Json = False,
) -> None:
    """Search for the options of a model by nested, patient-grouped cross-validation; take up a search that was stopped.

    Example: python -m training tune --task smm --model boosting --trials 25
    """
    import numpy as np

    from training import tracking
    from training.evaluation.diagnoses.noticed import in_words
    from training.evaluation.diagnoses.of_fit import search_edge
    from training.fitting.fit import hashes_of
    from training.fitting.searched import read_searched
    from training.fitting.tune import Search, tune
    from training.rows.large import read_within

    chosen = load_plan(task, params)
    read = read_within(table or folder_of(chosen.task, "table.parquet"), chosen)
    storage = folder_of(chosen.task, TUNE) / f"{model}.db"
    with tracking.search(chosen.task, read, model) as log:

        def tell(part: str, trial: FrozenTrial) -> None:
            log(part, trial)
            if not as_json:
                loss = "pruned" if trial.value is None else f"loss {trial.value:.5f}"
                console.print(f"{task}: {model} {part}, trial {trial.number + 1} of {trials}: {loss}", markup=False)

        tuned = tune(read, chosen, Search(model, trials, outer, seed, storage), tell)
    if as_json:
        typer.echo(json.dumps(asdict(tuned)))
        return
    for k, (present, best) in enumerate(tuned.outer, start=1):
        console.print(f"outer fold {k}: loss {present:.5f} with the present options, {best:.5f} tuned (lower is better)", markup=False)
    if tuned.outer:
        gain = float(np.mean([present - best for present, best in tuned.outer]))
        console.print(f"on people neither choice nor fit has seen, tuning {'gains' if gain > 0 else 'loses'} {abs(gain):.5f}", markup=False)
    if at_edge := search_edge(model, read_searched(storage.with_suffix(".json"), hashes_of(read))):
        console.print(in_words(at_edge, chosen.muted), markup=False)
    options = {k: list(v) if isinstance(v, tuple) else v for k, v in tuned.options.items()}
    section = yaml.safe_dump({model: options}, default_flow_style=None, sort_keys=False, width=120).strip()
    console.print(f"For training.{task}.models in {params}, in place of the section {model} there:\n{section}", markup=False)


@explain_store_errors
def truth(
    task: TaskName,
    truth_path: Annotated[Path, typer.Option("--truth", help="True risks, written by python -m features simulate ... --truth FILE.")],
    table: TablePath = None,
    fitted: Annotated[Path | None, typer.Option(help="Folder of the fitted candidates. Default: data/TASK/fit.")] = None,
    attainable: Annotated[
        str | None,
        typer.Option(
            metavar="WORLD",
            help="Simulated world of the cohort, default or contrast: compute what anybody who sees its results could reach; minutes.",
        ),
    ] = None,
    cohort: Annotated[Path | None, typer.Option(help="Cohort of the table, read for --attainable. Default: data/TASK/cohort.")] = None,
    params: Params = DEFAULT_PARAMS,
    as_json: Json = False,
) -> None:
    """Print how near the models of a simulated cohort come to its true risks, and whether they rest on what carries these.

    On people held out; it says nothing about patients.

    Example: python -m training truth --task smm --truth data/smm/truth.parquet
    """
    from training.rows.large import read_within
    from training.truth.against_truth import beside_truth, judged_with_truth
    from training.truth.ceiling import ceiling
    from training.truth.known_drivers import known_drivers

    chosen = load_plan(task, params)
    world = None if attainable is None else _smoldering(attainable)
    folder, data = fitted or folder_of(chosen.task, FIT), read_within(table or folder_of(chosen.task, "table.parquet"), chosen)
    judged = judged_with_truth(data, chosen, folder, truth_path)
    found, most = beside_truth(judged, chosen, folder), ceiling(judged, data, chosen, truth_path)
    carried, drivers = known_drivers(judged, chosen, folder)
    reached = [] if world is None else _attainable(world, judged, chosen, cohort or folder_of(chosen.task, "cohort"), data)
    if as_json:
        explained = {"carried": asdict(carried), "models": [asdict(each) for each in drivers]}
        said = {"risks": [asdict(each) for each in found], "ceiling": asdict(most), "explanation": explained}
        typer.echo(json.dumps(said | {"attainable": [asdict(each) for each in reached]}))
        return
    console.print(_risks_table(task, found, judged.reference))
    closed = f"close {_share(most.closed)} of the gap at {chosen.primary_horizon} months, expected"
    console.print(f"What the columns hold: trees that learn from the true risks of the same people {closed}.", markup=False)
    of_it = "; ".join(f"{name} {_share(share)}" for name, share in most.of_it.items())
    console.print(f"Of what these trees close, the models close: {of_it}.", markup=False)
    if reached:
        console.print(_attainable_table(task, reached, judged.reference))
    console.print(_drivers_table(task, chosen.primary_horizon, carried, drivers))


def _smoldering(name: str) -> World:
    """Return a world of smoldering myeloma.

    Raises
    ------
    ConfigError
        There is no such one: of treated disease nobody has computed what is attainable.
    """
    from features.simulation.smm import WORLDS

    if name not in WORLDS:
        raise ConfigError(f'What is attainable cannot be computed for a world "{name}".', f"it can for {' and '.join(WORLDS)}.")
    return WORLDS[name]


def _attainable(world: World, judged: JudgedWithTruth, plan: Plan, cohort: Path, table: FeatureTable) -> list[Attainable]:
    """Return what is attainable on the visits judged, of a cohort that must be that of the table."""
    from features import read_cohort
    from features.simulation.smm.attainable import attainable_risks
    from training.truth.attainable import attainable_gap

    read = read_cohort(cohort)
    if read.content_hash() != table.about["cohort_hash"]:
        raise StateError(f"{cohort} is not the cohort that the table was built from.", "name that one with --cohort.")
    return attainable_gap(judged, attainable_risks(world, read, judged.rows), plan)


def _risks_table(task: str, found: list[Beside], reference: str) -> Table:
    """Return how near the risks of each model come to the true ones, one line per model and horizon."""
    title = f"{task}: held-out models beside the simulated truth; the gap is the way from {reference} to it"
    shown = Table(title=title, title_justify="left")
    for heading in (
        "model",
        "horizon",
        "AUC",
        "AUC of the truth",
        f"above {reference}",
        "gap closed",
        "expected",
        "corr.",
        "miscal.",
        "truth in interval",
    ):
        shown.add_column(heading, justify="left" if heading == "model" else "right")
    for each in found:
        cells = [f"{x[0]:.3f} ({x[1]:.3f}, {x[2]:.3f})" for x in (each.auc, each.truth_auc, each.above_reference)]
        gaps = [_share(gap) for gap in (each.gap_closed, each.gap_expected)]
        inside = f"{each.covered:.0%}; means {each.covered_on_average:.0%}"
        shown.add_row(each.model, f"{each.horizon} m", *cells, *gaps, f"{each.correlation:.2f}", f"{each.miscalibration:.3f}", inside)
    return shown


def _attainable_table(task: str, found: list[Attainable], reference: str) -> Table:
    """Return what is attainable at each horizon, and how much of it each model has closed."""
    title = f"{task}: what anybody could attain, and the share of the way to it, from {reference}, that each model has come (expected)"
    shown = Table(title=title, title_justify="left")
    models = list(found[0].closed)
    checked = ("true / attainable", "worst tenth", "slope", "effective draws,\nmedian (5th)")
    for heading in ("horizon", "AUC attainable", "of the gap to\nthe truth", *models, *checked):
        shown.add_column(heading, justify="right")
    for each in found:
        check = (f"{each.ratio:.2f}", f"{each.furthest:.2f}", f"{each.slope:.2f}", f"{each.effective[0]:.0f} ({each.effective[1]:.0f})")
        auc = f"{each.auc[0]:.3f} ({each.auc[1]:.3f}, {each.auc[2]:.3f})"
        shown.add_row(f"{each.horizon} m", auc, _share(each.of_truth), *(_share(each.closed[name]) for name in models), *check)
    return shown


def _share(found: tuple[float, ...]) -> str:
    return f"{found[0]:.0%} ({found[1]:.0%}, {found[2]:.0%})"


def _drivers_table(task: str, months: int, carried: Carried, drivers: list[Drivers]) -> Table:
    """Return the share of each biomarker in what the models rest on beside what carries the true risk, one column a model."""
    title = f"{task}: what drives the risk at {months} months; the columns tell {carried.r2:.0%} of the true log-odds (R2 of a regression)"
    shown = Table(title=title, title_justify="left")
    shown.add_column("share of")
    for heading in ("truth", *(each.model for each in drivers)):
        shown.add_column(heading, justify="right")
    compared: list[Carried | Drivers] = [carried, *drivers]
    for name in carried.shares:
        cells = (f"{round(each.shares[name], 2) + 0.0:.0%}{_harm_words(each.harm.get(name))}" for each in compared)
        shown.add_row(group_label(name), *cells)
    shown.add_section()
    shown.add_row("rank correlation with the truth", "", *(f"{each.rank_correlation:.2f}" for each in drivers))
    return shown


def _harm_words(agreement: float | None) -> str:
    return " against harm" if agreement is not None and agreement <= 0 else ""


COMMANDS = (tune, truth)
