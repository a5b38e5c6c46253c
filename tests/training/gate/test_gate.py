"""The gate: every demand as a person reads it, its boundary, and what follows when it is not met, or not shown."""

from dataclasses import replace

import pytest

from myeloma import ConfigError
from training.gate.demands import judge
from training.gate.verdict import Accepted, ArtifactChecks, Check, Comparison, Evidence, Subgroup, Verdict
from training.plan import parse_plan


@pytest.fixture
def plan(smm_plan):
    gate = replace(
        smm_plan.gate,
        auc_at_least=0.6,
        oe_ratio_between=(0.8, 1.25),
        ici_at_most=0.05,
        net_benefit_at=(0.1,),
        subgroup_oe_ratio_between=(0.67, 1.5),
        subgroup_events_at_least=50,
        auc_loss_at_most=0.01,
        brier_loss_at_most=0.0,
        doubt_accepted={},
    )
    return replace(smm_plan, gate=gate)


def exactly(**figures):
    """Figures of so many people that their intervals have no width: what is accepted is shown."""
    return {f"{name}{end}": value for name, value in figures.items() for end in ("", "_lo", "_hi")}


def between(name, value, lo, hi):
    return {name: value, f"{name}_lo": lo, f"{name}_hi": hi}


NO_WORSE = {"auc_24m": (0.01, 0.01, 0.01), "brier_24m": (-0.001, -0.001, -0.001)}


@pytest.fixture
def good(plan):
    """A model that meets every demand and is a little better than the champion."""
    figures = {f"{n}_{h}m": v for h in plan.task.horizons for n, v in (("auc", 0.8), ("ipa", 0.2), ("oe_ratio", 1.0), ("ici", 0.02))}
    gains = {"net_benefit_24m_at_0.10_minus_mayo_2018": 0.02, "net_benefit_24m_at_0.10_minus_pangea_smm": 0.01}
    hidden = {f"oe_ratio_24m_without_{biomarker}": 1.05 for biomarker in plan.task.features.biomarkers}
    return Evidence(
        metrics=exactly(**figures, **hidden, **gains),
        subgroups={"sex: female": Subgroup(1.2, 1.0, 1.4, 60.0)},
        facts=ArtifactChecks(True, 0, 1e-6, {"m_protein": 0.9}, 0.0, rank_as_judged=0.95, mean_as_judged=1.02),
        comparison=Comparison("3", "on the same rows", {"auc_24m": 0.79, "brier_24m": 0.1}, {"auc_24m": 0.8, "brier_24m": 0.099}, NO_WORSE),
    )


def with_metrics(evidence, **metrics):
    return replace(evidence, metrics=evidence.metrics | exactly(**metrics))


def check_of(verdict, word):
    return next(check for check in verdict.checks if word in check.name)


def test_a_model_that_meets_every_demand_is_promoted(good, plan):
    verdict = judge(good, plan)
    assert (verdict.verdict, verdict.failures()) == ("promote", "")
    assert all(check.holds for check in verdict.checks)


@pytest.mark.parametrize(
    ("metric", "value"),
    [
        ("auc_12m", 0.59),
        ("ipa_24m", 0.0),
        ("oe_ratio_60m", 1.26),
        ("oe_ratio_60m", 0.79),
        ("ici_12m", 0.06),
    ],
)
def test_one_figure_shown_to_be_out_of_bounds_rejects_and_says_which(good, plan, metric, value):
    verdict = judge(with_metrics(good, **{metric: value}), plan)
    assert verdict.verdict == "reject"
    assert metric in verdict.failures()
    assert f"{value:.4g}" in verdict.failures()


@pytest.mark.parametrize(("metric", "value"), [("auc_12m", 0.6), ("oe_ratio_60m", 1.25), ("oe_ratio_60m", 0.8), ("ici_12m", 0.05)])
def test_the_bound_itself_is_accepted(good, plan, metric, value):
    assert judge(with_metrics(good, **{metric: value}), plan).verdict == "promote"


@pytest.mark.parametrize(
    ("figure", "found"),
    [
        ((0.7, 0.62, 0.78), True),
        ((0.7, 0.6, 0.78), True),
        ((0.7, 0.59, 0.78), None),
        ((0.55, 0.45, 0.65), None),
        ((0.5, 0.4, 0.6), None),
        ((0.5, 0.4, 0.59), False),
        ((0.7, None, None), None),
        ((0.55, 0.62, 0.78), None),
        ((0.65, 0.45, 0.55), None),
        ((0.7, 0.78, 0.62), None),
        ((None, None, None), None),
    ],
)
def test_a_figure_shows_a_demand_to_hold_not_to_hold_or_neither(figure, found):
    assert Accepted(low=0.6).finding(figure) is found


