"""The answer for one person at one landmark, as a typed record. HTTP sends it as it is; a batch flattens many to columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Latest:
    """The latest value known of a biomarker, and its change since the one before.

    `exceeds_noise` says whether the change exceeds the reference change value; None where no source gives the variation.
    """

    value: float | None = None
    unit: str | None = None
    collected_on: str | None = None
    age_days: float | None = None
    change: float | None = None
    exceeds_noise: bool | None = None


@dataclass(frozen=True)
class Contribution:
    """What one biomarker adds to the log-odds of the risk, and what was measured of it."""

    biomarker: str
    label: str
    contribution: float
    value: float | None
    unit: str | None
    collected_on: str | None
    age_days: float | None
    change: float | None
    exceeds_noise: bool | None


@dataclass(frozen=True)
class HorizonRisk:
    """Probability of progression within a horizon, death competing; base + contributions = logit(risk).

    `lower` and `upper` are its 95 % interval: how far the model is known for such a person; None where the model has none.
    """

    horizon_months: int
    risk: float
    lower: float | None
    upper: float | None
    base: float
    contributions: tuple[Contribution, ...]


@dataclass(frozen=True)
class CriterionFinding:
    """A myeloma-defining criterion: met, not met or unknown, and the latest value it rests on.

    `note` says what decided beside the value, as an estimated clearance, or what is lacking.
    """

    criterion: str
    label: str
    status: Literal["met", "not met", "unknown"]
    value: float | None
    unit: str | None
    collected_on: str | None
    age_days: float | None
    note: str


@dataclass(frozen=True)
class EvolvingFinding:
    """A published evolving flag, beside the noise-aware trend (relative change per year) over the same window."""

    rule: str
    biomarker: str
    flag: bool | None
    slope_per_year: float | None
    standard_error: float | None
    exceeds_noise: bool | None


@dataclass(frozen=True)
class PublishedScore:
    """A published score; `category` is None where missing inputs leave several `possible`, `reason` says when all are.

    `cautions` say where an input may not mean what it meant to the score's authors.
    """

    name: str
    citation: str
    category: str | None
    points: float | None
    possible: tuple[str, ...]
    missing: tuple[str, ...]
    risks: dict[str, float]
    reason: str
    cautions: tuple[str, ...] = ()


@dataclass(frozen=True)
class ModelIdentity:
    """Which model spoke. `gate_verdict` is what the gate said of it, `reject, forced` where a person made it live all the same."""

    model_name: str
    model_version: str
    run_id: str
    gate_verdict: str
    feature_hash: str


@dataclass(frozen=True)
class Answer:
    """The answer in one piece. Without `risks` there is a warning that says why none is shown.

    `criteria_condition` says when a met criterion defines myeloma.
    """

    landmark: str
    task: str
    risks: tuple[HorizonRisk, ...]
    warnings: tuple[str, ...]
    criteria: tuple[CriterionFinding, ...]
    criteria_condition: str
    evolving: tuple[EvolvingFinding, ...]
    scores: dict[str, PublishedScore]
    model: ModelIdentity
    notice: str

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as JSON can hold it."""
        return {name: _plain(value) for name, value in vars(self).items()}


_ATOMS = frozenset((str, float, int, bool, type(None)))


def _plain(value: Any) -> Any:
    """Return records as dictionaries, at any depth: what `asdict` does, which copies every number."""
    if type(value) in _ATOMS:
        return value
    if isinstance(value, tuple):
        return tuple(map(_plain, value))
    fields = value if isinstance(value, dict) else vars(value)
    return {name: each if type(each) in _ATOMS else _plain(each) for name, each in fields.items()}
