"""The names of answers to questionnaires, `qlq_c30_q1` to `q30` and `qlq_my20_q31` to `q50`: no biomarkers, but what scales are made of."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from myeloma import DataError, canonical_divisor, catalogue
from myeloma.catalogue import normalised
from myeloma.treated.quality_of_life import instruments

_NO_UNIT = ("", "1", "{score}", "score")


class Answer(NamedTuple):
    """An item: its instrument and number there, the biomarker that is its scale, and the highest answer; the lowest is 1."""

    instrument: str
    item: int
    scale: str
    highest: int


@cache
def answers() -> dict[str, Answer]:
    """Return every item by its name.

    Examples
    --------
    >>> answers()["qlq_c30_q30"]
    Answer(instrument='qlq_c30', item=30, scale='qlq_c30_ql', highest=7)
    """
    found = [
        Answer(instrument.key, item, f"{instrument.key}_{scale.key}", scale.highest_answer)
        for instrument in instruments().values()
        for scale in instrument.scales.values()
        for item in scale.items
    ]
    return {f"{answer.instrument}_q{answer.item}": answer for answer in sorted(found)}


def measurable() -> list[str]:
    """Return every name that a result may have: the biomarkers, then the items."""
    return [*catalogue().keys(), *answers()]


def divisor_of(name: str, unit: str) -> float | None:
    """Return what a value is divided by to be in the canonical unit; None where the unit, or the name, is not known. Answers have none."""
    if name in answers():
        return 1.0 if normalised(unit) in _NO_UNIT else None
    try:
        return canonical_divisor(name, unit) if name in catalogue() else None
    except DataError:
        return None
