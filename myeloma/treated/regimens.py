"""Regimens as data: which drugs one holds, and of which classes. What is not known stays text, and its classes are unknown."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

_JOINED = re.compile(r"\s*(?:[+,;/|]|\band\b|\bwith\b)\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Regimen:
    """A regimen or drug as it was written, and what is known of it.

    Attributes
    ----------
    text : str
        As received, but for blanks around it.
    name : str
        The usual abbreviation, empty where the regimen is not known.
    drugs, classes : tuple of str
        The drugs that are known, and their classes; empty where none is.
    complete : bool
        Whether that is all it holds: false where a part of the text is not known.
    """

    text: str
    name: str
    drugs: tuple[str, ...]
    classes: tuple[str, ...]
    complete: bool

    def has(self, kind: str) -> float:
        """Return 1 where a drug of a class is held, 0 where all drugs are known and none is, NaN where that is open."""
        return 1.0 if kind in self.classes else 0.0 if self.complete else math.nan

    @property
    def antibody(self) -> float:
        """Whether it holds an antibody that leaves a band on electrophoresis: 1, 0 or NaN."""
        found = [self.has(kind) for kind in _file()["antibody"]]
        return 1.0 if 1.0 in found else 0.0 if self.complete else math.nan


def regimen(text: str) -> Regimen:
    """Return what is known of a regimen, of a drug, or of several joined by + , ; / | `and` or `with`.

    Spellings are compared without case, hyphens, blanks and other marks. Nothing is guessed from letters: an abbreviation that is
    not listed is not known, and its classes are open, never absent.

    Examples
    --------
    >>> regimen("dara vrd").name, regimen("daratumumab + lenalidomide").classes
    ('D-VRd', ('anti-CD38', 'IMiD'))
    >>> regimen("XYZ-d").antibody, regimen("VRd").antibody
    (nan, 0.0)
    """
    written = text.strip()
    listed = _regimens().get(_plain(written)) or _drugs().get(_plain(written))
    if listed:
        return _of(written, *listed, complete=True)
    parts = [part for part in _JOINED.split(written) if part]
    found = [_regimens().get(_plain(part)) or _drugs().get(_plain(part)) for part in parts]
    drugs = tuple(dict.fromkeys(drug for one in found if one for drug in one[1]))
    return _of(written, "", drugs, complete=bool(parts) and all(found))


def _of(text: str, name: str, drugs: tuple[str, ...], complete: bool) -> Regimen:
    kinds = tuple(dict.fromkeys(_file()["drugs"][drug]["class"] for drug in drugs))
    return Regimen(text, name, drugs, kinds, complete)


def _plain(text: str) -> str:
    return re.sub(r"[\W_]", "", text.casefold())


@cache
def _file() -> dict[str, Any]:
    return dict(yaml.safe_load(Path(__file__).with_name("regimens.yaml").read_text(encoding="utf-8")))


@cache
def _regimens() -> dict[str, tuple[str, tuple[str, ...]]]:
    """Every spelling of a regimen, as `_plain` writes it, with its name and drugs."""
    entries = _file()["regimens"].items()
    return {_plain(spelling): (name, tuple(entry["drugs"])) for name, entry in entries for spelling in (name, *entry["names"])}


@cache
def _drugs() -> dict[str, tuple[str, tuple[str, ...]]]:
    entries = _file()["drugs"].items()
    return {_plain(spelling): (name, (name,)) for name, entry in entries for spelling in (name, *entry["names"])}
