"""One person's answer in one piece: risks, reasons with what was measured, criteria, published scores, warnings, the model."""

from __future__ import annotations

from dataclasses import replace
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from features.history.arrays import Histories
from features.history.burden.parameters import MEASURE
from features.history.columns import CHANGE, GROWTH, GROWTH_SD, MARROW_NOW, group_label
from features.history.rows import View
from features.history.sides import Sides
from features.history.windows import within
from features.table.eligibility_inputs import ELIGIBILITY_COLUMNS
from myeloma import calendar, catalogue
from myeloma.change import exceeds_noise
from myeloma.criteria import CONDITION
from serving.answer.basis import basis_of
from serving.answer.benefit import early_treatment
from serving.answer.columns import NOTICE, identity
from serving.answer.event_free import event_free_time
from serving.answer.evolving import evolving_findings
from serving.answer.published import criteria_findings, day_before, score_answers
from serving.answer.record import Answer, AsOf, Contribution, HorizonRisk, Latest, ModelIdentity
from serving.answer.scales import scales_of
from serving.answer.scored import Scored, score_rows, seen_by
from serving.answer.sentences import growth_told, marrow_told, sentences_of
from serving.answer.shown import PAST_AFTER_DAYS, as_of, days_old, of_the_present, shown
from serving.answer.since import outside_since, told_since
from serving.answer.warnings.against_risk import against_in_words
from serving.answer.warnings.earlier import met_earlier_in_words
from serving.answer.warnings.findings import positive_in_words
from serving.answer.warnings.followed import beyond_in_words
from serving.answer.warnings.in_line import positive_in_line_in_words
from serving.answer.warnings.of_values import LEAST_TOLD, is_no_measure, of_values_in_words
from serving.answer.warnings.unsettled import Told, instead_of_latest, with_lesion
from serving.artifact import Artifact
from serving.predict import by_biomarker

NOT_OF_PATIENTS = {
    "simulated": "the model was fitted to simulated people: its risk says nothing about a patient",
    "unknown": "nobody recorded whether the model was fitted to real people",
}
CRITERIA_WARNING = "criteria for active myeloma may be met: clinician review; no risk of progression is shown"


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
    said = when if since else of_the_present(when)
    risks = () if met else _risks(scored, measured, said)
    scores = score_answers(staged, artifact.rules.population, not met, scored.staged[1])
    criteria = criteria_findings(instead_of_latest(scored, inputs), landmark, scored.criteria, scored.limits, told.notes)
    return Answer(
        landmark=str(day.astype("datetime64[D]")[0]),
        task=artifact.about["task"],
        as_of=when,
        risks=risks,
        warnings=(
            *([CRITERIA_WARNING] if met else []),
            *against_in_words(scored, known, criteria),
            *_of_whom(artifact),
            *([told_since(artifact, since)] if since else [_of_the_past(artifact, said)] if when.is_past and not met else []),
            *_beside_the_risk(scored, known),
            *told.warnings,
            *of_values_in_words(artifact, measured),
            *(() if met else beyond_in_words(artifact, known, landmark)),
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
        event_free=event_free_time(artifact, scored.explained.event_free.item(0), said) if risks else None,
    )


def _beside_the_risk(scored: Scored, known: Histories) -> list[str]:
    """Say what pictures showed, of treated disease since the line began; and of a guarded precursor which criteria were met earlier."""
    if scored.artifact.rules.line is not None:
        return positive_in_line_in_words(known, int(scored.view.landmark[0]))
    if not scored.artifact.rules.criteria_guard:
        return positive_in_words(known)
    return [*positive_in_words(known), *met_earlier_in_words(known, scored.view, scored.criteria)]


def _risks(scored: Scored, measured: dict[str, Latest], when: AsOf) -> tuple[HorizonRisk, ...]:
    if not np.isfinite(scored.explained.base).all():  # the log-odds less the contributions: one that is not finite shows here
        raise ArithmeticError("a model gave no finite risk, or no finite reasons")
    shares = by_biomarker(scored.artifact, scored.explained.contributions)
    said, known = burden_told(scored.artifact, measured) | _unread_told(scored.artifact, measured), measured
    if is_no_measure(measured):  # which the model takes for unknown
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
    if is_no_measure(measured):
        text = f"{group_label(MEASURE)} was never above {LEAST_TOLD}, so that it is no measure of this disease and counts as unknown"
        return {MEASURE: text}
    growth, sd, change = (measured.get(name, Latest()).value for name in (GROWTH, GROWTH_SD, CHANGE))
    marrow = measured.get(MARROW_NOW, Latest()).value
    by_now = {} if marrow is None else {MARROW_NOW: marrow_told(marrow)}
    if artifact.spec.burden is None or growth is None or sd is None:
        return by_now
    usual = artifact.about["reference"].get(GROWTH, {}).get("p50")
    return by_now | {GROWTH: growth_told(growth, sd, artifact.spec.burden.growth_sd, usual, change)}


def _unread_told(artifact: Artifact, measured: dict[str, Latest]) -> dict[str, str]:
    """Return in words of which biomarkers the model reads no result, where it does not read all of the past."""
    where = within(artifact.spec.windows)
    unread = [name for name in artifact.spec.biomarkers if measured[name].value is None] if where else []
    return {name: f"No result of {group_label(name)} {where} is known" for name in unread}


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
    view, read = scored.view, scored.read(name)
    value, age, delta = (each.item(row) for each in (read.value, read.age_days, read.change))
    unit = catalogue()[name].unit
    if not isfinite(value):
        return Latest(unit=unit)
    is_limit = read.sides is not None and bool(read.sides.below[row] | read.sides.above[row])
    limits = _limits_among(view, name, row)
    known = isfinite(delta) and not is_limit and not (len(limits) and np.isclose(limits, value - delta).any())
    return Latest(
        value=value,
        reported=str(read.reported[row]),
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


def _of_the_past(artifact: Artifact, when: AsOf) -> str:
    if when.last_result_on is None:
        where = within(artifact.spec.windows)
        return f"no result of the model's biomarkers{where and f' {where}'} is known by then"
    if days := days_old(when):
        at = f"the last result is of {when.last_result_on}, {days} days before {when.landmark}"
        return f"{at}, the day that the risk is of: it rests on results that old, and a new one may change it"
    return f"the last result is of {when.last_result_on}, more than {PAST_AFTER_DAYS} days ago: the risk is what it was, not today's"


def _of_whom(artifact: Artifact) -> list[str]:
    """Say that a risk is not of patients, or that nobody knows; of a model of real people nothing."""
    said = NOT_OF_PATIENTS.get(artifact.provenance.people)
    return [said] if said else []


def _number(value: float) -> float | None:
    return value if isfinite(value) else None
