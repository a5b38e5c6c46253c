"""The command that fits the parameters of the burden, as `params.yaml` takes them."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from textwrap import indent
from typing import Annotated

import typer
import yaml

from features.console import console
from features.params import DEFAULT_PARAMS
from training.commands.arguments import Json, Params, TaskName, folder_of
from training.plan import load_plan

_IN_A_TASK = "    "  # the indentation at which it is pasted


def burden(
    task: TaskName,
    table: Annotated[Path | None, typer.Option(help="Feature table, which says who is held out. Default: data/TASK/table.parquet.")] = None,
    cohort: Annotated[Path | None, typer.Option(help="Cohort the table was built from. Default: the folder cohort beside it.")] = None,
    other: Annotated[Path | None, typer.Option(help="Another cohort, none of whom is judged: all, before treatment.")] = None,
    params: Params = DEFAULT_PARAMS,
    as_json: Json = False,
) -> None:
    """Fit the burden that markers have in common to people whom the task's models are not judged by, and print its parameters; a minute.

    Example: python -m training burden --task smm
    """
    from features import read_cohort, read_table
    from features.history.columns import STATE_SPACE
    from training.fitting.burden import burden_of, burden_of_others

    plan = load_plan(task, params)
    if other is not None:
        found = burden_of_others(read_cohort(other), _say)
    else:
        built = table or folder_of(plan.task, "table.parquet")
        found = burden_of(read_cohort(cohort or built.parent / "cohort"), read_table(built), plan, _say)
    told = {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(found).items()}
    if as_json:
        typer.echo(json.dumps(told))
        return
    said = yaml.safe_dump({"burden": told}, default_flow_style=None, sort_keys=False, width=1000).strip()
    console.print(
        f"For tasks.{task} in {params}, with columns ({', '.join(STATE_SPACE)}) in `static`:\n{indent(said, _IN_A_TASK)}",
        markup=False,
    )


def _say(told: str) -> None:
    typer.echo(told, err=True)
