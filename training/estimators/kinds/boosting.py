"""Gradient boosting on horizon-stacked rows, monotone in the direction of harm."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
import pandas as pd
import xgboost as xgb
from numpy.typing import NDArray
from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveInt

from features import parse_column
from features.cohort.scratch import Scratch
from features.history.columns import CHANGE, GROWTH, MARROW_NOW
from myeloma import catalogue
from serving.models.base import Array
from serving.models.boosted import Boosted
from training.estimators.external_memory import binned
from training.estimators.kind import Kind
from training.estimators.missingness import DEFAULT_SHARE, AugmentedShare, augment_missingness
from training.estimators.stacking import Weighting, stack
from training.estimators.whole import Whole

if TYPE_CHECKING:
    from optuna.trial import BaseTrial

Share = Annotated[float, Field(gt=0, le=1)]
# Statistics that move with the biomarker: when it harms to be high, it harms to have them high.
_LEVELS_AND_CHANGES = ("last", "mean", "min", "max", "slope", "trend_pct", "delta_", "pct_")
_HARMS_TO_RISE = (GROWTH, CHANGE, MARROW_NOW, "fish_lesions")  # more disease, or worse, whatever tells it


def fit_boosting(  # noqa: PLR0913 - the options of params.yaml, by name
    x: Array,
    rows: pd.DataFrame,
    columns: list[str],
    horizons: tuple[int, ...],
    *,
    rounds: PositiveInt,
    depth: PositiveInt,
    eta: Share,
    min_child_weight: NonNegativeFloat,
    subsample: Share,
    l2: NonNegativeFloat,
    seed: NonNegativeInt,
    colsample: Share = 0.5,
    parallel_trees: PositiveInt = 1,
    monotone: bool = True,
    hidden_share: AugmentedShare = DEFAULT_SHARE,
    weighting: Weighting = "patients",
    device: Literal["cpu", "cuda"] = "cpu",
) -> Boosted:
    """Return trees fitted to IPCW-weighted stacked rows; the risk cannot fall as the horizon grows.

    Parameters
    ----------
    x : array (rows, features)
    rows : DataFrame
        event and time_to_event of the same rows.
    parallel_trees : int
        Trees grown in each round on samples of their own and averaged, as in a random forest.
    monotone : bool
        Whether levels and changes of a biomarker can move the risk only in the catalogue's direction of harm, and those of the burden
        only upwards.
    hidden_share : float
        Share of rows of which a second copy, with a part hidden, is fitted to as well; less of very many rows (see `hidden`).
    """
    options = {
        "rounds": rounds,
        "depth": depth,
        "eta": eta,
        "min_child_weight": min_child_weight,
        "subsample": subsample,
        "colsample": colsample,
        "parallel_trees": parallel_trees,
        "l2": l2,
        "monotone": monotone,
        "device": device,
        "seed": seed,
    }
    return _boosted(*_binned(x, rows, columns, horizons, hidden_share, weighting, seed), columns, horizons, options)


def parts_of_rows(
    x: Array, rows: pd.DataFrame, columns: list[str], horizons: tuple[int, ...], **options: Any
) -> Callable[[NDArray[np.bool_]], Boosted]:
    """Return the way to fit trees, as `fit_boosting` does, to any part of some rows, and to all of them.

    The bins of a fit to a part are found once, of the features of all rows, since to find them takes as long as to fill them. Nobody's
    outcome has a say in them.
    """
    at = np.array(horizons, dtype=np.float32)[np.arange(len(x)) % len(horizons)]
    bins = xgb.QuantileDMatrix(np.column_stack([x.astype(np.float32), at]))
    how = options["hidden_share"], options["weighting"], options["seed"]

    def fit_on(there: NDArray[np.bool_]) -> Boosted:
        if there.all():
            return fit_boosting(x, rows, columns, horizons, **options)
        return _boosted(*_binned(x[there], rows[there], columns, horizons, *how, bins), columns, horizons, options)

    return fit_on


def _binned(
    x: Array,
    rows: pd.DataFrame,
    columns: list[str],
    horizons: tuple[int, ...],
    hidden_share: float,
    weighting: Weighting,
    seed: int,
    bins: xgb.DMatrix | None = None,
) -> tuple[xgb.DMatrix, float]:
    """Return the stacked rows in bins, their own or others', and the weighted mean outcome."""
    x = x.astype(np.float32)  # as XGBoost keeps it: half the memory, the same trees
    x, stacked = augment_missingness(x, columns, stack(rows, horizons, weighting), hidden_share, seed)
    months = np.array(horizons, dtype=np.float32)[stacked.horizon]
    found = {} if bins is None else {"ref": bins}
    matrix = xgb.QuantileDMatrix(np.hstack([x[stacked.row], months[:, None]]), label=stacked.y, weight=stacked.weight, **found)
    return matrix, float(np.average(stacked.y, weights=stacked.weight))


