"""What goes out over HTTP, for the OpenAPI page and for those who write clients."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", protected_namespaces=())


class Contribution(_Strict):
    """What one biomarker adds to the log-odds of the risk, the latest value known of it, and its change since the one before.

    `exceeds_noise` says whether the change exceeds the reference change value; null where no source gives the variation.
    """

    biomarker: str
    label: str
    contribution: float
    value: float | None
    unit: str | None
    collected_on: str | None
    age_days: float | None
    change: float | None
    exceeds_noise: bool | None


class HorizonRisk(_Strict):
    """Probability of the task's event (progression) within the horizon, death competing; base + contributions = logit(risk).

    `GET /v1/model` says which event, and what competes with it, where they are others.

    `lower` and `upper` are its 95 % interval: how far the model is known for such a person; null where the model has none.
    """

    horizon_months: int
    risk: float
    lower: float | None
    upper: float | None
    base: float
    contributions: list[Contribution]


class CriterionFinding(_Strict):
    """A myeloma-defining criterion: met, not met or unknown, and the latest value it rests on."""

    criterion: str
    label: str
    status: Literal["met", "not met", "unknown"]
    value: float | None
    unit: str | None
    collected_on: str | None
    age_days: float | None


class EvolvingFinding(_Strict):
    """A published evolving flag, beside the noise-aware trend (relative change per year) over the same window."""

    rule: str
    biomarker: str
    flag: bool | None
    slope_per_year: float | None
    standard_error: float | None
    exceeds_noise: bool | None


class PublishedScore(_Strict):
    """A published score; `category` is null where missing inputs leave several `possible`, `reason` says when all are."""

    name: str
    citation: str
    category: str | None
    points: float | None
    possible: list[str]
    missing: list[str]
    risks: dict[str, float]
    reason: str


class ModelIdentity(_Strict):
    """Which model spoke."""

    model_name: str
    model_version: str
    run_id: str
    feature_hash: str


class Answer(_Strict):
    """The answer in one piece. Without `risks` there is a warning that says why none is shown."""

    landmark: str
    task: str
    risks: list[HorizonRisk]
    warnings: list[str]
    criteria: list[CriterionFinding]
    evolving: list[EvolvingFinding]
    scores: dict[str, PublishedScore]
    model: ModelIdentity
    notice: str


class Problem(BaseModel):
    """One thing that was refused: a stable code, where it stands, what is wrong or what is accepted, and what was received.

    `received` is empty where the content could say who the person is.
    """

    code: str
    where: str
    message: str
    received: str = ""


class Refusal(_Strict):
    """The body of every 422."""

    errors: list[Problem]
