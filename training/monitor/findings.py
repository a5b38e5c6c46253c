"""What a check found, and Holm's correction over checks made together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from scipy import stats

Status = Literal["changed", "steady", "not shown", "too few"]
# Of the months of a clinic in which nothing has changed, at most so many raise an alarm about inputs or risks, and as many
# about outcomes: together 1 in 20, so a monthly look is wrong about once in two years.
FALSE_ALARMS = 0.025


@dataclass(frozen=True)
class Finding:
    """One check of one thing.

    Attributes
    ----------
    kind : missing, older (values), level, unit, risk or outcome
    name : biomarker, static column or risk_24m
    people : how many people it rests on
    estimate, lo, hi : the figure with its 95 % interval, not corrected; None where it may not be shown or does not exist
    reference : what the figure would be without a change
    p : of no change, before correction; not for showing
    large : whether the change is one that matters, however sure it is
    within : whether the whole interval lies within what does not matter, as steady has to be shown to be
    shown : the number of people as it may be shown, where that is not `people` itself
    """

    kind: str
    name: str
    label: str
    people: int
    estimate: float | None = None
    lo: float | None = None
    hi: float | None = None
    reference: float | None = None
    p: float | None = None
    large: bool = False
    within: bool = True
    shown: str = ""
    site: str = ""
    status: Status = "too few"
    words: str = ""


def with_status(findings: list[Finding], level: float = FALSE_ALARMS) -> list[Finding]:
    """Return findings with their status: changed where Holm's step-down procedure rejects and the change is large.

    Of the others, steady are those whose interval lies within what does not matter; of the rest nothing is shown, either way.

    Holm, Scand J Stat 1979;6:65: the chance that any steady thing is called changed is at most `level`, however the checks
    depend on each other.
    """
    tested = [k for k, finding in enumerate(findings) if finding.p is not None]
    order = sorted(tested, key=lambda k: findings[k].p or 0.0)
    out, rejecting = list(findings), True
    for rank, k in enumerate(order):
        finding = findings[k]
        rejecting = rejecting and (finding.p or 0.0) <= level / (len(order) - rank)
        out[k] = replace(finding, status="changed" if rejecting and finding.large else "steady" if finding.within else "not shown")
    return out


def two_sided(z: float) -> float:
    """Return the probability of a standard normal value at least so far from 0."""
    return float(2.0 * stats.norm.sf(abs(z)))
