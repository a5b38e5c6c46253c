"""docs/reason_codes.md: every reason code, what it means, what to do, and which module says it."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from docs.generators import GENERATED, PACKAGES

_FILE = Path(__file__).with_suffix(".yaml")
# Where a call names a code: the function, and the position of the argument.
_POSITION = {"Rule": 0, "_rule": 1, "reject": 1, "reject_each": 2, "DataError": 2, "ConfigError": 2, "StateError": 2, "UserError": 2}


def groups() -> list[dict[str, Any]]:
    """Return the groups of codes, each with title, about, and by code its meaning and what to do."""
    content: list[dict[str, Any]] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return content


def page(root: Path) -> str:
    """Return the page, as Markdown."""
    said_by = literals(root)
    lines = [GENERATED, "# Reason codes\n", "A code is stable: programs may branch on it. The words beside it may change.\n"]
    for group in groups():
        lines += [f"## {group['title']}\n", f"{group['about']}\n", "| code | meaning | what to do | said by |", "|---|---|---|---|"]
        for code, words in group["codes"].items():
            modules = ", ".join(f"`{name}`" for name in sorted(said_by[code]))
            lines.append(f"| `{code}` | {words['means']} | {words['do']} | {modules} |")
        lines.append("")
    return "\n".join(lines)


def literals(root: Path) -> dict[str, set[str]]:
    """Return, by text, the modules in which it stands as a literal of its own."""
    found = defaultdict(set)
    for module, tree in _modules(root):
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found[node.value].add(module)
    return found


def codes_of_the_program(root: Path) -> dict[str, str]:
    """Return every code that a call or a dictionary of the program names, with a module that does."""
    found = {}
    for module, tree in _modules(root):
        for node in ast.walk(tree):
            for value in _named(node):
                if isinstance(value, ast.Constant) and isinstance(value.value, str) and value.value.replace("_", "").isalpha():
                    found[value.value] = module
    return found


def _named(node: ast.AST) -> Iterator[ast.expr | None]:
    if isinstance(node, ast.Dict):
        yield from (
            value for key, value in zip(node.keys, node.values, strict=True) if isinstance(key, ast.Constant) and key.value == "code"
        )
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        yield from (keyword.value for keyword in node.keywords if keyword.arg in ("code", "reason"))
        if name in _POSITION:
            yield from node.args[_POSITION[name] :][:1]


def _modules(root: Path) -> Iterator[tuple[str, ast.Module]]:
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            yield ".".join(path.relative_to(root).with_suffix("").parts), ast.parse(path.read_text(encoding="utf-8"))
