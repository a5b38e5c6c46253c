"""What version 1 of the interface promises, from its own description: `python -m tests.serving.http.contract` writes it down."""

import json
from pathlib import Path

from serving.http.api import make_app

KEPT = Path(__file__).with_name("contract_v1.json")
REQUESTS = ("History", "Histories", "Patient", "Measurement", "Event")


def promised():
    """Return paths with their methods and statuses; of each schema its fields with their types; of requests which must be sent."""
    content = make_app({}).openapi()
    schemas = content["components"]["schemas"]
    paths = [
        f"{method.upper()} {path} {status}"
        for path, methods in content["paths"].items()
        for method, of in methods.items()
        for status in of["responses"]
    ]
    fields = {name: {field: kind(of) for field, of in schema.get("properties", {}).items()} for name, schema in schemas.items()}
    return {
        "paths": sorted(paths),
        "fields": {name: dict(sorted(of.items())) for name, of in sorted(fields.items())},
        "needed": {name: sorted(schemas[name].get("required", [])) for name in REQUESTS},
    }


def kind(of):
    """Return the type of a field in one word."""
    if "$ref" in of:
        return of["$ref"].rpartition("/")[2]
    if "anyOf" in of:
        return " | ".join(sorted(map(kind, of["anyOf"])))
    if of.get("type") == "array":
        return f"[{kind(of['items'])}]" if "items" in of else "[any]"
    if "enum" in of:
        return " | ".join(map(str, of["enum"]))
    if of.get("type") == "object" and isinstance(of.get("additionalProperties"), dict):
        return f"{{{kind(of['additionalProperties'])}}}"
    return of.get("type", "any")


if __name__ == "__main__":
    found = promised()
    if KEPT.exists():
        before = json.loads(KEPT.read_text(encoding="utf-8"))
        gone = [name for name, of in before["fields"].items() if of.items() - found["fields"].get(name, {}).items()]
        if gone or set(before["paths"]) - set(found["paths"]):
            raise SystemExit(f"version 1 promised what is no longer there: {gone}")
    KEPT.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
