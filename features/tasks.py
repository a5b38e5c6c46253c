"""The question, apart from who answers it: `params.yaml`'s section `tasks`, parsed once into frozen dataclasses.

What is fitted to answer a task, and demanded of it, is `training.plan`'s.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from features.history.columns import FeatureSpec
from features.history.windows import ANCHORED
from features.params import DEFAULT_PARAMS, in_words, parsed, read_params
from myeloma import ConfigError, StateError
from myeloma.errors import nearest

Treatment = Literal["censor", "ignore", "composite"]
Population = Literal["mgus", "smm", "mm"]
EventKind = Literal["progression", "death", "transplant"]

Progression = Literal["recorded", "imwg", "either"]
NextLine = Literal["event", "censor"]

_CHECKED = ConfigDict(extra="forbid")
_SPREAD = ("rules", "features")  # their keys stand in the task's own section
# What tables and models of versions that did not record a rule were made under: the guard came later than they.
_BEFORE = {"criteria_guard": False}
_LONGEST = 64
_NAME = re.compile(rf"[A-Za-z0-9][A-Za-z0-9_-]{{0,{_LONGEST - 1}}}")
_MOVED = ("primary_horizon", "scores", "models", "evaluation", "gate", "interval_fits")  # once keys of a task


@dataclass(frozen=True, config=_CHECKED)
class LineRules:
    """Who is at risk after a line of therapy begins, and what ends it.

    Attributes
    ----------
    number : the line; nobody is at risk before it begins
    from_days : days after its start from which on a person is at risk: earlier, response has hardly begun
    progression : which progressions count: those recorded among the events, those that meet the IMWG's criteria by the results (on the day
        on which that is confirmed), or either, whichever comes first
    next_line : what the start of a later line without a progression before it does: it counts as the event, or ends observation
    """

    number: Annotated[int, Field(ge=1)] = 1
    from_days: Annotated[int, Field(ge=0)] = 90
    progression: Progression = "either"
    next_line: NextLine = "event"


@dataclass(frozen=True, config=_CHECKED)
class Rules:
    """What decides who is at risk and what counts. A table and a model are made under rules, and compared by them.

    Attributes
    ----------
    treatment : what its start before the event does: `censor` ends observation, `composite` counts as the event, `ignore` nothing
    criteria_guard : whether a landmark at which a myeloma-defining criterion is met is left out: that is no longer a precursor
    population : the stage at the index date that people must have, or must not be known not to have; None for whatever stage
    event, competing_event : what the task is about, and what makes it impossible; tables say `event` and `competing`
    landmarks : every visit, or months after the index date (of a line of therapy: after its start)
    line : of a task about treated disease, the line of therapy that it is about
    """

    treatment: Treatment
    criteria_guard: bool
    population: Population | None = None
    event: EventKind = "progression"
    competing_event: EventKind = "death"
    landmarks: Literal["visits"] | Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(min_length=1)] = "visits"
    line: LineRules | None = None

    @classmethod
    def of(cls, about: Mapping[str, Any]) -> Rules:
        """Return the rules that a table or a model says it was made under.

        One that was made before a rule was recorded has the value that there was then: no guard, whatever stage, progression
        with death competing, at every visit.

        Raises
        ------
        StateError
            What it says is no rule of this version.
        """
        recorded = {field.name: about[field.name] for field in fields(cls) if field.name in about}
        try:
            return TypeAdapter(cls).validate_python({**_BEFORE, **recorded})
        except ValidationError as error:
            what = f"The rules that a table or model was made under cannot be read: {in_words(error, 'rules')}."
            raise StateError(what, "it is damaged, or another version of this program made it: make it again.", "rules") from None

    @property
    def intercurrent(self) -> Treatment:
        """Return what the start of treatment does; of a task about a line of therapy, that of a later line."""
        if self.line is None:
            return self.treatment
        return "composite" if self.line.next_line == "event" else "censor"

    @property
    def untreated_smoldering(self) -> bool:
        """Return whether the question is about smoldering disease before any therapy: whom early treatment concerns."""
        return self.population == "smm" and self.line is None

    @property
    def of_precursor(self) -> bool:
        """Return whether the question is about a precursor of myeloma before any therapy: MGUS or smoldering disease."""
        return self.population in ("mgus", "smm") and self.line is None

    @property
    def since(self) -> str:
        """Return from when time counts as figures name it, as in `months since diagnosis`."""
        return "diagnosis" if self.line is None else f"the start of line {self.line.number}"

    @property
    def origin(self) -> str:
        """Return in words from when time counts."""
        return "the index date" if self.line is None else f"the start of line {self.line.number} of therapy"

    def as_json(self) -> dict[str, Any]:
        """Return the rules as JSON can hold them; `of` reads them back."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    def changed_to(self, now: Rules) -> str:
        """Return each rule that is another one now, with both values; empty where all are the same.

        Examples
        --------
        >>> Rules("censor", False).changed_to(Rules("ignore", False, population="smm"))
        'treatment censor, now ignore; population any, now smm'
        """
        before, after = self.as_json(), now.as_json()
        return "; ".join(f"{name} {_said(before[name])}, now {_said(after[name])}" for name in before if before[name] != after[name])


