"""S-ERMM: points for an early relapse, within 18 months, of newly diagnosed myeloma. Points without groups.

Clin Cancer Res 2021;27:3695 (1,218 of 2,190 people): 5 points each for a high LDH and t(4;14), 3 each for del(17p), an
abnormal albumin and marrow plasma cells > 60 %, 2 for a lambda chain. The cut-offs of its three groups are unconfirmed, so there are none:
the total is what is given. Not every total can be: 1, 4, 17 and 20 cannot, and none is above 21.
"""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import ArrayLike, NDArray

from myeloma.errors import DataError
from myeloma.scores.score import Factor, Score, finding

POINTS = (5, 5, 3, 3, 3, 2)
TOTALS = tuple(sorted({sum(chosen) for n in range(len(POINTS) + 1) for chosen in itertools.combinations(POINTS, n)}))


def _points(*levels: int) -> float:
    return float(sum(level * points for level, points in zip(levels, POINTS, strict=True)))


def _category(points: float, *levels: int) -> int:
    return TOTALS.index(int(points))


def checked_totals(totals: ArrayLike) -> NDArray[np.float64]:
    """Return totals that came ready made; NaN is unknown.

    Raises
    ------
    DataError
        A total that no combination of factors gives.

    Examples
    --------
    >>> checked_totals([5, 21]).tolist()
    [5.0, 21.0]
    """
    found = np.asarray(totals, dtype=float)
    wrong = ~np.isnan(found) & ~np.isin(found, TOTALS)
    if wrong.any():
        what = f"An S-ERMM of {found[wrong].flat[0]:g} points cannot be."
        raise DataError(what, f"totals are {', '.join(map(str, TOTALS))}; high LDH and t(4;14) give 5 points each.", "out_of_range")
    return found


S_ERMM = Score(
    key="s_ermm",
    name="S-ERMM, points for early relapse",
    version="2021",
    citation="Clin Cancer Res 2021;27:3695",
    population="mm",
    outcome="relapse within 18 months",
    factors=(
        finding("ldh_high", "LDH above the laboratory's upper limit: 5"),
        finding("t_4_14", "t(4;14): 5"),
        finding("del17p", "del17p: 3"),
        finding("albumin_abnormal", "albumin outside the laboratory's limits: 3"),
        Factor("bmpc", (60.0,), ">", "marrow plasma cells > 60 %: 3"),
        finding("lambda_chain", "lambda light chain: 2"),
    ),
    categories=tuple(map(str, TOTALS)),
    points=_points,
    category=_category,
    risks={},
    notes=(
        "The total is the answer: cut-offs of groups are unconfirmed and used nowhere. It discriminates weakly: of 476 people of another"
        " cohort, relapse within 18 months had an AUC of 0.59 (0.53-0.65), that of ISS 0.68, of R2-ISS 0.66 (Leuk Res 2023;127:107037).",
    ),
)
