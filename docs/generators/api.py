"""docs/api.md: the public surface of the packages, from their signatures and docstrings."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from docs.generators import GENERATED, PACKAGES

# Beside the packages themselves: rooms that a notebook uses.
ROOMS = ("myeloma.scores", "features.sources", "training.metrics", "training.plots")
_ENTRIES = ("Parameters", "Attributes", "Returns", "Raises")
_SECTION = re.compile(r"^(\w[\w ]*)\n-{3,}$", re.MULTILINE)
_HEAD = """# API

What `from myeloma import ...` and the like give. All else is private and may change. Units, windows and the meaning of each
figure stand in [conventions.md](conventions.md); errors in [reason_codes.md](reason_codes.md). The HTTP interface is described by the
server itself (`/docs`, `/openapi.json`) and in [serving.md](serving.md).
"""


def page(root: Path) -> str:
    """Return the page, as Markdown."""
    return "\n".join([GENERATED, _HEAD, *(line for name in (*PACKAGES, *ROOMS) for line in _package(importlib.import_module(name)))])


def public(module: ModuleType) -> dict[str, Any]:
    """Return what a package exports, by name."""
    return {name: getattr(module, name) for name in sorted(getattr(module, "__all__", ()), key=str.lower)}


def _package(module: ModuleType) -> Iterator[str]:
    if not public(module):
        return
    yield f"## {module.__name__}\n"
    yield f"{inspect.getdoc(module)}\n"
    for name, member in public(module).items():
        if inspect.isclass(member):
            yield from _class(name, member)
        elif callable(member):
            yield f"### `{name}`\n"
            yield f"```python\n{name}{_signature(member)}\n```\n"
            yield f"{_markdown(inspect.getdoc(member) or '')}\n"
        else:
            yield f"### `{name}`\n"
            yield f"{type(member).__name__}: {', '.join(f'`{key}`' for key in member)}.\n"


def _class(name: str, member: type) -> Iterator[str]:
    yield f"### `{name}`\n"
    yield f"{_markdown(inspect.getdoc(member) or '')}\n"
    if dataclasses.is_dataclass(member):
        yield "| field | type |\n|---|---|"
        yield "\n".join(f"| `{field.name}` | `{_type(field.type)}` |" for field in dataclasses.fields(member)) + "\n"
    for key, method in vars(member).items():
        function = method.__func__ if isinstance(method, classmethod | staticmethod) else method
        if not key.startswith("_") and inspect.isfunction(function) and inspect.getdoc(function):
            yield f"- `{key}{_signature(function)}`: {(inspect.getdoc(function) or '').splitlines()[0]}"
    yield ""


def _signature(function: Any) -> str:
    unquoted = re.sub(r"""(: |-> )(['"])(.*?)\2""", r"\1\3", str(inspect.signature(function)))
    return re.sub(r"<.*? at 0x[0-9a-f]+>", "...", unquoted)


def _type(annotation: Any) -> str:
    return (annotation if isinstance(annotation, str) else getattr(annotation, "__name__", str(annotation))).replace("|", "\\|")


def _markdown(doc: str) -> str:
    """Return a numpydoc docstring as Markdown: sections in bold, their entries as a list, examples as code."""
    head, *sections = _SECTION.split(doc)
    parts = [head.strip()]
    for title, body in zip(sections[::2], sections[1::2], strict=True):
        text = inspect.cleandoc(body)
        parts.append(f"**{title}**")
        parts.append(f"```python\n{text}\n```" if title == "Examples" else _entries(text) if title in _ENTRIES else text)
    return "\n\n".join(parts)


def _entries(text: str) -> str:
    """Return the entries of a section: a line of its own names one, the lines set in below say what it is."""
    entries: list[str] = []
    for line in text.splitlines():
        if line.startswith(" ") and entries:
            entries[-1] += ("" if entries[-1].endswith(": ") else " ") + line.strip()
        elif line.strip():
            entries.append(f"- `{line.strip()}`: ")
    return "\n".join(entry.removesuffix(": ") for entry in entries)
