"""Every link inside the repository leads somewhere, the README fits a screen or two, and its table is one that the program prints."""

import re
from pathlib import PurePosixPath

import pytest
import yaml

from myeloma.version import VERSION
from tests.docs.conftest import FENCE

_LINK = re.compile(r"\]\((?!https?://)([^)\s#]*)(#[^)\s]*)?\)|src=\"([^\"]+)\"")
_FILE = re.compile(r"`((?:myeloma|features|serving|training|tests|benchmarks|data/mgus2|data/pbcseq|docs)/[\w./]*)`")
MOST_LINES = 90


def anchors(text):
    """Return the anchors of a page's headings, as the usual renderers make them."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", re.sub(r"\]\([^)]*\)", "", heading).lower()).replace(" ", "-") for heading in headings}


def test_every_link_leads_to_a_file_and_every_anchor_to_a_heading(root, pages):
    broken = []
    for name, text in pages.items():
        for path, anchor, picture in _LINK.findall(FENCE.sub("", text)):
            target = root / PurePosixPath(name).parent / (path or picture or PurePosixPath(name).name)
            if not target.exists():
                broken.append((name, path or picture))
            elif anchor and target.suffix == ".md" and anchor[1:] not in anchors(target.read_text(encoding="utf-8")):
                broken.append((name, path + anchor))
    assert broken == []


def test_every_file_of_the_repository_that_a_page_names_is_there(root, pages):
    named = {(name, path) for name, text in pages.items() if name != "CHANGELOG.md" for path in _FILE.findall(text)}
    assert len(named) > 40
    assert {(name, path) for name, path in named if not (root / path).exists()} == set()


def test_every_page_of_docs_is_reached_from_the_readme(root, pages):
    reached, todo = set(), ["README.md"]
    while todo:
        name = todo.pop()
        reached.add(name)
        for path, _, _ in _LINK.findall(pages[name]):
            target = (root / PurePosixPath(name).parent / path).resolve()
            if target.suffix == ".md" and (found := str(target.relative_to(root))) in pages and found not in reached:
                todo.append(found)
    assert set(pages) - reached == set()


def test_the_readme_is_short_and_says_first_that_this_is_research(pages):
    lines = pages["README.md"].splitlines()
    assert len(lines) <= MOST_LINES
    assert "not a medical device" in "\n".join(lines[:12])


@pytest.mark.parametrize("name", ["LICENSE", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "CITATION.cff"])
def test_a_repository_has_the_papers_that_a_stranger_expects(root, name):
    assert (root / name).is_file()


def test_pictures_in_docs_are_small(root):
    assert {path.name: path.stat().st_size for path in (root / "docs").rglob("*.png") if path.stat().st_size > 200_000} == {}


def test_version_and_licence_are_the_same_in_all_papers(root, pages):
    citation = yaml.safe_load((root / "CITATION.cff").read_text())
    assert citation["version"] == VERSION
    assert f"## [{VERSION}] - {citation['date-released']}" in pages["CHANGELOG.md"]
    assert citation["license"] == "Apache-2.0"
    assert "Apache License" in (root / "LICENSE").read_text()
