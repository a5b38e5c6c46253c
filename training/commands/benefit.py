"""The command on early treatment: what treating by the model, by 20/2/20 and by AQUILA's eligibility would each prevent."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from features.console import console
from features.params import DEFAULT_PARAMS
from myeloma import ConfigError, StateError
from myeloma.errors import nearest
from training.commands.arguments import Json, Params, TaskName, folder_of
from training.metrics.estimate import Estimate
from training.places import EVALUATION, FIT, METRICS
from training.plan import Plan, load_plan

if TYPE_CHECKING:
    from training.evaluation.early_treatment.judged import Prevented

THRESHOLDS = (0.05, 0.10, 0.15)  # absolute reductions at five years: numbers needed to treat of 20, 10 and 6.7


_HEADINGS = (
    "treat",
    "treated",
    "progress untreated",
    "prevented of 100",
    "if it wanes",
    "treated for one",
    "net benefit",
    "above 20/2/20",
)


def benefit(
    task: TaskName = "smm",
    threshold: Annotated[
        list[float] | None,
        typer.Option(help="Least absolute reduction worth treating for. May be repeated. Default: 0.05, 0.10, 0.15."),
    ] = None,
    months: Annotated[int, typer.Option(help="Horizon of the task, up to 60: of the effect nothing is known beyond.")] = 60,
    years: Annotated[float, typer.Option(min=0, help="Years since diagnosis at which people are judged, once each.")] = 0.0,
    model: Annotated[str | None, typer.Option(help="Which of the task's models. Default: the best by Brier score.")] = None,
    out: Annotated[Path | None, typer.Option(help="CSV file to write the figures to.")] = None,
    params: Params = DEFAULT_PARAMS,
    as_json: Json = False,
) -> None:
    """Compare whom to treat early: by the model, 20/2/20 high, AQUILA-eligible, everybody; on people held out.

    Example: python -m training benefit --task smm --threshold 0.1
    """
    from features import read_cohort
    from training.evaluation.early_treatment.report import Asked, as_frame, report
    from training.rows.large import read_within

    chosen = load_plan(task, params)
    asked = Asked(months, years, tuple(sorted(set(threshold or THRESHOLDS))))
    name = model or _best(chosen)
    if name not in chosen.models:
        raise ConfigError(f'"{name}" is not a model of {task}.', nearest(name, chosen.models))
    data, people = read_within(folder_of(chosen.task, "table.parquet"), chosen), read_cohort(folder_of(chosen.task, "cohort"))
    found = report(chosen, name, asked, folder_of(chosen.task, FIT), data, people)
    if out:
        from features.cohort.files import write_by_ending

        write_by_ending(as_frame(found), out)
    if as_json:
        typer.echo(json.dumps(_plain(asdict(found))))
        return
    for k, least in enumerate(asked.thresholds):
        console.print(_table([line for line in found.lines if line.threshold == least], f"{task}, {found.heading}", k))
    for line in found.notes:
        console.print(line, markup=False)


def _plain(value: Any) -> Any:
    """Return what JSON can hold: a figure that is not shown is null."""
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return None if isinstance(value, float) and not isfinite(value) else value


def _best(plan: Plan) -> str:
    from training.evaluation.evaluate import best

    place = folder_of(plan.task, EVALUATION) / METRICS
    if not place.is_file():
        raise StateError(
            f"Nothing is evaluated in {place.parent}.", f"python -m training evaluate --task {plan.task.name}, or name a --model"
        )
    return best(json.loads(place.read_text(encoding="utf-8")), plan)


def _table(lines: list[Prevented], heading: str, place: int) -> Table:
    from training.evaluation.early_treatment.strategies import MAYO

    least = lines[0].threshold
    title = f"{heading}\n" if place == 0 else ""
    shown = Table(
        title=f"{title}Treating is worth an absolute reduction of {100 * least:.3g} % or more (at most {1 / least:.1f} treated for one)"
    )
    shown.title_justify = "left"
    for words in _HEADINGS:
        shown.add_column(words, justify="left" if words == "treat" else "right")
    for line in lines:
        if line.treated != line.treated:
            shown.add_row(line.strategy, "-", line.why, *["-"] * 5)
            continue
        needed = _of(line.number_needed_to_treat, 1, 1.0)
        above = "" if line.strategy == MAYO else _of(line.above_mayo, 1, 100.0, to=" to ")
        cells = (_of(line.incidence, 0, 100.0, " %"), _of(line.prevented, 1, 100.0), _of(line.if_it_wanes, 1, 100.0), needed)
        shown.add_row(line.strategy, f"{100 * line.treated:.0f} %", *cells, _of(line.net_benefit, 1, 100.0, to=" to "), above)
    return shown


def _of(figure: Sequence[float], decimals: int, times: float, unit: str = "", to: str = "-") -> str:
    said = Estimate(*(times * part for part in figure)).shown(decimals, to=to)
    return f"{said}{unit}" if said else "-"
