"""Everything that is noticed: the catalogue is whole, what is muted is told so, and a run holds it."""

import pandas as pd
import pytest

from docs.generators.diagnoses import page
from training.evaluation.diagnoses.catalogue import CATALOGUE
from training.evaluation.diagnoses.diagnosis import Diagnosis
from training.evaluation.diagnoses.noticed import COLUMNS, as_table, in_words
from training.places import DIAGNOSES as FILE
from training.plan import DIAGNOSES

FOUND = Diagnosis("one_input", "m_protein has 97% of all contributions")


def test_every_code_that_can_be_muted_has_its_words_and_every_word_a_code():
    assert tuple(CATALOGUE) == DIAGNOSES
    assert all(words.how and words.why and words.do for words in CATALOGUE.values())


@pytest.mark.parametrize("code", DIAGNOSES)
def test_the_page_says_of_every_code_how_it_is_found_why_it_matters_and_what_to_do(root, code):
    section = page(root).split(f"## `{code}`\n")[1].split("\n## ")[0]
    assert all(words in section for words in (CATALOGUE[code].how, CATALOGUE[code].why, CATALOGUE[code].do))


def test_a_diagnosis_is_one_line_that_ends_with_what_to_do():
    line = in_words(FOUND, {})
    assert line == f"one_input: m_protein has 97% of all contributions; do: {CATALOGUE['one_input'].do}"
    assert "\n" not in line


def test_one_that_is_muted_is_still_listed_with_its_reason():
    muted = {"one_input": "the question is about M-protein alone"}
    assert in_words(FOUND, muted) == "one_input, muted (the question is about M-protein alone): m_protein has 97% of all contributions"
    assert as_table([FOUND], muted)["muted"].tolist() == ["the question is about M-protein alone"]
    assert as_table([FOUND], {"overfitting": "another one is muted"})["muted"].tolist() == [""]


def test_every_fitted_candidate_has_its_file_and_published_scores_have_none(trained, small_smm_plan):
    evaluated = trained.folder / "evaluation"
    found = {name: pd.read_csv(evaluated / name / FILE) for name in small_smm_plan.models}
    assert all(tuple(table) == COLUMNS for table in found.values())
    assert set().union(*(table["code"] for table in found.values())) <= set(DIAGNOSES)
    assert "adds_nothing" in set(found["logistic"]["code"]), "no marrow is evolving in this cohort"
    assert not any((evaluated / name / FILE).exists() for name in small_smm_plan.scores)
