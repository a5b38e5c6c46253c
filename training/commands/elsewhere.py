"""The commands on other cohorts: validate, which judges the live model on one, recalibrate, which fits it to one, and pool."""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from features.console import console
from features.params import DEFAULT_PARAMS
from myeloma import StateError
from serving.store.trouble import explain_store_errors
from training.commands.arguments import Json, Params, TaskName, folder_of
from training.places import COHORT, RECALIBRATED_FILE, RECALIBRATION, VALIDATED, VALIDATION
from training.plan import load_plan

if TYPE_CHECKING:
    import pandas as pd

    from features import Cohort
    from serving.artifact import Artifact
    from training.monitor.elsewhere.pool import RandomEffects
    from training.monitor.elsewhere.validate import Validated

_NET_BENEFIT_AT = 0.1
_NO_FIGURE, _KEPT_BACK = "-", "kept back"


@explain_store_errors
def validate(
    cohort: Annotated[Path, typer.Argument(metavar="COHORT", help="Another canonical cohort, made by python -m features ingest.")],
    task: TaskName,
    training: Annotated[
        Path | None, typer.Option(help="Cohort the champion was trained on, to find people of both. Default: data/TASK/cohort.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder to write to. Default: data/TASK/validation/HASH of the cohort.")] = None,
    aggregates: Annotated[
        Path | None, typer.Option(help="JSON file of sums alone to hand out, for training pool: no row, no count below ten.")
    ] = None,
    params: Params = DEFAULT_PARAMS,
    as_json: Json = False,
) -> None:
    """Judge the champion, as it is, and the published scores on another cohort; a run in MLflow, and a section of the model card.

    Example: python -m training validate other_cohort --task mgus
    """
    from features import read_cohort
    from serving.store.champion import load_champion
    from training.monitor.elsewhere.record import log, write
    from training.monitor.elsewhere.validate import validate as judge

    chosen, artifact = load_plan(task, params), load_champion(task)
    found = judge(read_cohort(cohort), artifact, chosen, _trained_on(training, folder_of(chosen.task, "cohort"), artifact))
    folder = out or folder_of(chosen.task, VALIDATION) / found.cohort_hash
    write(found, folder)
    given = _hand_out(found, aggregates) if aggregates is not None else []
    run_id = log(found, folder)
    if as_json:
        typer.echo(json.dumps({**found.to_dict(), "folder": str(folder), "run_id": run_id}))
        return
    console.print(table_of(found))
    for line in [*lines_of(found), *given]:
        console.print(line, markup=False)
    console.print(f"{folder / VALIDATED}; MLflow run {run_id}. Into the model card: python -m training report --task {task}", markup=False)


@explain_store_errors
def recalibrate(
    cohort: Annotated[Path, typer.Argument(metavar="COHORT", help="A site's canonical cohort with outcomes, of people not trained on.")],
    task: TaskName,
    version: Annotated[str | None, typer.Option(help="Registered version to recalibrate: a number. Default: the champion.")] = None,
    training: Annotated[
        Path | None, typer.Option(help="Cohort the model was trained on, to leave out people of both. Default: data/TASK/cohort.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder to write to. Default: data/TASK/recalibration/HASH of the cohort.")] = None,
    params: Params = DEFAULT_PARAMS,
    as_json: Json = False,
) -> None:
    """Recalibrate a version to a site with few people: nothing, a shift, or a shift and a slope; a new version, which waits for a person.

    Example: python -m training recalibrate site_cohort --task smm
    """
    from features import read_cohort
    from features.cohort.files import whole_file
    from serving.store.champion import load_champion, load_numbered
    from training.monitor.elsewhere.recalibrated import people_to_recalibrate_to, register_recalibrated, told
    from training.monitor.elsewhere.recalibration import recalibration_of

    chosen, artifact = load_plan(task, params), load_numbered(task, version) if version else load_champion(task)
    read = read_cohort(cohort)
    here = people_to_recalibrate_to(read, artifact, chosen, _trained_on(training, folder_of(chosen.task, "cohort"), artifact))
    found = recalibration_of(here.others, artifact)
    said = told(found, here, artifact, read.about.get("source", ""))
    folder, done = out or folder_of(chosen.task, RECALIBRATION) / here.cohort_hash, {}
    if found.kind != "none":
        number, run_id, verdict = register_recalibrated(found, said, artifact, here.plan, folder)
        done = {"version": number, "run_id": run_id, "gate": verdict.verdict, "gate_why": verdict.failures()}
    with whole_file(folder / RECALIBRATED_FILE) as work:
        work.write_text(json.dumps({**said, **done}, indent=1) + "\n", encoding="utf-8")
    if as_json:
        typer.echo(json.dumps({**said, **done, "folder": str(folder)}))
        return
    for line in recalibration_lines(task, {**said, **done}):
        console.print(line, markup=False)
    console.print(str(folder / RECALIBRATED_FILE), markup=False)


