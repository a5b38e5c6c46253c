"""A name that stands twice in one object of a FHIR file: the resource is refused, and no other."""

import json

import pytest

from features.intake.quality import inspect
from features.sources.fhir.twice import resources_read
from tests.features.sources.fhir.resources import BASE, condition, observation, read, refusals

ROWS = [*BASE, observation(day="2015-03-01", value=12.5)]


def written(folder, rows, row, old, new):
    """Write an NDJSON file in which something is put beside a part of one row."""
    lines = list(map(json.dumps, rows))
    assert old in lines[row]
    lines[row] = lines[row].replace(old, f"{new}, {old}", 1)
    (folder / "x.ndjson").write_text("\n".join(lines))
    return folder


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"value": 12.5', '"value": 1.5'),
        ('"status": "final"', '"status": "cancelled"'),
        ('"code": {"coding"', '"code": {"text": "pulse"}'),
        ('"valueQuantity"', '"value\\u0051uantity": {"value": 9}'),
    ],
)
def test_a_result_is_refused_alone(tmp_path, old, new):
    source = read(written(tmp_path, ROWS, 3, old, new))
    assert refusals(source) == [("measurements", "repeated_name", "x.ndjson", 4)]
    assert inspect(source)[0].measurements["value"].tolist() == [13.7]
    assert any(note.startswith("1 resources hold a name twice") for note in source.notes)


@pytest.mark.parametrize(
    ("rows", "old", "new", "table"),
    [
        ([condition(code="C90.00"), *BASE], '"code": {"coding"', '"code": {}', "events"),
        (BASE, '"birthDate"', '"birthDate": "1940-01-01"', "patients"),
    ],
)
def test_a_diagnosis_and_a_patient_set_their_person_aside(tmp_path, rows, old, new, table):
    source = read(written(tmp_path, rows, 0, old, new))
    assert (table, "repeated_name", "x.ndjson", 1) in refusals(source)
    assert inspect(source)[0].patients.empty


def test_an_entry_of_a_bundle_is_refused_alone_and_what_is_around_all_refuses_all(tmp_path):
    bundle = json.dumps({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in ROWS]})
    (tmp_path / "x.json").write_text(bundle.replace('"value": 12.5', '"value": 1.5, "value": 12.5'))
    assert refusals(read(tmp_path)) == [("measurements", "repeated_name", "x.json", 4)]
    twice = bundle.replace('"type": "collection"', '"type": "batch", "type": "collection"').encode()
    assert [entry["resource"]["code"] for entry in resources_read(twice)["entry"]] == ["repeated_name"] * 4


def test_what_stands_once_is_read_as_it_was():
    raw = json.dumps(ROWS[3], indent=2).encode()
    assert resources_read(raw) == ROWS[3]
    assert resources_read(raw.replace(b"final", b"final\\u003a"))["status"] == "final:"