@pytest.mark.parametrize(("draws", "verdict"), [(2, "hold"), (19, "hold"), (20, "promote"), (200, "promote")])
def test_an_interval_of_too_few_draws_shows_nothing_and_says_so(good, plan, draws, verdict):
    found = judge(replace(good, metrics=good.metrics | {"bootstrap_draws": draws}), plan)
    assert found.verdict == verdict
    assert (f"an interval of {draws} draws shows nothing, at least 20 are needed" in found.failures()) == (verdict == "hold")
    assert ("auc_24m" in found.in_the_way("NOT SHOWN"), found.in_the_way("NOT MET")) == (verdict == "hold", [])


def test_a_difference_to_the_champion_from_too_few_draws_shows_nothing(good, plan):
    few = replace(plan, evaluation=replace(plan.evaluation, bootstrap=19))
    assert judge(good, few).in_the_way("NOT SHOWN") == ["auc_24m minus the champion's", "brier_24m minus the champion's"]


def test_an_interval_that_does_not_hold_its_estimate_is_no_interval(good, plan):
    found = check_of(judge(replace(good, metrics=good.metrics | between("oe_ratio_24m", 1.365, 1.2, 1.2)), plan), "oe_ratio_24m")
    assert (found.state, found.shown, found.note) == ("NOT SHOWN", "1.365", "there is no interval that holds it")


def test_what_stands_in_the_way_is_parted_by_what_was_found_of_it():
    checks = [("a", 1.0, True), ("b", 1.0, False), ("c", 1.0, None), ("d", None, None)]
    found = Verdict(tuple(Check(name, value, "> 0", holds) for name, value, holds in checks))
    assert [found.in_the_way(state) for state in ("NOT MET", "NOT SHOWN", "NOT MEASURED")] == [["b"], ["c"], ["d"]]


def test_an_interval_that_spans_all_that_is_accepted_shows_nothing():
    assert Accepted(0.8, 1.25).finding((0.75, 0.5, 1.5)) is None
    assert Accepted(0.8, 1.25).finding((1.4, 1.26, 1.6)) is False


@pytest.mark.parametrize(("figure", "found"), [((0.1, 0.0, 0.2), None), ((-0.1, -0.2, 0.0), False), ((0.1, 1e-9, 0.2), True)])
def test_what_must_be_more_than_nothing_is_not_shown_by_an_interval_that_ends_there(figure, found):
    assert Accepted(low=0, strictly=True).finding(figure) is found


@pytest.mark.parametrize("value", [1.0, 1.3])
def test_what_is_not_shown_is_held_back_whichever_side_the_estimate_is_on_and_read_with_its_interval(good, plan, value):
    wide = replace(good, metrics=good.metrics | between("oe_ratio_24m", value, 0.78, 1.4))
    check = check_of(judge(wide, plan), "oe_ratio_24m")
    assert (judge(wide, plan).verdict, check.state, check.holds) == ("hold", "NOT SHOWN", None)
    assert f"oe_ratio_24m is {value:g} (0.78 to 1.4), which shows neither, accepted: 0.8 to 1.25" in judge(wide, plan).failures()


@pytest.mark.parametrize(
    ("value", "hi", "verdict"), [(0.02, 0.05, "promote"), (0.04, 0.07, "hold"), (0.07, 0.089, "reject"), (0.07, 0.091, "hold")]
)
def test_a_distance_is_shown_to_be_too_large_where_even_twice_it_less_its_bound_is(good, plan, value, hi, verdict):
    assert judge(replace(good, metrics=good.metrics | between("ici_24m", value, 0.0, hi)), plan).verdict == verdict


def test_a_doubt_that_the_task_accepts_covers_an_estimate_that_is_accepted_and_its_reason_is_read(good, plan):
    accepting = replace(plan, gate=replace(plan.gate, doubt_accepted={"oe_ratio": "there are 40 events only"}))
    wide = replace(good, metrics=good.metrics | between("oe_ratio_24m", 1.1, 0.78, 1.4))
    verdict = judge(wide, accepting)
    check = check_of(verdict, "oe_ratio_24m")
    assert (verdict.verdict, check.state, check.doubt) == ("promote", "not shown, accepted", "there are 40 events only")


