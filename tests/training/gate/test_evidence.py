"""How the champion is compared: on the same held-out people where that is possible, and in words where it is not."""

import json
import re
from dataclasses import replace
from math import inf
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from features import FeatureSpec
from myeloma import StateError
from training.fitting.held_out import HeldOut
from training.gate.artifact import measure
from training.gate.champion import beside_champion
from training.gate.figures import Subgroup, subgroups, unjudged, worst_subgroup
from training.gate.verdict import Check, Verdict
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


def run_of(judged_hash="same", kind="held_out", **metrics):
    return SimpleNamespace(name="cox", tags={"judged_hash": judged_hash}, params={"evaluation.kind": kind}, metrics=metrics)


@pytest.fixture
def compared(artifact):
    def call(plan, held, candidate, champion, load=None):
        return beside_champion(plan.task, (candidate, held), ("3", champion), load or (lambda: artifact))

    return call


def test_on_the_same_split_the_champion_is_scored_again_whatever_was_logged(plan, held, compared):
    found = compared(plan, held, run_of(auc_24m=0.1), run_of(auc_24m=0.1))
    assert "same 200 held-out rows, of people neither was fitted on" in found.how
    assert (found.candidate["auc_24m"], found.champion["auc_24m"] > 0.75) == (0.5, True)


@pytest.mark.parametrize(("kind", "here"), [("cross_validation", True), ("held_out", False)])
def test_where_it_cannot_be_scored_again_honestly_the_logged_figures_of_the_same_rows_are_taken(plan, held, kind, here, compared):
    found = compared(plan, held if here else None, run_of(kind=kind, auc_24m=0.71, brier_24m=0.1), run_of(kind=kind, auc_24m=0.7))
    assert (found.candidate, found.champion) == ({"auc_24m": 0.71, "brier_24m": 0.1}, {"auc_24m": 0.7})
    assert "logged with both runs, on the very same rows" in found.how
    assert ("fold" in found.how) == (kind == "cross_validation")


def test_of_another_split_the_champion_is_scored_and_the_words_say_that_it_is_flattered(plan, held, compared):
    found = compared(plan, held, run_of("mine"), run_of("another"))
    assert found.champion["auc_24m"] > 0.75
    assert "may have seen these people, which flatters it" in found.how


def test_without_a_split_that_is_known_nothing_is_taken_for_the_same(plan, held, compared):
    assert "flatters" in compared(plan, held, run_of(None), run_of(None)).how


def test_without_its_features_its_horizons_or_the_people_no_comparison_is_made(plan, held, compared):
    without = HeldOut(held.rows.drop(columns="age"), held.risks)
    other_horizons = replace(plan, task=replace(plan.task, horizons=(12, 24)))
    assert "features that these people's table does not hold" in compared(plan, without, run_of(), run_of()).how
    assert "other horizons" in compared(other_horizons, held, run_of(), run_of()).how
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
    assert "on the very same rows; champion version 3 can no longer be used: its features" in found.how
    assert compared(plan, held, run_of("mine"), run_of("another", auc_24m=0.7), load).champion == {}


def test_a_champion_whose_run_is_gone_is_scored_on_the_people_held_out_if_they_are_here(plan, held, compared):
    found = compared(plan, held, run_of(), None)
    assert found.champion.keys() >= {"auc_24m", "brier_24m"}
    assert "its run, which named its cohort and split, is gone" in found.how
    assert "has no run in the store any more" in compared(plan, None, run_of(), None).how


def test_an_artifact_is_measured_for_its_sum_its_features_and_the_known_harm(plan, held, artifact):
    facts = measure(artifact, plan, held)
    assert facts.additivity < 1e-12
    assert facts.outcome_columns == 0
    assert facts.harm == pytest.approx({"m_protein": 1.0})
    assert (facts.parity, "--cohort" in facts.notes["parity"]) == (None, True)
    turned = replace(artifact, model=replace(artifact.model, coefficients=-artifact.model.coefficients))
    assert measure(turned, plan, held).harm == pytest.approx({"m_protein": -1.0})


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


SUBGROUPS = """grouping,group,horizon,measure,estimate
sex,female,24,oe_ratio,1.4
sex,female,24,events,
sex,male,24,oe_ratio,1.1
sex,male,24,events,60
site,NA,24,oe_ratio,3.0
site,NA,24,events,49
sex,unknown,24,events,
sex,male,60,oe_ratio,9
"""


def test_a_subgroup_whose_count_is_kept_back_is_judged_by_the_count_among_the_people_held_out(held, monkeypatch):
    monkeypatch.setattr(
        "training.evaluation.subgroups.people_progressing", lambda rows, months, since: {"sex: female": 12, "sex: male": 61}
    )
    run = Files(subgroups_csv=SUBGROUPS)
    assert subgroups(run, 24, held) == {"sex: female": (1.4, 12.0), "sex: male": (1.1, 60.0), "site: NA": (3.0, 49.0)}
    assert subgroups(run, 24, None)["sex: female"] == (1.4, inf), "not here, so large enough"


def test_the_worst_subgroup_is_the_one_that_the_gate_named_and_before_it_is_judged_found_by_its_rule():
    assert worst_subgroup(Files(subgroups_csv=SUBGROUPS), 24, 50) == Subgroup("sex: female", 1.4, None)
    assert worst_subgroup(Files(), 24, 50) is None

    def judged(*check):
        verdict = Verdict((Check("auc_24m", 0.8, ">= 0.6", True), Check("oe_ratio_24m of the worst subgroup", *check)))
        return worst_subgroup(Files(subgroups_csv=SUBGROUPS, gate_json=json.dumps(verdict.to_dict())), 24, 50)

    assert judged(1.1, "0.6 to 1.6", True, "sex: male") == Subgroup("sex: male", 1.1, 60), "it knew how few the women are"
    assert judged(None, "0.6 to 1.6", None, "no subgroup with figures and 50 events") is None


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
