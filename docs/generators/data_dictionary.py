"""docs/data_dictionary.md: every file that a command leaves, and what each column means."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from docs.generators import GENERATED
from features.cohort.schema import SCHEMAS

_FILE = Path(__file__).with_suffix(".yaml")
_HEAD = """# Data dictionary

Every file that a command leaves. A path is relative to the folder of the task, `data/TASK`; a cohort, a table and a score file lie where
the command was told to put them. MODEL is a candidate or a published score, `{h}` a horizon in months, `{b}` a biomarker or static column,
`{s}` a published score, `{n}` an input of a score, `{feature}` a feature. **personal** marks files that hold a person's identifier,
days or values: keep them as you keep the source. The others hold no person, and no count of fewer than ten people.
"""
# What stands for a part of a column's name.
_PARTS = {
    "h": r"\d+",
    "b": r"[a-z0-9_]+?",
    "feature": r"[a-z0-9_]+",
    "s": r"[a-z0-9_]+?",
    "n": r"[a-z0-9_]+",
    "q": r"qlq_[a-z0-9]+_[a-z]{2}",
}


@cache
def files() -> list[dict[str, Any]]:
    """Return every file: path, made_by, rows, about, columns (name or pattern -> meaning), where_given (those that may lack), personal."""
    content: list[dict[str, Any]] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return content


def undescribed(path: str, columns: list[str]) -> tuple[list[str], list[str]]:
    """Return the columns of a file that no line of its description means, and the lines that mean none of its columns."""
    described = next(file for file in files() if file["path"] == path)
    patterns = {name: pattern_of(name) for name in described["columns"]}
    known = [*patterns.values(), *map(pattern_of, described.get("where_given", ()))]
    unknown = [column for column in columns if not any(pattern.fullmatch(column) for pattern in known)]
    return unknown, [name for name, pattern in patterns.items() if not any(pattern.fullmatch(column) for column in columns)]


def pattern_of(name: str) -> re.Pattern[str]:
    """Return the pattern of a column's name, as `risk_{h}m`, or of a path, in which MODEL stands for any name."""
    parts = re.split(r"\{(\w+)\}", name.replace("MODEL", "{s}"))
    return re.compile("".join(_PARTS[part] if k % 2 else re.escape(part) for k, part in enumerate(parts)))


def page(root: Path) -> str:
    """Return the page, as Markdown."""
    lines = [GENERATED, _HEAD]
    for file in files():
        lines += [f"## `{file['path']}`\n", f"Made by `{file['made_by']}`.{_rows(file)} {file.get('about', '')}".rstrip() + "\n"]
        if "columns" in file:
            schema = SCHEMAS[name].columns if (name := Path(file["path"]).stem) in SCHEMAS and file["path"].startswith("cohort/") else None
            lines += ["| column | type | meaning |", "|---|---|---|"] if schema else ["| column | meaning |", "|---|---|"]
            every = file["columns"] | file.get("where_given", {})
            lines += [_line(name, meaning, schema) for name, meaning in every.items()]
            lines.append("")
    return "\n".join(lines)


def _rows(file: dict[str, Any]) -> str:
    personal = " **personal**." if file.get("personal") else ""
    return f" One row: {file['rows']}.{personal}" if "rows" in file else personal


def _line(name: str, meaning: str, schema: dict[str, Any] | None) -> str:
    cells = [f"`{name}`", *([_type(schema[name])] if schema else []), meaning]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _type(column: Any) -> str:
    """Return the type of a column of the cohort, and the words that it may hold."""
    kind = {
        "datetime64[ns]": "day",
        "category": "text",
        "str": "text",
        "float64": "number",
        "int64": "whole number",
        "Int64": "whole number",
    }[str(column.dtype)]
    words = [word for check in column.checks for word in check.statistics.get("allowed_values", ()) if word]
    return f"{kind}: {', '.join(f'`{word}`' for word in words)}" if words else kind