def test_no_doubt_covers_an_estimate_out_of_bounds_what_is_shown_to_be_wrong_or_another_demand(good, plan):
    accepting = replace(plan, gate=replace(plan.gate, doubt_accepted={"oe_ratio": "there are 40 events only"}))

    def verdict(name, *figure):
        return judge(replace(good, metrics=good.metrics | between(name, *figure)), accepting).verdict

    assert verdict("oe_ratio_24m", 1.3, 0.9, 1.8) == "hold"
    assert verdict("oe_ratio_24m", 1.5, 1.3, 1.8) == "reject"
    assert verdict("auc_24m", 0.65, 0.55, 0.75) == "hold"


def test_a_demand_that_is_no_matter_of_doubt_can_have_none_accepted(smm_plan):
    with pytest.raises(ConfigError, match="doubt_accepted"):
        parse_plan(smm_plan.task, section_of(smm_plan, doubt_accepted={"parity": "there are 40 events only"}))


@pytest.mark.parametrize(("value", "verdict"), [(0.8, "promote"), (1.25, "promote"), (0.79, "reject"), (1.26, "reject")])
def test_unknown_must_be_average_with_each_biomarker_hidden(good, plan, value, verdict):
    for biomarker in plan.task.features.biomarkers:
        found = judge(with_metrics(good, **{f"oe_ratio_24m_without_{biomarker}": value}), plan)
        assert found.verdict == verdict
        assert ("without_" in found.failures()) == (verdict == "reject")


def test_a_model_never_judged_with_a_biomarker_hidden_is_left_to_a_person(good, plan):
    metrics = {name: value for name, value in good.metrics.items() if "without_bmpc" not in name}
    verdict = judge(replace(good, metrics=metrics), plan)
    assert verdict.verdict == "hold"
    assert (
        "oe_ratio_24m_without_bmpc is not measured, accepted: 0.8 to 1.25 (the fit predicted nothing with it hidden" in verdict.failures()
    )


def without_figures(evidence, months, why):
    kept = {name: value for name, value in evidence.metrics.items() if f"_{months}m" not in name}
    return replace(evidence, metrics=kept, unjudged={months: why})


def test_without_figures_at_the_primary_horizon_a_model_is_never_promoted(good, plan):
    verdict = judge(without_figures(good, 24, "only 12 people here progress within 24 months"), plan)
    assert verdict.verdict == "hold"
    assert "auc_24m is not measured, accepted: >= 0.6 (only 12 people here progress within 24 months)" in verdict.failures()


def test_a_horizon_that_nobody_could_judge_is_left_to_a_person_and_named_with_its_count(good, plan):
    verdict = judge(without_figures(good, 60, "only 12 people here progress within 60 months, at least 20 are needed"), plan)
    assert verdict.verdict == "hold"
    assert "auc_60m is not measured" in verdict.failures()
    assert "only 12 people here progress within 60 months, at least 20 are needed" in verdict.failures()
    assert judge(replace(without_figures(good, 60, ""), unjudged={}), plan).verdict == "hold"


def test_a_net_benefit_no_larger_than_that_of_one_published_score_rejects(good, plan):
    verdict = judge(with_metrics(good, **{"net_benefit_24m_at_0.10_minus_pangea_smm": 0.0}), plan)
    assert verdict.verdict == "reject"
    assert "best: pangea_smm" in verdict.failures()


UNMEASURED = {
    "net_benefit": lambda good: replace(good, metrics={k: v for k, v in good.metrics.items() if "_minus_" not in k}),
    "worst_subgroup": lambda good: replace(good, subgroups={}),
    "known_harm": lambda good: replace(good, facts=replace(good.facts, harm={}, notes={"harm": "nobody is here"})),
}
WORDS = {
    "net_benefit": ("net_benefit", "no published score was evaluated beside it, none is computable"),
    "worst_subgroup": ("worst subgroup", "no subgroup with figures in which 50 events are expected"),
    "known_harm": ("known harm", "nobody is here"),
}


@pytest.mark.parametrize("demand", UNMEASURED)
def test_what_was_not_measured_holds_back_and_says_why(good, plan, demand):
    verdict, (name, why) = judge(UNMEASURED[demand](good), plan), WORDS[demand]
    check = check_of(verdict, name)
    assert (verdict.verdict, check.holds, check.state) == ("hold", None, "NOT MEASURED")
    assert why in verdict.failures()


@pytest.mark.parametrize("demand", UNMEASURED)
def test_what_is_declared_not_to_apply_to_the_task_does_not_hold_back_and_its_reason_is_read(good, plan, demand):
    declared = replace(plan, gate=replace(plan.gate, not_applicable={demand: "the data have no such thing"}))
    verdict = judge(UNMEASURED[demand](good), declared)
    check = check_of(verdict, WORDS[demand][0])
    assert (verdict.verdict, check.state, check.note) == ("promote", "not applicable", "the data have no such thing")


