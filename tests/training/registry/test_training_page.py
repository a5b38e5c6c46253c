"""The run of a training in MLflow: the figures of what it made live, and all its candidates on one page."""

import mlflow
import pandas as pd
import pytest

from serving.store.champion import connect
from training.card import as_html, comparison_of
from training.card.document import Blank, Table, Text
from training.registry.compare import candidates
from training.registry.training_page import shown_of
from training.registry.version_page import describe_training


@pytest.fixture
def parent(trained, results):
    (training_id,) = {result["training_id"] for result in results.values()}
    return connect().get_run(training_id)


@pytest.mark.slow
def test_it_carries_the_figures_of_one_candidate_and_says_which(parent, results):
    name = parent.data.tags["shown"].partition(",")[0]
    for figure in ("auc_24m", "brier_24m_lo", "oe_ratio_60m_hi", "ici_12m"):
        assert parent.data.metrics[figure] == pytest.approx(results[name]["metrics"][figure])


@pytest.mark.parametrize(
    ("live", "shown"),
    [
        ({"model": "logistic", "version": "3"}, ("logistic", "logistic, champion, version 3")),
        (None, ("cox", "cox, the best of this training; not live: hold")),
        ({"model": "of another training", "version": "9"}, ("cox", "cox, the best of this training; not live: hold")),
    ],
)
def test_that_is_what_it_made_live_or_else_its_best(smm_plan, live, shown):
    outcome = {"champion": live, "verdicts": {"cox": {"verdict": "hold"}, "logistic": {"verdict": "promote"}}}
    assert shown_of(RESULTS, smm_plan, outcome) == shown


@pytest.mark.slow
def test_it_is_no_candidate(parent, small_smm_plan):
    assert parent.data.tags["kind"] == "training"
    assert parent.info.run_id not in {candidate.run_id for candidate in candidates(small_smm_plan)}


@pytest.mark.slow
def test_its_page_shows_every_candidate_and_three_pictures_and_nobody(parent, results, trained):
    page = mlflow.artifacts.load_text(f"{parent.info.artifact_uri}/comparison.html")
    for name in results:
        assert f'<th scope="rowgroup" colspan="6">{name} (' in page
    assert page.count("data:image/png;base64,") == 3
    people = pd.read_parquet(trained.cohort / "patients.parquet")["patient_id"]
    assert not any(person in page for person in people)


def card(results, plan, subgroups=None, verdicts=None):
    return comparison_of(plan, results, verdicts or {}, None, pd.DataFrame() if subgroups is None else subgroups)


def blocks(page, section):
    return next(found.blocks for found in page.sections if found.title == section)


RESULTS = {
    "logistic": {"published": False, "metrics": {"brier_24m": 0.07, "auc_24m": 0.8, "share_computable_24m": 1.0}},
    "cox": {"published": False, "metrics": {"brier_24m": 0.06, "auc_24m": 0.7, "auc_24m_minus_logistic": -0.1}},
    "mayo_2018": {"published": True, "metrics": {"brier_24m": 0.05, "auc_24m": 0.75}},
    "mayo_2008": {"published": True, "metrics": {}},
}


def test_models_stand_before_published_scores_each_by_its_brier_score(smm_plan):
    (figures, _) = blocks(card(RESULTS, smm_plan, verdicts={"cox": "hold"}), "Candidates")
    headings = [part.heading for part in figures.parts]
    assert headings[:2] == ["cox (hold)", "logistic (published score)"]
    assert headings[2:] == ["mayo_2018 (published score)", "mayo_2008 (published score)"]


def test_what_has_no_figure_says_so_once(smm_plan):
    (figures, _) = blocks(card(RESULTS, smm_plan), "Candidates")
    assert figures.parts[-1].rows[0][1] == Blank("not computable on this cohort")
    assert len(figures.parts[-1].rows) == 1


def test_differences_are_the_bests_to_each_other_with_which_it_shares_visits(smm_plan):
    (differences, _) = blocks(card(RESULTS, smm_plan), "Differences")
    assert isinstance(differences, Table)
    assert [row[:2] for row in differences.parts[0].rows] == [["logistic", "-0.1000 (no interval)"]]


def test_without_the_people_and_the_table_of_subgroups_the_page_says_why_it_is_bare(smm_plan):
    page = card({"cox": RESULTS["cox"]}, smm_plan)
    assert blocks(page, "Curves") == [Text(Blank("the people held out are not on this machine; run register where the models were fitted"))]
    assert blocks(page, "Subgroups") == [Text(Blank("the table of subgroups is not on this machine"))]
    assert "no other candidate has a risk on the same visits" in as_html(page)


def test_subgroups_stand_beside_each_other_by_model(smm_plan):
    line = {"horizon": 24, "measure": "oe_ratio", "grouping": "sex", "lo": 0.5, "hi": 1.5}
    table = pd.DataFrame(
        [
            {**line, "model": "cox", "group": "female", "estimate": 0.9},
            {**line, "model": "logistic", "group": "female", "estimate": 1.1},
            {**line, "model": "cox", "group": "male", "estimate": 1.0},
        ]
    )
    (found,) = blocks(card(RESULTS, smm_plan, table), "Subgroups")
    assert found.head == ("group", "cox", "logistic")
    assert found.parts[0].rows[0] == ["female", "0.90 (0.50 to 1.50)", "1.10 (0.50 to 1.50)"]
    assert found.parts[0].rows[1][2] == Blank("no figure")


def test_the_description_of_a_training_names_the_candidates_that_are_not_fitted(smm_plan):
    said = describe_training(smm_plan, {"cox": RESULTS["cox"] | {"asked": "cox, logistic"}}, {"live": None, "verdicts": {}})
    assert "are not fitted: " in said
    assert "a fit that was asked for logistic broke off" in said
    assert "mayo_2018" in said
