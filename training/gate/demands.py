"""The gate: what a model must show before it may go live. Pure: plain numbers in, a verdict out.

Every demand is one function below. What it finds of a figure is one of three things, by the figure's 95 % interval: *met* where all of
it is accepted, *not met* where none of it is, *not shown* where it reaches over the bound. A demand that is not met means *reject*, or
*hold* where the model could go live but a person has to decide. What is not shown, or was not measured, holds the model back, and says
why: a few events never make a good model bad, nor a bad one good. A task can accept a doubt beforehand (`doubt_accepted`, with the
reason), which covers a figure whose estimate is accepted and whose interval is too wide to show it. What cannot apply to a task is
declared in its gate (`not_applicable`), with the reason; a figure that there is counts all the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from training.gate.figures import most_wrong, worst_check
from training.gate.verdict import HOLD, REJECT, Accepted, ArtifactChecks, Check, Evidence, Verdict
from training.metrics.estimate import Estimate
from training.metrics.names import BOOTSTRAP_DRAWS, Metric, without_subset
from training.plan import Doubtful, Plan, Waivable

ADDITIVITY = 1e-5  # base + contributions = logit(risk)
PARITY = 1e-9  # batch and HTTP differ by nothing that JSON keeps
# Of the registered model's risks with those judged, which came of the same fit to fewer people: 150 of 300 agreed to 0.7, 2,000 of 4,000
# to more than 0.95. Less, or another mean, is another model.
RANK_AS_JUDGED, MEAN_AS_JUDGED = 0.5, (0.8, 1.25)
_NO_INTERVAL = "there is no interval that holds it"
LEAST_DRAWS = 20  # ours: of fewer, a 2.5th percentile is little else than the smallest of them


def judge(evidence: Evidence, plan: Plan) -> Verdict:
    """Return the verdict on a candidate: every demand, in the order they are shown; of a recalibrated version those that can be asked."""
    demands = OF_RECALIBRATED if evidence.recalibrated else DEMANDS
    return Verdict(tuple(check for demand in demands for check in demand(evidence, plan)))


def held_out_figures(evidence: Evidence, plan: Plan) -> Iterator[Check]:
    """Ranks people, beats everybody's average, and is right in the large and along the curve, at every horizon it speaks of."""
    gate = plan.gate
    low, high = gate.oe_ratio_between
    demands: tuple[tuple[Doubtful, str, Accepted], ...] = (
        ("auc", f">= {gate.auc_at_least}", Accepted(low=gate.auc_at_least)),
        ("ipa", "> 0, better than everybody's average", Accepted(low=0, strictly=True)),
        ("oe_ratio", f"{low} to {high}", Accepted(low, high)),
        ("ici", f"<= {gate.ici_at_most}", Accepted(high=gate.ici_at_most)),
    )
    for months in plan.task.horizons:
        for name, words, accepted in demands:
            metric = Metric(name, months)
            figure = _figure(evidence, metric)
            unsettled = "the regression of the calibration curve has no solution on these people" if name == "ici" else ""
            note = evidence.unjudged.get(months, unsettled) if figure.value is None else ""
            yield _found(evidence, plan, name, metric.name, figure, words, accepted, note)


def useful_beyond_published_scores(evidence: Evidence, plan: Plan) -> Iterator[Check]:
    """Has a larger net benefit than every published score on the rows where both speak, at each risk from which one would act."""
    for threshold in plan.gate.net_benefit_at:
        every = {s: _figure(evidence, Metric("net_benefit", plan.primary_horizon, threshold, minus=s)) for s in plan.scores}
        gains = {score: gain for score, gain in every.items() if gain.value is not None}
        name = f"{Metric('net_benefit', plan.primary_horizon, threshold).name} minus the best published score's"
        if not gains:
            why = "no published score was evaluated beside it, none is computable on these people, or no net benefit was computed"
            yield _unmeasured(plan, "net_benefit", name, "> 0", why)
            continue
        best = min(gains, key=lambda score: gains[score].value or 0.0)
        yield _found(evidence, plan, "net_benefit", name, gains[best], "> 0", Accepted(low=0, strictly=True), f"best: {best}, same rows")


def worst_subgroup(evidence: Evidence, plan: Plan) -> Iterator[Check]:
    """Is right in the large in the subgroup, among those in which enough events are expected, where it is most wrong."""
    low, high = plan.gate.subgroup_oe_ratio_between
    least, accepted = plan.gate.subgroup_events_at_least, Accepted(low, high)
    name, words = worst_check(plan.primary_horizon), f"{low} to {high}"
    worst = most_wrong(evidence.subgroups, least, accepted)
    if worst is None:
        yield _unmeasured(plan, "worst_subgroup", name, words, f"no subgroup with figures in which {least} events are expected")
        return
    of = evidence.subgroups[worst]
    yield _found(evidence, plan, "worst_subgroup", name, Estimate(of.ratio, of.lo, of.hi), words, accepted, worst)


def unknown_is_average(evidence: Evidence, plan: Plan) -> Iterator[Check]:
    """Is right in the large where a biomarker is hidden from everybody held out, whichever of the task's it is."""
    low, high = plan.gate.oe_ratio_between
    for biomarker in plan.task.features.biomarkers:
        metric = Metric("oe_ratio", plan.primary_horizon, subset=without_subset(biomarker))
        figure = _figure(evidence, metric)
        note = (
            "the fit predicted nothing with it hidden: fit and evaluate again" if figure.value is None else f"nothing known of {biomarker}"
        )
        yield _found(evidence, plan, "oe_ratio", metric.name, figure, f"{low} to {high}", Accepted(low, high), note)


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


