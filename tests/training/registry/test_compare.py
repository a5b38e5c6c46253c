"""The table of candidates: what stands in it, and what each line says."""

import pytest

from training.registry.compare import Candidate, as_table, candidates, promotable, worst_subgroup


@pytest.mark.slow
def test_the_table_shows_every_candidate_with_the_figures_of_its_run(trained, results, small_smm_task):
    found = candidates(small_smm_task)
    assert {c.estimator for c in found} == set(results)
    assert all(c.metrics == pytest.approx(results[c.estimator]["metrics"]) for c in found)
    assert sum(c.champion_version is not None for c in found) == 1
    assert as_table(small_smm_task, found).row_count >= len(found)


@pytest.mark.slow
def test_a_table_shows_only_what_was_judged_on_the_same_rows_and_the_champion_of_others_with_a_note(store):
    store.register("cox", brier=0.09)
    store.fitted("boosting")
    store.fitted("logistic", judged_hash="another split", auc=0.99)
    assert [(c.estimator, c.note) for c in candidates(store.task)] == [("cox", "other cohort or split"), ("logistic", "")]
    assert list(promotable(store.task)) == ["logistic"]


def test_the_worst_subgroup_has_events_enough_and_is_no_landmark(smm_task):
    def of(**groups):
        metrics = {f"oe_ratio_24m_at_{name}": ratio for name, (ratio, _) in groups.items()}
        metrics |= {f"events_24m_at_{name}": events for name, (_, events) in groups.items()} | {"oe_ratio_24m_at_sex_male_lo": 0.01}
        return worst_subgroup(smm_task, Candidate("boosting", "", None, metrics, "", None))

    groups = {"sex_male": (1.2, 90.0), "sex_female": (0.7, 50.0), "site_east": (3.0, 49.0), "0y": (5.0, 90.0)}
    assert of(**groups) == ("sex_female", 0.7, 50)  # 1 / 0.7 is 1.43
    assert of(site_east=(3.0, 49.0)) is None
