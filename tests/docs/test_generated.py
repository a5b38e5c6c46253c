"""Generated pages say what the code does; a test finds them out of date, and finds what they leave out."""

import importlib
import re

import pandas as pd
import pyarrow.parquet as parquet
import pytest

from docs.generators.__main__ import PAGES
from docs.generators.api import ROOMS, public
from docs.generators.data_dictionary import files, pattern_of, undescribed
from docs.generators.reason_codes import codes_of_the_program, groups, literals
from features import read_cohort
from features.cohort.files import write_by_ending
from features.course.table import course_table
from features.intake.quality import clean
from features.simulation.treated import simulate as simulate_treated
from features.table.landmarks import last_landmarks
from serving import load_artifact, score_landmarks


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_what_its_generator_writes(root, name):
    assert (root / "docs" / name).read_text(encoding="utf-8") == PAGES[name](root), "run `make docs`"


def test_every_code_of_the_program_has_a_line_with_its_meaning_and_what_to_do(root):
    known = {code for group in groups() for code in group["codes"]}
    assert {code: module for code, module in codes_of_the_program(root).items() if code not in known} == {}


def test_no_code_has_a_line_that_the_program_does_not_know(root):
    said = literals(root)
    assert [code for group in groups() for code in group["codes"] if code not in said] == []


def test_the_search_for_codes_finds_each_of_its_forms(tmp_path):
    (tmp_path / "features").mkdir()
    (tmp_path / "features" / "a.py").write_text(
        'table.reject(wrong, "by_position", "value", "")\n'
        'raise DataError("what", "hint", "third")\n'
        'raise StateError("what", code="keyword")\n'
        'problem = {"code": "dictionary", "where": "body"}\n'
        'raise ValueError("no", "code", "here")\n'
    )
    assert set(codes_of_the_program(tmp_path)) == {"by_position", "third", "keyword", "dictionary"}


@pytest.mark.parametrize("package", ["myeloma", "features", "serving", *ROOMS])
def test_everything_public_has_a_heading_and_a_docstring(root, package):
    page = (root / "docs" / "api.md").read_text(encoding="utf-8")
    section = page.split(f"\n## {package}\n")[1].split("\n## ")[0]
    assert [name for name in public(importlib.import_module(package)) if f"### `{name}`" not in section] == []
    assert not re.search(r"^### `\w+`\n+(?:```python[^`]*```\n+)?(?=###)", section, re.MULTILINE)


def columns_of(path):
    return list(parquet.read_schema(path).names) if path.suffix == ".parquet" else list(pd.read_csv(path, nrows=0).columns)


@pytest.fixture(scope="module")
def folder(trained):
    """A task's folder as the commands leave it, with a score file."""
    scores = trained.folder / "risks.parquet"
    if not scores.is_file():
        cohort = read_cohort(trained.cohort)
        write_by_ending(
            score_landmarks(load_artifact(trained.folder / "fit" / "boosting" / "artifact"), cohort, last_landmarks(cohort)), scores
        )
    return trained.folder


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """The folder of a course of simulated treated people."""
    place = tmp_path_factory.mktemp("course")
    write_by_ending(course_table(clean(simulate_treated(30, seed=1))[0]), place / "course.parquet")
    return place


@pytest.mark.parametrize("path", [file["path"] for file in files() if "columns" in file and file["path"] != "truth.parquet"])
def test_every_column_of_a_real_file_has_its_line_and_every_line_its_column(folder, course, path):
    folder, path_of = (course, "course.parquet") if path.startswith("course") else (folder, path)
    pattern = pattern_of("risks.parquet" if path.startswith("scores") else path_of)
    found = [each for each in folder.rglob("*") if each.is_file() and pattern.fullmatch(str(each.relative_to(folder)))]
    assert found
    for each in found:
        assert undescribed(path, columns_of(each)) == ([], []), each


def test_every_file_that_a_run_leaves_is_described(folder):
    described = [pattern_of(part) for file in files() for part in file["path"].split(", ")]
    made = [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and path.name != "risks.parquet"]
    made = [name for name in made if not name.startswith("mlruns") and name != "done"]  # the fixture's own mark
    assert [name for name in made if not any(p.fullmatch(name) or (p.pattern.endswith("/") and p.match(name)) for p in described)] == []


def test_files_with_an_identifier_are_marked_as_personal():
    assert [f["path"] for f in files() if "patient_id" in f.get("columns", ()) and not f.get("personal")] == ["truth.parquet"]
