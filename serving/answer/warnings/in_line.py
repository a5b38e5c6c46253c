"""What results since the start of a line of therapy say against a risk of treated disease, which considers none of it as such.

What was found before the line is the disease that is treated: it says nothing against the risk. New bone lesions and plasmacytomas,
hypercalcemia, a hemoglobin below 10 g/dL and a creatinine that rises are signs of clinical relapse where nothing else explains them
(IMWG, Rajkumar et al., Blood 2011;117:4691).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from features.history.arrays import Histories
from features.history.columns import FeatureSpec
from features.history.layout import Days
from features.history.rows import View, look
from features.history.windows import SINCE_LINE
from features.table.outcomes import origin_day
from features.table.score_inputs import criteria_of
from features.tasks import Rules
from myeloma import catalogue
from myeloma.calendar import date_of
from myeloma.criteria import CRITERIA_INPUTS
from serving.answer.record import CriterionFinding
from serving.answer.scored import Scored

Bools = NDArray[np.bool_]
# A positive result that stays the latest; one that turns negative on therapy has responded.
_MEANS = {
    "pet_ct": "a new bone lesion is a clinical relapse, and a positive PET/CT does not say whether one is new",
    "plasmacytoma": "a new plasmacytoma is a clinical relapse",
}
_NO_COLUMNS = FeatureSpec((), (), (), ())
OF_LINE = (
    "by results since the start of the line of therapy. Hypercalcemia, a low hemoglobin and a risen creatinine are signs of clinical "
    "relapse where nothing else explains them (Blood 2011;117:4691), and this risk does not take them for one"
)


def begun(rules: Rules, histories: Histories, view: View) -> Days | None:
    """Return on which day the line of therapy of each row began; None of a task that is about none."""
    return None if rules.line is None else origin_day(histories, rules)[view.patient]


def in_line(scored: Scored, start: Days) -> dict[str, NDArray[np.float64]]:
    """Return each criterion (rows,) by the results alone that were collected after some days: 1 met, 0 not met, NaN unknown."""
    inputs, days = dict(scored.inputs), scored.view.landmark.astype(float) - start
    for name in CRITERIA_INPUTS:
        if (age := inputs.get(f"{name}__age_days")) is not None:
            inputs[name] = np.where(age < days, inputs[name], np.nan)
    marrow = scored.marrow
    if marrow is not None:
        marrow = replace(marrow, value=np.where(marrow.age_days < days, marrow.value, np.nan))
    found = criteria_of(inputs, scored.leaves, marrow)
    return {key: np.where(scored.criteria[key] == status, status, np.nan) for key, status in found.items()}


def met_in_line(scored: Scored, start: Days, criteria: Iterable[CriterionFinding]) -> list[CriterionFinding]:
    """Return which findings of one person are met by results of the line alone."""
    met = {key for key, rows in in_line(scored, start).items() if rows[0] == 1.0}
    return [one for one in criteria if one.criterion in met]


def positive_in_line(histories: Histories, patient: NDArray[np.int32], landmark: Days) -> Bools:
    """Return where the latest picture, or finding of a plasmacytoma, since the line began is positive (rows,)."""
    found = _seen(histories, patient, landmark)
    is_positive: Bools = np.any([found[_column(name, "last")] > 0 for name in _MEANS], axis=0)
    return is_positive


def positive_in_line_in_words(known: Histories, landmark: int) -> list[str]:
    """Return a warning for each kind of finding of which the latest since the line began is positive."""
    found, said = _seen(known, np.zeros(1, np.int32), np.array([landmark], np.int32)), []
    for name, means in _MEANS.items():
        if found[_column(name, "last")][0] > 0:
            day = date_of(landmark - int(found[_column(name, "age_days")][0]))
            source = "Blood 2011;117:4691"
            said.append(f"positive: {catalogue()[name].name}, on {day}: {means} ({source}); no risk here considers it: clinician review")
    return said


def _seen(histories: Histories, patient: NDArray[np.int32], landmark: Days) -> View:
    columns = tuple(_column(name, statistic) for name in _MEANS for statistic in ("last", "age_days"))
    return look(histories, patient, landmark, _NO_COLUMNS, columns)


def _column(name: str, statistic: str) -> str:
    return f"{name}__{statistic}__{SINCE_LINE}"
