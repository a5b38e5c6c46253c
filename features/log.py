"""The log: what an operator wants to know afterwards, one line each; how often and how many, never who."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

from myeloma import ConfigError
from myeloma.echo import printable

PACKAGES = ("features", "serving", "training")


class _OneLine(logging.Formatter):
    """A record in one line, whatever its message holds: nobody can write a line of their own into the log, or steer a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        return printable(super().format(record))


_FORM = _OneLine("%(asctime)s %(levelname)s %(name)s: %(message)s")


def write_log(verbose: bool = False, path: Path | None = None) -> None:
    """Write what the packages log to stderr, to the end of a file, to both or to none; they themselves only say it.

    Raises
    ------
    ConfigError
        The file cannot be written.
    """
    places: list[logging.Handler] = [logging.StreamHandler(sys.stderr)] if verbose else []
    if path is not None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            places.append(logging.FileHandler(path, encoding="utf-8"))
        except OSError as error:
            raise ConfigError(
                f"The log {path} cannot be written: {error.strerror}.", "name a file in a folder that you may write to."
            ) from None
    for name in PACKAGES:
        logger = logging.getLogger(name)
        for former in list(logger.handlers):
            logger.removeHandler(former)
            former.close()
        for place in places:
            place.setFormatter(_FORM)
            logger.addHandler(place)
        logger.setLevel(logging.INFO if places else logging.WARNING)