def same_as_judged(evidence: Evidence, plan: Plan) -> Iterator[Check]:
    """Gives the people held out about the risks that were judged, which came of models fitted in the same way without them."""
    facts, (low, high) = evidence.facts, MEAN_AS_JUDGED
    rank, mean = facts.rank_as_judged, facts.mean_as_judged
    why, name = _why(facts, "as_judged"), "{} of its risks with those judged, person by person"
    holds = _or_none(rank, lambda v: v >= RANK_AS_JUDGED)
    yield Check(name.format("rank correlation"), rank, f">= {RANK_AS_JUDGED}", holds, why, HOLD)
    yield Check(name.format("ratio of the mean"), mean, f"{low} to {high}", _or_none(mean, lambda v: low <= v <= high), why, HOLD)


def better_than_the_champion(evidence: Evidence, plan: Plan) -> Iterator[Check]:
    """Ranks no worse than the champion by more than a margin, and has a smaller Brier score, on the same rows: a tie changes nothing."""
    found = evidence.comparison
    if found is None:
        yield Check("compared with the champion", None, "better", None, "there is no champion yet", HOLD, applies=False)
        return
    if not found.champion:
        yield Check("compared with the champion", None, "better", None, f"not possible: {found.how}", HOLD)
        return
    ranks = [(Metric("auc", months), plan.gate.auc_loss_at_most) for months in plan.task.horizons]
    for metric, margin in ranks:
        yield from _beside(evidence, plan, metric, f">= {-margin:g}", Accepted(low=-margin - 1e-12))
    margin = plan.gate.brier_loss_at_most
    yield from _beside(evidence, plan, Metric("brier", plan.primary_horizon), f"< {margin:g}", Accepted(high=margin, strictly=True))


def _beside(evidence: Evidence, plan: Plan, metric: Metric, words: str, accepted: Accepted) -> Iterator[Check]:
    """Yield the demand on one figure's difference to the champion's, where both have it, or at the primary horizon say that one has not."""
    found, key = evidence.comparison, metric.name
    assert found is not None  # its caller knows
    name = f"{key} minus the champion's"
    if key not in found.champion or key not in found.candidate:
        if metric.horizon == plan.primary_horizon:
            yield Check(name, None, words, None, f"not possible: one of the two has no such figure; {found.how}", HOLD)
        return
    difference = Estimate(*found.difference.get(key, (found.candidate[key] - found.champion[key],)))
    note = f"{found.candidate[key]:.4f} against {found.champion[key]:.4f} of version {found.version}; {found.how}"
    few = _too_few(plan.evaluation.bootstrap) if difference.lo is not None else ""
    holds = None if few else accepted.finding((difference.value, difference.lo, difference.hi))
    yield Check(name, difference.value, words, holds, _joined(note, few), HOLD, lo=difference.lo, hi=difference.hi)


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
    unknown_is_average,
    features_known,
    sane_explanation,
    same_answer_everywhere,
    same_as_judged,
    better_than_the_champion,
    not_taken_back,
)
OF_RECALIBRATED = (judged_on_others, features_known, not_taken_back)


def _figure(evidence: Evidence, metric: Metric) -> Estimate:
    """Return a figure with its interval; of a distance, which is kept with a bound from 0, with the basic bootstrap's lower one.

    Twice the estimate less the 97.5th percentile (Davison and Hinkley, Bootstrap Methods and their Application, 1997, section 5.2) lay
    above the truth in 2 to 7 % of 100 simulated cohorts each (400 and 2,000 people, true distances 0.06, 0.14 and 0.22).
    """
    found = Estimate.of(evidence.metrics, metric)
    if metric.measure != "ici" or found.value is None or found.hi is None:
        return found
    return Estimate(found.value, max(2 * found.value - found.hi, 0.0), found.hi)


def _found(
    evidence: Evidence, plan: Plan, demand: Doubtful, name: str, figure: Estimate, words: str, accepted: Accepted, note: str
) -> Check:
    """Return what a figure shows of a demand; the doubt that the task accepts covers an estimate that is accepted itself."""
    few = "" if figure.value is None else _NO_INTERVAL
    if figure.lo is not None:
        few = _too_few(evidence.metrics.get(BOOTSTRAP_DRAWS, LEAST_DRAWS))  # a run of before does not say
    note = note if demand == "worst_subgroup" else _joined(note, few)  # there it is the subgroup's name, which others read
    holds = None if few else accepted.finding((figure.value, figure.lo, figure.hi))
    likely = holds is None and figure.value is not None and accepted.holds(figure.value)
    doubt = plan.gate.doubt_accepted.get(demand, "") if likely else ""
    return Check(name, figure.value, words, holds, note, REJECT, lo=figure.lo, hi=figure.hi, doubt=doubt)


def _joined(*notes: str) -> str:
    return "; ".join(text for text in notes if text)


def _too_few(draws: float) -> str:
    """Return that an interval of so many draws shows nothing, whatever it says; empty where they are enough."""
    if draws >= LEAST_DRAWS:
        return ""
    return f"an interval of {draws:.0f} draws shows nothing, at least {LEAST_DRAWS} are needed: raise evaluation.bootstrap, evaluate again"


def _unmeasured(plan: Plan, demand: Waivable, name: str, accepted: str, why: str) -> Check:
    """Return a demand without a figure: it holds back, unless the task declares that it cannot apply."""
    declared = plan.gate.not_applicable.get(demand)
    return Check(name, None, accepted, None, declared or why, applies=declared is None)


def _or_none(value: float | None, holds: Any) -> bool | None:
    return None if value is None else bool(holds(value))


def _why(facts: ArtifactChecks, name: str) -> str:
    return facts.notes.get(name, "")
