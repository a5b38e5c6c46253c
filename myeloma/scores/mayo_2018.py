"""Mayo 2018 "20/2/20" score for smoldering myeloma.

One point for each of marrow plasma cells > 20 %, serum M-protein > 2 g/dL, involved/uninvolved free
light chain ratio > 20 (strict). Low 0, intermediate 1, high 2 or 3 points.
Source: Lakshman et al., Blood Cancer J 2018;8:59. Two-year progression by group from the IMWG validation
(1,996 people): Mateos et al., Blood Cancer J 2020;10:102, printed 6 / 18 / 44 %, decimals from the authors'
code. Five-year progression as restated in Landgren, Leukemia 2020, 10.1038/s41375-020-0718-z.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

BMPC_ABOVE_PERCENT = 20.0
M_PROTEIN_ABOVE_G_DL = 2.0
FLC_RATIO_ABOVE = 20.0

CATEGORIES = ("low", "intermediate", "high")
RISK_BY_HORIZON: dict[int, tuple[float, float, float]] = {
    24: (0.062, 0.179, 0.442),
    60: (0.23, 0.47, 0.82),
}


@dataclass(frozen=True)
class ScoreResult:
    """What a score says of one person. `category` is None when the missing inputs leave more than one possible."""

    category: str | None
    points: int | None
    possible: tuple[str, ...]
    missing: tuple[str, ...]
    risks: dict[int, float]


@dataclass(frozen=True)
class Score:
    """A published score: its inputs, in order, and the functions below bound to a name."""

    key: str
    name: str
    citation: str
    inputs: tuple[str, ...]
    risk_by_horizon: dict[int, tuple[float, float, float]]

    def evaluate(self, **inputs: float | None) -> ScoreResult:
        """Return points, category and published risks for one person; None or NaN means unknown.

        Examples
        --------
        >>> MAYO_2018.evaluate(bmpc=10, m_protein=2.1, flc_ratio=20.1).category
        'high'
        >>> MAYO_2018.evaluate(bmpc=None, m_protein=1.0, flc_ratio=5.0).possible
        ('low', 'intermediate')
        """
        values = {name: np.nan if inputs.get(name) is None else float(inputs[name]) for name in self.inputs}  # type: ignore[arg-type]
        low, high = points_range(**{name: np.array([value]) for name, value in values.items()})
        first, last = int(_category(low)[0]), int(_category(high)[0])
        missing = tuple(name for name, value in values.items() if np.isnan(value))
        settled = first == last
        return ScoreResult(
            category=CATEGORIES[first] if settled else None,
            points=None if missing else int(low[0]),
            possible=CATEGORIES[first : last + 1],
            missing=missing,
            risks={h: risks[first] for h, risks in self.risk_by_horizon.items()} if settled else {},
        )

    def risk(self, horizon: int, **inputs: ArrayLike) -> NDArray[np.float64]:
        """Return the published risk at a horizon in months, NaN where the group is not settled or not published."""
        low, high = points_range(**{name: np.asarray(inputs[name], dtype=float) for name in self.inputs})
        if horizon not in self.risk_by_horizon:
            return np.full(low.shape, np.nan)
        risks = np.array(self.risk_by_horizon[horizon])[_category(low)]
        return np.where(_category(low) == _category(high), risks, np.nan)


def points_range(
    bmpc: NDArray[np.float64], m_protein: NDArray[np.float64], flc_ratio: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the fewest and the most points possible; a missing input can be either.

    Parameters
    ----------
    bmpc, m_protein, flc_ratio : arrays of the same shape
        Percent, g/dL, involved / uninvolved; NaN where unknown.
    """
    low = np.zeros(np.shape(bmpc), dtype=np.int64)
    high = low.copy()
    for values, cut in ((bmpc, BMPC_ABOVE_PERCENT), (m_protein, M_PROTEIN_ABOVE_G_DL), (flc_ratio, FLC_RATIO_ABOVE)):
        above = values > cut
        low += above
        high += above | np.isnan(values)
    return low, high


def _category(points: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.minimum(points, 2)


MAYO_2018 = Score(
    key="mayo_2018",
    name="Mayo 2018 20/2/20",
    citation="Lakshman, Blood Cancer J 2018;8:59; risks: Mateos, Blood Cancer J 2020;10:102 (2 years), Landgren, Leukemia 2020 (5 years)",
    inputs=("bmpc", "m_protein", "flc_ratio"),
    risk_by_horizon=RISK_BY_HORIZON,
)