def test_a_declaration_hides_no_figure_and_covers_no_other_demand(good, plan):
    declared = replace(plan, gate=replace(plan.gate, not_applicable={"net_benefit": "the data have no such thing"}))
    assert judge(with_metrics(good, **{"net_benefit_24m_at_0.10_minus_pangea_smm": 0.0}), declared).verdict == "reject"
    assert judge(UNMEASURED["known_harm"](good), declared).verdict == "hold"


@pytest.mark.parametrize("figure", ["ici_12m", "ici_24m"])
def test_a_calibration_that_did_not_settle_holds_back(good, plan, figure):
    verdict = judge(replace(good, metrics={k: v for k, v in good.metrics.items() if not k.startswith(figure)}), plan)
    assert (verdict.verdict, f"{figure} is not measured" in verdict.failures()) == ("hold", True)


@pytest.mark.parametrize("fact", ["features_known", "outcome_columns", "additivity", "parity"])
def test_an_artifact_that_nobody_measured_is_held_back(good, plan, fact):
    verdict = judge(replace(good, facts=replace(good.facts, **{fact: None})), plan)
    assert (verdict.verdict, "is not measured" in verdict.failures()) == ("hold", True)


@pytest.mark.parametrize("wrong", [{"parity": "no people here"}, {"net_benefit": ""}, {"net_benefit": "too short"[:5]}])
def test_only_what_a_task_may_lack_can_be_declared_and_only_with_a_reason(smm_plan, wrong):
    with pytest.raises(ConfigError, match="not_applicable"):
        parse_plan(smm_plan.task, section_of(smm_plan, not_applicable=wrong))


def section_of(plan, **gate):
    gate = {"auc_at_least": 0.6, "oe_ratio_between": [0.8, 1.25], **gate}
    evaluation = {"kind": "held_out", "seed": 1}
    models = {"logistic": {"penalties": [0.01]}}
    return {"primary_horizon": plan.primary_horizon, "models": models, "scores": [], "evaluation": evaluation, "gate": gate}


def test_only_subgroups_in_which_enough_events_are_expected_count_and_the_worst_is_named(good, plan):
    few = replace(good, subgroups={**good.subgroups, "site: B": Subgroup(3.0, 2.0, 4.0, 49.0)})
    assert judge(few, plan).verdict == "promote"
    worse = replace(good, subgroups={**good.subgroups, "sex: male": Subgroup(0.6, 0.5, 0.66, 50.0)})
    assert check_of(judge(worse, plan), "worst subgroup").note == "sex: male"
    assert judge(worse, plan).verdict == "reject"


def test_the_worst_subgroup_is_the_one_that_is_shown_to_be_wrong_before_one_that_only_looks_worse(good, plan):
    both = {"sex: male": Subgroup(1.7, 1.51, 1.9, 90.0), "site: B": Subgroup(1.9, 1.1, 2.9, 50.0)}
    verdict = judge(replace(good, subgroups=both), plan)
    assert (verdict.verdict, check_of(verdict, "worst subgroup").note) == ("reject", "sex: male")
    verdict = judge(replace(good, subgroups={"site: B": both["site: B"]}), plan)
    assert (verdict.verdict, check_of(verdict, "worst subgroup").state) == ("hold", "NOT SHOWN")


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({"features_known": False}, "features known to this version"),
        ({"outcome_columns": 1}, "outcome columns"),
        ({"additivity": 1.1e-5}, "base + contributions"),
        ({"harm": {"m_protein": -0.2}}, "m_protein: contribution follows the known harm"),
        ({"parity": 1e-6}, "batch minus HTTP answer"),
        ({"parity": float("inf")}, "batch minus HTTP answer"),
    ],
)
def test_a_broken_artifact_is_rejected(good, plan, facts, says):
    verdict = judge(replace(good, facts=replace(good.facts, **facts)), plan)
    assert verdict.verdict == "reject"
    assert says in verdict.failures()


@pytest.mark.parametrize(("rank", "mean"), [(0.49, 1.0), (0.95, 1.3), (None, None)])
def test_a_model_that_gives_other_risks_than_those_judged_is_left_to_a_person(good, plan, rank, mean):
    other = replace(good, facts=replace(good.facts, rank_as_judged=rank, mean_as_judged=mean))
    verdict = judge(other, plan)
    assert (verdict.verdict, "with those judged, person by person" in verdict.failures()) == ("hold", True)


def beside(evidence, figure, *difference):
    return replace(evidence, comparison=replace(evidence.comparison, difference=evidence.comparison.difference | {figure: difference}))


