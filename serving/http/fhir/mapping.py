"""Which codes of a Bundle mean what, by the stage that a model is for."""

from __future__ import annotations

from collections.abc import Mapping as ByName
from pathlib import Path

from features.cohort.schema import STAGES
from features.sources.mapping import Mapping, parse_mapping, read_yaml
from myeloma import ConfigError
from myeloma.errors import nearest

SHIPPED = Path(__file__).with_name("mapping.yaml")
_EVERY = "every"
_SECTIONS = (_EVERY, *STAGES)


def mappings_in(path: Path = SHIPPED) -> ByName[str, Mapping]:
    """Return the mapping of each stage that a file has a section for.

    Raises
    ------
    StateError
        There is no such file.
    ConfigError
        It is not YAML, a section or key is unknown, or a value has another shape than is accepted.
    """
    content = read_yaml(path, "serving/http/fhir/mapping.yaml is the one that ships, to be copied.")
    if not isinstance(content, dict) or not all(isinstance(section, dict) for section in content.values()):
        raise ConfigError(f"{path.name} is empty, or a section of it is none.", f"Sections: {', '.join(_SECTIONS)}.")
    if unknown := sorted(str(name) for name in content if name not in _SECTIONS):
        raise ConfigError(f'Unknown section "{unknown[0]}" in {path.name}.', nearest(unknown[0], _SECTIONS))
    every = content.get(_EVERY, {})
    return {
        stage: parse_mapping({**every, **section, "stage": stage}, f"{path.name}, {stage}")
        for stage, section in content.items()
        if stage != _EVERY
    }
