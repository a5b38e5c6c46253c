"""A resource has an identity and a version: the latest counts, in whatever order and files they stand, and a deletion takes it back."""

import json

import pytest

from features.intake.quality import clean
from tests.features.sources.fhir.resources import BASE, ICD, bundle, coded, condition, events, observation, patient, read, refusals, values


def at(resource, version=None, updated=None):
    meta = {key: value for key, value in (("versionId", version), ("lastUpdated", updated)) if value is not None}
    return {**resource, "meta": meta}


def hemoglobin(source):
    return [value for _, value, *_ in values(source)]


@pytest.mark.parametrize("turned", [False, True], ids=["older first", "newer first"])
@pytest.mark.parametrize(
    ("older", "newer"),
    [
        (("9", None), ("10", None)),
        ((None, "2020-01-01T00:30:00+02:00"), (None, "2019-12-31T23:00:00Z")),
        (("b7", "2020-01-01T00:00:00Z"), ("a1", "2020-01-01T00:00:00.5Z")),
        ((None, None), ("1", None)),
        (("2", "2020-01-01T00:00:00Z"), ("2", "2020-01-02T00:00:00Z")),
    ],
)
def test_the_latest_version_counts_whatever_the_order(bulk, older, newer, turned):
    versions = [at(observation(id="o", value=9), *older), at(observation(id="o", value=13), *newer)]
    source = read(bulk(patient(), condition(), *(reversed(versions) if turned else versions)))
    assert hemoglobin(source) == ["13.0"]
    assert "1 earlier versions of resources are left aside: the latest version of each counts" in source.notes


def test_the_latest_version_counts_whatever_the_file(tmp_path):
    bundle(tmp_path / "1.json", patient(), condition(), at(observation(id="o", value=13), "2"))
    (tmp_path / "2.ndjson").write_text(json.dumps(at(observation(id="o", value=9), "1")))
    assert hemoglobin(read(tmp_path)) == ["13.0"]


def test_a_result_entered_in_error_later_is_taken_back(bulk):
    source = read(bulk(*BASE, at(observation(id="o", day="2016-01-01"), "1"), at(observation(id="o", status="entered-in-error"), "2")))
    assert [row[3] for row in values(source)] == ["2015-02-01"]
    assert events(source) == [("a", "last_contact", "2015-02-01", "")]


def test_a_result_corrected_after_it_was_entered_in_error_counts(bulk):
    source = read(bulk(patient(), condition(), at(observation(id="o"), "3"), at(observation(id="o", status="entered-in-error"), "2")))
    assert hemoglobin(source) == ["13.7"]


@pytest.mark.parametrize("turned", [False, True], ids=["withdrawn last", "withdrawn first"])
@pytest.mark.parametrize(
    ("stands", "withdrawn"),
    [((None, None), (None, None)), (("1", None), (None, None)), (("2", None), ("2", None)), ((None, "2020-01-01"), (None, "2020-01-01"))],
    ids=["no versions", "one of no version", "the same number", "the same time"],
)
@pytest.mark.parametrize("status", ["entered-in-error", "cancelled"])
def test_a_result_is_refused_where_nothing_says_whether_it_was_withdrawn_before_or_after(bulk, status, stands, withdrawn, turned):
    twins = [at(observation(id="o", value=9), *stands), at(observation(id="o", status=status), *withdrawn)]
    source = read(bulk(*BASE, *(reversed(twins) if turned else twins)))
    assert [reason for _, reason, *_ in refusals(source)] == ["withdrawn_twin"]
    assert len(clean(source)[0].measurements) == 1


def test_a_result_of_another_id_or_that_was_not_done_yet_withdraws_nothing(bulk):
    source = read(
        bulk(patient(), condition(), observation(id="o"), observation(id="o", status="registered"), observation(id="p", status="cancelled"))
    )
    assert (refusals(source), hemoglobin(source)) == ([], ["13.7"])


def test_a_progression_that_may_have_been_withdrawn_sets_the_person_aside(bulk):
    said = condition(id="c", day="2017-01-01", code="C90.00", system=ICD)
    source = read(bulk(*BASE, said, {**said, "verificationStatus": coded("x", "refuted")}))
    assert {"withdrawn_twin", "event_refused"} <= {reason for _, reason, *_ in refusals(source)}


def test_what_a_report_contains_may_be_withdrawn_with_it(bulk):
    inside = observation(id="x", day="2016-01-01")
    report = {"resourceType": "DiagnosticReport", "id": "r", "status": "final", "subject": inside["subject"], "contained": [inside]}
    source = read(bulk(*BASE, report, {**report, "status": "entered-in-error"}))
    assert [reason for _, reason, *_ in refusals(source)] == ["withdrawn_twin"]


def test_a_progression_entered_in_error_later_never_was(bulk):
    said = condition(id="c", day="2017-01-01", code="C90.00", system=ICD)
    wrong = {**said, "verificationStatus": coded("x", "entered-in-error")}
    source = read(bulk(*BASE, at(wrong, "2"), at(said, "1")))
    assert [kind for _, kind, *_ in events(source)] == ["last_contact"]


def test_a_patient_exported_twice_is_one_person_as_last_described(tmp_path):
    bundle(tmp_path / "1.json", at(patient(gender="unknown"), "1", "2020-01-01T00:00:00Z"), condition(), observation())
    bundle(tmp_path / "2.json", at(patient(), "2", "2021-01-01T00:00:00Z"), observation(day="2016-01-01"))
    cohort, quarantine = clean(read(tmp_path))
    assert quarantine.empty
    assert cohort.patients["sex"].tolist() == ["female"]
    assert len(cohort.measurements) == 2


