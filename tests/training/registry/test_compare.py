"""The table of candidates: what stands in it, and what each line says."""

from dataclasses import replace

import pytest

from training.registry.candidates import register
from training.registry.compare import as_table, candidates, promotable


@pytest.mark.slow
def test_the_table_shows_every_candidate_with_the_figures_of_its_run(trained, results, small_smm_plan):
    found = candidates(small_smm_plan)
    assert {c.estimator for c in found} == set(results)
    assert all(c.metrics == pytest.approx(results[c.estimator]["metrics"]) for c in found)
    assert sum(c.champion_version is not None for c in found) == 1
    assert as_table(small_smm_plan, found).row_count >= len(found)


@pytest.mark.slow
def test_a_table_shows_only_what_was_judged_on_the_same_rows_and_the_champion_of_others_with_a_note(store):
    store.register("cox", brier=0.09)
    store.fitted("boosting")
    store.fitted("logistic", judged_hash="another split", auc=0.99)
    assert [(c.estimator, c.note) for c in candidates(store.plan)] == [("cox", "other cohort or split"), ("logistic", "")]
    assert list(promotable(store.plan)) == ["logistic"]


@pytest.mark.slow
def test_figures_of_the_same_rows_weighed_otherwise_are_no_part_of_the_table_and_the_champion_says_why(store):
    store.register("cox", brier=0.09)
    store.fitted("boosting")
    store.fitted("logistic", weighing_hash="another version's")
    assert [(c.estimator, c.note) for c in candidates(store.plan)] == [("cox", "rows weighed otherwise"), ("logistic", "")]


@pytest.mark.slow
def test_the_line_under_the_table_names_the_subgroup_that_the_gate_named(trained, results, small_smm_plan):
    plan = replace(small_smm_plan, gate=replace(small_smm_plan.gate, subgroup_events_at_least=12))
    named, outcome = {}, register(results, plan)
    found = candidates(plan)
    lines = str(as_table(plan, found).caption).splitlines()
    for name, verdict in outcome["verdicts"].items():
        (check,) = (check for check in verdict["checks"] if check["name"] == "oe_ratio_24m of the worst subgroup")
        named[name] = (check["note"], check["value"])
    assert {c.estimator: (c.worst_subgroup.name, c.worst_subgroup.ratio) for c in found if not c.published} == named
    for name, (group, ratio) in named.items():
        (line,) = (line for line in lines if line.startswith(f"{name}: of all subgroups"))
        assert group in line
        assert line.endswith(f"{ratio:.2f}")
