"""The gate: what a model must show before it may go live. Pure: plain numbers in, a verdict out.

Every demand is one function below. A demand that is not met means *reject*. It means *hold* where the model could go live
but a person has to decide: it is not shown to be as good as the champion, or it gives risks at a horizon at which nobody
knows how good they are. A demand that could not be measured holds the model back too, and says why. What cannot apply to a
task is declared in its gate (`not_applicable`), with the reason; a figure that there is counts all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from training.gate.figures import most_wrong, worst_check
from training.gate.verdict import HOLD, REJECT, ArtifactChecks, Check, Evidence, Verdict
from training.metrics.names import Metric
from training.plan import Plan, Waivable

ADDITIVITY = 1e-5  # base + contributions = logit(risk)
PARITY = 1e-9  # batch and HTTP differ by nothing that JSON keeps


def judge(evidence: Evidence, plan: Plan) -> Verdict:
    """Return the verdict on a candidate: every demand, in the order they are shown; of a recalibrated version those that can be asked."""
    demands = OF_RECALIBRATED if evidence.recalibrated else DEMANDS
    return Verdict(tuple(check for demand in demands for check in demand(evidence, plan)))


def held_out_figures(evidence: Evidence, plan: Plan) -> Iterator[Check]:
    """Ranks people, beats everybody's average, and is right in the large and along the curve, at every horizon it speaks of."""
    gate = plan.gate
    low, high = gate.oe_ratio_between
    for months in plan.task.horizons:
        must = months == plan.primary_horizon
        demands: tuple[tuple[str, str, Callable[[float], bool], bool], ...] = (
            ("auc", f">= {gate.auc_at_least}", lambda v: v >= gate.auc_at_least, True),
            ("ipa", "> 0, better than everybody's average", lambda v: v > 0, must),
            ("oe_ratio", f"{low} to {high}", lambda v: low <= v <= high, must),
            ("ici", f"<= {gate.ici_at_most}", lambda v: v <= gate.ici_at_most, False),
        )
        for name, accepted, holds, needed in demands:
            key = Metric(name, months).name
            value = evidence.metrics.get(key)
            met = (False if needed else None) if value is None else bool(holds(value))
            unsettled = "the regression of the calibration curve has no solution on these people" if name == "ici" else ""
            note = evidence.unjudged.get(months, unsettled) if value is None else ""
            yield Check(key, value, accepted, met, note, HOLD if value is None and not must else REJECT)


def useful_beyond_published_scores(evidence: Evidence, plan: Plan) -> Iterator[Check]:
    """Has a larger net benefit than every published score on the rows where both speak, at each risk from which one would act."""
    for threshold in plan.gate.net_benefit_at:
        keys = {score: Metric("net_benefit", plan.primary_horizon, threshold, minus=score).name for score in plan.scores}
        gains = {score: evidence.metrics[key] for score, key in keys.items() if key in evidence.metrics}
        name = f"{Metric('net_benefit', plan.primary_horizon, threshold).name} minus the best published score's"
        if not gains:
            why = "no published score is computable on these people, or no net benefit was computed"
            yield _unmeasured(plan, "net_benefit", name, "> 0", why)
            continue
        best = min(gains, key=gains.__getitem__)
        yield Check(name, gains[best], "> 0", gains[best] > 0, f"best: {best}, same rows")


def worst_subgroup(evidence: Evidence, plan: Plan) -> Iterator[Check]:
    """Is right in the large in the subgroup, among those with enough events, where it is most wrong."""
    low, high = plan.gate.subgroup_oe_ratio_between
    least = plan.gate.subgroup_events_at_least
    name, accepted = worst_check(plan.primary_horizon), f"{low} to {high}"
    worst = most_wrong(evidence.subgroups, least)
    if worst is None:
        yield _unmeasured(plan, "worst_subgroup", name, accepted, f"no subgroup with figures and {least} events")
        return
    ratio = evidence.subgroups[worst][0]
    yield Check(name, ratio, accepted, low <= ratio <= high, worst)


def features_known(evidence: Evidence, plan: Plan) -> Iterator[Check]:
    """Was made from features that this version of the code computes, and knows no outcome."""
    facts = evidence.facts
    known = None if facts.features_known is None else float(facts.features_known)
    yield Check("features known to this version", known, "1", facts.features_known, facts.notes.get("features_known", ""))
    count = facts.outcome_columns
    yield Check(
        "outcome columns among the features", count, "0", None if count is None else count == 0, facts.notes.get("outcome_columns", "")
    )


