"""The reference pages say what the code does: they are generated, and a test finds them out of date."""

from myeloma import catalogue
from myeloma.pages import catalogue_page, quality_of_life_page, scores_page
from myeloma.scores import SCORES


def test_the_pages_in_docs_are_those_the_code_writes(root):
    hint = "run `make docs`"
    assert (root / "docs" / "biomarkers.md").read_text() == catalogue_page(), hint
    assert (root / "docs" / "scores.md").read_text() == scores_page(), hint
    assert (root / "docs" / "quality_of_life.md").read_text() == quality_of_life_page(), hint


def test_every_biomarker_and_every_score_has_its_line_and_its_source():
    assert all(f"| `{key}`" in catalogue_page() for key in catalogue())
    assert all(f"(`{key}`)" in scores_page() and score.citation in scores_page() for key, score in SCORES.items())


def test_an_unconfirmed_figure_is_marked_so():
    assert "unconfirmed and used nowhere" in scores_page()


def test_citations_name_the_journal():
    assert "citation unconfirmed" not in scores_page()
    assert "Br J Haematol 2020, 10.1111/bjh.16572" in SCORES["czech_heidelberg"].citation
    assert "110(7):2586-2592" in SCORES["pethema"].citation


def test_what_was_confirmed_is_no_longer_called_unconfirmed():
    assert "unconfirmed" not in catalogue_page()
    assert any("per 1.73 m2" in line for line in catalogue_page().splitlines() if line.startswith("- `egfr`"))


def test_the_page_of_quality_of_life_says_what_is_not_shipped_and_why():
    assert "No wording of an item, no translation, no questionnaire form" in quality_of_life_page()
    assert "| `qlq_my20_ds` | disease symptoms | 31, 32, 33, 34, 35, 36 | 1 to 4 | lower | 10 / 10 | 16 / 11 |" in quality_of_life_page()
