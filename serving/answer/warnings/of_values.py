"""What a risk rests on that it had better not: values that are missing, old, unusable, or outside what the model was trained on."""

from __future__ import annotations

from math import isclose

import numpy as np
from numpy.typing import NDArray

from features.history.burden.parameters import LEAST, MEASURE
from features.history.columns import GROWTH, STATE_SPACE, STATIC, group_label
from features.history.windows import within
from myeloma import catalogue
from serving.answer.latest import last_in_training
from serving.answer.record import Latest
from serving.answer.scored import Scored
from serving.answer.sentences import percent_of
from serving.artifact import Artifact

Bools = NDArray[np.bool_]
LEAST_TOLD = f"{LEAST[0]:g} g/dL"  # of M-protein
STALE_AFTER_INTERVALS = 2  # usual intervals of the catalogue
_SAME = 1e-9  # relative: what a conversion of units leaves
_FEWEST_DIGITS, _MOST_DIGITS = 6, 12  # of a value beside the range it lies outside of


def of_values_in_words(artifact: Artifact, measured: dict[str, Latest]) -> list[str]:
    """Say what the risk rests on that it had better not: missing, stale, or outside what the model was trained on."""
    found = []
    for name in (name for name in measured if name == GROWTH or name not in STATE_SPACE):  # growth stands for all of the burden
        latest, label = measured[name], "growth of the disease burden" if name == GROWTH else group_label(name)
        if latest.value is None:
            found += _unknown(artifact, name, label, measured)
            continue
        usual = None if name in STATIC else catalogue()[name].usual_interval_days
        if usual and latest.age_days is not None and latest.age_days > STALE_AFTER_INTERVALS * usual:
            found.append(f"stale: {label} is {latest.age_days:.0f} days old")
        reference = _reference_of(artifact, name)
        unused = name == MEASURE and is_no_measure(measured)
        if not unused and "p01" in reference and _is_outside(latest.value, _from(name, reference["p01"]), reference["p99"]):
            found.append(f"out of training range: {label} {_beside(name, latest, reference['p01'], reference['p99'])}")
    return found


def _is_outside(value: float, low: float, high: float) -> bool:
    """Return whether a value lies outside a range by more than what a conversion of units leaves."""
    return not (low <= value <= high or isclose(value, low, rel_tol=_SAME) or isclose(value, high, rel_tol=_SAME))


def _from(name: str, low: float) -> float:
    """Return from where on a value lies inside a range: an M-protein too small to be measured is none, be it written 0 or `<0.1`."""
    return 0.0 if name == MEASURE and low <= LEAST[0] else low


def _beside(name: str, latest: Latest, low: float, high: float) -> str:
    """Return a value and the range it lies outside of, with so many digits that it is seen to."""
    assert latest.value is not None
    for digits in range(_FEWEST_DIGITS, _MOST_DIGITS):
        value, *ends = (_shown(name, number, latest.unit, digits) for number in (latest.value, low, high))
        if value not in ends:
            break
    return f"{latest.reported}{value}, trained on {ends[0]} to {ends[1]}"


def _unknown(artifact: Artifact, name: str, label: str, measured: dict[str, Latest]) -> list[str]:
    if name != GROWTH:
        where = "" if name in STATIC else within(artifact.spec.windows)
        return [f"missing: {label} (no result {where})" if where else f"missing: {label}"]
    if not is_no_measure(measured):  # it lacks what M-protein, missing too, would tell
        return []
    return [
        f"not used: {group_label(MEASURE)}, never above {LEAST_TOLD} since the diagnosis: it is no measure of a disease of light chains "
        "alone, or that secretes nothing. It counts as unknown, and the growth of the disease burden is not known"
    ]


def _shown(name: str, value: float, unit: str | None, digits: int) -> str:
    if name == GROWTH:
        return f"{percent_of(value, digits - _FEWEST_DIGITS)} a year"
    return f"{value:.{digits}g} {unit}" if unit else f"{value:.{digits}g}"


def is_no_measure(measured: dict[str, Latest]) -> bool:
    """Return whether M-protein has results, and a model of the burden nothing that it measures."""
    growth = measured.get(GROWTH)
    return growth is not None and growth.value is None and measured.get(MEASURE, Latest()).value is not None


def no_measure(scored: Scored) -> Bools:
    """Return where M-protein has results, and a model of the burden nothing that it measures (rows,)."""
    spec = scored.artifact.spec
    if GROWTH not in spec.static or MEASURE not in spec.biomarkers:
        return np.zeros(len(scored.view.patient), bool)
    found: Bools = np.isnan(scored.view[GROWTH]) & ~np.isnan(scored.read(MEASURE).value)
    return found


def out_of_range(scored: Scored) -> Bools:
    """Return where a value that the model uses lies outside what it was trained on (rows,)."""
    artifact, view, unused = scored.artifact, scored.view, no_measure(scored)
    found = np.zeros(len(unused), bool)
    for name in (*artifact.spec.static, *artifact.spec.biomarkers):
        if (name in STATE_SPACE and name != GROWTH) or "p01" not in (reference := _reference_of(artifact, name)):
            continue
        value, (low, high) = view[name] if name in STATIC else scored.read(name).value, (_from(name, reference["p01"]), reference["p99"])
        outside = ((value < low) & ~_is_same(value, low)) | ((value > high) & ~_is_same(value, high))
        found |= outside & ~unused if name == MEASURE else outside
    return found


def _is_same(value: NDArray[np.float64], end: float) -> Bools:
    return np.isclose(value, end, rtol=_SAME, atol=0.0)


def _reference_of(artifact: Artifact, name: str) -> dict[str, float]:
    """Return the values in training by which a value is judged; nothing where none of them are known."""
    columns = (name,) if name in STATIC else last_in_training(artifact.spec, name)
    known = artifact.about["reference"]
    return next((known[column] for column in columns if column in known), {})
