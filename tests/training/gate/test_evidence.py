"""How the champion is compared: on the same held-out people where that is possible, and in words where it is not."""

import io
import json
import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from features import FeatureSpec
from myeloma import StateError
from training.fitting.held_out import HeldOut
from training.gate.artifact import measure
from training.gate.champion import beside_champion
from training.gate.figures import Worst, subgroups, unjudged, worst_subgroup
from training.gate.verdict import Check, Subgroup, Verdict
from training.tracking.run import parsed_table


@pytest.fixture
def plan(smm_plan):
    spec = FeatureSpec(("m_protein",), ("ever",), ("last",), ("age",))
    return replace(smm_plan, task=replace(smm_plan.task, features=spec, horizons=(24,)))


@pytest.fixture
def artifact(plan, small_artifact):
    return small_artifact(plan.task)


@pytest.fixture
def held(plan):
    """People whose M-protein foretells; the champion (`small_artifact`) reads it, the candidate's risks ignore it."""
    n = 200
    m_protein = np.linspace(0, 9, n)
    progressed = np.random.default_rng(1).random(n) < m_protein / 10
    rows = pd.DataFrame(
        {
            "patient_id": [f"p{k}" for k in range(n)],
            "landmark": pd.Timestamp("2020-01-01"),
            "event": np.where(progressed, "event", "none"),
            "time_to_event": np.where(progressed, 300.0, 3000.0),
            "follow_up": 3000.0,
            "m_protein__last__ever": m_protein,
            "age": 60.0,
        }
    )
    return HeldOut(rows, {"cox": np.full((n, 1), 0.5)})


def run_of(judged_hash="same", then=None, weighing_hash="same", **metrics):
    """A run; `then` are the risks it kept of the rows it was judged on, by person and landmark."""
    content = io.BytesIO()
    if then is not None:
        pd.DataFrame({"risk_24m": then}).to_parquet(content)
    known = {"judged_hash": judged_hash, "weighing_hash": weighing_hash}
    tags = {name: value for name, value in known.items() if value is not None}
    return SimpleNamespace(name="cox", tags=tags, metrics=metrics, file=lambda path: content.getvalue() or None)


@pytest.fixture
def compared(artifact):
    def call(plan, held, candidate, champion, load=None):
        return beside_champion(plan, (candidate, held), ("3", champion), load or (lambda: artifact))

    return call


def test_of_the_same_rows_what_models_without_the_person_said_then_is_compared_pair_by_pair(plan, held, compared):
    """The people stand in another order among the held out than by name, as cross-validation leaves them."""
    by_name = held.rows.sort_values(["patient_id", "landmark"])
    then = by_name["m_protein__last__ever"].to_numpy() / 10
    found = compared(plan, held, run_of(auc_24m=0.1), run_of(then=then, auc_24m=0.1))
    assert "on the very same rows, each judged by a model that had not seen the person" in found.how
    assert (found.candidate["auc_24m"], found.champion["auc_24m"] > 0.75) == (0.5, True)
    value, lo, hi = found.difference["auc_24m"]
    assert value == pytest.approx(found.candidate["auc_24m"] - found.champion["auc_24m"])
    assert lo < value < hi < 0


@pytest.mark.parametrize(("here", "why"), [(True, "did not keep what it said of each"), (False, "not on this machine")])
def test_without_either_the_logged_figures_of_the_same_rows_are_taken_which_have_no_interval_of_their_difference(
    plan, held, here, why, compared
):
    found = compared(plan, held if here else None, run_of(auc_24m=0.71, brier_24m=0.1), run_of(auc_24m=0.7))
    assert (found.candidate, found.champion, found.difference) == ({"auc_24m": 0.71, "brier_24m": 0.1}, {"auc_24m": 0.7}, {})
    assert "logged with both runs, on the very same rows" in found.how
    assert why in found.how


@pytest.mark.parametrize(("weighing", "said"), [("other", "otherwise"), (None, "in a way that its run does not say")])
def test_figures_logged_of_the_same_rows_do_not_compare_where_these_were_weighed_otherwise(plan, held, weighing, said, compared):
    for here in (held, None):
        found = compared(plan, here, run_of(auc_24m=0.71), run_of(weighing_hash=weighing, auc_24m=0.7))
        assert (found.candidate, found.champion, found.difference) == ({}, {}, {})
        assert f"judged on the very same rows, weighed for censoring {said}" in found.how