def recalibration_lines(task: str, said: Mapping[str, Any]) -> list[str]:
    """Return what is said of a recalibration at a terminal."""
    counted = f"{said['people']} people, {said['observed']} with the event, {said['expected_before']:.1f} expected in person-time"
    lines = [f"{task}: {said['kind']}. {said['why']}.", f"  {counted} by version {said['from_version']}", f"  {said['people_of_training']}"]
    if "version" not in said:
        return [*lines, "  nothing was changed or registered"]
    slope = f", times {said['slope']:.2f} about their mean" if said["slope"] != 1.0 else ""
    changed = f"log-odds {said['shift']:+.2f}{slope}: {said['expected_after']:.1f} expected"
    return [*lines, f"  {changed}", f"  registered as version {said['version']}, not live; the gate: {said['gate']}: {said['gate_why']}"]


def pool(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="What several sites wrote by validate --aggregates.")],
    as_json: Json = False,
) -> None:
    """Join several sites' validations of one model from their aggregates alone, with the heterogeneity between them.

    Example: python -m training pool north.json south.json east.json
    """
    from training.monitor.elsewhere.aggregates import read_aggregates
    from training.monitor.elsewhere.pool import alike, who_is_in
    from training.monitor.elsewhere.pool import pool as join

    sites = [read_aggregates(path) for path in files]
    found = join(sites)
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in found]))
        return
    title = f"{sites[0].task} version {sites[0].version}, {len(sites)} sites; in brackets 95 % of the mean, then of another site"
    table = Table(title=title, title_justify="left")
    for heading in ("horizon", "sites", "people", "events", "O/E, summed", "O/E", "tau2", "I2", "AUC", "tau2", "I2"):
        table.add_column(heading, justify="right")
    for one in found:
        counts = (f"{one.months} m", str(one.sites), str(one.people), str(one.events), f"{one.oe_ratio:.2f}")
        table.add_row(*counts, *_pooled(one.oe, 2), *_pooled(one.auc, 3))
    console.print(table)
    by_file = dict(zip(map(str, files), sites, strict=True))
    for line in [*who_is_in(by_file), *alike(by_file)]:
        console.print(line, markup=False)
    if any(site.people_of_training != "left out" for site in sites):
        console.print("At some sites people of the training cohort were not looked for.")


COMMANDS = (validate, recalibrate, pool)


def _hand_out(found: Validated, path: Path) -> list[str]:
    """Write the sums that a site hands out; return what is in the file and what is not."""
    from training.monitor.elsewhere.aggregates import aggregates_of, handed_out, write_aggregates

    one = aggregates_of(found)
    write_aggregates(one, path)
    return handed_out(one, path)


def _pooled(found: RandomEffects | None, decimals: int) -> tuple[str, str, str]:
    if found is None:
        return "too few sites", _NO_FIGURE, _NO_FIGURE
    mean, *ends = (f"{x:.{decimals}f}" for x in (found.mean, found.lo, found.hi, found.predicted_lo, found.predicted_hi))
    return f"{mean} ({ends[0]}-{ends[1]})\n[{ends[2]}-{ends[3]}]", f"{found.tau2:.3f}", f"{found.i2:.0%}"


def _trained_on(given: Path | None, usual: Path, artifact: Artifact) -> Cohort | None:
    """Return the cohort that the champion was trained on, None where it is not at hand and nobody named one.

    Raises
    ------
    StateError
        The cohort named is another one.
    """
    from features import read_cohort

    folder = given or usual
    if given is None and not (folder / COHORT).is_file():
        return None
    read = read_cohort(folder)
    if read.content_hash() == artifact.provenance.cohort_hash:
        return read
    if given is None:
        return None
    raise StateError(
        f"{given} is not the cohort that the champion was trained on: its hash is {read.content_hash()}, the champion's "
        f"{artifact.provenance.cohort_hash}.",
        "name that cohort with --training, or leave the option out: people of both are then not looked for, and the report says so.",
        "other_training_cohort",
    )


