"""Assessments of many people as flat arrays, and what is known of each person's line of therapy."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from myeloma.calendar import NEVER
from myeloma.errors import DataError
from myeloma.treated.response.codes import AMOUNTS, COLUMNS, FINDINGS, LIMITS

Floats = NDArray[np.float64]
Days = NDArray[np.int64]
KAPPA, LAMBDA = 1.0, 0.0


@dataclass(frozen=True)
class Assessments:
    """What was measured, one row a visit, sorted by person and day. A column is empty where nobody has it.

    Attributes
    ----------
    offsets : int64, shape (people + 1,)
        The rows of person p are `offsets[p]:offsets[p + 1]`.
    day : int64, shape (rows,)
        Days since 1970, not falling within a person. Rows of one day are one sample, whose values are read together.
    m_protein, urine_m_protein, flc_involved, flc_uninvolved, bmpc, calcium, hemoglobin, creatinine : float64, shape (rows,) or (0,)
        g/dL, mg/24 h, mg/L, mg/L, %, mg/dL, g/dL, mg/dL; NaN where not measured.
    flc_ratio_normal, serum_immunofixation, urine_immunofixation, clonal_cells_absent, plasmacytoma, new_lesion, drug_band : float64
        1 yes / positive / present, 0 no, NaN unknown. `new_lesion`: a new or grown plasmacytoma or bone lesion; `drug_band`: see
        `myeloma.treated.interference`.
    m_protein_below, m_protein_above, and so of each amount : float64
        1 where the value is a limit below ("<0.1") or above which (">8") the result lies: anything on that side, the limit left out. Both:
        anything.
    """

    offsets: Days
    day: Days
    columns: dict[str, Floats] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Floats:
        """Return a column, NaN throughout where nobody has it (limits: 0)."""
        column = self.columns[name]
        return column if len(column) else np.full(len(self.day), 0.0 if name in LIMITS else np.nan)

    @property
    def compiled(self) -> tuple[Floats, ...]:
        """All columns in the order in which the compiled loops hold them, and the sides of limits, amount by amount: 1 below, 2 above."""
        sides = np.empty(0)
        if any(len(self.columns[name]) for name in LIMITS):
            below, above = ([self[f"{name}_{side}"] == 1 for name in AMOUNTS] for side in ("below", "above"))
            sides = (np.array(below) + 2.0 * np.array(above)).ravel()
        return *(self.columns[name] for name in COLUMNS), sides

    @property
    def person(self) -> Days:
        """The person of each row, int64, shape (rows,)."""
        return np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))

    def with_columns(self, **columns: ArrayLike) -> Assessments:
        """Return the same with some columns replaced."""
        return assessments(self.offsets, self.day, **{**self.columns, **columns})


@dataclass(frozen=True)
class Lines:
    """One line of therapy for each person, shape (people,) throughout.

    Attributes
    ----------
    start : int64
        Day of the first dose.
    next_therapy : int64
        Day of the first dose of another therapy, `NEVER` where there is none.
    death : int64
        Day of death, `NEVER` where none is known.
    died_of_progression : float64
        1, 0 or NaN where the cause is not known.
    """

    start: Days
    next_therapy: Days
    death: Days
    died_of_progression: Floats


def assessments(offsets: ArrayLike, day: ArrayLike, **columns: ArrayLike) -> Assessments:
    """Return assessments after checking them; columns that are not given are unknown.

    Raises
    ------
    DataError
        A column that is not known or of another length, days that fall, a negative amount, a finding that is not 0, 1 or NaN.

    Examples
    --------
    >>> visits = assessments([0, 2], [0, 28], m_protein=[3.0, 1.5])
    >>> visits["bmpc"].tolist()
    [nan, nan]
    """
    where, when = _writable(offsets, np.int64), _writable(day, np.int64)
    if len(where) < 1 or where[0] != 0 or where[-1] != len(when) or (np.diff(where) < 0).any():
        raise DataError(
            f"The offsets of people run from {where[:1]} to {where[-1:]} over {len(when)} rows.", "they rise from 0 to the rows."
        )
    falls = np.diff(when) < 0
    falls[where[(where > 0) & (where < len(when))] - 1] = False
    if falls.any():
        raise DataError(f"The days of a person fall after row {int(np.argmax(falls))}.", "sort by person and day.")
    unknown = set(columns) - {*COLUMNS, *LIMITS}
    if unknown:
        raise DataError(f'No assessment has a column "{min(unknown)}".', f"Accepted: {', '.join((*COLUMNS, *LIMITS))}.")
    return Assessments(where, when, {name: _checked(name, columns.get(name, ()), len(when)) for name in (*COLUMNS, *LIMITS)})


def _writable(values: ArrayLike, kind: type) -> NDArray[Any]:
    """Return a contiguous array that may be written to, a copy where need be: for a read-only one numba would compile anew."""
    array: NDArray[Any] = np.ascontiguousarray(values, dtype=kind)
    return array if array.flags.writeable else array.copy()


def _checked(name: str, values: ArrayLike, rows: int) -> Floats:
    column = _writable(values, np.float64)
    if len(column) not in (0, rows):
        raise DataError(f"{name} has {len(column)} values for {rows} visits.", "one value a visit, NaN where unknown.")
    finding = name in FINDINGS or name in LIMITS
    wrong = ~((column == 0) | (column == 1) | np.isnan(column)) if finding else (column < 0) | np.isinf(column)
    if wrong.any():
        row = int(np.argmax(wrong))
        accepted = "0, 1 or NaN" if finding else "0 or more, or NaN"
        raise DataError(f"{name} is {column[row]:g} in row {row}.", f"accepted: {accepted}.")
    return column


def lines(start: ArrayLike, next_therapy: ArrayLike = NEVER, death: ArrayLike = NEVER, died_of_progression: ArrayLike = np.nan) -> Lines:
    """Return the lines of therapy of people; what is not given has not happened, or is not known (the cause of death).

    Raises
    ------
    DataError
        Another therapy that starts before the line itself.

    Examples
    --------
    >>> lines([100, 200], death=[300, NEVER]).death.tolist() == [300, NEVER]
    True
    """
    first = _writable(np.atleast_1d(start), np.int64)
    following, dead = (_writable(np.broadcast_to(np.asarray(day, np.int64), first.shape), np.int64) for day in (next_therapy, death))
    cause = _writable(np.broadcast_to(np.asarray(died_of_progression, np.float64), first.shape), np.float64)
    early = following < first
    if early.any():
        who = int(np.argmax(early))
        told = f"Person {who}: another therapy starts on day {following[who]}, before the line itself (day {first[who]})."
        raise DataError(told, "give the first therapy that follows, or NEVER.")
    return Lines(first, following, dead, cause)


def light_chains(kappa: ArrayLike, lambda_: ArrayLike, involved: ArrayLike) -> tuple[Floats, Floats]:
    """Return the involved and the uninvolved chain, NaN where the involved side is not known.

    The side is fixed at baseline: one that is chosen anew at each visit would make a small uninvolved excess look like disease.

    Parameters
    ----------
    kappa, lambda_ : arrays, shape (rows,)
        mg/L.
    involved : array, shape (rows,)
        `KAPPA`, `LAMBDA` or NaN.

    Examples
    --------
    >>> [chain.tolist() for chain in light_chains([500, 12], [10, 20], KAPPA)]
    [[500.0, 12.0], [10.0, 20.0]]
    """
    k, m, side = np.broadcast_arrays(*(np.asarray(a, dtype=np.float64) for a in (kappa, lambda_, involved)))
    return np.select([side == KAPPA, side == LAMBDA], [k, m], np.nan), np.select([side == KAPPA, side == LAMBDA], [m, k], np.nan)
