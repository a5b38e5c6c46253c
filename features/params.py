"""The parameter file: read, each name once; its sections become dataclasses, and what is wrong is said in words."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import NoneType
from typing import Any, TypeVar, get_args, get_type_hints

import yaml
from pydantic import TypeAdapter, ValidationError

from myeloma import ConfigError, StateError
from myeloma.errors import nearest

T = TypeVar("T")

DEFAULT_PARAMS = Path("params.yaml")
_OF_THE_PACKAGE = Path(__file__).with_name("params.yaml")  # a link to the repository's, which is copied into the package
# What several rules make up together, or a rule alone does not say.
_ACCEPTED = {
    "landmarks": '"visits", or a list of months after the index date, as in [0, 12, 24]',
    "look_backs": 'a list of windows in days or "ever", as in ["365d", "ever"], or of a line of therapy, as in ["baseline", "since_line"]',
    "interval_fits": "an even number; 0 for no intervals",
}
_UNITS = {"MB": 10**6, "GB": 10**9, "MiB": 2**20, "GiB": 2**30}
_LEAST_MEMORY = 700 * 10**6
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
    "string_too_short": "text, not an empty one, of {min_length} or more characters",
    "tuple_type": "a list, in square brackets",
    "dict_type": "a section of names and values",
    "too_short": "at least {min_length} value(s)",
    "too_long": "{max_length} values",
    "greater_than": "more than {gt}",
    "greater_than_equal": "{ge} or more",
    "less_than": "less than {lt}",
    "less_than_equal": "{le} or less",
}
_UNKNOWN, _NO_SECTION, _MISSING = ("unexpected_keyword_argument", "invalid_key"), "dataclass_type", "missing"


class _EachNameOnce(yaml.SafeLoader):
    """YAML in which no section has two entries of one name: the second would silently win."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
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


def parsed(kind: type[T], section: Any, where: str, spread: tuple[str, ...] = (), **given: Any) -> T:
    """Return a section of a file as the dataclass that it stands for, whose keys must all be known (`extra="forbid"`).

    Parameters
    ----------
    where : what errors call the section, such as `tasks.smm`
    spread : fields that are dataclasses themselves, of which the keys stand in the section and not in one below it
    given : fields that the section's place tells, such as its name; as keys of the section they are unknown

    Raises
    ------
    ConfigError
        A key is unknown (the nearest is named) or missing, or a value has another shape than is accepted.
    """

    def accepted(path: tuple[Any, ...]) -> list[str]:
        if path:
            holder = next((name for name in spread if path[0] in _keys(kind, (name,))), None)
            return _keys(kind, path if holder is None else (holder, *path))
        return [key for key in (*_keys(kind), *(key for name in spread for key in _keys(kind, (name,)))) if key not in {*given, *spread}]

    if not isinstance(section, dict):
        raise _no_section(where, accepted(()))
    if reserved := [key for key in section if key in given or key in spread]:
        raise _unknown(reserved[0], where, accepted(()))
    inner = {name: {key: section[key] for key in _keys(kind, (name,)) if key in section} for name in spread}
    outer = {key: value for key, value in section.items() if not any(key in part for part in inner.values())}
    try:
        return TypeAdapter(kind).validate_python({**outer, **inner, **given})
    except ValidationError as error:
        problems = [{**problem, "loc": tuple(step for step in problem["loc"] if step not in spread)} for problem in error.errors()]
        raise _in_words(problems, where, accepted) from None


def in_words(error: ValidationError, where: str) -> str:
    """Return what stands where it is not accepted, and what is: once for each place."""
    return _values_in_words([dict(problem) for problem in error.errors()], where)


def _keys(kind: Any, path: tuple[Any, ...] = ()) -> list[str]:
    """Return the keys of a dataclass, or of what lies so far inside it."""
    for step in path:
        kind = get_type_hints(kind)[step] if is_dataclass(kind) else get_args(kind)[-1]
        if NoneType in (several := get_args(kind)):
            kind = next(one for one in several if one is not NoneType)
    return [field.name for field in fields(kind)]


def _in_words(problems: list[dict[str, Any]], where: str, accepted: Callable[[tuple[Any, ...]], list[str]]) -> ConfigError:
    """Return the error that says the first thing to mend: an unknown key, no section, missing keys; or else every wrong value."""
    for problem in sorted((p for p in problems if p["type"] in _UNKNOWN), key=lambda p: (len(p["loc"]), str(p["loc"][-1]))):
        *inside, key = problem["loc"]
        return _unknown(key, ".".join((where, *map(str, inside))), accepted(tuple(inside)))
    for problem in (p for p in problems if p["type"] == _NO_SECTION):
        return _no_section(".".join((where, *map(str, problem["loc"]))), accepted(problem["loc"]))
    missing = [p["loc"] for p in problems if p["type"] == _MISSING and not isinstance(p["loc"][-1], int)]
    for inside in sorted({loc[:-1] for loc in missing}, key=len):
        keys = sorted(loc[-1] for loc in missing if loc[:-1] == inside)
        return ConfigError(f"{'.'.join((where, *map(str, inside)))} lacks: {', '.join(keys)}.")
    return ConfigError(f"{_values_in_words(problems, where)}.", "see params.yaml in the repository.")


def _unknown(key: Any, where: str, accepted: list[str]) -> ConfigError:
    return ConfigError(f'Unknown key "{key}" in {where}.', nearest(str(key), accepted))


def _no_section(where: str, accepted: list[str]) -> ConfigError:
    return ConfigError(f"{where} is empty, or is not a section.", f"Accepted: {', '.join(sorted(accepted))}.")


def _values_in_words(problems: list[dict[str, Any]], where: str) -> str:
    said: dict[str, str] = {}
    within = {problem["loc"][:-1] for problem in problems}
    for problem in problems:
        if problem["type"] == "too_short" and problem["loc"] in within:  # the list has entries, which are not accepted
            continue
        path = problem["loc"]
        if path[0] in _ACCEPTED:
            path, accepted = path[:1], _ACCEPTED[str(path[0])]
        elif problem["type"] == _MISSING:
            lacking = path[-1]
            path, accepted = path[:-1], "one value more" if isinstance(lacking, int) else f'the same with "{lacking}"'
        else:
            accepted = _KINDS.get(problem["type"], problem["msg"]).format_map(problem.get("ctx", {}))
        place = "".join(f", entry {step + 1}," if isinstance(step, int) else f".{step}" for step in path)
        said.setdefault(place, f"{where}{place} is {json.dumps(problem['input'], default=str)}, accepted: {accepted}")
    return "; ".join(said.values())


def memory_bytes(text: str) -> int:
    """Return an amount of memory, such as 2GB or 800MB, in bytes.

    Raises
    ------
    ConfigError
        It is not written so, or less than the program itself needs.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(MB|GB|MiB|GiB)", text.strip())
    if not found:
        raise ConfigError(f'"{text}" is not an amount of memory.', f"a number and one of {', '.join(_UNITS)}, as in 2GB.")
    amount = round(float(found[1]) * _UNITS[found[2]])
    if amount < _LEAST_MEMORY:
        raise ConfigError(
            f"{text} is too little memory.", f"at least {_LEAST_MEMORY // 10**6}MB: the libraries alone take half a gigabyte."
        )
    return amount
