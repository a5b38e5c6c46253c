"""The terminal: where people read, and the one place where a user's mistake becomes a message and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn
from rich.text import Text

from features.cohort.files import DISK_FULL
from features.log import write_log
from myeloma import UserError
from myeloma.echo import printable
from myeloma.version import VERSION

REFUSED = 1
# Which extra of the package brings a library that not everybody needs.
EXTRAS = {
    "duckdb": "omop",
    "openpyxl": "xlsx",
    "psycopg": "postgres",
    "pyspark": "spark",
    **dict.fromkeys(("dvc", "jinja2", "matplotlib", "optuna", "shap", "sklearn", "threadpoolctl"), "train"),
}

# How Python says that no thread has room for its stack, and XGBoost (whose errors are ValueErrors) that nothing more is to be had.
_NO_MEMORY = ("can't start new thread", "bad_alloc")
_PRIVATE = 0o077  # what a command writes, its user alone may read: most of it holds records of people


class PlainConsole(Console):
    """A console to which no text brings control characters, wherever the text is from."""

    def render_str(self, text: str, **options: Any) -> Text:
        """Return a text as it is shown."""
        return super().render_str("\n".join(map(printable, text.split("\n"))), **options)


# A pipe or a log has no width of its own; lines are then left whole, so that scripts can read them.
console = PlainConsole(markup=False, soft_wrap=not sys.stdout.isatty(), highlight=False, width=None if sys.stdout.isatty() else 140)


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


def door(about: str) -> typer.Typer:
    """Return a command line without commands, with the options that those of all packages share: version and log."""
    app = typer.Typer(
        help=f"{about} Exit codes: 0 done, 1 refused (the message says why), 2 wrong use.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
    )
    app.callback()(_shared)
    return app


def _tell_version(asked: bool) -> None:
    if asked:
        typer.echo(f"myeloma-precursor-risk {VERSION}")
        raise typer.Exit


def _shared(
    version: Annotated[bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Print the version.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Write the log to stderr.")] = False,
    log: Annotated[Path | None, typer.Option(help="Append the log to this file. It names no patient.")] = None,
) -> None:
    write_log(verbose, log)


def run(app: typer.Typer, argv: list[str] | None = None) -> None:
    """Run a command line and exit: 0 done, 1 refused with a message on stderr, 2 wrong use."""
    os.umask(_PRIVATE)
    # Before a command loads OpenMP: with idle threads spinning, one other busy process makes a fit two to eight times slower.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    # Threads of linear algebra spin, too, whatever the policy. By one, sums do not go by the number of cores, and take no more time.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        app(args=argv)
    except UserError as error:
        _refuse(error.what, error.hint)
    except BrokenPipeError:
        os._exit(REFUSED)
    except ModuleNotFoundError as error:
        if (library := (error.name or "").partition(".")[0]) not in EXTRAS:
            raise
        _refuse(f"This needs {library}, which is not installed here.", f'pip install "myeloma-precursor-risk[{EXTRAS[library]}]"')
    except (MemoryError, RuntimeError, ValueError) as error:
        if not isinstance(error, MemoryError) and not any(said in str(error) for said in _NO_MEMORY):
            raise
        _refuse(
            "The memory ran out.",
            "end other programs, take a machine with more, or give fewer people at a time; features build stays under --memory.",
        )
    except OSError as error:
        if error.errno in DISK_FULL:
            _refuse(
                "The disk is full (or a quota is reached).", "free some space and run the same command again; nothing half-written is kept."
            )
        # no permission, no space; a folder where a file belongs
        _refuse(
            f"{error.filename2 or error.filename or 'A file'}: {error.strerror}.",
            "check the path, its rights and the space left; nothing half-written is kept.",
        )


def _refuse(what: str, hint: str) -> NoReturn:
    for said in (f"Error: {what}", f"Hint: {hint}" if hint else ""):
        if said:
            typer.echo("\n".join(map(printable, said.split("\n"))), err=True)
    sys.exit(REFUSED)
