"""What the commands have in common: their options, and where a task's results lie unless a person says otherwise."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from features import Task, load_task
from features.tasks import task_names
from training import places
from training.plan import Plan, load_plan

TaskName = Annotated[str, typer.Option("--task", help="Task of params.yaml, such as mgus or smm.")]
AnyTask = Annotated[str | None, typer.Option("--task", help="Task of params.yaml. Default: all of them.")]
Params = Annotated[Path, typer.Option(help="Parameter file.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Evaluated = Annotated[Path | None, typer.Option(help="Folder of the evaluation. Default: data/TASK/evaluation.")]
Reason = Annotated[str, typer.Option(help="Why; kept in the history.")]


def folder_of(task: Task, part: str) -> Path:
    """Return the default place of a part of a task's results."""
    return places.folder_of(task.name, part)


def tasks_of(name: str | None, params: Path) -> list[Task]:
    """Return the task of that name, or all of the parameter file."""
    return [load_task(each, params) for each in ([name] if name else task_names(params))]


def plans_of(name: str | None, params: Path) -> list[Plan]:
    """Return the plan for the task of that name, or those for all tasks of the parameter file."""
    return [load_plan(each, params) for each in ([name] if name else task_names(params))]
