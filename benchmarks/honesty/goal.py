"""One goal as it was measured."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Goal:
    """What was asked of a part of the product, and what was found.

    Attributes
    ----------
    part : of the product
    case : on what it was measured
    found : in words, with its figures
    asked : what should hold; empty where the case is shown for comparison
    holds : whether it does; None where nothing was asked
    """

    part: str
    case: str
    found: str
    asked: str
    holds: bool | None