def test_pair_by_pair_the_rows_are_weighed_alike_for_both_however_they_were_weighed_then(plan, held, compared):
    then = held.rows.sort_values(["patient_id", "landmark"])["m_protein__last__ever"].to_numpy() / 10
    alike, otherwise = (compared(plan, held, run_of(), run_of(then=then, weighing_hash=weighing)) for weighing in ("same", None))
    assert alike == otherwise and alike.difference


def test_of_another_split_the_champion_is_scored_and_the_words_say_that_it_is_flattered(plan, held, compared):
    found = compared(plan, held, run_of("mine"), run_of("another"))
    assert found.champion["auc_24m"] > 0.75
    assert "may have seen these people, which flatters it" in found.how


def test_without_a_split_that_is_known_nothing_is_taken_for_the_same(plan, held, compared):
    assert "flatters" in compared(plan, held, run_of(None), run_of(None)).how


def test_without_its_features_its_horizons_or_the_people_no_comparison_is_made(plan, held, compared):
    without = HeldOut(held.rows.drop(columns="age"), held.risks)
    other_horizons = replace(plan, task=replace(plan.task, horizons=(12, 24)))
    assert "features that these people's table does not hold" in compared(plan, without, run_of("mine"), run_of("another")).how
    assert "other horizons" in compared(other_horizons, held, run_of("mine"), run_of("another")).how
    found = compared(plan, None, run_of("mine"), run_of("another"))
    assert (found.champion, "not on this machine" in found.how) == ({}, True)


@pytest.mark.parametrize("judged", ["same", "another"])
def test_a_champion_that_answers_another_question_is_not_compared_whatever_rows_it_was_judged_on(plan, held, compared, other_rule, judged):
    rule, differing = other_rule
    found = compared(differing(plan), held, run_of("same", auc_24m=0.7), run_of(judged, auc_24m=0.7))
    assert (found.champion, found.candidate) == ({}, {})
    assert re.search(f"champion version 3 answers another question, its rules were others: {rule} ", found.how)


def test_a_champion_that_cannot_be_loaded_any_more_has_the_figures_logged_where_they_are_of_the_same_rows(plan, held, compared):
    def load():
        raise StateError("its features are not this version's.")

    found = compared(plan, held, run_of("same", auc_24m=0.7), run_of("same", auc_24m=0.8), load)
    assert (found.champion, found.candidate) == ({"auc_24m": 0.8}, {"auc_24m": 0.7})
    assert "on the very same rows" in found.how
    assert "; champion version 3 can no longer be used: its features" in found.how
    assert compared(plan, held, run_of("mine"), run_of("another", auc_24m=0.7), load).champion == {}


def test_a_champion_whose_run_is_gone_is_scored_on_the_people_held_out_if_they_are_here(plan, held, compared):
    found = compared(plan, held, run_of(), None)
    assert found.champion.keys() >= {"auc_24m", "brier_24m"}
    assert "its run, which named its cohort and split, is gone" in found.how
    assert "has no run in the store any more" in compared(plan, None, run_of(), None).how


def test_an_artifact_is_measured_for_its_sum_its_features_and_the_known_harm(plan, held, artifact):
    facts = measure(artifact, plan, held)
    assert facts.additivity < 1e-12
    assert (facts.rank_as_judged, facts.mean_as_judged) == (None, None), "what was judged says the same of everybody"
    assert facts.outcome_columns == 0
    assert facts.harm == pytest.approx({"m_protein": 1.0})
    assert (facts.parity, "--cohort" in facts.notes["parity"]) == (None, True)
    turned = replace(artifact, model=replace(artifact.model, coefficients=-artifact.model.coefficients))
    assert measure(turned, plan, held).harm == pytest.approx({"m_protein": -1.0})


