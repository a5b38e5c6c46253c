"""Missingness augmentation: some rows are fitted to a second time with biomarkers removed, so that a fit learns the risk of the unknown.

Nearly everybody in training has a result, so a plain fit never sees it missing. A tree then sends a person without it down an
arbitrary branch. A linear model gives such a person the average log-odds, whose risk is below the average risk. Either way
unknown would look safe.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from features import parse_column
from features.history.columns import GROWTH, STATE_SPACE
from serving.models.base import Array
from serving.models.time_varying import MONTHS
from serving.models.unknown import hidden
from training.estimators.stacking import Stacked

AugmentedShare = Annotated[float, Field(ge=0, lt=1)]
DEFAULT_SHARE = 0.2
# Copies beyond which more would tell nothing new, and a fit to very many rows would only cost more; but always so large a share
# that a column of its own says what is missing (`design`).
_ENOUGH, _LEAST_SHARE = 20_000, 0.05
_CHANCE = 0.5  # of each biomarker in such a row: all are hidden together often enough to be learnt from


@dataclass(frozen=True)
class Hidden:
    """Of which rows there is a second copy, and what is hidden in each.

    Attributes
    ----------
    chosen : array (rows,)
    cells : array (copies, columns), in the order of the rows
    columns : their names
    """

    chosen: NDArray[np.bool_]
    cells: NDArray[np.bool_]
    columns: list[str]

    @classmethod
    def of(cls, rows: int, columns: list[str], share: float, seed: int) -> Hidden:
        """Return a share of the rows, of whose copies each biomarker and static column is hidden by a chance of one half.

        The time since diagnosis is always known, and never hidden. Where the burden is hidden, so is what marrow is by now: while
        no M-protein is above 0 marrow is known, and that is not.
        """
        groups = np.array([parse_column(name).biomarker for name in columns])
        rng = np.random.default_rng(seed)
        chosen = rng.random(rows) < min(share, max(_ENOUGH / max(rows, 1), _LEAST_SHARE))
        cells = np.zeros((int(chosen.sum()), len(columns)), dtype=bool)
        for group in sorted(set(groups) - {MONTHS}):
            cells[np.ix_(rng.random(len(cells)) < _CHANCE, groups == group)] = True
        cells |= np.outer(cells[:, groups == GROWTH].any(axis=1), np.isin(columns, list(STATE_SPACE)))
        return cls(chosen, cells, columns)

    def part(self, begin: int, end: int, columns: int) -> Hidden:
        """Return what there is of some rows that follow one another, and of the first so many columns."""
        before, there = int(self.chosen[:begin].sum()), self.chosen[begin:end]
        return Hidden(there, self.cells[before : before + int(there.sum()), :columns], self.columns[:columns])

    def added_to(self, x: Array, stacked: Stacked) -> tuple[Array, Stacked]:
        """Return x with the copies below it, and what was stacked with theirs; see `augment_missingness`."""
        copies = hidden(x[self.chosen], self.columns, self.cells)
        again = self.chosen[stacked.row]
        weight = np.where(again, stacked.weight / 2, stacked.weight)  # original and copy together weigh what the row did
        copied = (len(x) + np.cumsum(self.chosen) - 1)[stacked.row[again]], stacked.horizon[again], stacked.y[again], weight[again]
        kept = stacked.row, stacked.horizon, stacked.y, weight
        return np.vstack([x, copies]), Stacked(*(np.concatenate(both) for both in zip(kept, copied, strict=True)))


def augment_missingness(x: Array, columns: list[str], stacked: Stacked, share: float, seed: int) -> tuple[Array, Stacked]:
    """Return x with a second copy of a share of its rows, in which a part is `Hidden`.

    Parameters
    ----------
    x : array (rows, columns)
    stacked : Stacked
        Of these rows. A copy has the outcome of its original, and half of its weight.
    """
    return Hidden.of(len(x), columns, share, seed).added_to(x, stacked)
