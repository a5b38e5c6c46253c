"""Runs command lines, each a JSON list on a line of its own, in one process: MLflow and XGBoost are imported once for all.

It answers each with a line of its own: exit code, output, error output. Of each kind of picture one is drawn, that of the first candidate;
those of the others are the same code on other figures, and are laid out alone.
"""

import importlib
import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from features.console import run


def answer(package, *arguments):
    """Run one command line and return its exit code and what it wrote."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    with redirect_stdout(out), redirect_stderr(err):
        try:
            run(importlib.import_module(f"{package}.__main__").app, list(arguments))
        except SystemExit as ended:
            code = ended.code or 0
    return [code, out.getvalue(), err.getvalue()]


def draw_one_of_each_kind():
    """Write of each name of a picture the first as it is, and no more than the first bytes of a PNG file of any other."""
    from training.plots.style import Picture

    drawn, plain = set(), Picture.savefig

    def savefig(figure, fname, **options):
        kind = Path(fname).name if isinstance(fname, str | Path) else None
        if kind is None or kind not in drawn:
            drawn.add(kind)
            plain(figure, fname, **options)
        else:
            Path(fname).write_bytes(b"\x89PNG\r\n\x1a\n")

    Picture.savefig = savefig


if __name__ == "__main__":
    draw_one_of_each_kind()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(answer(*json.loads(line))) + "\n")
        sys.stdout.flush()
