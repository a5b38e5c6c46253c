"""Early treatment of one person: the effect of AQUILA on the published scores' risks, and on the model's where it is of real people.

The trial counted progression or death; a score's risk, or a model's, is of progression. The effect is taken over to it as it is, which
overstates the reduction where death competes: by less than one in a hundred where 3 % die a year, by up to three where 10 % do.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from features.table.eligibility_inputs import eligibility_inputs
from myeloma import DataError
from myeloma.early_treatment.benefit import (
    CITATION,
    HARMS,
    IN_MAYO_HIGH,
    LONGEST_MONTHS,
    OUTSIDE_MAYO_HIGH,
    TREATED_MONTHS,
    Estimate,
    benefit,
    check_source,
    harm_in_words,
    natural_frequencies,
)
from myeloma.early_treatment.eligibility import NOT_CHECKED, findings
from serving.answer.record import BenefitEstimate, Bounded, EarlyTreatment, EligibilityFinding, HorizonRisk, PublishedScore
from serving.answer.scored import Scored
from serving.artifact import Artifact

Array = NDArray[np.float64]
LIMITS = (
    "The effect is the average of one trial, whose end point is progression or death; nothing is known of it beyond 60 months.",
    "Whether it lasts after treatment is not known: reduction_if_it_wanes is the other end.",
    "A score's risk, or a model's, is of progression: where death is common, the reduction is overstated by up to a few in a hundred.",
    NOT_CHECKED,
)
_MAYO, _HIGH = "mayo_2018", "high"


def early_treatment(scored: Scored, risks: tuple[HorizonRisk, ...], scores: Mapping[str, PublishedScore]) -> EarlyTreatment | None:
    """Return what is published on early treatment, for a person who is shown risks of untreated smoldering disease; None for others.

    Parameters
    ----------
    scored : Scored
        Of one row, whose view holds `ELIGIBILITY_COLUMNS`.
    risks : tuple of HorizonRisk
        The model's, as they are shown.
    scores : mapping
        The published scores, as they are shown.
    """
    if not scored.artifact.rules.untreated_smoldering or not risks:
        return None
    group = scores[_MAYO].category if _MAYO in scores else None
    estimates = [
        _estimate(key, months, risk, "published", group)
        for key, score in scores.items()
        for months, risk in ((int(name.removesuffix("m")), risk) for name, risk in score.risks.items())
        if months <= LONGEST_MONTHS
    ]
    of_model, why = _of_model(scored.artifact, risks, group)
    values = {name: column[0] for name, column in eligibility_inputs(scored.view, scored.inputs).items()}
    return EarlyTreatment(
        estimates=(*of_model, *estimates),
        not_computed=why if estimates else (*why, "No published score with a risk within 60 months can be computed."),
        eligibility=tuple(EligibilityFinding(one.key, one.label, one.status) for one in findings(values)),
        high_risk_by=tuple(score.name for score in scores.values() if score.category == _HIGH),
        harms=tuple(map(harm_in_words, HARMS)),
        citation=CITATION,
        limits=LIMITS,
    )


def _of_model(artifact: Artifact, risks: tuple[HorizonRisk, ...], group: str | None) -> tuple[list[BenefitEstimate], tuple[str, ...]]:
    """Return the estimates for the model's own risks, or why there are none: it is not known to be fitted to real people."""
    people = artifact.provenance.people
    try:
        check_source(people)
    except DataError as refused:
        return [], (refused.what,)
    usable = [risk for risk in risks if risk.horizon_months <= LONGEST_MONTHS]
    return [_estimate("model", one.horizon_months, one.risk, people, group) for one in usable], ()


def _estimate(risk_of: str, months: int, risk: float, source: str, group: str | None) -> BenefitEstimate:
    found = benefit(risk, months, source)
    waned = found if months <= TREATED_MONTHS else benefit(risk, months, source, wanes=True)
    in_group = None if group is None else benefit(risk, months, source, IN_MAYO_HIGH if group == _HIGH else OUTSIDE_MAYO_HIGH)
    return BenefitEstimate(
        risk_of=risk_of,
        horizon_months=months,
        untreated=risk,
        treated=_bounded(found.treated),
        reduction=_bounded(found.reduction),
        reduction_if_it_wanes=float(waned.reduction.value),
        reduction_in_group=None if in_group is None else float(in_group.reduction.value),
        number_needed_to_treat=None if np.isnan(found.number_needed_to_treat.value) else _bounded(found.number_needed_to_treat),
        words=natural_frequencies(found, months, event="progress to myeloma")[0],
    )


def _bounded(found: Estimate) -> Bounded:
    value, *ends = map(float, found)
    return Bounded(value, min(ends), max(ends))
