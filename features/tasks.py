"""`params.yaml`, parsed once into frozen dataclasses. An unknown key is an error that names the nearest valid one."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveInt, TypeAdapter, ValidationError

from features.history.columns import FeatureSpec
from features.params import DEFAULT_PARAMS, in_words, read_params
from myeloma import ConfigError
from myeloma.errors import nearest
from myeloma.scores import SCORES

Treatment = Literal["censor", "ignore", "composite"]
Population = Literal["mgus", "smm", "mm"]
EventKind = Literal["progression", "death", "transplant"]


@dataclass(frozen=True)
class Evaluation:
    """How held-out figures are made: `held_out` keeps a share of patients apart, `cross_validation` takes turns.

    `landmarks` are years since the index date at which everybody still at risk is judged once. `cut_offs` are risks at which
    sensitivity and the like are given: 10 and 40 % part the low, intermediate and high group of PANGEA-SMM (its
    authors' validation code, Chabrun et al., Nature Medicine 2026), 50 % is more likely than not.
    """

    kind: Literal["held_out", "cross_validation"]
    seed: NonNegativeInt
    test_share: Annotated[float, Field(ge=0.05, le=0.95)] = 0.5  # of the people, met to the nearest twentieth
    folds: Annotated[int, Field(ge=2)] = 5
    bootstrap: PositiveInt = 200
    landmarks: tuple[NonNegativeFloat, ...] = (0, 1, 2, 3, 5)
    cut_offs: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = (0.1, 0.4, 0.5)


@dataclass(frozen=True)
class Gate:
    """What a model must show on held-out patients to go live; `training/gate/demands.py` says each demand in words.

    Attributes
    ----------
    auc_at_least, oe_ratio_between, ici_at_most : at every horizon; one without figures holds the model back.
    net_benefit_at : risks from which one would act; above the best published score there, at the primary horizon.
    subgroup_oe_ratio_between, subgroup_events_at_least : the worst subgroup with so many events, at the primary horizon.
    harm_of_top : of how many of the weightiest biomarkers the known direction of harm is asked.
    auc_loss_at_most, brier_loss_at_most : how much worse than the champion on the same rows is not worse.
    """

    auc_at_least: Annotated[float, Field(ge=0, le=1)]
    oe_ratio_between: tuple[float, float]
    ici_at_most: Annotated[float, Field(gt=0)] = 0.1
    net_benefit_at: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = ()
    subgroup_oe_ratio_between: tuple[float, float] = (0.5, 2.0)
    subgroup_events_at_least: PositiveInt = 50
    harm_of_top: NonNegativeInt = 3
    auc_loss_at_most: Annotated[float, Field(ge=0)] = 0.01
    brier_loss_at_most: Annotated[float, Field(ge=0)] = 0.0

    def __post_init__(self) -> None:
        for name in ("oe_ratio_between", "subgroup_oe_ratio_between"):
            low, high = getattr(self, name)
            if not 0 <= low < high:
                raise ConfigError(f"The gate's {name} is [{low:g}, {high:g}].", "write the lower bound first, as in [0.8, 1.25].")


@dataclass(frozen=True)
class Task:
    """One prediction problem: who, from what, until when, and what is fitted and demanded.

    `criteria_guard` keeps out landmarks at which a myeloma-defining criterion is met: that is no longer a precursor.
    In tables, `progression` stands for the task's `event` and `death` for its `competing_event`, whatever they are.
    """

    name: str
    title: str
    criteria_guard: bool
    features: FeatureSpec
    treatment: Treatment
    horizons: tuple[int, ...]
    primary_horizon: int
    models: Annotated[dict[str, dict[str, Any]], Field(min_length=1)]
    scores: tuple[str, ...]
    evaluation: Evaluation
    gate: Gate
    population: Population | None = None  # None: whatever the stage
    event: EventKind = "progression"
    competing_event: EventKind = "death"
    landmarks: Literal["visits"] | Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(min_length=1)] = (
        "visits"  # or months after the index date
    )
    interval_fits: Annotated[int, Field(ge=0, multiple_of=2)] = 10  # fits to halves of the patients, for intervals of risks

    def rules(self) -> dict[str, Any]:
        """Return what decides who is at risk and what counts: a table, and a model, are made under these."""
        names = ("population", "treatment", "event", "competing_event", "criteria_guard", "landmarks")
        rules = {name: getattr(self, name) for name in names}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in rules.items()}

    def __post_init__(self) -> None:
        if not self.horizons or list(self.horizons) != sorted({h for h in self.horizons if h > 0}):
            raise ConfigError(f"Task {self.name}: horizons must be positive months in rising order, not {self.horizons}.")
        if self.event == self.competing_event:
            raise ConfigError(f"Task {self.name}: {self.event} cannot compete with itself.", "event and competing_event differ.")
        if self.primary_horizon not in self.horizons:
            raise ConfigError(f"Task {self.name}: primary_horizon {self.primary_horizon} is not among {self.horizons}.")
        for score in self.scores:
            if score not in SCORES:
                raise ConfigError(f'Task {self.name}: unknown published score "{score}".', nearest(score, SCORES))


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
    where = f"tasks.{name}"
    keys = [f.name for f in fields(Task) if f.name not in ("name", "features")]
    content = _checked_keys(section, {*keys, *_SPEC_KEYS}, {*_required(Task) - {"name", "features"}, *_SPEC_KEYS}, where)
    for part, kind in (("evaluation", Evaluation), ("gate", Gate)):
        content[part] = _checked_keys(content[part], {f.name for f in fields(kind)}, _required(kind), f"{where}.{part}")
    if isinstance(content["models"], dict):
        content["models"] = {model: options or {} for model, options in content["models"].items()}
    content["features"] = {key: content.pop(key) for key in _SPEC_KEYS}
    try:
        return TypeAdapter(Task).validate_python({"name": name, **content})
    except ValidationError as error:
        raise ConfigError(f"{in_words(error, where)}.", "see params.yaml in the repository.") from None


_SPEC_KEYS = tuple(f.name for f in fields(FeatureSpec))


def _tasks_of(params: Path) -> dict[str, Any]:
    tasks = read_params(params).get("tasks")
    if not isinstance(tasks, dict) or not tasks:
        raise ConfigError(f"{params} names no task.", "a section `tasks` holds one section per task.")
    return tasks


def _checked_keys(section: Any, accepted: set[str], required: set[str], where: str) -> dict[str, Any]:
    if not isinstance(section, dict):
        raise ConfigError(f"{where} is empty, or is not a section.", f"Accepted: {', '.join(sorted(accepted))}.")
    if unknown := sorted(str(key) for key in section if key not in accepted):
        raise ConfigError(f'Unknown key "{unknown[0]}" in {where}.', nearest(unknown[0], accepted))
    if missing := sorted(required - section.keys()):
        raise ConfigError(f"{where} lacks: {', '.join(missing)}.")
    return dict(section)


def _required(kind: type) -> set[str]:
    return {f.name for f in fields(kind) if f.default is MISSING and f.default_factory is MISSING}
