"""The pages, their fenced blocks and the command lines in them."""

import re
from dataclasses import dataclass

import pytest

FENCE = re.compile(r"^```(?P<language>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block: what stands behind the fence, and the text inside."""

    language: str
    text: str


def blocks_of(text):
    """Return the fenced blocks of a page in order."""
    return [Block(found["language"].strip(), found["text"]) for found in FENCE.finditer(text)]


@pytest.fixture(scope="session")
def pages(root):
    """All pages for people, by their path from the repository's root."""
    paths = [*root.glob("*.md"), *(root / "docs").rglob("*.md")]
    return {str(path.relative_to(root)): path.read_text(encoding="utf-8") for path in sorted(paths)}
