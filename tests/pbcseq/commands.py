"""Runs command lines, each a JSON list on a line of its own, in one process: MLflow and XGBoost are imported once for all.

It answers each with a line of its own: exit code, output, error output. Of each kind of picture one is drawn, that of the first candidate;
those of the others are the same code on other figures, and are laid out alone.
"""

import importlib
import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout

import pytest

from features.console import run
from tests.pictures import draw_one_of_a_kind


def answer(package, *arguments):
    """Run one command line and return its exit code and what it wrote."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    with redirect_stdout(out), redirect_stderr(err):
        try:
            run(importlib.import_module(f"{package}.__main__").app, list(arguments))
        except SystemExit as ended:
            code = ended.code or 0
    return [code, out.getvalue(), err.getvalue()]


if __name__ == "__main__":
    draw_one_of_a_kind(pytest.MonkeyPatch(), lambda file: file.name)
    for line in sys.stdin:
        sys.stdout.write(json.dumps(answer(*json.loads(line))) + "\n")
        sys.stdout.flush()
