"""Run the blocks of docs/tutorial.md in order, and write what they print: `python -m docs.generators.tutorial`.

A block `sh` holds command lines, `python` code that shares its names with the blocks before it, `yaml` a file whose first line
names it in a comment. A block `text` is what the block above printed.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import re
import shlex
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from features.console import run

_BLOCK = re.compile(r"^```(sh|python|yaml|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ENV = {"MLFLOW_DISABLE_TELEMETRY": "true", "OMP_WAIT_POLICY": "passive"}


def written_anew(page: str) -> str:
    """Return the page with each block `text` as its command prints it, run in the present folder."""
    names: dict[str, Any] = {"__name__": "tutorial"}
    printed = ""

    def block(found: re.Match[str]) -> str:
        nonlocal printed
        language, text = found.groups()
        if language == "text":
            return f"```text\n{_shortened(printed, text)}```"
        if language == "yaml":
            Path(text.partition("\n")[0].removeprefix("# ")).write_text(text, encoding="utf-8")
        else:
            printed = "".join(_lines(text) if language == "sh" else [_python(text, names)])
        return found.group()

    return _BLOCK.sub(block, page)


def _shortened(printed: str, shown: str) -> str:
    """Return what was printed; where the page shows only its first or last lines, behind or before a line `...`, so many of them."""
    lines, kept = printed.rstrip().splitlines(), shown.rstrip().splitlines()
    if "..." not in kept:
        return "\n".join(lines) + "\n"
    first, last = kept.index("..."), len(kept) - kept.index("...") - 1
    return "\n".join([*lines[:first], "...", *lines[len(lines) - last :]]) + "\n"


def _lines(text: str) -> Iterator[str]:
    for line in text.replace("\\\n", " ").splitlines():
        program = shlex.split(line, comments=True)
        if program[:2] == ["python", "-m"]:
            yield _command(program[2], program[3:])
        elif program:
            yield subprocess.run(line, shell=True, check=True, capture_output=True, text=True).stdout


def _command(package: str, arguments: list[str]) -> str:
    """Return what a command prints; it runs in this process, since starting one takes longer than the work."""
    app = importlib.import_module(f"{package}.__main__").app
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            run(app, arguments)
        except SystemExit as ended:
            if ended.code:
                raise RuntimeError(f"{package} {shlex.join(arguments)}: {out.getvalue()}{err.getvalue()}") from None
    return out.getvalue()


def _python(text: str, names: dict[str, Any]) -> str:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(text, "tutorial", "exec"), names)  # the page's own code
    return out.getvalue()


if __name__ == "__main__":
    os.environ |= _ENV
    os.environ.pop("MLFLOW_TRACKING_URI", None)
    place = Path(__file__).parents[1] / "tutorial.md"
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        anew = written_anew(place.read_text(encoding="utf-8"))
        os.chdir(before)
    place.write_text(anew, encoding="utf-8")
