"""The terminal: where people read, and the one place where a user's mistake becomes a message and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from features.cohort.files import DISK_FULL
from myeloma import UserError

REFUSED = 1

# Set before OpenMP starts: with idle threads spinning, one other busy process makes a fit two to eight times slower.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

# A pipe or a log has no width of its own; lines are then left whole, so that scripts can read them.
console = Console(markup=False, soft_wrap=not sys.stdout.isatty(), highlight=False, width=None if sys.stdout.isatty() else 140)


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """Give a function of how much is done and how much there is; on a terminal it draws a bar on stderr."""
    bar = Progress(
        "{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=Console(stderr=True), transient=True
    )
    if not bar.console.is_terminal:
        yield lambda done, total: None
        return
    with bar:
        shown = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(shown, completed=done, total=total)


class Steps:
    """Shows how far a long command is, on a terminal; says nothing in a pipe, in a log, or where it is told to be quiet."""

    def __init__(self, quiet: bool = False) -> None:
        self._quiet = quiet

    def over(self, items: Iterable[Any], what: str, total: int) -> Iterator[Any]:
        """Yield the items, of which there are `total`, and show how many of them are done."""
        if self._quiet:
            yield from items
            return
        with progress_bar(what) as show:
            for done, item in enumerate(items, start=1):
                yield item
                show(done, total)


def run(app: typer.Typer, argv: list[str] | None = None) -> None:
    """Run a command line and exit: 0 done, 1 refused with a message on stderr, 2 wrong use."""
    try:
        app(args=argv)
    except UserError as error:
        typer.echo(f"Error: {error.what}", err=True)
        if error.hint:
            typer.echo(f"Hint: {error.hint}", err=True)
        sys.exit(REFUSED)
    except BrokenPipeError:
        os._exit(REFUSED)
    except OSError as error:
        if error.errno in DISK_FULL:
            typer.echo("Error: The disk is full (or a quota is reached).", err=True)
            typer.echo("Hint: free some space and run the same command again; nothing half-written is kept.", err=True)
            sys.exit(REFUSED)
        # no permission, no space; a folder where a file belongs
        typer.echo(f"Error: {error.filename2 or error.filename or 'A file'}: {error.strerror}.", err=True)
        typer.echo("Hint: check the path, its rights and the space left; nothing half-written is kept.", err=True)
        sys.exit(REFUSED)
