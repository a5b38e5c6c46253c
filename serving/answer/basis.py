"""What a risk rests on, so that whoever reads it can judge it: purpose and users, people, data, validation, limits, versions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import isfinite, nan
from pathlib import Path
from weakref import WeakKeyDictionary

from myeloma.version import VERSION
from serving.artifact import Artifact

_SOURCE = Path(__file__).with_name("intended_use.md")  # a link to the page of docs/, which is copied into the package
PEOPLE = {"mgus": "MGUS", "smm": "smoldering multiple myeloma", "mm": "active myeloma"}
_MADE: WeakKeyDictionary[Artifact, Basis] = WeakKeyDictionary()  # it depends on the model alone
_MEASURES = ("auc", "oe_ratio", "ici")  # of each horizon, with the ends of their intervals where they have one


@dataclass(frozen=True)
class DataBasis:
    """The people that a model was fitted to."""

    people: str
    source: str
    cohort_hash: str
    patients: int | None
    patients_with_the_event: int | None


@dataclass(frozen=True)
class Basis:
    """What a risk rests on, for whoever has to judge it.

    `validation` are the figures of the run that made the model, on people it had not seen, by their names there (`auc_24m`, `_lo`,
    `_hi`); empty where no store told them. `start` says what the base of a risk is, from which its contributions start.
    """

    intended_use: tuple[str, ...]
    intended_users: tuple[str, ...]
    not_for: tuple[str, ...]
    population: str
    outcome: str
    data: DataBasis
    validation: dict[str, float]
    limits: tuple[str, ...]
    versions: dict[str, str]
    start: str


@cache
def intended_use() -> dict[str, tuple[str, ...]]:
    """Return the statements of `docs/intended_use.md` by heading, each in one line.

    Examples
    --------
    >>> list(intended_use())
    ['Purpose', 'Users', 'Not for', 'Limits']
    """
    found: dict[str, list[str]] = {}
    for line in _SOURCE.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            found[line[3:]] = under = []
        elif line.startswith("- "):
            under.append(line[2:])
        elif line.startswith("  "):
            under[-1] += " " + line.strip()
    return {heading: tuple(statements) for heading, statements in found.items()}


def basis_of(artifact: Artifact) -> Basis:
    """Return what every risk of a model rests on."""
    if artifact not in _MADE:
        _MADE[artifact] = _made(artifact)
    return _MADE[artifact]


def _made(artifact: Artifact) -> Basis:
    said, about = intended_use(), artifact.about
    trained_on = about.get("trained_on", {})
    return Basis(
        intended_use=said["Purpose"],
        intended_users=said["Users"],
        not_for=said["Not for"],
        population=_population(artifact),
        outcome=f"{artifact.words.event} within the horizon; {artifact.words.competing} competes",
        data=DataBasis(
            people=artifact.provenance.people,
            source=artifact.provenance.source,
            cohort_hash=artifact.provenance.cohort_hash,
            patients=trained_on.get("patients"),
            patients_with_the_event=trained_on.get("patients_progressing"),
        ),
        validation={name: figure for name in _figures(artifact) if isfinite(figure := artifact.figures.get(name, nan))},
        limits=said["Limits"],
        versions={"program": VERSION, **about.get("versions", {}), "catalogue": artifact.provenance.catalogue_version},
        start=artifact.model.start,
    )


def _figures(artifact: Artifact) -> list[str]:
    names = [f"{measure}_{months}m" for measure in _MEASURES for months in artifact.horizons]
    return [f"{name}{end}" for name in names for end in ("", "_lo", "_hi")]


def _population(artifact: Artifact) -> str:
    rules = artifact.rules
    who = f"people with {PEOPLE.get(rules.population, rules.population)}" if rules.population else "people at whatever stage"
    if rules.line is not None:
        return f"{who}, from {rules.line.from_days} days after the start of line {rules.line.number} of therapy on"
    return f"{who}, {'untreated' if rules.treatment != 'ignore' else 'treated or not'}, at a visit"
