"""Early treatment of one person: the effect of AQUILA on the published scores' risks, and on the model's where it is of real people.

The trial counted progression or death; a score's risk, or a model's, is of progression. The effect is taken over to it as it is, which
overstates the reduction where death competes: by less than one in a hundred where 3 % die a year, by up to three where 10 % do.
"""

from __future__ import annotations

from collections.abc import Mapping

from features.table.eligibility_inputs import eligibility_inputs
from features.table.unsettled import where_settled
from myeloma import DataError
from myeloma.early_treatment.benefit import (
    CITATION,
    HARMS,
    IN_MAYO_HIGH,
    LONGEST_MONTHS,
    OUTSIDE_MAYO_HIGH,
    benefit_in_words,
    benefit_of_one,
    check_source,
    harm_in_words,
)
from myeloma.early_treatment.eligibility import NOT_CHECKED, findings
from serving.answer.record import BenefitEstimate, Bounded, EarlyTreatment, EligibilityFinding, HorizonRisk, PublishedScore
from serving.answer.scored import Scored
from serving.artifact import Artifact

LIMITS = (
    "The effect is the average of one trial, whose end point is progression or death; nothing is known of it beyond 60 months.",
    "Whether it lasts after treatment is not known: reduction_if_it_wanes is the other end.",
    "A score's risk, or a model's, is of progression: where death is common, the reduction is overstated by up to a few in a hundred.",
    NOT_CHECKED,
)
_HARMS = tuple(map(harm_in_words, HARMS))
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
    published = [(key, int(name.removesuffix("m")), risk) for key, score in scores.items() for name, risk in score.risks.items()]
    estimates = _estimates(published, "published", group)
    of_model, why = _of_model(scored.artifact, risks, group)
    settled = where_settled(scored.inputs, scored.leaves)
    values = {name: column[0] for name, column in eligibility_inputs(scored.view, settled, scored.criteria).items()}
    return EarlyTreatment(
        estimates=(*of_model, *estimates),
        not_computed=why if estimates else (*why, "No published score with a risk within 60 months can be computed."),
        eligibility=tuple(EligibilityFinding(one.key, one.label, one.status) for one in findings(values)),
        high_risk_by=tuple(score.name for score in scores.values() if score.category == _HIGH),
        harms=_HARMS,
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
    return _estimates([("model", one.horizon_months, one.risk) for one in risks], people, group), ()


def _estimates(risks: list[tuple[str, int, float]], source: str, group: str | None) -> list[BenefitEstimate]:
    """Return the estimates for risks, each with whose it is and its horizon in months; of later horizons nothing is known."""
    usable = [one for one in risks if one[1] <= LONGEST_MONTHS]
    if not usable:
        return []
    of, months, untreated = zip(*usable, strict=True)
    in_group = None if group is None else IN_MAYO_HIGH if group == _HIGH else OUTSIDE_MAYO_HIGH
    return [
        BenefitEstimate(
            risk_of=of[k],
            horizon_months=months[k],
            untreated=untreated[k],
            treated=Bounded(*found.treated),
            reduction=Bounded(*found.reduction),
            reduction_if_it_wanes=found.reduction_if_it_wanes,
            reduction_in_group=found.reduction_in_group,
            number_needed_to_treat=found.number_needed_to_treat and Bounded(*found.number_needed_to_treat),
            words=benefit_in_words(untreated[k], found.treated[0], found.reduction[1:], months[k], "progress to myeloma"),
        )
        for k, found in enumerate(benefit_of_one(untreated, months, source, in_group))
    ]