def test_an_artifact_is_set_beside_what_was_judged_person_by_person(plan, held, artifact):
    then = 1 / (1 + np.exp(-(0.5 * held.rows["m_protein__last__ever"].to_numpy() - 3)))
    alike = measure(artifact, plan, replace(held, risks={"cox": then[:, None]}))
    turned = measure(artifact, plan, replace(held, risks={"cox": 1 - then[:, None]}))
    assert (alike.rank_as_judged, turned.rank_as_judged) == (pytest.approx(1.0), pytest.approx(-1.0))
    assert alike.mean_as_judged > 0


def test_without_the_people_held_out_only_the_artifact_itself_is_measured(plan, artifact):
    facts = measure(artifact, plan, None)
    assert (facts.features_known, facts.additivity, facts.harm) == (True, None, {})
    assert "not on this machine" in facts.notes["parity"]


class Files:
    """A run that has these files."""

    def __init__(self, **files):
        self._files = {name.replace("_", "."): content for name, content in files.items()}

    def file(self, path):
        return self._files.get(path, "").encode()

    def table(self, path, columns=()):
        return parsed_table(self.file(path), columns)

    def json(self, path):
        return json.loads(self._files.get(path, "{}"))


SUBGROUPS = """grouping,group,horizon,measure,estimate,lo,hi
sex,female,24,oe_ratio,1.4,1.1,1.8
sex,female,24,expected_events,61.5,,
sex,female,24,events,,,
sex,male,24,oe_ratio,1.1,,
sex,male,24,expected_events,60,,
site,NA,24,oe_ratio,3.0,2.1,4.2
site,NA,24,expected_events,49,,
sex,unknown,24,expected_events,,,
sex,male,60,oe_ratio,9,,
"""


def test_a_subgroup_is_judged_by_what_evaluation_wrote_and_counts_by_what_was_expected_there():
    found = subgroups(Files(subgroups_csv=SUBGROUPS), 24)
    women, men = Subgroup(1.4, 1.1, 1.8, 61.5), Subgroup(1.1, None, None, 60.0)
    assert found == {"sex: female": women, "sex: male": men, "site: NA": Subgroup(3.0, 2.1, 4.2, 49.0)}
    assert subgroups(Files(subgroups_csv="grouping,group\nsex,male\n"), 24) == {}


def test_the_worst_subgroup_is_the_one_that_the_gate_named_and_before_it_is_judged_found_by_its_rule(plan):
    gate = replace(plan.gate, subgroup_events_at_least=50, subgroup_oe_ratio_between=(0.67, 1.5))
    assert worst_subgroup(Files(subgroups_csv=SUBGROUPS), 24, gate) == Worst("sex: female", 1.4, 61.5)
    assert worst_subgroup(Files(), 24, gate) is None

    def judged(*check):
        verdict = Verdict((Check("auc_24m", 0.8, ">= 0.6", True), Check("oe_ratio_24m of the worst subgroup", *check)))
        return worst_subgroup(Files(subgroups_csv=SUBGROUPS, gate_json=json.dumps(verdict.to_dict())), 24, gate)

    assert judged(1.1, "0.6 to 1.6", True, "sex: male") == Worst("sex: male", 1.1, 60)
    assert judged(None, "0.6 to 1.6", None, "no subgroup with figures in which 50 events are expected") is None


def test_why_a_horizon_has_no_figures_is_what_evaluation_wrote_of_all_visits():
    why = '"only 12 people here progress within 60 months, at least 20 are needed; pool more people."'
    few = "x,,24,events,fewer than 10\n"  # of a count, not of a figure
    table = f"model,subset,horizon,measure,why\n{few}x,,24,auc,\nx,,60,auc,{why}\nx,at_1y,24,auc,{why}\n"
    assert unjudged(Files(performance_csv=table)) == {60: "only 12 people here progress within 60 months, at least 20 are needed"}
    assert unjudged(Files()) == {}


def test_a_risk_that_is_no_number_adds_up_to_nothing(plan, held, artifact):
    broken = replace(artifact, model=replace(artifact.model, coefficients=np.full(2, np.nan)))
    found = [measure(model, plan, held).additivity for model in (artifact, broken)]
    assert (found[0] < 1e-9, found[1]) == (True, float("inf"))