def test_the_same_version_twice_counts_once_where_the_content_is_the_same(tmp_path):
    one = at(observation(id="o"), "2")
    bundle(tmp_path / "1.json", patient(), condition(), one)
    bundle(tmp_path / "2.json", {**one, "meta": {"versionId": "2", "source": "#x"}})
    source = read(tmp_path)
    assert refusals(source) == []
    assert hemoglobin(source) == ["13.7"]
    assert any(note.startswith("1 resources stand there again") for note in source.notes)


def test_one_version_with_two_contents_is_a_conflict_and_not_settled_in_silence(bulk):
    source = read(bulk(patient(), condition(), at(observation(id="o", value=9), "2"), at(observation(id="o", value=13), "2")))
    assert [reason for _, reason, *_ in refusals(source)] == ["conflicting_duplicate"]


def test_without_versions_repeats_are_refused_as_duplicates(bulk):
    source = read(bulk(patient(), condition(), observation(id="o"), observation(id="o")))
    assert refusals(source) == [("measurements", "duplicate_row", "Observation.ndjson", 2)]


def test_the_same_number_at_two_servers_is_two_resources(tmp_path):
    for server, value, day in (("north", 9, "2015-02-01"), ("south", 13, "2016-02-01")):
        entries = [{"fullUrl": f"https://{server}.example/Observation/1", "resource": at(observation(id="1", value=value, day=day), "1")}]
        (tmp_path / f"{server}.json").write_text(json.dumps({"resourceType": "Bundle", "entry": entries}))
    bundle(tmp_path / "who.json", patient(), condition(), base="urn:uuid:")
    place = tmp_path / "who.json"
    place.write_text(place.read_text().replace('"urn:uuid:a"}', '"Patient/a"}'))
    assert sorted(hemoglobin(read(tmp_path))) == ["13.0", "9.0"]


def deletion(url, **more):
    return {"request": {"method": "DELETE", "url": url}, **more}


def deletions(path, *entries, kind="transaction", **more):
    path.write_text(json.dumps({"resourceType": "Bundle", "type": kind, "entry": list(entries), **more}) + "\n")


KEPT = observation(id="kept")
GONE = at(observation(id="gone", day="2016-01-01"), "1", "2020-01-01T00:00:00Z")


@pytest.mark.parametrize(
    ("entry", "more"),
    [
        (deletion("Observation/gone"), {}),
        (deletion("/Observation/gone"), {}),
        (deletion("https://h.example/fhir/Observation/gone"), {}),
        (deletion("Observation/gone"), {"meta": {"lastUpdated": "2021-01-01T00:00:00Z"}}),
        (deletion("Observation/gone", response={"lastModified": "2020-01-01T00:00:00Z"}), {"kind": "history"}),
        (deletion("Observation/gone/_history/2"), {"kind": "history"}),
        (deletion("Observation/gone", response={"etag": 'W/"2"'}), {"kind": "history"}),
    ],
)
def test_a_deletion_takes_a_result_back(bulk, tmp_path, entry, more):
    bulk(patient(), condition(), KEPT, GONE)
    deletions(tmp_path / "deleted.ndjson", entry, **more)
    source = read(tmp_path)
    assert [row[3] for row in values(source)] == ["2015-02-01"]
    assert events(source) == [("a", "last_contact", "2015-02-01", "")]
    assert "1 resources are taken back by a deletion and not read" in source.notes


def test_what_was_made_anew_after_its_deletion_counts(bulk, tmp_path):
    bulk(patient(), condition(), KEPT, GONE)
    deletions(tmp_path / "deleted.ndjson", deletion("Observation/gone"), timestamp="2019-01-01T00:00:00Z")
    assert len(values(read(tmp_path))) == 2


def test_a_deleted_progression_never_was_and_a_deleted_person_is_gone(bulk, tmp_path):
    said = condition(id="c", day="2017-01-01", code="C90.00", system=ICD)
    bulk(*BASE, said, patient("b"), condition("b"), observation("b"))
    deletions(tmp_path / "d.ndjson", deletion("Condition/c"), deletion("Patient/b"), deletion("Patient/never-seen"))
    source = read(tmp_path)
    assert [kind for who, kind, *_ in events(source) if who == "a"] == ["last_contact"]
    assert clean(source)[0].patients["patient_id"].tolist() == ["a"]
    assert ("measurements", "missing_reference", "Observation.ndjson", 2) in refusals(source)
    assert "1 deletions name no resource that was read" in source.notes


def test_a_bundle_in_a_line_or_in_a_bundle_is_unpacked(tmp_path):
    inner = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": resource} for resource in BASE]}
    (tmp_path / "all.ndjson").write_text(json.dumps({"resourceType": "Bundle", "entry": [{"resource": inner}]}) + "\n")
    assert hemoglobin(read(tmp_path)) == ["13.7"]


@pytest.mark.parametrize(
    "meta", [None, 5, [], {"versionId": 5}, {"versionId": ["1"]}, {"lastUpdated": "yesterday"}, {"lastUpdated": 5}], ids=str
)
def test_what_cannot_be_understood_of_a_version_is_no_version(bulk, meta):
    assert hemoglobin(read(bulk(patient(), condition(), {**observation(id="o"), "meta": meta}))) == ["13.7"]
