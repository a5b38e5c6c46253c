"""The parameter file as it lies there: read, each name once, and what is wrong with a value said in words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from myeloma import ConfigError, StateError

DEFAULT_PARAMS = Path("params.yaml")
_OF_THE_PACKAGE = Path(__file__).with_name("params.yaml")  # a link to the repository's, which is copied into the package
# What several rules make up together, or a rule alone does not say.
_ACCEPTED = {
    "landmarks": '"visits", or a list of months after the index date, as in [0, 12, 24]',
    "look_backs": 'a list of windows in days or "ever", as in ["365d", "ever"]',
    "interval_fits": "an even number; 0 for no intervals",
}
_WHOLE, _NUMBER, _FLAG = "a whole number", "a number", "true or false"
_KINDS = {
    "literal_error": "{expected}",
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_from_float": _WHOLE,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "bool_type": _FLAG,
    "bool_parsing": _FLAG,
    "string_type": "text",
    "tuple_type": "a list, in square brackets",
    "dict_type": "a section of names and values",
    "too_short": "at least {min_length} value(s)",
    "too_long": "{max_length} values",
    "greater_than": "more than {gt}",
    "greater_than_equal": "{ge} or more",
    "less_than": "less than {lt}",
    "less_than_equal": "{le} or less",
}


class _EachNameOnce(yaml.SafeLoader):
    """YAML in which no section has two entries of one name: the second would silently win."""

    def compose_mapping_node(self, anchor: str | None) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        seen: set[str] = set()
        for key, _ in node.value:
            if str(key.value) in seen:
                what = f'"{key.value}" stands twice in one section of the parameter file, again in line {key.start_mark.line + 1}.'
                raise ConfigError(what, "rename or remove one of them.")
            seen.add(str(key.value))
        return node


def read_params(params: Path) -> dict[str, Any]:
    """Return the content of a parameter file; where none is named and none lies here, of the one that comes with the package."""
    if params == DEFAULT_PARAMS and not params.is_file():
        params = _OF_THE_PACKAGE
    if not params.is_file():
        raise StateError(f"No file {params} here.", "name a parameter file; without --params it is params.yaml here, or the package's own.")
    try:
        content = yaml.load(params.read_text(encoding="utf-8"), _EachNameOnce)
    except yaml.YAMLError as error:
        raise ConfigError(f"{params} is not valid YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict):
        raise ConfigError(f"{params} does not hold a mapping of sections.")
    return content


def in_words(error: ValidationError, where: str) -> str:
    """Return what stands where it is not accepted, and what is: once for each place."""
    said, problems = {}, error.errors()
    within = {problem["loc"][:-1] for problem in problems}
    for problem in problems:
        if problem["type"] == "too_short" and problem["loc"] in within:  # the list has entries, which are not accepted
            continue
        path = [step for step in problem["loc"] if step != "features"]
        if path[0] in _ACCEPTED:
            path, accepted = path[:1], _ACCEPTED[str(path[0])]
        elif problem["type"] == "missing":
            lacking = path[-1]
            path, accepted = path[:-1], "one value more" if isinstance(lacking, int) else f'the same with "{lacking}"'
        else:
            accepted = _KINDS.get(problem["type"], problem["msg"]).format_map(problem.get("ctx", {}))
        place = "".join(f", entry {step + 1}," if isinstance(step, int) else f".{step}" for step in path)
        said.setdefault(place, f"{where}{place} is {json.dumps(problem['input'], default=str)}, accepted: {accepted}")
    return "; ".join(said.values())
