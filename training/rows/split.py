"""Splits are by patient, everywhere; people who progressed are spread evenly over the parts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.table.outcomes import EVENT
from myeloma import DataError
from training.plan import Evaluation
from training.rows.small_cells import only, written

LEAST_EVENTS = 20
HELD_OUT = "held_out"  # a column of rows drawn from a large table, all of whose people were parted before the draw
_FINE_PARTS = 20  # the held-out share is met to the nearest twentieth
_ALL_IN_TURN = "or, in the `evaluation` of its training in params.yaml, `kind: cross_validation` judges everybody in turn."


@dataclass(frozen=True)
class Fold:
    """Positions of the rows to fit on and of the rows to judge on; they share no patient."""

    fit: NDArray[np.int64]
    judge: NDArray[np.int64]


def evaluation_folds(rows: pd.DataFrame, evaluation: Evaluation) -> list[Fold]:
    """Return the folds that held-out figures are made on: one, or as many as cross-validation takes.

    Rows that were drawn from a large table keep to how all its people were parted.

    Raises
    ------
    DataError
        Fewer than 20 people progressed, or with held-out evaluation in the part that is fitted on or in the part that is
        judged, or fewer than there are folds: figures would say nothing.
    """
    refuse_too_few(rows)
    if evaluation.kind == "held_out":
        if HELD_OUT in rows:
            judge = np.flatnonzero(rows[HELD_OUT])
        else:
            fine = patient_folds(rows, _FINE_PARTS, evaluation.seed)
            judge = np.sort(np.concatenate([fold.judge for fold in fine[: round(evaluation.test_share * _FINE_PARTS)]]))
        fold = Fold(np.setdiff1d(np.arange(len(rows)), judge), judge)
        _refuse_thin_part(rows, fold, evaluation.test_share)
        return [fold]
    _, progressed = _people(rows)
    if evaluation.folds > progressed:
        what = f"{evaluation.folds} folds are asked for, and {progressed} people progress: some folds would hold none of them."
        raise DataError(what, "lower `folds` in the `evaluation` of its training in params.yaml; 5 or 10 are usual.", "too_few_events")
    return patient_folds(rows, evaluation.folds, evaluation.seed)


def _refuse_thin_part(rows: pd.DataFrame, fold: Fold, share: float) -> None:
    for doing, positions, mend in (("judged", fold.judge, "raise"), ("fitted on", fold.fit, "lower")):
        people, progressed = _people(rows.iloc[positions])
        if progressed < LEAST_EVENTS:
            what = f"With test_share {share:g}, {written(people)} people are {doing}, of whom {only(progressed)} progress"
            raise DataError(f"{what}; at least {LEAST_EVENTS} are needed.", f"{mend} test_share; {_ALL_IN_TURN}", "too_few_events")


def _people(rows: pd.DataFrame) -> tuple[int, int]:
    """Return how many people there are, and how many of them progress."""
    return rows["patient_id"].nunique(), rows.loc[rows["event"] == EVENT, "patient_id"].nunique()


def refuse_too_few(rows: pd.DataFrame) -> None:
    """Refuse rows of which fewer than 20 people progress.

    Raises
    ------
    DataError
        It says how many there are, from ten on.
    """
    people, progressed = _people(rows)
    if progressed < LEAST_EVENTS:
        raise DataError(
            f"{only(progressed).capitalize()} of {written(people)} people progress in this table; fitting needs at least {LEAST_EVENTS}.",
            "add people or follow-up; in params.yaml, `treatment: composite` counts the start of treatment as progression.",
            "too_few_events",
        )


def random_halves(rows: pd.DataFrame, seed: int) -> list[Fold]:
    """Return two folds, each half of the patients, drawn without regard to what became of them.

    How many people progress in a half is by chance, as it is by chance in the cohort: an estimate's variance holds it.
    """
    people, person = np.unique(rows["patient_id"].to_numpy(), return_inverse=True)
    first = np.random.default_rng(seed).permutation(len(people)) % 2 == 0
    return [Fold(np.flatnonzero(first[person] == half), np.flatnonzero(first[person] != half)) for half in (True, False)]


def patient_folds(rows: pd.DataFrame, parts: int, seed: int) -> list[Fold]:
    """Return folds that take turns in judging; every patient is in one part only."""
    ever = (rows["event"] == EVENT).groupby(rows["patient_id"]).any()
    rng = np.random.default_rng(seed)
    ids = ever.index.to_numpy()[rng.permutation(len(ever))]
    order = ids[np.argsort(~ever.loc[ids].to_numpy(), kind="stable")]
    part = pd.Series(np.arange(len(order)) % parts, index=order)
    row_part = rows["patient_id"].map(part).to_numpy()
    return [Fold(np.flatnonzero(row_part != k), np.flatnonzero(row_part == k)) for k in range(parts)]
