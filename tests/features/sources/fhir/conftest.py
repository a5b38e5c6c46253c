"""A folder of Bulk Data."""

import json

import pytest


@pytest.fixture
def bulk(tmp_path):
    """Return a function that writes resources as Bulk Data, one file a type; text stands for itself. Returns the folder."""

    def write(*resources):
        lines = {}
        for resource in resources:
            kind, line = ("Observation", resource) if isinstance(resource, str) else (resource["resourceType"], json.dumps(resource))
            lines.setdefault(kind, []).append(line)
        for kind, written in lines.items():
            (tmp_path / f"{kind}.ndjson").write_text("\n".join(written) + "\n")
        return tmp_path

    return write
