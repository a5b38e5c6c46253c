"""Elements that may turn the meaning of a resource round: whoever reads it has to understand them, and none is understood here.

FHIR R4: `modifierExtension` stands on a resource or on a part of one, such as a component (extensibility.html, Modifier Extensions), and
`implicitRules` on a resource (resource.html, Resource.implicitRules, is modifier).
"""

from __future__ import annotations

from typing import Any

REASONS = {"modifierExtension": "modifier_extension", "implicitRules": "implicit_rules"}
_PART_OF = ("Medication", "Specimen")  # contained resources that are read with what contains them; of others each is looked at by itself


def modified(resource: dict[str, Any]) -> str:
    """Return the reason code of an element that may turn a resource, or a part of it, round; empty where there is none.

    Examples
    --------
    >>> modified({"component": [{"modifierExtension": [{"url": "https://example.org/not"}]}]}), modified({"implicitRules": None})
    ('modifier_extension', '')
    """
    stack: list[Any] = [resource]
    while stack:
        part = stack.pop()
        if isinstance(part, list):
            stack += part
        elif isinstance(part, dict):
            for name, why in REASONS.items():
                if part.get(name):
                    return why
            stack += [content for name, content in part.items() if isinstance(content, dict | list) and name != "contained"]
            stack += _read_with(part.get("contained"))
    return ""


def _read_with(contained: object) -> list[Any]:
    listed = contained if isinstance(contained, list) else []
    return [one for one in listed if isinstance(one, dict) and one.get("resourceType") in _PART_OF]
