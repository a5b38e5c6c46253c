"""One person's answer in one piece: risks, reasons with what was measured, criteria, published scores, warnings, the model."""

from __future__ import annotations

from dataclasses import replace
from math import isclose, isfinite

import numpy as np
from numpy.typing import NDArray

from features.history.arrays import Histories
from features.history.burden.parameters import LEAST, MEASURE
from features.history.columns import CHANGE, GROWTH, GROWTH_SD, MARROW_NOW, STATE_SPACE, STATIC, group_label
from features.history.rows import View
from features.history.sides import Sides
from features.table.eligibility_inputs import ELIGIBILITY_COLUMNS
from myeloma import calendar, catalogue
from myeloma.change import exceeds_noise
from myeloma.criteria import CONDITION
from serving.answer.basis import basis_of
from serving.answer.benefit import early_treatment
from serving.answer.columns import NOTICE, identity
from serving.answer.earlier import met_earlier
from serving.answer.event_free import event_free_time
from serving.answer.evolving import evolving_findings
from serving.answer.followed import beyond_what_was_followed
from serving.answer.published import criteria_findings, day_before, score_answers
from serving.answer.record import Answer, AsOf, Contribution, HorizonRisk, Latest, ModelIdentity
from serving.answer.scales import scales_of
from serving.answer.scored import LATEST, Scored, latest_column, reported_latest, score_rows, seen_by
from serving.answer.sentences import growth_told, marrow_told, percent_of, sentences_of
from serving.answer.shown import PAST_AFTER_DAYS, as_of, shown
from serving.answer.since import outside_since, told_since
from serving.answer.unsettled import Told, instead_of_latest, with_lesion
from serving.answer.warned import found_in_pictures, warning_words
from serving.artifact import Artifact
from serving.predict import by_biomarker

NOT_OF_PATIENTS = {
    "simulated": "the model was fitted to simulated people: its risk says nothing about a patient",
    "unknown": "nobody recorded whether the model was fitted to real people",
}
CRITERIA_WARNING = "criteria for active myeloma may be met: clinician review; no risk of progression is shown"
_LEAST_TOLD = f"{LEAST[0]:g} g/dL"  # of M-protein
_SAME = 1e-9  # relative: what a conversion of units leaves
_FEWEST_DIGITS, _MOST_DIGITS = 6, 12  # of a value beside the range it lies outside of
STALE_AFTER_INTERVALS = 2  # usual intervals of the catalogue


def answer_history(
    artifact: Artifact,
    history: Histories,
    landmark: int,
    suspicions: tuple[str, ...] = (),
    today: int | None = None,
    lesion: str = "",
) -> Answer:
    """Return the answer for one person at one landmark.

    Where the artifact's task guards against it and a myeloma-defining criterion is met, no risk is shown.

    Parameters
    ----------
    history : Histories
        Of one person. What became available after the landmark is not read, but for a warning of what ended the time at risk since.
    landmark : days since 1970
    suspicions : tuple of str
        What is suspected of rows that were kept, as warnings.
    today : int, optional
        Days since 1970, on which the answer is given; the day of the call where left out.
    lesion : str
        An osteolytic lesion that is known by the landmark, in words; empty where none is told.
    """
    known = history.known_by(landmark)
    day = np.array([landmark], dtype=np.int32)
    more = ELIGIBILITY_COLUMNS if artifact.rules.untreated_smoldering else ()
    scored = score_rows(artifact, seen_by(artifact, known, np.zeros(1, np.int32), day, more))
    scored = with_lesion(scored) if lesion else scored
    measured, met = measured_of(scored), bool(scored.criteria_met[0])
    inputs = {name: values.item(0) for name, values in scored.inputs.items()}
    told, since = Told(scored, lesion), outside_since(artifact, history, landmark)
    when = _as_of(measured, landmark, calendar.today() if today is None else today, since is not None)
    staged = {name: values.item(0) for name, values in scored.staged[0].items()}
    risks = () if met else _risks(scored, measured, when)
    scores = score_answers(staged, artifact.rules.population, not met, scored.staged[1])
    criteria = criteria_findings(instead_of_latest(scored, inputs), landmark, scored.criteria, scored.limits, told.notes)
    return Answer(
        landmark=str(day.astype("datetime64[D]")[0]),
        task=artifact.about["task"],
        as_of=when,
        risks=risks,
        warnings=(
            *([CRITERIA_WARNING] if met else []),
            *warning_words(scored, known, criteria),
            *_of_whom(artifact),
            *([told_since(artifact, since)] if since else [_of_the_past(when)] if when.is_past and not met else []),
            *_beside_the_risk(scored, known),
            *told.warnings,
            *_warnings(artifact, measured),
            *(() if met else beyond_what_was_followed(artifact, known, landmark)),
            *suspicions,
        ),
        criteria=criteria,
        criteria_condition=CONDITION,
        evolving=evolving_findings(scored.view.series, inputs, landmark),
        scores=scores,
        early_treatment=early_treatment(scored, risks, scores),
        biomarkers=scales_of(artifact.spec.biomarkers),
        basis=basis_of(artifact),
        model=ModelIdentity(**identity(artifact)),
        notice=NOTICE,
        event_free=event_free_time(artifact, scored.explained.event_free.item(0), when) if risks else None,
    )


