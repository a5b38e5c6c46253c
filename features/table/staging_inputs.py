"""The inputs of the scores of active myeloma: it was staged when newly diagnosed, so results since treatment began do not count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from features.history.plan import plan_of, write_history
from features.history.rows import View
from features.history.sides import Sides
from features.table.limits import limits_of
from features.table.score_inputs import LEVELS
from myeloma.calendar import NO_DAY
from myeloma.scores import POINT_SCORES
from myeloma.scores.cautions import since_treatment

Array = NDArray[np.float64]
Inputs = tuple[dict[str, Array], dict[str, Sides]]
_ASKED_FOR = {name for score in POINT_SCORES.values() if score.population == "mm" for name in score.inputs}
STAGED_BY = tuple(name for name in LEVELS if name in _ASKED_FOR)
_COLUMNS = tuple(f"{name}__{statistic}__ever" for name in STAGED_BY for statistic in ("last", "age_days"))


def staging_inputs(view: View, inputs: Mapping[str, Array], limits: Mapping[str, Sides]) -> Inputs:
    """Return inputs and limits in which results count that were collected before the first treatment or on its day, and the age is of then.

    Of people without a recorded treatment they are those given. `since_treatment` names the columns, beside the inputs, that say where
    a later result was left aside. Tables for training hold the latest results all the same.

    Parameters
    ----------
    view : View
        Holds the latest values of `STAGED_BY`.
    inputs, limits : mapping
        As `score_inputs` and `limits_of` return them for the view.
    """
    began = view.treated[view.patient]
    people = np.arange(len(view.people), dtype=np.int32)
    until = np.repeat(view.treated[:, None], len(STAGED_BY), axis=1)
    before = replace(view, series=view.series.of(STAGED_BY).between(people, np.full_like(until, NO_DAY), until))
    plan = plan_of(_COLUMNS)
    values = np.empty((plan.width, len(began)))
    write_history(before.series, view.patient, view.landmark, plan, values)
    found = dict(inputs)
    for name in STAGED_BY:
        last, age = (values[plan.place[f"{name}__{statistic}__ever"]] for statistic in ("last", "age_days"))
        latest = inputs[f"{name}__age_days"]
        found |= {name: last, f"{name}__age_days": age, since_treatment(name): (~np.isnan(latest) & (latest != age)).astype(float)}
    found["age"] = np.where(np.isnan(inputs["age"]), np.nan, view.people.age(view.patient, np.minimum(view.landmark, began)))
    others = {name: sides for name, sides in limits.items() if name not in STAGED_BY}
    return found, others | limits_of(before, STAGED_BY)