def table_of(found: Validated) -> Table:
    """Return the readable table: one line per model and horizon with figures; with people of training, the champion alone."""
    from training.monitor.elsewhere.others import CHAMPION

    title = f"{found.plan.task.name}: champion version {found.version} on {found.source or 'another cohort'} ({found.cohort_hash}), "
    table = Table(title=f"{title}as it is; 95 % intervals by patient bootstrap", title_justify="left")
    for heading in ("model", "horizon", "AUC", "Brier", "IPA", "observed /\nexpected", "ICI", "net benefit\nfrom 10 %", "events", "people"):
        table.add_column(heading, justify="left" if heading == "model" else "right")
    pooled = found.figures[found.figures["subset"] == ""]
    for (people, model), lines in pooled.groupby(["people", "model"], sort=False):
        if people != found.headline and model != CHAMPION:
            continue
        shown = lines.loc[(lines["measure"] == "auc") & lines["estimate"].notna(), "horizon"].tolist()
        for months in found.plan.task.horizons if model == CHAMPION else shown:
            table.add_row(f"{model}\n{people}", f"{months} m", *_cells(lines[lines["horizon"] == months]))
        if model != CHAMPION and not shown:
            table.add_row(f"{model}\n{people}", _NO_FIGURE, "not computable")
        table.add_section()
    return table


def lines_of(found: Validated) -> list[str]:
    """Return what stands below the table: why figures are missing, who is in training too, how the people differ."""
    from training.monitor.elsewhere.others import CHAMPION

    pooled = found.figures[(found.figures["subset"] == "") & (found.figures["model"] == CHAMPION)]
    whys = pooled[(pooled["measure"] == "auc") & (pooled["why"] != "")]
    lines = [f"not shown, {line['people']}, {line['horizon']} m: {line['why']}" for line in whys.to_dict("records")]
    lines += found.notes
    lines += [f"{each.status}: {each.label}: {each.words}" for each in found.findings if each.status == "changed"]
    return lines + list(_allowed(found.case_mix))


def _allowed(case_mix: pd.DataFrame) -> Iterator[str]:
    """Yield what AUC the risks allow: of the visits that the table's AUC is of, and of first visits, which training's is of."""
    from training.metrics.names import EXPECTED_AUC_OF_VISITS

    by = {(line["label"], line["figure"]): line for line in case_mix.dropna(subset=["now"]).to_dict("records")}
    for (label, figure), line in by.items():
        if figure != "expected_auc":
            continue
        then = "" if line["then"] != line["then"] else f" (in training {line['then']:.2f})"  # NaN where training has too few
        if every := by.get((label, EXPECTED_AUC_OF_VISITS)):
            first = f"; at first visits {line['now']:.2f}{then}"
            yield f"{label}: an AUC of {every['now']:.2f} is what the risks at these visits allow, were each right{first}"
        elif then:
            yield f"{label}: an AUC of {line['now']:.2f} is what these people's risks allow, were each right{then}"


def _cells(lines: pd.DataFrame) -> list[str]:
    """Return the figures of one model at one horizon, an interval below its estimate."""
    from pandas import isna

    by = {(line["measure"], None if isna(line["threshold"]) else round(line["threshold"], 2)): line for line in lines.to_dict("records")}
    cells = [_shown(by.get((measure, None)), decimals) for measure, decimals in (("auc", 3), ("brier", 4), ("oe_ratio", 2))]
    values = [_value(by.get(key)) for key in (("ipa", None), ("ici", None), ("net_benefit", _NET_BENEFIT_AT))]
    return [*cells[:2], values[0], cells[2], *values[1:], *(_count(by.get((what, None))) for what in ("events", "patients"))]


def _shown(line: Mapping[Hashable, Any] | None, decimals: int) -> str:
    from training.metrics.estimate import Estimate

    figure = Estimate(line["estimate"], line["lo"], line["hi"]) if line else Estimate(None)
    return figure.shown(decimals, to="-", between="\n") or _NO_FIGURE


def _value(line: Mapping[Hashable, Any] | None) -> str:
    return f"{line['estimate']:.3f}" if line else _NO_FIGURE


def _count(line: Mapping[Hashable, Any] | None) -> str:
    return _NO_FIGURE if line is None else _KEPT_BACK if line["estimate"] != line["estimate"] else f"{line['estimate']:.0f}"