def _beside_the_risk(scored: Scored, known: Histories) -> list[str]:
    """Say which criteria were met earlier, and what pictures showed; where the task is of a precursor."""
    if not scored.artifact.rules.criteria_guard:
        return [] if scored.artifact.rules.line is not None else found_in_pictures(known)
    return [*found_in_pictures(known), *met_earlier(known, scored.view, scored.criteria)]


def _risks(scored: Scored, measured: dict[str, Latest], when: AsOf) -> tuple[HorizonRisk, ...]:
    if not np.isfinite(scored.explained.base).all():  # the log-odds less the contributions: one that is not finite shows here
        raise ArithmeticError("a model gave no finite risk, or no finite reasons")
    shares = by_biomarker(scored.artifact, scored.explained.contributions)
    said, known = burden_told(scored.artifact, measured), measured
    if MEASURE in said:  # which the model takes for unknown
        known = measured | {MEASURE: Latest(unit=measured[MEASURE].unit)}
    return tuple(_risk(scored, contributions_of(shares, known, h), when, h, said) for h in range(len(scored.artifact.horizons)))


def _risk(scored: Scored, contributions: tuple[Contribution, ...], when: AsOf, h: int, said: dict[str, str]) -> HorizonRisk:
    explained, months = scored.explained, scored.artifact.horizons[h]
    risk, base = explained.risks.item(0, h), explained.base.item(0, h)
    lower, upper, dying = (_number(each.item(0, h)) for each in (explained.lower, explained.upper, explained.die_first))
    return HorizonRisk(
        horizon_months=months,
        risk=risk,
        fitted_to=scored.artifact.provenance.people,
        lower=lower,
        upper=upper,
        die_first=dying,
        shown=shown(risk, (lower, upper), dying, months, when),
        base=base,
        contributions=contributions,
        sentences=sentences_of(contributions, months, said),
    )


def burden_told(artifact: Artifact, measured: dict[str, Latest]) -> dict[str, str]:
    """Return in words how fast the burden grows and what marrow is by now; nothing of what is unknown, or told to no model.

    Of an M-protein that was never measurable, that it counts as unknown (`features.history.columns.without_what_measures_nothing`).
    """
    if _is_no_measure(measured):
        text = f"{group_label(MEASURE)} was never above {_LEAST_TOLD}, so that it is no measure of this disease and counts as unknown"
        return {MEASURE: text}
    growth, sd, change = (measured.get(name, Latest()).value for name in (GROWTH, GROWTH_SD, CHANGE))
    marrow = measured.get(MARROW_NOW, Latest()).value
    by_now = {} if marrow is None else {MARROW_NOW: marrow_told(marrow)}
    if artifact.spec.burden is None or growth is None or sd is None:
        return by_now
    usual = artifact.about["reference"].get(GROWTH, {}).get("p50")
    return by_now | {GROWTH: growth_told(growth, sd, artifact.spec.burden.growth_sd, usual, change)}


def contributions_of(shares: dict[str, NDArray[np.float64]], measured: dict[str, Latest], h: int, row: int = 0) -> tuple[Contribution, ...]:
    """Return what each biomarker adds to a row's risk within the horizon at place h, the largest first."""
    each = [Contribution(g, group_label(g), values.item(row, h), *vars(measured[g]).values()) for g, values in shares.items()]
    return tuple(sorted(each, key=lambda one: -abs(one.contribution)))


def measured_of(scored: Scored, row: int = 0) -> dict[str, Latest]:
    """Return, by biomarker or static column, the latest value of a row, its day, and the change since the value before."""
    spec, view = scored.artifact.spec, scored.view
    found = {name: Latest(value=_number(view[name].item(row))) for name in spec.static}
    return found | {name: _latest(scored, name, row) for name in spec.biomarkers}


