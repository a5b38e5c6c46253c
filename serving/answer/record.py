"""The answer for one person at one landmark, as a typed record. HTTP sends it as it is; a batch flattens many to columns.

What an answer holds many of is not frozen, though nobody changes it: a frozen record takes five times as long to make.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from serving.answer.basis import Basis


@dataclass
class Latest:
    """The latest value known of a biomarker, and its change since the one before.

    `reported` is `<` or `>` where the result is a limit; a change to or from one is not known. `exceeds_noise`: the reference change value.
    """

    value: float | None = None
    reported: str = ""
    unit: str | None = None
    collected_on: str | None = None
    age_days: float | None = None
    change: float | None = None
    exceeds_noise: bool | None = None


@dataclass
class Contribution:
    """What one biomarker adds to the log-odds of the risk, and what was measured of it."""

    biomarker: str
    label: str
    contribution: float
    value: float | None
    reported: str
    unit: str | None
    collected_on: str | None
    age_days: float | None
    change: float | None
    exceeds_noise: bool | None


@dataclass
class Claim:
    """What a sentence says, for a program: of which horizon, the contribution in log-odds, and what was measured (see `Latest`)."""

    horizon_months: int
    contribution: float
    value: float | None
    reported: str
    unit: str | None
    collected_on: str | None
    change: float | None
    exceeds_noise: bool | None


@dataclass
class Sentence:
    """A main reason for a risk in words, the biomarker or static column that it is about, which way it goes, and its claim."""

    text: str
    biomarker: str
    direction: Literal["raises", "lowers"]
    claim: Claim


@dataclass(frozen=True)
class BiomarkerScale:
    """How the values of a biomarker are read: the range in health, and the smallest changes that exceed noise.

    None where no source gives it. `noise_rise_percent` and `noise_fall_percent` are of the earlier value; `noise_in` says in whom.
    """

    biomarker: str
    label: str
    unit: str
    scale: Literal["linear", "log"]
    reference_low: float | None
    reference_high: float | None
    noise_rise_percent: float | None
    noise_fall_percent: float | None
    noise_in: str
    sources: tuple[str, ...]


@dataclass
class Shown:
    """A risk and the ends of its interval as they are shown: whole percent, half up, and in words. Nobody needs to round again."""

    percent: int
    low: int | None
    high: int | None
    die_first: int | None
    text: str


@dataclass(frozen=True)
class AsOf:
    """Of which day a risk is.

    `is_past`: the last result is more than a year old, or what the risk is of, treatment or death has come since: it is what the risk was.
    """

    landmark: str
    last_result_on: str | None
    oldest_result_on: str | None
    answered_on: str
    is_past: bool


@dataclass
class HorizonRisk:
    """Probability of progression within a horizon, death competing; base (not the average risk) + contributions = logit(risk).

    `lower` and `upper` are its 95 % interval: how far the model is known for such a person; None where the model has none.
    `die_first` is the chance that death comes before progression within the horizon; None where the model does not keep it.
    `fitted_to` goes with every number: a risk by a model of simulated people says nothing about a patient.
    """

    horizon_months: int
    risk: float
    fitted_to: str
    lower: float | None
    upper: float | None
    die_first: float | None
    shown: Shown
    base: float
    contributions: tuple[Contribution, ...]
    sentences: tuple[Sentence, ...]


@dataclass
class EventFreeTime:
    """How long 19 of 20 such people have not had the event at least; whoever dies first has not had it.

    `months` is None where the model cannot say; `text` then says so. `to_last_horizon`: it is the model's last horizon, by which fewer
    than 1 of 20 such people have the event.
    """

    months: float | None
    to_last_horizon: bool
    text: str


@dataclass
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


@dataclass
class EvolvingFinding:
    """A published evolving flag, beside the noise-aware trend (relative change per year) over the same window."""

    rule: str
    biomarker: str
    flag: bool | None
    slope_per_year: float | None
    standard_error: float | None
    exceeds_noise: bool | None


@dataclass
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


@dataclass
class Bounded:
    """A figure with the ends of its 95 % interval."""

    value: float
    lower: float
    upper: float


@dataclass
class BenefitEstimate:
    """What early daratumumab would mean for one risk of progression, with the 95 % interval of the trial's effect.

    Attributes
    ----------
    risk_of : the published score whose risk it is, or `model`
    reduction_if_it_wanes : where the effect ends with treatment, after 36 months: the other end of what is known
    reduction_in_group : by the effect in the person's 20/2/20 group, a sensitivity; None where the group is not known
    number_needed_to_treat : None where the interval of the reduction has 0 in it
    """

    risk_of: str
    horizon_months: int
    untreated: float
    treated: Bounded
    reduction: Bounded
    reduction_if_it_wanes: float
    reduction_in_group: float | None
    number_needed_to_treat: Bounded | None
    words: str


@dataclass
class EligibilityFinding:
    """A criterion of the trial, or one of its risk factors (`risk:...`, of which one is needed)."""

    criterion: str
    label: str
    status: Literal["met", "not met", "unknown"]


@dataclass(frozen=True)
class EarlyTreatment:
    """Early treatment of one person with smoldering disease: what is published, applied to this person's risks.

    Attributes
    ----------
    not_computed : why there is no estimate for a risk
    high_risk_by : the published definitions of high risk that are met
    harms : of 100 people in the trial
    """

    estimates: tuple[BenefitEstimate, ...]
    not_computed: tuple[str, ...]
    eligibility: tuple[EligibilityFinding, ...]
    high_risk_by: tuple[str, ...]
    harms: tuple[str, ...]
    citation: str
    limits: tuple[str, ...]


@dataclass(frozen=True)
class Course:
    """The course of a treated person, a row a visit since the first line of therapy (`docs/course.md`); `days`: visits, events, months."""

    visits: tuple[dict[str, Any], ...]
    meaning: str
    notice: str
    days: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class ModelIdentity:
    """Which model spoke. `gate_verdict` is what the gate said of it, `reject, forced` where a person made it live all the same.

    `fitted_to` says whom it was fitted to: real or simulated people, or unknown.
    """

    model_name: str
    model_version: str
    run_id: str
    gate_verdict: str
    feature_hash: str
    fitted_to: str


@dataclass(frozen=True)
class Answer:
    """The answer in one piece. Without `risks` there is a warning that says why none is shown.

    `criteria_condition` says when a met criterion defines myeloma. `early_treatment` is there for untreated smoldering disease
    alone, `event_free` where risks are.
    `answer_id` is what a server's audit log knows it by; empty where there is none.
    """

    landmark: str
    task: str
    as_of: AsOf
    risks: tuple[HorizonRisk, ...]
    warnings: tuple[str, ...]
    criteria: tuple[CriterionFinding, ...]
    criteria_condition: str
    evolving: tuple[EvolvingFinding, ...]
    scores: dict[str, PublishedScore]
    early_treatment: EarlyTreatment | None
    biomarkers: tuple[BiomarkerScale, ...]
    basis: Basis
    model: ModelIdentity
    notice: str
    answer_id: str = ""
    event_free: EventFreeTime | None = None

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
