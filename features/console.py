"""The terminal: where people read, and the one place where a user's mistake becomes a message and an exit code."""

from __future__ import annotations

import os
import sys

import typer
from rich.console import Console

from myeloma import UserError

REFUSED = 1

# Set before OpenMP starts: with idle threads spinning, one other busy process makes a fit two to eight times slower.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

# A pipe or a log has no width of its own; lines are then left whole, so that scripts can read them.
console = Console(markup=False, soft_wrap=not sys.stdout.isatty(), highlight=False, width=None if sys.stdout.isatty() else 140)


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
    except OSError as error:  # no permission, no space, a folder where a file belongs
        typer.echo(f"Error: {error.filename2 or error.filename or 'A file'}: {error.strerror}.", err=True)
        typer.echo("Hint: check the path, its rights and the space left; nothing half-written is kept.", err=True)
        sys.exit(REFUSED)