def sane_explanation(evidence: Evidence, plan: Plan) -> Iterator[Check]:
    """Base + contributions = logit(risk), and what is known to harm raises the risk it shows."""
    facts = evidence.facts
    error = facts.additivity
    yield Check(
        "base + contributions - logit(risk)",
        error,
        f"<= {ADDITIVITY}",
        _or_none(error, lambda v: v <= ADDITIVITY),
        _why(facts, "additivity"),
    )
    if plan.gate.harm_of_top and not facts.harm:
        why = facts.notes.get("harm", "none of the weightiest biomarkers has a known direction of harm and a latest value that varies")
        yield _unmeasured(plan, "known_harm", "contributions follow the known harm", "> 0", why)
    for biomarker, agreement in facts.harm.items():
        yield Check(f"{biomarker}: contribution follows the known harm", agreement, "> 0", agreement > 0, "rank correlation")


def same_answer_everywhere(evidence: Evidence, plan: Plan) -> Iterator[Check]:
    """The artifact loaded from the registry gives the same answer by batch and over HTTP."""
    gap = evidence.facts.parity
    yield Check("batch minus HTTP answer", gap, f"<= {PARITY}", _or_none(gap, lambda v: v <= PARITY), _why(evidence.facts, "parity"))


def not_worse_than_the_champion(evidence: Evidence, plan: Plan) -> Iterator[Check]:
    """Ranks no worse than the champion by more than a margin, and has no larger Brier score, on the same rows."""
    found = evidence.comparison
    if found is None:
        yield Check("compared with the champion", None, "not worse", None, "there is no champion yet", HOLD, applies=False)
        return
    if not found.champion:
        yield Check("compared with the champion", None, "not worse", False, f"not possible: {found.how}", HOLD)
        return
    margins = [(Metric("auc", months), -1, plan.gate.auc_loss_at_most) for months in plan.task.horizons]
    for metric, sign, margin in (*margins, (Metric("brier", plan.primary_horizon), 1, plan.gate.brier_loss_at_most)):
        key = metric.name
        name, accepted = f"{key} minus the champion's", f">= {-margin:g}" if sign < 0 else f"<= {margin:g}"
        if key not in found.champion or key not in found.candidate:
            if metric.horizon == plan.primary_horizon:
                yield Check(name, None, accepted, False, f"not possible: one of the two has no such figure; {found.how}", HOLD)
            continue
        gain = found.candidate[key] - found.champion[key]
        note = f"{found.candidate[key]:.4f} against {found.champion[key]:.4f} of version {found.version}; {found.how}"
        yield Check(name, gain, accepted, sign * gain <= margin + 1e-12, note, HOLD)


def not_taken_back(evidence: Evidence, plan: Plan) -> Iterator[Check]:
    """Was not live before and taken back by a person."""
    if evidence.taken_back:
        yield Check("never taken back", 0.0, "1", False, evidence.taken_back, HOLD)


def judged_on_others(evidence: Evidence, plan: Plan) -> Iterator[Check]:
    """Has figures on people other than those it was recalibrated to; there are none when it is registered, so a person decides."""
    yield Check("figures on people it was not recalibrated to", None, "a validation on others", None, evidence.recalibrated, HOLD)


DEMANDS = (
    held_out_figures,
    useful_beyond_published_scores,
    worst_subgroup,
    features_known,
    sane_explanation,
    same_answer_everywhere,
    not_worse_than_the_champion,
    not_taken_back,
)
OF_RECALIBRATED = (judged_on_others, features_known, not_taken_back)


def _unmeasured(plan: Plan, demand: Waivable, name: str, accepted: str, why: str) -> Check:
    """Return a demand without a figure: it holds back, unless the task declares that it cannot apply."""
    declared = plan.gate.not_applicable.get(demand)
    return Check(name, None, accepted, None, declared or why, applies=declared is None)


def _or_none(value: float | None, holds: Any) -> bool | None:
    return None if value is None else bool(holds(value))


def _why(facts: ArtifactChecks, name: str) -> str:
    return facts.notes.get(name, "")