def _latest(scored: Scored, name: str, row: int) -> Latest:
    view = scored.view
    value, age, delta = (view[latest_column(name, statistic)].item(row) for statistic in LATEST)
    unit = catalogue()[name].unit
    if not isfinite(value):
        return Latest(unit=unit)
    limit = scored.limits.get(name)
    is_limit = limit is not None and bool(limit.below[row] | limit.above[row])
    limits = _limits_among(view, name, row)
    known = isfinite(delta) and not is_limit and not (len(limits) and np.isclose(limits, value - delta).any())
    return Latest(
        value=value,
        reported=str(reported_latest(scored, name)[row]),
        unit=unit,
        collected_on=day_before(int(view.landmark[row]), age),
        age_days=age,
        change=delta if known else None,
        exceeds_noise=exceeds_noise(name, value - delta, value) if known and value > delta else None,
    )


def _limits_among(view: View, name: str, row: int) -> NDArray[np.float64]:
    """Return the person's values of a biomarker that are limits."""
    series, k, person = view.series, view.series.biomarkers.index(name), view.patient[row]
    if series.operator is None:
        return np.zeros(0)
    run = slice(series.starts[person, k], series.stops[person, k])
    below, above = Sides.of(series.operator[run])
    return series.value[run][below | above]


def _as_of(measured: dict[str, Latest], landmark: int, today: int, is_over: bool) -> AsOf:
    ages = [latest.age_days for latest in measured.values() if latest.age_days is not None]
    when = as_of(landmark, min(ages, default=None), max(ages, default=None), today)
    return replace(when, is_past=True) if is_over else when


def _of_the_past(when: AsOf) -> str:
    if when.last_result_on is None:
        return "no result of the model's biomarkers is known by then"
    return f"the last result is of {when.last_result_on}, more than {PAST_AFTER_DAYS} days ago: the risk is what it was, not today's"


def _of_whom(artifact: Artifact) -> list[str]:
    """Say that a risk is not of patients, or that nobody knows; of a model of real people nothing."""
    said = NOT_OF_PATIENTS.get(artifact.provenance.people)
    return [said] if said else []


def _warnings(artifact: Artifact, measured: dict[str, Latest]) -> list[str]:
    """Say what the risk rests on that it had better not: missing, stale, or outside what the model was trained on."""
    found = []
    for name in (name for name in measured if name == GROWTH or name not in STATE_SPACE):  # growth stands for all of the burden
        latest, label = measured[name], "growth of the disease burden" if name == GROWTH else group_label(name)
        if latest.value is None:
            found += _unknown(name, label, measured)
            continue
        usual = None if name in STATIC else catalogue()[name].usual_interval_days
        if usual and latest.age_days is not None and latest.age_days > STALE_AFTER_INTERVALS * usual:
            found.append(f"stale: {label} is {latest.age_days:.0f} days old")
        reference = artifact.about["reference"].get(name if name in STATIC else f"{name}__last__ever", {})
        unused = name == MEASURE and _is_no_measure(measured)
        if not unused and "p01" in reference and _is_outside(latest.value, reference["p01"], reference["p99"]):
            found.append(f"out of training range: {label} {_beside(name, latest, reference['p01'], reference['p99'])}")
    return found


def _is_outside(value: float, low: float, high: float) -> bool:
    """Return whether a value lies outside a range by more than what a conversion of units leaves."""
    return not (low <= value <= high or isclose(value, low, rel_tol=_SAME) or isclose(value, high, rel_tol=_SAME))


def _beside(name: str, latest: Latest, low: float, high: float) -> str:
    """Return a value and the range it lies outside of, with so many digits that it is seen to."""
    assert latest.value is not None
    for digits in range(_FEWEST_DIGITS, _MOST_DIGITS):
        value, *ends = (_shown(name, number, latest.unit, digits) for number in (latest.value, low, high))
        if value not in ends:
            break
    return f"{value}, trained on {ends[0]} to {ends[1]}"


def _unknown(name: str, label: str, measured: dict[str, Latest]) -> list[str]:
    if name != GROWTH:
        return [f"missing: {label}"]
    if not _is_no_measure(measured):  # it lacks what M-protein, missing too, would tell
        return []
    return [
        f"not used: {group_label(MEASURE)}, never above {_LEAST_TOLD} since the diagnosis: it is no measure of a disease of light chains "
        "alone, or that secretes nothing. It counts as unknown, and the growth of the disease burden is not known"
    ]


def _is_no_measure(measured: dict[str, Latest]) -> bool:
    """Return whether M-protein has results, and a model of the burden nothing that it measures."""
    growth = measured.get(GROWTH)
    return growth is not None and growth.value is None and measured.get(MEASURE, Latest()).value is not None


def _shown(name: str, value: float, unit: str | None, digits: int) -> str:
    if name == GROWTH:
        return f"{percent_of(value, digits - _FEWEST_DIGITS)} a year"
    return f"{value:.{digits}g} {unit}" if unit else f"{value:.{digits}g}"


def _number(value: float) -> float | None:
    return value if isfinite(value) else None