@pytest.mark.parametrize(("figure", "difference"), [("auc_24m", (-0.02, -0.03, -0.011)), ("brier_24m", (0.002, 0.001, 0.003))])
def test_worse_than_the_champion_on_the_same_rows_is_held_back_not_rejected(good, plan, figure, difference):
    verdict = judge(beside(good, figure, *difference), plan)
    assert verdict.verdict == "hold"
    assert check_of(verdict, f"{figure} minus").state == "NOT MET"
    assert "of version 3; on the same rows" in verdict.failures()


@pytest.mark.parametrize(
    ("figure", "difference"), [("auc_24m", (0.0, -0.011, 0.02)), ("brier_24m", (-0.001, -0.002, 0.0)), ("brier_24m", (0.0, 0.0, 0.0))]
)
def test_a_tie_with_the_champion_changes_nothing(good, plan, figure, difference):
    assert judge(beside(good, figure, *difference), plan).verdict == "hold"


def test_a_loss_of_rank_within_the_margin_is_no_loss(good, plan):
    assert judge(beside(good, "auc_24m", -0.005, -0.01, 0.0), plan).verdict == "promote"


def test_a_difference_without_an_interval_shows_nothing(good, plan):
    verdict = judge(replace(good, comparison=replace(good.comparison, difference={})), plan)
    assert (verdict.verdict, check_of(verdict, "brier_24m minus").value) == ("hold", pytest.approx(-0.001))


def test_a_comparison_that_cannot_be_made_is_held_back_and_says_why(good, plan):
    verdict = judge(replace(good, comparison=Comparison("3", "judged on other people")), plan)
    assert (verdict.verdict, "not possible: judged on other people" in verdict.failures()) == ("hold", True)


@pytest.mark.parametrize("figure", ["auc_24m", "brier_24m"])
@pytest.mark.parametrize("side", ["champion", "candidate"])
def test_a_comparison_without_a_figure_at_the_primary_horizon_is_held_back(good, plan, side, figure):
    figures = {name: value for name, value in getattr(good.comparison, side).items() if name != figure}
    verdict = judge(replace(good, comparison=replace(good.comparison, **{side: figures})), plan)
    assert (verdict.verdict, f"{figure} minus the champion's is not measured" in verdict.failures()) == ("hold", True)


def test_without_a_champion_there_is_nothing_to_compare_with(good, plan):
    assert judge(replace(good, comparison=None), plan).verdict == "promote"


def test_a_champion_that_can_no_longer_be_used_is_no_reason_to_promote_whatever_comes(good, plan):
    verdict = judge(replace(good, comparison=Comparison("3", "it can no longer be used")), plan)
    assert (verdict.verdict, "not possible: it can no longer be used" in verdict.failures()) == ("hold", True)


def test_what_a_person_took_back_is_not_promoted_again_by_itself(good, plan):
    verdict = judge(replace(good, taken_back="taken back at 2026-01-01: drift"), plan)
    assert (verdict.verdict, "drift" in verdict.failures()) == ("hold", True)


def test_a_reject_outweighs_a_hold(good, plan):
    assert judge(with_metrics(replace(good, taken_back="taken back"), auc_24m=0.5), plan).verdict == "reject"


def test_a_figure_that_rounds_to_the_bound_it_misses_is_shown_with_more_digits(good, plan):
    missed = check_of(judge(with_metrics(good, auc_24m=0.599987), plan), "auc_24m")
    assert missed.in_words() == "auc_24m is 0.59999 (0.59999 to 0.59999), accepted: >= 0.6"
    assert check_of(judge(with_metrics(good, auc_24m=0.512345), plan), "auc_24m").shown == "0.5123 (0.5123 to 0.5123)"


@pytest.mark.parametrize(
    ("value", "accepted", "shown"),
    [
        (0.59999999, ">= 0.6", "0.59999999"),
        (0.600055, ">= 0.60006", "0.600055"),  # four digits would be above the bound, and are not equal to it
        (1.250000001, "0.8 to 1.25", "1.250000001"),
        (1.04e-5, "<= 1e-05", "1.04e-05"),
        (-0.010004, ">= -0.01", "-0.010004"),
        (0.1 + 0.2, "<= 0.3", "0.30000000000000004"),
        (0.0, "> 0, better than everybody's average", "0"),
        (float("inf"), "<= 1e-09", "inf"),
        (float("nan"), ">= 0.6", "nan"),
    ],
)
def test_a_figure_that_misses_its_bound_never_reads_as_if_it_met_it(value, accepted, shown):
    assert Check("a figure", value, accepted, False).shown == shown
