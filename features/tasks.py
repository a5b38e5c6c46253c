"""`params.yaml`, parsed once into frozen dataclasses. An unknown key is an error that names the nearest valid one."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

import yaml

from features.columns import FeatureSpec
from myeloma import ConfigError, StateError
from myeloma.errors import nearest

DEFAULT_PARAMS = Path("params.yaml")
DAYS_PER_MONTH = 30.4375
DAYS_PER_YEAR = 365.25

Treatment = Literal["censor", "ignore", "composite"]


def horizon_days(months: float) -> int:
    """Return a horizon in whole days; sources that count months use the same rule, so ties stay ties.

    Examples
    --------
    >>> horizon_days(12)
    365
    """
    return round(months * DAYS_PER_MONTH)


@dataclass(frozen=True)
class Evaluation:
    """How held-out figures are made: `held_out` keeps a share of patients apart, `cross_validation` takes turns."""

    kind: Literal["held_out", "cross_validation"]
    seed: int
    test_share: float = 0.3
    folds: int = 5
    bootstrap: int = 200


@dataclass(frozen=True)
class Gate:
    """What a model must show on held-out patients, at every horizon, to go live."""

    auc_at_least: float
    oe_ratio_between: tuple[float, float]


@dataclass(frozen=True)
class Task:
    """One prediction problem: who, from what, until when, and what is fitted and demanded."""

    name: str
    title: str
    features: FeatureSpec
    treatment: Treatment
    horizons: tuple[int, ...]
    primary_horizon: int
    models: dict[str, dict[str, Any]]
    scores: tuple[str, ...]
    evaluation: Evaluation
    gate: Gate

    def __post_init__(self) -> None:
        if not self.horizons or list(self.horizons) != sorted({h for h in self.horizons if h > 0}):
            raise ConfigError(f"Task {self.name}: horizons must be positive months in rising order, not {self.horizons}.")
        if self.primary_horizon not in self.horizons:
            raise ConfigError(f"Task {self.name}: primary_horizon {self.primary_horizon} is not among {self.horizons}.")
        if self.treatment not in get_args(Treatment):
            raise ConfigError(f'Task {self.name}: treatment "{self.treatment}".', nearest(self.treatment, get_args(Treatment)))


def load_task(name: str, params: Path = DEFAULT_PARAMS) -> Task:
    """Return the task of that name from a parameter file.

    Raises
    ------
    StateError
        There is no such file.
    ConfigError
        There is no such task, or its section holds something unknown.
    """
    tasks = read_params(params).get("tasks", {})
    if name not in tasks:
        raise ConfigError(f'Unknown task "{name}" in {params}.', nearest(name, tasks))
    return parse_task(name, tasks[name])


def task_names(params: Path = DEFAULT_PARAMS) -> list[str]:
    """Return the names of all tasks of a parameter file."""
    return list(read_params(params).get("tasks", {}))


def read_params(params: Path) -> dict[str, Any]:
    """Return the content of a parameter file."""
    if not params.is_file():
        raise StateError(f"No file {params} here.", "run from the repository's top folder.")
    try:
        content = yaml.safe_load(params.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ConfigError(f"{params} is not valid YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict):
        raise ConfigError(f"{params} does not hold a mapping of sections.")
    return content


def parse_task(name: str, section: dict[str, Any]) -> Task:
    """Return a task from its section of the parameter file."""
    where = f"tasks.{name}"
    content = dict(section)
    spec = {key: content.pop(key, None) for key in ("biomarkers", "look_backs", "statistics", "static")}
    if missing := [key for key, value in spec.items() if value is None]:
        raise ConfigError(f"{where} lacks: {', '.join(missing)}.")
    content["name"] = name
    content["features"] = FeatureSpec.from_dict(spec)
    content["evaluation"] = _parse(Evaluation, content.get("evaluation", {}), f"{where}.evaluation")
    content["gate"] = _parse(Gate, content.get("gate", {}), f"{where}.gate")
    content["scores"] = content.get("scores") or ()
    content["models"] = {model: options or {} for model, options in content.get("models", {}).items()}
    return _parse(Task, content, where)


T = TypeVar("T")


def _parse(kind: type[T], content: dict[str, Any], where: str) -> T:
    names = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    required = {f.name for f in fields(kind) if f.default is MISSING}  # type: ignore[arg-type]
    if unknown := sorted(content.keys() - names):
        raise ConfigError(f'Unknown key "{unknown[0]}" in {where}.', nearest(unknown[0], names))
    if missing := sorted(required - content.keys()):
        raise ConfigError(f"{where} lacks: {', '.join(missing)}.")
    return kind(**{k: tuple(v) if isinstance(v, list) else v for k, v in content.items()})
