"""What is fitted to answer a task, and demanded of it: `params.yaml`'s section `training`, parsed once into frozen dataclasses."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, NonNegativeFloat, NonNegativeInt, PositiveInt, StringConstraints
from pydantic.dataclasses import dataclass

from features.params import DEFAULT_PARAMS, memory_bytes, parsed, read_params
from features.tasks import Task, load_task
from myeloma import ConfigError
from myeloma.errors import nearest
from myeloma.scores import SCORES

_CHECKED = ConfigDict(extra="forbid")
READ_OTHERWISE = re.compile(r"_(?:lo|hi)$|_minus_")  # in the name of a figure: a bound, or a difference
_LONGEST = 64
_NAME = re.compile(rf"[A-Za-z0-9][A-Za-z0-9_]{{0,{_LONGEST - 1}}}")
Waivable = Literal["net_benefit", "worst_subgroup", "known_harm"]  # demands that a task's data may have nothing to measure by
Doubtful = Literal["auc", "ipa", "oe_ratio", "ici", "net_benefit", "worst_subgroup"]  # demands that too few events may be unable to show
# What `evaluate` may notice about a fit: training/evaluation/diagnoses/catalogue.py says of each how it is found and what to do.
DIAGNOSES = (
    "overfitting",
    "one_input",
    "adds_nothing",
    "same_person",
    "search_edge",
    "no_better_than_score",
    "outcome_like",
    "thin_horizons",
    "borrowed_burden",
    "site_outcomes",
)
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=10)]  # in words, for those who read the verdict
Memory = Annotated[int, BeforeValidator(lambda said: memory_bytes(said) if isinstance(said, str) else said)]  # as in 8GB
Options = Annotated[dict[str, Any], BeforeValidator(lambda options: {} if options is None else options)]  # `cox:` has none


@dataclass(frozen=True, config=_CHECKED)
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
    bootstrap: Annotated[int, Field(ge=2)] = 200  # fewer draws than `training.gate.demands.LEAST_DRAWS` show the gate nothing
    landmarks: tuple[NonNegativeFloat, ...] = (0, 1, 2, 3, 5)
    cut_offs: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = (0.1, 0.4, 0.5)


@dataclass(frozen=True, config=_CHECKED)
class Gate:
    """What a model must show on held-out patients to go live; `training/gate/demands.py` says each demand in words.

    Attributes
    ----------
    auc_at_least, oe_ratio_between, ici_at_most : at every horizon; one without figures holds the model back. At the primary horizon the
        ratio lies there too with any one biomarker hidden from everybody.
    net_benefit_at : risks from which one would act; above the best published score there, at the primary horizon.
    subgroup_oe_ratio_between, subgroup_events_at_least : the worst subgroup with so many events expected, at the primary horizon.
    harm_of_top : of how many of the weightiest biomarkers the known direction of harm is asked.
    auc_loss_at_most : how much worse than the champion the AUC may be on the same rows.
    brier_loss_at_most : what the difference to the champion's Brier score must stay below: 0 asks for a better one.
    doubt_accepted : demands that need not be shown where the estimate itself is accepted, each with the reason: too few events, say.
    not_applicable : demands that cannot be measured on the task's data, each with the reason. Any other that was not measured holds
        the model back; of those named here, a figure that there is counts all the same.
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
    doubt_accepted: dict[Doubtful, Reason] = Field(default_factory=dict)
    not_applicable: dict[Waivable, Reason] = Field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("oe_ratio_between", "subgroup_oe_ratio_between"):
            low, high = getattr(self, name)
            if not 0 <= low < high:
                raise ConfigError(f"The gate's {name} is [{low:g}, {high:g}].", "write the lower bound first, as in [0.8, 1.25].")


@dataclass(frozen=True, config=_CHECKED)
class Plan:
    """How one task is answered: models and published scores side by side, judged at the primary horizon before all, and let live or not.

    `interval_fits` is the number of fits to halves of the patients, from which the interval of a risk comes. `reference` is the model
    from which `truth` measures the way to a simulated cohort's true risks; None where there is none. A table whose fit would take more
    than `memory` (bytes; 8GB where nothing is said) is fitted from drawn people and, where a model can be, from its row groups. `muted`
    are diagnoses that are known and accepted, each with the reason.
    """

    task: Task
    primary_horizon: int
    models: Annotated[dict[str, Options], Field(min_length=1)]
    scores: tuple[str, ...]
    evaluation: Evaluation
    gate: Gate
    interval_fits: Annotated[int, Field(ge=0, multiple_of=2)] = 10
    reference: str | None = None
    memory: Memory = 8 * 10**9
    muted: dict[str, Reason] = Field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.primary_horizon not in self.task.horizons:
            raise ConfigError(f"Task {self.task.name}: primary_horizon {self.primary_horizon} is not among {self.task.horizons}.")
        _check_names(self.task.name, self.models)
        for score in self.scores:
            if score not in SCORES:
                raise ConfigError(f'Task {self.task.name}: unknown published score "{score}".', nearest(score, SCORES))
        if unknown := [code for code in self.muted if code not in DIAGNOSES]:
            raise ConfigError(f'training.{self.task.name}.muted: no diagnosis "{unknown[0]}".', nearest(unknown[0], DIAGNOSES))


def _check_names(task: str, models: Iterable[str]) -> None:
    """Refuse a model's name that is no folder, or would be taken for a published score, for another model, or for a figure's bound."""
    seen = dict[str, str]()
    for name in models:
        where = f"training.{task}.models: {json.dumps(name)} cannot be the name of a model"
        if not _NAME.fullmatch(name):
            hint = f"accepted: letters, digits and _, at most {_LONGEST}, the first a letter or digit."
            raise ConfigError(f"{where}: it names a folder and figures.", hint)
        if name.casefold() in SCORES:
            raise ConfigError(f"{where}: a published score is called so.", f"call it otherwise, as in {name}_refitted, with its `kind`.")
        if READ_OTHERWISE.search(name):
            what = f"{where}: in a figure, _lo and _hi are bounds and _minus_ is a difference."
            raise ConfigError(what, "call it without _minus_, and so that it ends otherwise.")
        if (other := seen.setdefault(name.casefold(), name)) != name:
            raise ConfigError(f"{where} beside {json.dumps(other)}: some file systems take one for the other.", "call one otherwise.")


def load_plan(name: str, params: Path = DEFAULT_PARAMS) -> Plan:
    """Return the plan for the task of that name from a parameter file.

    Raises
    ------
    StateError
        There is no such file.
    ConfigError
        There is no such task or no plan for it, or one of the two sections holds something that is not accepted.
    """
    task = load_task(name, params)
    plans = read_params(params).get("training")
    if not isinstance(plans, dict) or name not in plans:
        what = f"{params} does not say what is fitted to answer the task {name}: it has no section training.{name}."
        raise ConfigError(what, nearest(name, plans) if isinstance(plans, dict) else "a section `training` holds one section per task.")
    return parse_plan(task, plans[name])


def parse_plan(task: Task, section: Any) -> Plan:
    """Return the plan for a task from its section of the parameter file.

    Raises
    ------
    ConfigError
        A key is unknown (the nearest is named) or missing, or a value has another shape than is accepted.
    """
    plan = parsed(Plan, section, f"training.{task.name}", task=task)
    if plan.reference is not None and plan.reference not in plan.models:
        raise ConfigError(f'Task {task.name}: the reference "{plan.reference}" is not a model.', nearest(plan.reference, plan.models))
    return plan
