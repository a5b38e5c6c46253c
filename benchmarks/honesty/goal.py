"""One goal as it was measured."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Goal:
    """What was asked in one case, and what was found.

    Attributes
    ----------
    case : on what it was measured
    found : in words, with its figures
    asked : what should hold; empty where the case is shown for comparison
    holds : whether it does; None where nothing was asked
    """

    case: str
    found: str
    asked: str
    holds: bool | None
