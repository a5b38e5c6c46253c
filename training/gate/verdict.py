"""What a verdict is made of: the evidence it rests on, the demands with their figures, and what follows from those not met."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from math import inf
from typing import Any

PROMOTE, HOLD, REJECT = "promote", "hold", "reject"
IN_THE_WAY = ("NOT MET", "NOT SHOWN", "NOT MEASURED")  # what the gate may find of a demand that holds a model back
OF_THOSE_THAT_PASS = "of those that pass the gate"  # ends the reason that `register` gives, of what no person decided
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")


@dataclass(frozen=True)
class Check:
    """One demand: the figure, what is accepted, what was found of it, and what follows if it is shown not to hold.

    Attributes
    ----------
    value, lo, hi : the figure, and its 95 % interval where it has one
    holds : True where it is shown to hold, False where it is shown not to, None where neither is shown or nothing was measured
    note : what the figure rests on, or why there is none
    applies : False where the demand is declared not to apply to the task, or cannot (there is no champion yet); `note` says why
    doubt : why the task lets a model go live although this is not shown; empty where it does not
    """

    name: str
    value: float | None
    accepted: str
    holds: bool | None
    note: str = ""
    otherwise: str = REJECT
    applies: bool = True
    lo: float | None = None
    hi: float | None = None
    doubt: str = ""

    @property
    def state(self) -> str:
        """Return in a word or two how the demand stands."""
        if not self.applies:
            return "not applicable"
        if self.holds is None and self.doubt:
            return "not shown, accepted"
        return {True: "met", False: "NOT MET", None: "NOT MEASURED" if self.value is None else "NOT SHOWN"}[self.holds]

    @property
    def holds_back(self) -> bool:
        """Return whether it stands in the way: it is shown not to hold, or applies and is not shown to, and nobody accepted the doubt."""
        return self.applies and self.holds is not True and not (self.holds is None and self.doubt)

    @property
    def shown(self) -> str:
        """Return the figure as it is read, with its interval: to four digits, or as many as show on which side of a bound it lies."""
        if self.value is None:
            return "-"
        missed = self.accepted if self.holds is not True else ""
        value, *bounds = (_on_its_side(each, missed) for each in (self.value, self.lo, self.hi) if each is not None)
        return f"{value} ({' to '.join(bounds)})" if bounds else value

    @property
    def because(self) -> str:
        """Return what the figure rests on, and why the doubt is accepted where it is."""
        return "; ".join(text for text in (self.note, self.doubt) if text)

    def in_words(self) -> str:
        """Return the demand on one line."""
        value = "not measured" if self.value is None else self.shown
        value = value if self.applies else "not applicable"
        unshown = ", which shows neither" if self.applies and self.holds is None and self.value is not None else ""
        return f"{self.name} is {value}{unshown}, accepted: {self.accepted}{f' ({self.because})' if self.because else ''}"


@dataclass(frozen=True)
class Accepted:
    """The values that a demand accepts: from `low` to `high`, both or, where `strictly`, neither of them included."""

    low: float = -inf
    high: float = inf
    strictly: bool = False

    def holds(self, value: float) -> bool:
        """Return whether one value is accepted."""
        return self.low < value < self.high if self.strictly else self.low <= value <= self.high

    def finding(self, figure: tuple[float | None, float | None, float | None]) -> bool | None:
        """Return what a figure shows: True where its whole interval is accepted, False where none of it is, None between.

        Parameters
        ----------
        figure : estimate and the bounds of its 95 % interval; without an interval, or with one that does not hold the estimate, nothing
            is shown

        Examples
        --------
        >>> [Accepted(low=0.6).finding(figure) for figure in ((0.7, 0.62, 0.78), (0.7, 0.55, 0.85), (0.5, 0.42, 0.58), (0.7, None, None))]
        [True, None, False, None]
        >>> [Accepted(0.8, 1.25).finding(figure) for figure in ((0.75, 0.5, 1.5), (1.365, 1.2, 1.2))]
        [None, None]
        """
        value, lo, hi = figure
        if value is None or lo is None or hi is None or not lo <= value <= hi:
            return None
        if self.holds(lo) and self.holds(hi):
            return True
        beyond = hi <= self.low or lo >= self.high if self.strictly else hi < self.low or lo > self.high
        return False if beyond else None


@dataclass(frozen=True)
class Comparison:
    """The champion's and the candidate's figures (`auc_24m`, `brier_24m`) on the same rows; empty where not possible.

    `how` says how it was made or why it was not. `difference` holds candidate minus champion and its 95 % interval, where it has one.
    """

    version: str
    how: str
    champion: dict[str, float] = field(default_factory=dict)
    candidate: dict[str, float] = field(default_factory=dict)
    difference: dict[str, tuple[float, float, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class ArtifactChecks:
    """What was measured on the registered artifact itself; None where it was not, `notes` says why, by name."""

    features_known: bool | None = None
    outcome_columns: int | None = None
    additivity: float | None = None
    harm: dict[str, float] = field(default_factory=dict)
    parity: float | None = None
    rank_as_judged: float | None = None
    mean_as_judged: float | None = None
    notes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Subgroup:
    """Observed / expected in a subgroup, with its 95 % interval, and how many people were expected to progress there."""

    ratio: float
    lo: float | None
    hi: float | None
    expected: float


@dataclass(frozen=True)
class Evidence:
    """Everything a verdict rests on: held-out figures, why a horizon has none, subgroups, facts, champion, past.

    `recalibrated` says to which people a version was recalibrated, whose figures are then not held out; empty of any other.
    """

    metrics: dict[str, float]
    unjudged: dict[int, str] = field(default_factory=dict)
    subgroups: dict[str, Subgroup] = field(default_factory=dict)
    facts: ArtifactChecks = ArtifactChecks()
    comparison: Comparison | None = None
    taken_back: str = ""
    recalibrated: str = ""


@dataclass(frozen=True)
class Verdict:
    """All checks of a model.

    It is rejected for what is shown not to hold where that must hold, held back for anything else that is not shown or not measured.
    """

    checks: tuple[Check, ...]

    @property
    def verdict(self) -> str:
        found = {check.otherwise if check.holds is False else HOLD for check in self.checks if check.holds_back}
        return REJECT if REJECT in found else HOLD if found else PROMOTE

    def in_the_way(self, state: str) -> list[str]:
        """Return the names of the demands that hold the model back and are found so: "NOT MET", "NOT SHOWN" or "NOT MEASURED"."""
        return [check.name for check in self.checks if check.holds_back and check.state == state]

    def failures(self) -> str:
        """Return the demands that are not met, not shown, or were not measured, in words."""
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
