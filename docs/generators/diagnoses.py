"""docs/diagnoses.md: what is noticed about a fit, how it is found, why it matters, what to do, from the catalogue that the program uses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from docs.generators import GENERATED
from training.evaluation.diagnoses.catalogue import CATALOGUE

_ABOUT = """# Diagnoses

What `python -m training evaluate` notices about a fit. It says each in one line, writes them to `diagnoses.csv` of the candidate (and so to
its run), and the model card has a section of them. A diagnosis rejects nothing: that is the gate's. A code is stable: programs may branch
on it. The words beside it may change. The bounds are ours, and stand beside the code that uses them.

What is known and accepted is muted in `params.yaml`, by code and with the reason; the card lists it with that reason:
```yaml
training:
  smm:
    muted:
      one_input: the question is what M-protein alone can tell
```
"""


def page(root: Path) -> str:
    """Return the page, as Markdown."""
    return "\n".join([GENERATED, _ABOUT, *_entries()])


def _entries() -> Iterator[str]:
    for code, words in CATALOGUE.items():
        yield f"## `{code}`\n"
        yield f"- How it is found: {words.how}"
        yield f"- Why it matters: {words.why}"
        yield f"- What to do: {words.do}\n"
