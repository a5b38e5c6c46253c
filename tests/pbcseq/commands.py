"""Runs command lines, each a JSON list on a line of its own, in one process: MLflow and XGBoost are imported once for all.

It answers each with a line of its own: exit code, output, error output.
"""

import importlib
import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout

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


if __name__ == "__main__":
    for line in sys.stdin:
        sys.stdout.write(json.dumps(answer(*json.loads(line))) + "\n")
        sys.stdout.flush()
