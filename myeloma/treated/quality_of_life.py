"""Quality of life: scales from answers, and their change against the person's own baseline. EORTC QLQ-C30 (version 3), QLQ-MY20; FACT-MM.

A scale is the mean of its answered items, turned into 0 to 100; it needs at least half of them. High is good in functioning, body image,
future perspective and global health, bad in a symptom: a change is judged in the direction of its scale. Where the evidence gives a
range of minimal important differences, a change inside the range is possibly important. Which items make which scale is data,
`quality_of_life.yaml`, with its sources. No wording of an item is here: the instruments are copyrighted (see docs/quality_of_life.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import yaml
from numpy.typing import ArrayLike, NDArray

from myeloma.errors import DataError, nearest

Array = NDArray[np.float64]
Span = tuple[float, float]

PATH = Path(__file__).with_name("quality_of_life.yaml")
VERDICTS = {2: "better", 1: "possibly better", 0: "no important change", -1: "possibly worse", -2: "worse"}
FACT_MM_ITEMS, FACT_MM_HIGHEST_ANSWER = 14, 4  # the myeloma subscale: 0 to 56, high is good (Blood 2011;118:4184)
FACT_MM_DECLINES = {"anchored": 13.5, "tenth of the range": 16.4}  # of the total, exploratory: 80 people with refractory disease, PCN324
_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Scale:
    """One scale of an instrument.

    `important` holds the least and the most of the minimal important differences for the better and for the worse, `responder` the one
    that makes a responder, in points; None where the evidence gives none.
    """

    key: str
    name: str
    items: tuple[int, ...]
    highest_answer: int
    formula: Literal["functional", "symptom"]
    better: Literal["higher", "lower"]
    important: tuple[Span, Span] | None
    responder: Span | None


@dataclass(frozen=True)
class Instrument:
    """A questionnaire: its scales by key, the version that the map is of (None: there is one), and where the map comes from."""

    key: str
    name: str
    version: str | None
    scales: dict[str, Scale]
    sources: tuple[str, ...]

    @property
    def highest_answers(self) -> dict[int, int]:
        """The highest answer of each item; the lowest is 1."""
        return {item: scale.highest_answer for scale in self.scales.values() for item in scale.items}


@cache
def instruments() -> dict[str, Instrument]:
    """Return the instruments by key: qlq_c30, qlq_my20."""
    return {key: _instrument(key, raw) for key, raw in _content()["instruments"].items()}


@cache
def scales() -> dict[str, Scale]:
    """Return every scale by its full key, as `qlq_c30_pf`, the summary score among them.

    Examples
    --------
    >>> scales()["qlq_c30_ql"].better, scales()["qlq_my20_ds"].better
    ('higher', 'lower')
    """
    found = {f"{instrument.key}_{key}": scale for instrument in instruments().values() for key, scale in instrument.scales.items()}
    summary = _content()["summary"]
    full = f"{summary['instrument']}_{summary['key']}"
    return found | {full: Scale(summary["key"], summary["name"], (), 0, "functional", "higher", None, None)}


def score(instrument: str, answers: Mapping[int, ArrayLike], version: str | None = None) -> dict[str, Array]:
    """Return every scale of an instrument from the answers to its items, by full key; NaN where too few are answered.

    Parameters
    ----------
    instrument : str
        qlq_c30 or qlq_my20.
    answers : mapping of the item's number to an array
        Arrays of one shape; NaN, or an item that is not there, is not answered. Items of the MY20 are numbered 31 to 50.
    version : str, optional
        The version of the questionnaire, where it is known. Versions of the QLQ-C30 below 3 ask items 1 to 5 (1.0: to 7) as yes or no.

    Raises
    ------
    DataError
        An answer that the item does not have, an item or instrument that is not known, another version than the map's, or items 1 to 5
        that hold 1 and 2 alone where no version is given.
    """
    if instrument not in instruments():
        raise DataError(f'Unknown questionnaire "{instrument}".', nearest(instrument, instruments()))
    chosen = instruments()[instrument]
    checked = {item: _checked(chosen, item, values) for item, values in answers.items()}
    _check_version(chosen, checked, version)
    shape = np.broadcast_shapes(*(values.shape for values in checked.values())) if checked else ()
    unanswered = np.full(shape, np.nan)
    found = {
        f"{instrument}_{key}": _scale(scale, [checked.get(item, unanswered) for item in scale.items])
        for key, scale in chosen.scales.items()
    }
    summary = _content()["summary"]
    return found | ({f"{instrument}_{summary['key']}": summary_score(found)} if instrument == summary["instrument"] else {})


def summary_score(found: Mapping[str, ArrayLike]) -> Array:
    """Return the summary score of the QLQ-C30 from its scales by full key: the mean of 13, symptoms turned; NaN unless all are there."""
    of = _content()["summary"]
    keys = [f"{of['instrument']}_{key}" for key in of["scales"]]
    parts = [np.asarray(found.get(key, np.nan), dtype=float) for key in keys]
    turned = [part if scales()[key].better == "higher" else 100.0 - part for key, part in zip(keys, parts, strict=True)]
    mean: Array = np.sum(np.broadcast_arrays(*turned), axis=0) / len(turned)
    return mean


def checked_scale(key: str, values: ArrayLike) -> Array:
    """Return scale scores as they were recorded.

    Raises
    ------
    DataError
        A scale that is not known, or a score outside 0 to 100.
    """
    if key not in scales():
        raise DataError(f'Unknown scale "{key}".', nearest(key, scales()))
    found = np.asarray(values, dtype=float)
    wrong = (found < 0) | (found > 100)
    if wrong.any():
        raise DataError(f"{key} is {found[wrong].flat[0]:g}, which cannot be.", "scales run from 0 to 100.", "out_of_range")
    return found


def gain(key: str, baseline: ArrayLike, now: ArrayLike) -> Array:
    """Return the change of a scale in the direction that is good for the person, in points: positive is better, NaN unknown."""
    difference = checked_scale(key, now) - checked_scale(key, baseline)
    return difference if scales()[key].better == "higher" else -difference


def verdict(key: str, baseline: ArrayLike, now: ArrayLike, by: Literal["important", "responder"] = "important") -> Array:
    """Return what a change means, as a key of `VERDICTS`; NaN where a score is unknown or the evidence gives the scale no threshold.

    Parameters
    ----------
    by : {"important", "responder"}
        The minimal important difference, or the change that makes a responder. Published for the MY20 only, as one number a direction,
        the second knows no "possibly".

    Examples
    --------
    >>> verdict("qlq_c30_pf", 60.0, [80.0, 70.0, 50.0]).tolist(), verdict("qlq_c30_fa", 60.0, [80.0]).tolist()
    ([2.0, 1.0, -1.0], [-2.0])
    """
    change, scale = gain(key, baseline, now), scales()[key]
    if by == "responder":
        spans = None if scale.responder is None else ((scale.responder[0],) * 2, (scale.responder[1],) * 2)
    else:
        spans = scale.important
    if spans is None:
        return np.full(change.shape, np.nan)
    (least_up, most_up), (least_down, most_down) = spans
    up, down = change + _TOLERANCE, -change + _TOLERANCE
    told = np.select([up >= most_up, up >= least_up, down >= most_down, down >= least_down], [2.0, 1.0, -2.0, -1.0], 0.0)
    return np.where(np.isnan(change), np.nan, told)


def fact_mm_subscale(item_scores: ArrayLike) -> Array:
    """Return the myeloma subscale of the FACT-MM, 0 to 56, high is good: the prorated sum where more than half of the items are there.

    Parameters
    ----------
    item_scores : array, (..., 14)
        Scores of the items, 0 to 4, already turned so that high is good, NaN where not answered. Which items are turned is
        in the licensed guideline, not here. Nor is the total: its rule for missing items is unconfirmed.
    """
    values = np.asarray(item_scores, dtype=float)
    if values.shape[-1:] != (FACT_MM_ITEMS,):
        raise ValueError(f"the subscale has {FACT_MM_ITEMS} items")
    wrong = ~np.isnan(values) & ~np.isin(values, range(FACT_MM_HIGHEST_ANSWER + 1))
    if wrong.any():
        raise DataError(f"An item of the FACT-MM is {values[wrong].flat[0]:g}.", "0, 1, 2, 3 or 4.", "out_of_range")
    answered = (~np.isnan(values)).sum(axis=-1)
    total = np.nansum(values, axis=-1) * FACT_MM_ITEMS / np.maximum(answered, 1)
    return np.where(2 * answered > FACT_MM_ITEMS, total, np.nan)


def _scale(scale: Scale, answers: list[Array]) -> Array:
    table = np.array(np.broadcast_arrays(*answers))
    answered = (~np.isnan(table)).sum(axis=0)
    mean = np.nansum(table, axis=0) / np.maximum(answered, 1)
    share = (mean - 1.0) / (scale.highest_answer - 1.0)
    full = 100.0 * (1.0 - share if scale.formula == "functional" else share)
    return np.where(2 * answered >= len(scale.items), full, np.nan)


def _checked(instrument: Instrument, item: int, answers: ArrayLike) -> Array:
    if item not in instrument.highest_answers:
        first, *_, last = sorted(instrument.highest_answers)
        raise DataError(f"{instrument.name} has no item {item}.", f"its items are numbered {first} to {last}.")
    values, highest = np.asarray(answers, dtype=float), instrument.highest_answers[item]
    wrong = ~np.isnan(values) & ~np.isin(values, range(1, highest + 1))
    if wrong.any():
        choices = ", ".join(map(str, range(1, highest)))
        what = f"Item {item} of {instrument.name} is {values[wrong].flat[0]:g}, which is no answer of it."
        raise DataError(what, f"{choices} or {highest}; leave it empty where it was not answered.", "out_of_range")
    return values


def _check_version(instrument: Instrument, answers: Mapping[int, Array], version: str | None) -> None:
    """Refuse answers of another version: below 3, items that are yes or no here would be read as 1 and 2 of 4."""
    if instrument.version is None:
        return
    known = f"{instrument.name} is scored by the map of version {instrument.version}"
    if version is not None:
        if version.strip().partition(".")[0] != instrument.version:
            raise DataError(f'{known}; received version "{version}".', "give scale scores instead, made by that version's own rule.")
        return
    physical = [answers[item] for item in instrument.scales["pf"].items if item in answers]
    known_answers = np.concatenate([values[~np.isnan(values)].ravel() for values in physical]) if physical else np.array([])
    if len(known_answers) and known_answers.max() <= 2:
        raise DataError(
            f"{known}; items 1 to 5 hold 1 and 2 alone, as in versions below 3, where they are yes or no.",
            'state version "3" where it is that version.',
        )


def _instrument(key: str, raw: dict[str, Any]) -> Instrument:
    found = {name: _read(name, {"important": raw.get("important")} | scale) for name, scale in raw["scales"].items()}
    return Instrument(key, raw["name"], raw["version"], found, tuple(raw["sources"]))


def _read(key: str, raw: dict[str, Any]) -> Scale:
    important, responder = (raw.get(name) for name in ("important", "responder"))
    return Scale(
        key=key,
        name=raw["name"],
        items=tuple(raw["items"]),
        highest_answer=raw["answers"],
        formula=raw["formula"],
        better=raw["better"],
        important=None if important is None else (tuple(important["better"]), tuple(important["worse"])),
        responder=None if responder is None else (float(responder["better"]), float(responder["worse"])),
    )


@cache
def _content() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(PATH.read_text(encoding="utf-8"))
    return content
