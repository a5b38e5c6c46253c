"""A result that does not say when it was collected is of the time of the report that lists it."""

import json

import pytest

from tests.features.sources.fhir.resources import bundle, condition, events, observation, patient, read, refusals, values

UNTIMED = observation(day=None, id="o")


def report(day="2015-03-01", name="r", result="Observation/o", **more):
    about = {"resourceType": "DiagnosticReport", "id": name, "status": "final", "subject": {"reference": "Patient/a"}}
    return {**about, "effectiveDateTime": day, "result": [{"reference": result}], **more}


def times(source):
    return [(collected, available) for *_, collected, available in values(source)]


@pytest.mark.parametrize("turned", [False, True], ids=["report last", "report first"])
def test_the_time_of_a_report_is_that_of_the_results_it_lists(tmp_path, turned):
    one = [UNTIMED, report(issued="2015-03-02T10:00:00Z")]
    lines = [patient(), condition(), *(reversed(one) if turned else one)]
    (tmp_path / "all.ndjson").write_text("\n".join(map(json.dumps, lines)))
    assert times(read(tmp_path)) == [("2015-03-01", "2015-03-02T10:00:00Z")]


def test_a_report_finds_its_results_by_full_url(tmp_path):
    place = bundle(tmp_path / "one.json", patient(), condition(), UNTIMED, report(result="urn:uuid:o"))
    assert times(read(place)) == [("2015-03-01", "")]


def group(name="g", member="Observation/o", **more):
    panel = observation(day=None, id=name, code="58410-2", value=None, valueQuantity=None, hasMember=[{"reference": member}])
    return {**panel, **more}


def test_the_time_of_a_report_is_that_of_the_members_of_the_groups_it_lists(bulk):
    groups = [group(), group("all", "Observation/g"), group("g2", "Observation/all")]
    groups[0]["hasMember"].append({"reference": "Observation/g2"})  # in a circle
    assert times(read(bulk(patient(), condition(), UNTIMED, *groups, report(result="Observation/all")))) == [("2015-03-01", "")]


def test_a_group_holds_no_result_and_needs_no_code_in_a_mapping(bulk):
    source = read(bulk(patient(), condition(), observation(), group(code=UNTIMED["code"], effectiveDateTime="2015-05-01"), group("h")))
    assert (len(values(source)), refusals(source)) == (1, [])
    assert not any("not mapped" in note for note in source.notes)
    assert events(source) == [("a", "last_contact", "2015-05-01", "")]


@pytest.mark.parametrize("listed", [[report(result="Observation/g")], []], ids=["in a report", "alone"])
def test_a_group_with_a_time_of_its_own_is_nearer_than_its_report(bulk, listed):
    source = read(bulk(patient(), condition(), UNTIMED, group(effectiveDateTime="2015-03-08"), *listed))
    assert times(source) == [("2015-03-08", "")]


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ({"effectiveDateTime": "2015-02-01"}, ("2015-02-01", "")),
        ({"effectivePeriod": {"end": "2015-02-02"}}, ("2015-02-02", "")),
        ({"issued": "2015-03-05T10:00:00Z"}, ("2015-03-01", "2015-03-05T10:00:00Z")),
        ({"valueQuantity": None, "valueInteger": 0}, ("2015-03-01", "")),
    ],
    ids=["a day", "a period", "an issue", "nothing but a 0"],
)
def test_what_a_result_says_itself_counts(bulk, own, said):
    result = {key: content for key, content in {**UNTIMED, **own}.items() if content is not None}
    assert times(read(bulk(patient(), condition(), result, report()))) == [said]


def test_two_reports_of_one_time_agree_and_the_later_issue_counts(bulk):
    both = [report(issued="2015-03-02T10:00:00Z"), report(name="s", issued="2015-03-04T10:00:00Z")]
    assert times(read(bulk(patient(), condition(), UNTIMED, *both))) == [("2015-03-01", "2015-03-04T10:00:00Z")]


@pytest.mark.parametrize(
    "reports",
    [
        [report(), report("2015-03-09", "s")],
        [report(), group(effectiveDateTime="2015-03-09")],
        [report(status="entered-in-error")],
        [report(modifierExtension=[{"url": "x"}])],
        [report(result="Observation/other")],
        [report(result=None)],
        [report(day=None, issued="2015-03-02T10:00:00Z")],
        [report(day=5)],
    ],
    ids=["two times", "two times, one of a group", "withdrawn", "turned round", "of another", "of none", "no time", "broken"],
)
def test_a_time_that_no_report_tells_for_certain_is_not_made_up(bulk, reports):
    source = read(bulk(patient(), condition(), UNTIMED, *reports))
    assert [reason for _, reason, *_ in refusals(source)] == ["missing_value"]
