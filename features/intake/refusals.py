"""For each row of a table the first problem that refuses it: what every check writes to, whatever the rows came in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Rule:
    """A predicate on arrays, and what is said of the rows for which it holds.

    Attributes
    ----------
    reason : str
        Reason code, the same in quarantine files and HTTP answers.
    column : str
        Column of the table that is to be mended.
    accepted : str, or function
        What is accepted there, in words; a function where it depends on the biomarker, whose name it is given.
    wrong : function
        Takes arrays of one length, and bounds; returns which rows are refused.
    """

    reason: str
    column: str
    accepted: str | Callable[[str], str]
    wrong: Callable[..., Mask]


class Refusals:
    """The rows of one table and the first problem of each.

    Attributes
    ----------
    problem : int array, one a row
        0 = kept; otherwise a position in `problems`, each a reason, a column and what is accepted.
    """

    def __init__(self, rows: int) -> None:
        self.problem: NDArray[np.int32] = np.zeros(rows, dtype=np.int32)
        self.problems = [("", "", "")]

    @property
    def keep(self) -> Mask:
        """Which rows are not refused so far."""
        kept: Mask = self.problem == 0
        return kept

    def check(self, rule: Rule, *columns: Any, biomarker: tuple[Sequence[str], NDArray[Any]] | None = None) -> Mask:
        """Refuse the rows that break a rule and are not refused yet, and return which these are.

        Parameters
        ----------
        columns : arrays
            What the rule's predicate takes.
        biomarker : names, and for each row the place of its own among them
            For a rule that accepts something else for each biomarker.
        """
        wrong: Mask = rule.wrong(*columns)
        if not np.count_nonzero(wrong):
            return wrong
        if isinstance(rule.accepted, str):
            return self.reject(wrong, rule.reason, rule.column, rule.accepted)
        assert biomarker is not None
        names, named = biomarker
        wrong = wrong & self.keep
        for code in np.unique(named[wrong]):
            self.reject(wrong & (named == code), rule.reason, rule.column, rule.accepted(names[code]))
        return wrong

    def reject(self, wrong: Mask, reason: str, column: str, accepted: str) -> Mask:
        """Refuse the rows where `wrong` holds and that are not refused yet, and return which these are."""
        rows: Mask = wrong & self.keep
        if rows.any():
            self.problem[rows] = len(self.problems)
            self.problems.append((reason, column, accepted))
        return rows


class OneRow:
    """The first problem of a single row whose columns are plain values: the same rules hold for it."""

    def __init__(self) -> None:
        self.found: tuple[str, str, str] | None = None

    def check(self, rule: Rule, *values: Any) -> None:
        """Refuse the row where it breaks a rule and is not refused yet."""
        if self.found is None and rule.wrong(*values):
            assert isinstance(rule.accepted, str)
            self.found = rule.reason, rule.column, rule.accepted
