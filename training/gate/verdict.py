"""What a verdict is made of: the evidence it rests on, the demands with their figures, and what follows from those not met."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from typing import Any

PROMOTE, HOLD, REJECT = "promote", "hold", "reject"
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")


@dataclass(frozen=True)
class Check:
    """One demand: the figure, what is accepted, whether it holds (None: not measured), and what follows if it does not.

    `applies` is False where the demand is declared not to apply to the task, or cannot (there is no champion yet); `note` says why.
    """

    name: str
    value: float | None
    accepted: str
    holds: bool | None
    note: str = ""
    otherwise: str = REJECT
    applies: bool = True

    @property
    def state(self) -> str:
        """Return in a word or two how the demand stands."""
        if not self.applies:
            return "not applicable"
        return {True: "met", False: "NOT MET", None: "NOT MEASURED"}[self.holds]

    @property
    def holds_back(self) -> bool:
        """Return whether it stands in the way: it is not met, or applies and was not measured."""
        return self.applies and self.holds is not True

    @property
    def shown(self) -> str:
        """Return the figure as it is read: to four digits, or as many as it takes for one that misses its bound to be seen to."""
        return "-" if self.value is None else _on_its_side(self.value, self.accepted if self.holds is False else "")

    def in_words(self) -> str:
        """Return the demand on one line."""
        value = "not measured" if self.holds is None else "missing" if self.value is None else self.shown
        value = value if self.applies else "not applicable"
        return f"{self.name} is {value}, accepted: {self.accepted}{f' ({self.note})' if self.note else ''}"


@dataclass(frozen=True)
class Comparison:
    """The champion's and the candidate's figures (`auc_24m`, `brier_24m`) on the same rows; empty where not possible.

    `how` says how it was made or why it was not.
    """

    version: str
    how: str
    champion: dict[str, float] = field(default_factory=dict)
    candidate: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class ArtifactChecks:
    """What was measured on the registered artifact itself; None where it was not, `notes` says why, by name."""

    features_known: bool | None = None
    outcome_columns: int | None = None
    additivity: float | None = None
    harm: dict[str, float] = field(default_factory=dict)
    parity: float | None = None
    notes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Evidence:
    """Everything a verdict rests on: held-out figures, why a horizon has none, subgroups (O/E and events), facts, champion, past.

    `recalibrated` says to which people a version was recalibrated, whose figures are then not held out; empty of any other.
    """

    metrics: dict[str, float]
    unjudged: dict[int, str] = field(default_factory=dict)
    subgroups: dict[str, tuple[float, float]] = field(default_factory=dict)
    facts: ArtifactChecks = ArtifactChecks()
    comparison: Comparison | None = None
    taken_back: str = ""
    recalibrated: str = ""


@dataclass(frozen=True)
class Verdict:
    """All checks of a model: `reject` when one fails that must hold, `hold` when another fails or was not measured, else `promote`."""

    checks: tuple[Check, ...]

    @property
    def verdict(self) -> str:
        found = {check.otherwise if check.holds is False else HOLD for check in self.checks if check.holds_back}
        return REJECT if REJECT in found else HOLD if found else PROMOTE

    def failures(self) -> str:
        """Return the demands that are not met, or were not measured, in words."""
        return "; ".join(check.in_words() for check in self.checks if check.holds_back)

    def to_dict(self) -> dict[str, Any]:
        """Return the verdict as JSON can hold it."""
        return {"verdict": self.verdict, "checks": [asdict(check) for check in self.checks]}


def _on_its_side(value: float, missed: str) -> str:
    """Return a figure to so many digits that it lies on the same side of every bound in `missed` as before."""
    bounds = [float(bound) for bound in _NUMBER.findall(missed)]
    texts = (f"{value:.{digits}g}" for digits in range(4, 18))  # 17 tell any two apart
    return next(text for text in texts if all(_side(float(text), bound) == _side(value, bound) for bound in bounds))


def _side(value: float, bound: float) -> tuple[bool, bool]:
    return value < bound, value > bound
