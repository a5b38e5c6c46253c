"""Answers to questionnaires become scales, by person and day; a cohort holds the scales, and no answers.

An answer goes through the checks of every result. Those of one person, day and scale that are kept are then scored together: the first
of them becomes the row of the scale, the others are part of it. They are all counted as kept. Where an answer is refused, the
others of its scale and day are refused with it, so that a mended answer finds them again. A scale that is given beside its
answers stands, if the answers say the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.cohort.order import Places, groups_of
from features.intake import rules
from features.intake.refusals import Mask, Refusals
from features.sources.answers import answers
from features.sources.parsing import BLANK, NUMBER
from myeloma import catalogue
from myeloma.treated.quality_of_life import instruments, score

AGREE = 0.5  # points: a scale moves by 3.3 at the least, so what is nearer was rounded
VERSION = "3"  # of the QLQ-C30, whose map of items is used
_YES_OR_NO, _LEAST_ANSWERS = 2, 100


class Asked(NamedTuple):
    """Of every item, in the order of `answers`: the place of its scale in the catalogue, and the highest answer."""

    scale: NDArray[np.int64]
    highest: NDArray[np.int64]


@lru_cache(maxsize=4)
def asked(version: str) -> Asked:
    """Return the items, for that version of the catalogue."""
    place = {name: k for k, name in enumerate(catalogue().keys())}
    return Asked(np.array([place[one.scale] for one in answers().values()]), np.array([one.highest for one in answers().values()]))


def item_of(biomarker: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return the item of each row, -1 where it is none; the names of the items stand behind those of the catalogue."""
    if biomarker.max(initial=-1) < len(catalogue().keys()):
        return np.full(len(biomarker), -1)
    item = biomarker.astype(np.int64) - len(catalogue().keys())
    return np.where((item >= 0) & (item < len(answers())), item, -1)


def check_answers(
    table: Refusals,
    item: NDArray[np.int64],
    kind: NDArray[np.int8],
    operator: NDArray[np.int8],
    value: NDArray[np.float64],
    names: tuple[Sequence[str], NDArray[Any]],
) -> None:
    """Refuse answers that their items do not have."""
    is_item = item >= 0
    if not is_item.any():
        return
    highest = asked(catalogue().version).highest[np.maximum(item, 0)]
    no_answer = (kind != BLANK) & ((kind != NUMBER) | (operator != 0) | (value < 1) | (value > highest) | (value != np.floor(value)))
    table.check(rules.NO_ANSWER, is_item & no_answer, biomarker=names)


def refuse_with(table: Refusals, item: NDArray[np.int64], kind: NDArray[np.int8], day: tuple[NDArray[np.integer], ...]) -> None:
    """Refuse the answers of a scale and day of which another was refused for what it says."""
    spoilt = (item >= 0) & ~table.keep & (kind != BLANK)
    if spoilt.any():
        group = groups_of((*day, _scales(item)))
        table.check(rules.SCALE_SPOILT, (item >= 0) & np.isin(group, group[spoilt]))


def _scales(item: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.where(item >= 0, asked(catalogue().version).scale[np.maximum(item, 0)], -1)


class Scored(NamedTuple):
    """Rows with scales in the place of answers: biomarker and value of every row, and which rows became, or are part of, a scale."""

    biomarker: NDArray[np.integer]
    value: NDArray[np.float64]
    scale: Mask
    part: Mask


def scored(
    table: Refusals,
    biomarker: NDArray[np.integer],
    value: NDArray[np.float64],
    day: tuple[NDArray[np.integer], ...],
    time: NDArray[np.integer],
) -> Scored:
    """Score the answers that are kept, and refuse those that make no scale, or another than is given for the day.

    Parameters
    ----------
    day : arrays
        Rows that agree in all of these are of one person, collected and known on one day.
    """
    item = item_of(biomarker)
    rows = np.flatnonzero(table.keep & (item >= 0))
    scale, found = _scales(item), np.full(len(value), np.nan)
    found[rows] = _scores(groups_of(tuple(column[rows] for column in (*day, time))), item[rows], value[rows])
    table.check(rules.SCALE_INCOMPLETE, (item >= 0) & np.isnan(found))
    made = groups_of((*day, np.where(item >= 0, scale, biomarker)))
    given = np.flatnonzero(table.keep & (item < 0) & np.isin(made, made[rows]))
    of_made = np.full(int(made.max(initial=-1)) + 1, np.nan)
    of_made[made[given]] = value[given]
    against = of_made[made]  # the scale that is given for the day
    unlike = (item >= 0) & (np.abs(found - against) > AGREE)
    unlike[given] = np.isin(made[given], made[unlike & table.keep])
    table.check(rules.SCALE_CONFLICT, unlike)
    rows = rows[table.keep[rows]]
    first = rows[np.unique(groups_of((*(column[rows] for column in (*day, time)), scale[rows])), return_index=True)[1]]
    first = first[np.isnan(against[first])]
    is_scale, part = np.zeros(len(value), dtype=bool), np.zeros(len(value), dtype=bool)
    is_scale[first], part[rows] = True, True
    part[first] = False
    return Scored(np.where(is_scale, scale, biomarker).astype(biomarker.dtype), np.where(is_scale, found, value), is_scale, part)


def _scores(group: Places, item: NDArray[np.int64], value: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return for every answer its scale's score, NaN where too few items of it are answered."""
    every = list(answers().values())
    given = np.full((len(every), int(group.max(initial=-1)) + 1), np.nan)
    given[item, group] = value
    found = np.full(len(value), np.nan)
    for key, instrument in instruments().items():
        mine = [k for k, one in enumerate(every) if one.instrument == key]
        scales = score(key, {every[k].item: given[k] for k in mine}, instrument.version)
        for k in mine:
            of_item = item == k
            found[of_item] = scales[every[k].scale][group[of_item]]
    return found


def note_of_version(item: NDArray[np.int64], value: NDArray[np.float64], file: str) -> list[str]:
    """Say that answers look like those of an older version, whose first items are yes or no."""
    of_c30 = np.array([one.scale == "qlq_c30_pf" for one in answers().values()])
    first = value[(item >= 0) & of_c30[np.maximum(item, 0)] & ~np.isnan(value)]
    if len(first) < _LEAST_ANSWERS or first.max() > _YES_OR_NO:
        return []
    what = (
        f"{file}: the {len(first)} answers to items 1 to 5 of the QLQ-C30 are 1 and 2 alone, as in versions below {VERSION}, where they are"
    )
    return [f"{what} yes or no; the scales are made by version {VERSION}. Of another version give scale scores, made by its own rule"]