@contextmanager
def over_all_rows(
    whole: Whole, columns: list[str], horizons: tuple[int, ...], **options: Any
) -> Iterator[Callable[[NDArray[np.bool_]], Boosted]]:
    """Give the way to fit trees, as `fit_boosting` does, to any part of a table that stays on disk.

    The table is read and binned once, all of its rows together, into XGBoost's external memory. Rows that a fit leaves out weigh
    nothing there, and censoring weights come from those that it is given: beside the order of sums, which rows each tree is grown on
    (`subsample`) is all that differs from a fit in memory, and the bins of a fit to a part, which are those of all rows.
    """
    with Scratch("bins") as folder, binned(whole, columns, horizons, options, folder) as bins:

        def fit_on(there: NDArray[np.bool_]) -> Boosted:
            return _boosted(bins.matrix, bins.weigh(there), columns, horizons, options)

        yield fit_on


def _boosted(matrix: xgb.DMatrix, mean: float, columns: list[str], horizons: tuple[int, ...], options: dict[str, Any]) -> Boosted:
    directions = [direction_of_harm(name) if options["monotone"] else 0 for name in columns]
    asked = {
        "objective": "binary:logistic",
        "base_score": mean,
        "max_depth": options["depth"],
        "eta": options["eta"],
        "min_child_weight": options["min_child_weight"],
        "subsample": options["subsample"],
        "colsample_bynode": options["colsample"],
        "num_parallel_tree": options["parallel_trees"],
        "lambda": options["l2"],
        "monotone_constraints": "(" + ",".join(map(str, [*directions, 1])) + ")",
        "tree_method": "hist",
        "device": options["device"],
        "seed": options["seed"],
    }
    return Boosted(xgb.train(asked, matrix, num_boost_round=options["rounds"]), columns, horizons)


def direction_of_harm(name: str) -> int:
    """Return 1 where a rise of the column means harm, -1 where a fall does, 0 where neither can be said.

    Examples
    --------
    >>> [direction_of_harm(name) for name in ("m_protein__last__ever", "hemoglobin__slope__365d", "burden_growth", "age")]
    [1, -1, 1, 0]
    """
    if name in _HARMS_TO_RISE:
        return 1
    column = parse_column(name)
    if column.statistic is None or column.statistic == "slope_se" or not column.statistic.startswith(_LEVELS_AND_CHANGES):
        return 0
    return {"higher": 1, "lower": -1, None: 0}[catalogue()[column.biomarker].harm]


def _space(trial: BaseTrial) -> dict[str, Any]:
    return {
        "rounds": trial.suggest_int("rounds", 40, 400, log=True),
        "depth": trial.suggest_int("depth", 2, 5),
        "eta": trial.suggest_float("eta", 0.02, 0.2, log=True),
        "min_child_weight": trial.suggest_float("min_child_weight", 1.0, 60.0, log=True),
        "subsample": trial.suggest_float("subsample", 0.3, 0.9),
        "colsample": trial.suggest_float("colsample", 0.2, 0.9),
        "l2": trial.suggest_float("l2", 0.5, 50.0, log=True),
    }


KIND = Kind(
    name="boosting",
    fit=fit_boosting,
    example={"rounds": 20, "depth": 2, "eta": 0.1, "min_child_weight": 5.0, "subsample": 0.8, "l2": 5.0, "seed": 1},
    missing="Trees take it as missing.",
    parts=parts_of_rows,
    over=over_all_rows,
    space=_space,
)
