"""What a site may hand out of a validation: sums and standard errors of the champion's figures; no row, no count below ten."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError
from scipy.special import logit

from features.cohort.files import whole_file
from myeloma import DataError, StateError
from myeloma.calendar import horizon_days
from training.metrics import Draws, judged_at, main_measures
from training.metrics.figures import unfollowed
from training.monitor.elsewhere.others import CHAMPION
from training.monitor.elsewhere.validate import Validated
from training.rows.small_cells import SMALL_CELL, is_small

Array = NDArray[np.float64]
FORMAT = 1
_CHECKSUM = "checksum"


@dataclass(frozen=True)
class Sums:
    """One horizon at one site.

    Attributes
    ----------
    people, rows, events : counts, each ten or more: people, their visits that the study could follow so far, and people with the event
    observed, expected : events weighted for censoring (rows times the Aalen-Johansen incidence), and the sum of the risks
    squared_error : sum over rows, weighted for censoring; over rows it is the Brier score
    log_oe, log_oe_se, logit_auc, logit_auc_se : figures and standard errors by drawing people; None where there is none
    """

    months: int
    people: int
    rows: int
    events: int
    observed: float
    expected: float
    squared_error: float
    log_oe: float | None
    log_oe_se: float | None
    logit_auc: float | None
    logit_auc_se: float | None


@dataclass(frozen=True)
class LeftOut:
    """A horizon that a site keeps back, and why in words that hold no count."""

    months: int
    why: str


@dataclass(frozen=True)
class Aggregates:
    """What one site hands out: which model was judged, on whose people, the sums by horizon, and which horizons it keeps back."""

    format: int
    task: str
    model: str
    version: str
    seal: str
    cohort_hash: str
    people_of_training: str
    horizons: tuple[Sums, ...]
    left_out: tuple[LeftOut, ...] | None = None  # None in a file of before: it does not say


def aggregates_of(found: Validated) -> Aggregates:
    """Return the sums of a validation; left out are horizons at which a count is below ten, or differs by fewer from one that is given.

    The primary horizon comes first: others are left out for its sake. Then the longer before the shorter, of which fewer have the event.
    """
    looked = "not looked for" if found.overlap is None else "left out"
    origin, task = found.artifact.origin, found.plan.task.name
    model = (task, origin.get("model_name", ""), found.version, found.artifact.seal)
    each = sorted(_sums(found), key=lambda one: one.months)
    given, kept_back = tuple(o for o in each if isinstance(o, Sums)), tuple(o for o in each if isinstance(o, LeftOut))
    return Aggregates(FORMAT, *model, found.cohort_hash, looked, given, kept_back)


def handed_out(one: Aggregates, path: Path) -> list[str]:
    """Return what is said at the terminal of a site's file: where it lies, which horizons are in it, and which are not, with the reason."""
    given = ", ".join(f"{sums.months} m" for sums in one.horizons) or "none"
    lines = [f"{path}: sums to hand out; horizons in it: {given}"]
    return lines + [f"  left out of it: {left.months} m: {left.why}" for left in one.left_out or ()]


def _why_kept_back(people: int, events: int, free: int, told: list[tuple[int, int]]) -> str:
    """Return why a horizon's counts are not handed out beside those of others, empty where they are.

    The figures rest on those who are known to be `free` of the event; others are lost before.
    """
    if min(events, people - events, free) < SMALL_CELL:
        return f"fewer than {SMALL_CELL} people have the event by then, or are known not to"
    apart = {  # fewer people where the study could follow fewer so far
        "people": any(is_small(abs(people - others)) for others, _ in told),
        "events": any(is_small(abs(events - others)) for _, others in told),
    }
    small = " and of ".join(name for name, is_near in apart.items() if is_near)
    return f"a count of fewer than {SMALL_CELL} could be told from its difference of {small} to another horizon in it" if small else ""


def _sums(found: Validated) -> Iterator[Sums | LeftOut]:
    rows, evaluation, primary = found.judged.rows, found.plan.evaluation, found.plan.primary_horizon
    draws, told = Draws.of(rows["patient_id"], evaluation.bootstrap, evaluation.seed), list[tuple[int, int]]()
    for h, months in sorted(enumerate(found.plan.task.horizons), key=lambda each: (each[1] != primary, -each[1])):
        if unfollowed(rows, months):
            yield LeftOut(months, "nobody is followed so far")
            continue
        judged, risk = judged_at(rows, months, draws), found.judged.risks[CHAMPION][:, h]
        there = judged.sample.there
        known_free = judged.sample.follow_up.free_at(float(horizon_days(months)))
        whose = (there, there & judged.sample.case, there & known_free)
        people, events, free = (rows.loc[those, "patient_id"].nunique() for those in whose)
        if why := _why_kept_back(people, events, free, told):
            yield LeftOut(months, why)
            continue
        told.append((people, events))
        measures = main_measures(judged.sample, risk)
        observed, expected, visits = float(judged.sample.cases[0]), float(risk[there].sum()), int(there.sum())
        error = float(measures[("brier", None)][0]) * visits
        on_logs = (*_with_se(np.log(measures[("oe_ratio", None)])), *_with_se(logit(measures[("auc", None)])))
        yield Sums(months, people, visits, events, observed, expected, error, *on_logs)


def _with_se(values: Array) -> tuple[float | None, float | None]:
    drawn = values[1:][np.isfinite(values[1:])]
    if not np.isfinite(values[0]) or len(drawn) < 2:
        return None, None
    return float(values[0]), float(drawn.std(ddof=1))


def write_aggregates(one: Aggregates, path: Path) -> None:
    """Write a site's file, with a checksum over what it says."""
    content = json.loads(json.dumps(asdict(one)))
    with whole_file(path) as work:
        work.write_text(json.dumps({**content, _CHECKSUM: _checksum(content)}, indent=1) + "\n", encoding="utf-8")


def read_aggregates(path: Path) -> Aggregates:
    """Return what a site's file says.

    Raises
    ------
    StateError
        There is no such file.
    DataError
        It is no file of aggregates, or was altered since it was written.
    """
    again = "ask the site for the file again, as `validate --aggregates` wrote it."
    if not path.is_file():
        raise StateError(
            f"No file {path}.", "a site writes it by: python -m training validate COHORT --task T --aggregates FILE", "no_file"
        )
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        said = content.pop(_CHECKSUM)
        found = _checksum(content)
        read = TypeAdapter(Aggregates).validate_python(content) if said == found else None
        if read is not None and read.format != FORMAT:
            raise ValueError
    except (ValueError, KeyError, TypeError, AttributeError, ValidationError):
        raise DataError(f"{path} is no file of aggregates of this version (format {FORMAT}).", again, "not_aggregates") from None
    if read is None:
        raise DataError(f"{path} was altered: its checksum is {str(said)[:12]}, what it says has {found[:12]}.", again, "altered")
    return read


def _checksum(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