def _said(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {one}" for name, one in value.items())
    return "any" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


@dataclass(frozen=True)
class Said:
    """What people call the event and what competes with it, as in `progression to active myeloma` and `death`."""

    event: str
    competing: str


@dataclass(frozen=True, config=_CHECKED)
class Words:
    """What a task may say people call the two, None where it says nothing."""

    event: Annotated[str, Field(min_length=1)] | None = None
    competing: Annotated[str, Field(min_length=1)] | None = None

    def of_rules(self, rules: Rules) -> Said:
        """Return the words; where there are none, those by which a cohort's events are known."""
        return Said(self.event or rules.event, self.competing or rules.competing_event)

    @classmethod
    def of(cls, about: Mapping[str, Any]) -> Said:
        """Return the words of a model; one of a version that kept none has those by which a cohort's events are known."""
        return cls(**about.get("words", {})).of_rules(Rules.of(about))


@dataclass(frozen=True, config=_CHECKED)
class Task:
    """One prediction problem: who and what counts, from which columns, until when (months, rising)."""

    name: str
    title: str
    rules: Rules
    features: FeatureSpec
    horizons: tuple[int, ...]
    words: Words = Words()

    @property
    def said(self) -> Said:
        """Return what people call the event and what competes with it."""
        return self.words.of_rules(self.rules)

    def __post_init__(self) -> None:
        if not self.horizons or list(self.horizons) != sorted({h for h in self.horizons if h > 0}):
            raise ConfigError(f"Task {self.name}: horizons must be positive months in rising order, not {self.horizons}.")
        if self.rules.treatment != "ignore" and (anchored := [window for window in self.features.look_backs if window in ANCHORED]):
            why = f"with treatment: {self.rules.treatment} nobody is at risk once treated"
            what = f"Task {self.name}: look_backs {', '.join(anchored)} would be empty, since {why}."
            raise ConfigError(what, "windows anchored at a line of therapy need treatment: ignore.")
        if self.rules.line and (self.rules.treatment, self.rules.event) != ("ignore", "progression"):
            what = f"Task {self.name} is about a line of therapy, with treatment: {self.rules.treatment} and event: {self.rules.event}."
            raise ConfigError(what, "a task with `line` needs treatment: ignore and event: progression; `line` says what a later one does.")
        if self.rules.event == self.rules.competing_event:
            what = f"Task {self.name}: {self.rules.event} cannot compete with itself."
            raise ConfigError(what, "event and competing_event differ.")


def load_task(name: str, params: Path = DEFAULT_PARAMS) -> Task:
    """Return the task of that name from a parameter file.

    Raises
    ------
    StateError
        There is no such file.
    ConfigError
        There is no such task, or its section holds something that is not accepted.
    """
    tasks = _tasks_of(params)
    if name not in tasks:
        raise ConfigError(f'Unknown task "{name}" in {params}.', nearest(name, tasks))
    return parse_task(name, tasks[name])


def task_names(params: Path = DEFAULT_PARAMS) -> list[str]:
    """Return the names of all tasks of a parameter file."""
    return list(_tasks_of(params))


def parse_task(name: str, section: Any) -> Task:
    """Return a task from its section of the parameter file.

    Raises
    ------
    ConfigError
        A key is unknown (the nearest is named) or missing, or a value has another shape than is accepted.
    """
    if isinstance(section, dict) and (moved := [key for key in _MOVED if key in section]):
        what = f"tasks.{name} holds {', '.join(moved)}: what is fitted and demanded has a place of its own now, training.{name}."
        raise ConfigError(what, f"move these keys, as they are, below `training:` and `{name}:`; see params.yaml in the repository.")
    return parsed(Task, section, f"tasks.{name}", _SPREAD, name=name)


def _tasks_of(params: Path) -> dict[str, Any]:
    tasks = read_params(params).get("tasks")
    if not isinstance(tasks, dict) or not tasks:
        raise ConfigError(f"{params} names no task.", "a section `tasks` holds one section per task.")
    if wrong := [name for name in tasks if not (isinstance(name, str) and _NAME.fullmatch(name))]:
        what = f"{json.dumps(wrong[0], default=str)} in {params} cannot be the name of a task: it names folders, an experiment and a model."
        raise ConfigError(what, f"accepted: a text of letters, digits, _ and -, at most {_LONGEST}, the first a letter or digit.")
    return tasks
