"""What a run of DVC's pipeline says: all of it for the log, and for people one line a stage."""

from __future__ import annotations

import re
import sys
import threading
import time
from typing import TextIO

_BEGINS = re.compile(r"Running stage '(\w+)(?:@\w+)?':")
_ENDED = ("Generating lock file", "Updating lock file")
_SHOWN = "register"  # the stage whose own words people want to read: the verdicts
_ONE_AT_A_TIME = threading.Lock()  # two tasks write to one log and one terminal


class Stages:
    """The stages of one task as they come and go, told by the lines that its job writes."""

    def __init__(self, task: str, log: TextIO) -> None:
        self._task, self._log = task, log
        self._name, self._began, self._said, self._any = "", 0.0, [""], False

    def take(self, line: str) -> None:
        """Take a line that DVC or a stage wrote."""
        self._write(line)
        if begins := _BEGINS.match(line):
            self._name, self._began, self._said, self._any = begins[1], time.monotonic(), [], True
        elif line.startswith(_ENDED):
            self._end()
        elif not line.startswith("> "):
            self._said.append(line)

    def take_error(self, line: str) -> None:
        """Take a line of the error output: people see it, too."""
        self._write(line)
        self._print(line, sys.stderr)

    def close(self, failed: bool) -> None:
        """Say how it ended, where no stage says it."""
        if failed:
            self._end("failed after ")
        elif not self._any:
            self._print(f"{self._task}: nothing has changed since it was trained")

    def add(self, name: str, began: float, failed: bool) -> None:
        """Say how long something took that is no stage."""
        self._tell(name, began, "failed after " if failed else "")

    def _tell(self, name: str, began: float, how: str) -> None:
        seconds = round(time.monotonic() - began)
        self._print(f"{self._task}: {name:<9} {how}{seconds // 60}:{seconds % 60:02}")

    def _end(self, how: str = "") -> None:
        if not self._name:
            return
        self._tell(self._name, self._began, how)
        if self._name == _SHOWN and not how:
            self._print("\n".join(self._said).strip("\n"))
        self._name = ""

    def _write(self, line: str) -> None:
        with _ONE_AT_A_TIME:
            self._log.write(f"{self._task}: {line}\n")
            self._log.flush()

    def _print(self, text: str, stream: TextIO | None = None) -> None:
        with _ONE_AT_A_TIME:
            print(text, file=stream or sys.stdout, flush=True)
