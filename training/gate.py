"""The gate: what a model must show on people it has not seen before it may go live."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from features import Task


@dataclass(frozen=True)
class Check:
    """One demand: the figure, what is accepted, and whether it holds."""

    name: str
    value: float | None
    accepted: str
    holds: bool


@dataclass(frozen=True)
class Verdict:
    """All checks of a model. `promote` when each holds, else `hold`."""

    checks: tuple[Check, ...]

    @property
    def verdict(self) -> str:
        return "promote" if all(check.holds for check in self.checks) else "hold"

    def failures(self) -> str:
        """Return the demands that are not met, in words."""
        return "; ".join(
            f"{c.name} is {'missing' if c.value is None else f'{c.value:.3f}'}, accepted: {c.accepted}" for c in self.checks if not c.holds
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the verdict as JSON can hold it."""
        return {"verdict": self.verdict, "checks": [asdict(check) for check in self.checks]}


def judge(metrics: dict[str, float], task: Task) -> Verdict:
    """Return the verdict on held-out metrics: discrimination, better than the average, calibrated in the large."""
    low, high = task.gate.oe_ratio_between
    checks = []
    for months in task.horizons:
        for name, accepted, holds in (
            ("auc", f">= {task.gate.auc_at_least}", lambda v: v >= task.gate.auc_at_least),
            ("ipa", "> 0, better than everybody's average", lambda v: v > 0),
            ("oe_ratio", f"{low} to {high}", lambda v: low <= v <= high),
        ):
            value = metrics.get(f"{name}_{months}m")
            checks.append(Check(f"{name}_{months}m", value, accepted, value is not None and holds(value)))
    return Verdict(tuple(checks))
