"""No risk is an OperationOutcome with a reason, never a probability of 0; part of a history, or two people, are never scored."""

import json

import pytest
from fastapi.testclient import TestClient
from fhir.resources.R4B.operationoutcome import OperationOutcome

from serving.http.api import make_app
from serving.http.body import MOST_BYTES
from serving.http.waiting import Desk
from serving.http.watched import watched
from tests.mutated import NAME, mutated
from tests.serving.http.fhir.bundles import (
    ATC,
    FHIR,
    ICD,
    LOINC,
    RXNORM,
    SCT,
    UCUM,
    bundle,
    coded,
    condition,
    observation,
    order,
    patient,
    person,
    post,
    reasons,
)

ICD_GM = "http://fhir.de/CodeSystem/bfarm/icd-10-gm"


def refused(response, status=422):
    """Return the reasons of a refusal, which the standard's own classes take as it is."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/fhir+json"
    OperationOutcome.model_validate_json(response.content)
    return reasons(response)


def changed(place, **parts):
    """Return a Bundle in which one resource has other elements; None leaves an element out."""
    resources = person()
    resources[place] = {key: content for key, content in (resources[place] | parts).items() if content is not None}
    return bundle(*resources)


def outcome(severity, code):
    return {"resourceType": "OperationOutcome", "issue": [{"severity": severity, "code": code}]}


def of_batch(status):
    sent = bundle(bundle(*person(), kind="searchset"), kind="batch-response")
    sent["entry"].append({"response": {"status": status}})
    return sent


def absent(reason):
    """Return the last result as one of which only the reason is known why there is none."""
    return {key: content for key, content in person()[6].items() if key != "valueQuantity"} | {"dataAbsentReason": coded("x", reason)}


def undated(**parts):
    """Return a hemoglobin that says no day."""
    return {**observation("x", "718-7", None, 12, "g/dL"), **parts}


def report(**more):
    about = {"resourceType": "DiagnosticReport", "id": "r", "status": "final", "code": {"text": "x"}, "effectiveDateTime": "2022-07-10"}
    return {**about, "subject": {"reference": "Patient/p1"}, "contained": [undated()], **more}


def of_medication(*ingredients):
    """Return the parts of an order that name a Medication which it contains; None takes the place of the concept."""
    listed = [{"itemCodeableConcept": concept} for concept in ingredients]
    contained = [{"resourceType": "Medication", "id": "m", **({"ingredient": listed} if listed else {})}]
    return {"medicationReference": {"reference": "#m"}, "contained": contained}


def reported(*days):
    """Return a person with a result that says no day, and reports of these days that list it."""
    listed = [report(id=f"r{day}", contained=[], result=[{"reference": "Observation/x"}], effectiveDateTime=day) for day in days]
    return [*person(), undated(), *listed]


PARTIAL = {
    "a next page": bundle(*person(), kind="searchset", link=[{"relation": "next", "url": "https://x"}]),
    "a next page of a Bundle inside": bundle(bundle(*person(), kind="searchset", link=[{"relation": "next", "url": "https://x"}])),
    "fewer than the search found": bundle(*person(), kind="searchset", total=8),
    "a search that failed": bundle(*person(), outcome("error", "processing"), kind="searchset"),
    "a source that did not answer": bundle(*person(), outcome("warning", "incomplete"), kind="searchset"),
    "a request of a batch that failed": of_batch("403 Forbidden"),
    "elements left out": changed(6, meta={"tag": [{"code": "SUBSETTED"}]}),
    "elements blackened": changed(6, meta={"security": [{"code": "REDACTED"}]}),
}


@pytest.mark.parametrize("sent", PARTIAL.values(), ids=PARTIAL)
def test_part_of_a_history_is_refused(client, sent):
    assert set(refused(post(client, sent))) == {"partial_history"}


REFUSED = {
    "nobody": (bundle(*person()[1:]), "no_patient"),
    "an empty Bundle": (bundle(), "no_patient"),
    "two people": (bundle(*person(), patient("p2")), "several_people"),
    "a result of somebody else": (bundle(*person(), observation("x", "718-7", "2022-07-10", 12, "g/dL", name="p2")), "other_subject"),
    "results of patients of two servers": (
        bundle(
            *person(),
            *(
                observation(f"s{server}", "718-7", "2022-07-10", 12, "g/dL", subject={"reference": f"https://{server}.example/Patient/p1"})
                for server in ("north", "south")
            ),
        ),
        "other_subject",
    ),
    "a result of somebody else that is not read": (
        bundle(*person(), observation("x", "8302-2", "2022-07-10", 1, "m", name="p2")),
        "other_subject",
    ),
    "a visit of somebody else": (bundle(*person(), {"resourceType": "Encounter", "subject": {"reference": "Patient/p2"}}), "other_subject"),
    "one person with two birth dates": (bundle(*person(), patient(birthDate="1961-01-01")), "repeated_patient"),
    "a member of a panel that is not there": (
        bundle(
            *person(), observation("g", "55231-5", "2022-07-10", 1, "1", valueQuantity=None, hasMember=[{"reference": "Observation/x"}])
        ),
        "missing_reference",
    ),
    "a second band without the first": (bundle(*person(), observation("b2", "35559-4", "2022-07-11", 1.1, "g/dL")), "lone_component"),
    "no diagnosis": (changed(1, code=coded(SCT, "1")), "no_index"),
    "another stage": (changed(1, code=coded(SCT, "277577000")), "no_index"),
    "a diagnosis of a year": (changed(1, onsetDateTime="2022"), "bad_date"),
    "myeloma since": (bundle(*person(), condition("109989006", id="c2", day="2022-05-01")), "progressed"),
    "myeloma since the last result": (bundle(*person(), condition("109989006", id="c2", day="2022-08-01")), "progressed"),
    "dead since the last result": (changed(0, deceasedDateTime="2022-08-01"), "dead"),
    "treated since the last result": (bundle(*person(), order(coded(ATC, "L01FC01"), day="2022-08-01")), "treated"),
    "myeloma by ICD alone": (bundle(*person(), condition("C90.00", ICD, id="c2", day="2022-05-01")), "progressed"),
    "a diagnosis of plasma cells that nobody mapped": (
        bundle(*person(), condition(id="c2") | {"code": coded(SCT, "23132008", text="AL amyloidosis")}),
        "diagnosis_not_mapped",
    ),
    "a plasmacytoma by its code alone": (bundle(*person(), condition("C90.30", ICD, id="c2")), "diagnosis_not_mapped"),
    "AL amyloidosis by its code alone": (bundle(*person(), condition("E85.81", ICD, id="c2")), "diagnosis_not_mapped"),
    "a mapped code in a system that is not": (bundle(*person(), condition("C90.00", ICD_GM, id="c2")), "diagnosis_not_mapped"),
    "a myeloma named in another language": (
        bundle(*person(), condition(id="c2") | {"code": {"text": "Mieloma múltiple"}}),
        "diagnosis_not_mapped",
    ),
    "treated, by code": (bundle(*person(), order(coded(ATC, "L01FC01"))), "treated"),
    "treated, by name": (bundle(*person(), order(coded(RXNORM, "1", text="Lenalidomide 25 MG Oral Capsule"))), "treated"),
    "treated, by brand": (bundle(*person(), order({"coding": [{"code": "1", "display": "REVLIMID 10 mg"}]})), "treated"),
    "treated, dispensed": (bundle(*person(), order({"text": "Revlimid"}, kind="MedicationDispense")), "treated"),
    "treated, given": (bundle(*person(), order({"text": "bortezomib"}, kind="MedicationAdministration")), "treated"),
    "treated, taken": (bundle(*person(), order({"text": "pomalidomide"}, kind="MedicationStatement")), "treated"),
    "a drug of which nothing is said": (bundle(*person(), order(coded(RXNORM, "1"))), "unnamed_drug"),
    "treated, by an ingredient": (bundle(*person(), order(None, **of_medication({"text": "Bortezomib"}))), "treated"),
    "treated, by a regimen": (bundle(*person(), order({"text": "VRd cycle 1"})), "treated"),
    "treated, by ATC in lower case": (bundle(*person(), order(coded(ATC, "l01xg01"))), "treated"),
    "treated, by the OID of the ATC": (bundle(*person(), order(coded("urn:oid:2.16.840.1.113883.6.73", "L01XG01"))), "treated"),
    "treated, by Germany's ATC": (bundle(*person(), order(coded("http://fhir.de/CodeSystem/bfarm/atc", "L01XG01"))), "treated"),
    "a Medication of which nothing is said": (bundle(*person(), order(None, **of_medication())), "unnamed_drug"),
    "MGUS by Germany's ICD alone": (changed(1, code=coded(ICD_GM, "D47.2")), "no_index"),
    "hemoglobin under LOINC's OID": (
        bundle(*person(), observation("x", "", "2022-07-10", 8, "g/dL", code=coded("urn:oid:2.16.840.1.113883.6.1", "718-7"))),
        "criteria_met",
    ),
    "dead": (changed(0, deceasedDateTime="2022-07-10"), "dead"),
    "dead, nobody knows when": (changed(0, deceasedBoolean=True), "dead"),
    "dead, in a year": (changed(0, deceasedDateTime="2022"), "dead"),
    "dead, in a month": (changed(0, deceasedDateTime="2022-07"), "dead"),
    "dead, on a day that cannot be": (changed(0, deceasedDateTime="2022-02-31"), "bad_date"),
    "about whom a server would look up": (changed(6, subject={"reference": "Patient?identifier=urn:mrn|SENTINEL"}), "missing_reference"),
    "no day, and reports that say two": (
        bundle(*reported("2022-07-10", "2022-07-09")),
        "missing_value",
    ),
    "under age": (changed(0, birthDate="2010-01-01"), "under_age"),
    "no result": (bundle(*person()[:2]), "no_visit"),
    "light chains of urine": (
        changed(6, contained=[{"resourceType": "Specimen", "id": "s", "type": coded(SCT, "122575003")}], specimen={"reference": "#s"}),
        "wrong_specimen",
    ),
    "a unit that contradicts its code": (
        changed(6, valueQuantity={"value": 1, "unit": "mg/dL", "system": UCUM, "code": "mg/L"}),
        "unknown_unit",
    ),
    "no unit": (changed(6, valueQuantity={"value": 10}), "unknown_unit"),
    "a decimal comma": (changed(6, valueQuantity=None, valueString="10,5"), "not_a_number"),
    "at least nothing": (changed(6, valueQuantity={"value": 0, "comparator": ">=", "unit": "mg/L"}), "not_a_number"),
    "a value beside a reason why there is none": (changed(6, dataAbsentReason=coded("x", "unknown")), "absent_value"),
    "a value that is masked": (changed(6, valueQuantity=None, dataAbsentReason=coded("x", "masked")), "missing_value"),
    "a value of a type that is not read": (changed(6, valueQuantity=None, valueRange={"low": {"value": 1}}), "missing_value"),
    "a month": (changed(6, effectiveDateTime="2022-07"), "bad_date"),
    "no day": (changed(6, effectiveDateTime=None), "missing_value"),
    "two values of one time": (bundle(*person(), observation("x", "bmpc", "2022-01-10", 23, "%")), "conflicting_duplicate"),
    "one result under two names": (bundle(*person(), observation("x", "bmpc", "2022-01-10", 22, "%")), "duplicate_row"),
    "a result that may have been withdrawn": (bundle(*person(), {**person()[6], "status": "entered-in-error"}), "withdrawn_twin"),
    "a result that may have been withdrawn, without its value": (
        bundle(*person(), {**absent("unknown"), "status": "entered-in-error"}),
        "withdrawn_twin",
    ),
    "a modifier that nobody understands": (changed(6, modifierExtension=[{"url": "x"}]), "modifier_extension"),
    "a modifier of a component": (
        changed(3, component=[{"code": coded(LOINC, "718-7"), "modifierExtension": [{"url": "x"}]}]),
        "modifier_extension",
    ),
    "a modifier of a report that contains results": (bundle(*person(), report(modifierExtension=[{"url": "x"}])), "modifier_extension"),
    "a modifier of a result in a report": (
        bundle(*person(), report(contained=[{**person()[6], "modifierExtension": [{"url": "x"}]}])),
        "modifier_extension",
    ),
    "a modifier of an entry": (
        bundle(*person()) | {"entry": [{"resource": patient(), "modifierExtension": [{"url": "x"}]}]},
        "modifier_extension",
    ),
    "rules that nobody understands": (changed(6, implicitRules="https://example.org/rules"), "implicit_rules"),
    "rules of a Bundle": (bundle(*person(), implicitRules="https://example.org/rules"), "implicit_rules"),
    "more components than a panel has, in a report": (
        bundle(*person(), report(contained=[undated(component=[{"code": coded(LOINC, "718-7")}] * 101)])),
        "too_long",
    ),
    "a result about somebody else": (changed(6, focus=[{"reference": "RelatedPerson/donor"}]), "other_focus"),
    "a result about somebody else, in a report": (
        bundle(*person(), report(contained=[undated(focus=[{"reference": "Patient/p2"}])])),
        "other_focus",
    ),
    "a diagnosis that is over": (changed(1, clinicalStatus=coded("x", "resolved")), "diagnosis_not_active"),
    "a number as text": (changed(6, valueQuantity={"value": "10", "unit": "mg/L"}), "broken_resource"),
    "a unit without end": (changed(6, valueQuantity={"value": 10, "unit": "m" * 2000}), "broken_resource"),
    "more entries than there are of a person": ({"resourceType": "Bundle", "entry": [{}] * 20_001}, "too_long"),
    "more components than a panel has": (changed(3, component=[{"code": coded(LOINC, "718-7")}] * 101), "too_long"),
    "digits without end": (changed(6, valueQuantity=None, valueString="1" * 100_000 + "x"), "broken_resource"),
}


@pytest.mark.parametrize(("sent", "code"), REFUSED.values(), ids=REFUSED)
def test_what_ingest_would_leave_out_or_nobody_may_be_told_is_refused_with_its_reason(client, sent, code):
    assert code in refused(post(client, sent))


UNCONFIRMED = coded("http://terminology.hl7.org/CodeSystem/condition-ver-status", "refuted")
TOLD = {
    "the code of myeloma beside that of smoldering myeloma": {
        "code": {"coding": [{"system": ICD_GM, "code": "C90.00"}, {"system": SCT, "code": "413587002"}]}
    },
    "a code that a section for another stage maps": {"code": coded(ICD, "D47.2")},
    "a diagnosis that was refuted": {"code": coded(ICD, "C90.30"), "verificationStatus": UNCONFIRMED},
    "a diagnosis of a relative": {"code": {"text": "Family history of multiple myeloma"}},
}


@pytest.mark.parametrize("parts", TOLD.values(), ids=TOLD)
def test_a_diagnosis_that_is_told_is_no_reason_to_refuse(client, parts):
    assert post(client, bundle(*person(), condition(id="c2") | parts)).status_code == 200


def test_the_refusal_of_a_code_names_the_code_and_that_of_a_text_does_not_repeat_it(client):
    by_code, by_text = ({"code": coded(ICD, "C90.20")}, {"code": {"text": "SENTINEL myeloma"}})
    (issue,) = post(client, bundle(*person(), condition(id="c2") | by_code)).json()["issue"]
    assert issue["expression"] == ["Bundle.entry[7].resource.code"] and 'received: "C90.20"' in issue["diagnostics"]
    assert "SENTINEL" not in post(client, bundle(*person(), condition(id="c2") | by_text)).text


OVER = [{"clinicalStatus": coded("x", code)} for code in ("inactive", "remission", "resolved")]
OVER += [{"clinicalStatus": {"text": "Resolved"}}, {"abatementDateTime": "2022-06-01"}, {"abatementAge": {"value": 62, "unit": "a"}}]


@pytest.mark.parametrize("over", OVER, ids=str)
def test_a_precursor_that_is_over_is_no_silent_yes(client, over):
    assert refused(post(client, changed(1, **over))) == ["diagnosis_not_active"]


@pytest.mark.parametrize("code", ["active", "recurrence", "relapse"])
def test_a_precursor_that_is_there_or_there_again_has_a_risk(client, code):
    assert post(client, changed(1, clinicalStatus=coded("x", code), abatementDateTime=None)).status_code == 200


def test_what_ended_a_precursor_is_told_instead_of_its_end(client):
    resources = changed(1, clinicalStatus=coded("x", "resolved"))["entry"]
    ended = [condition("109989006", id="c2", day="2022-05-01"), order({"text": "Revlimid"})]
    for reason, one in zip(("progressed", "treated"), ended, strict=True):
        assert refused(post(client, bundle(*(entry["resource"] for entry in resources), one))) == [reason]


@pytest.mark.parametrize("day", [{"deceasedBoolean": True}, {"deceasedDateTime": "2022"}], ids=str)
def test_of_a_death_without_a_day_nothing_else_is_told_and_nothing_at_any_other_day(client, day):
    sent = changed(0, **day)
    sent["entry"].append({"resource": observation("x", "718-7", "2022-07-10", 12, "stones")})
    assert refused(post(client, sent)) == refused(post(client, sent, landmark="2022-03-01")) == ["dead"]


ABSENT = [coded("x", "error"), coded("http://terminology.hl7.org/CodeSystem/v3-NullFlavor", "UNK"), {"text": "clotted SENTINEL"}]


@pytest.mark.parametrize("reason", ABSENT, ids=["error", "another system", "words"])
def test_what_may_have_a_result_is_told_in_the_words_of_the_standard_and_never_to_be_left_out(client, reason):
    response = post(client, bundle(*person()[:6], {**absent("x"), "dataAbsentReason": reason}))
    assert refused(response) == ["missing_value"]
    said = response.json()["issue"][0]["diagnostics"]
    assert "not-performed" in said and "dataAbsentReason" in said
    assert "leave" not in said and "SENTINEL" not in said


def test_a_day_that_is_missing_is_named_as_the_standard_names_it(client):
    (issue,) = post(client, changed(6, effectiveDateTime=None)).json()["issue"]
    assert "effective[x]" in issue["diagnostics"] and "collected_at" not in issue["diagnostics"]


def test_a_refusal_says_where_in_the_bundle(client):
    sent = bundle(*person(), observation("x", "718-7", "2022-07-10", 12, "stones"))
    (issue,) = post(client, sent).json()["issue"]
    assert (issue["expression"], issue["code"]) == (["Bundle.entry[7].resource"], "code-invalid")
    assert "hemoglobin is accepted in" in issue["diagnostics"]


def test_where_a_criterion_is_met_there_is_no_risk_but_the_finding_with_its_day(client):
    response = post(client, bundle(*person(), observation("x", "2160-0", "2022-07-10", 2.6, "mg/dL")))
    assert refused(response) == ["criteria_met"]
    said = response.json()["issue"][0]["diagnostics"]
    assert "clinician review" in said and "2.6 mg/dL of 2022-07-10" in said
    assert "probability" not in response.text and "preliminary" not in said


def test_a_criterion_that_a_preliminary_result_meets_is_told_as_such(client):
    response = post(client, bundle(*person(), observation("x", "2160-0", "2022-07-10", 2.6, "mg/dL", status="preliminary")))
    assert refused(response) == ["criteria_met"]
    assert "preliminary" in response.json()["issue"][0]["diagnostics"]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"landmark": "soon"}, "bad_date"),
        ({"landmark": "2999-01-01"}, "bad_date"),
        ({"landmark": "2021-01-01"}, "before_index"),
        ({"task": "mm"}, "unknown_task"),
        ({"lanmark": "2022-03-01"}, "extra_forbidden"),
        ({"task": ["smm", "smm"]}, "too_long"),
    ],
)
def test_a_question_that_cannot_be_meant_is_refused(client, asked, code):
    assert refused(post(client, bundle(*person()), **asked)) == [code]


DEEP = '{"resourceType":"Bundle","entry":[{"resource":' * 200 + "{}" + "}]}" * 200


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", "json_invalid"),
        ("[" * 100_000, "json_invalid"),
        (b"\xff\xfe", "json_invalid"),
        ('{"resourceType": "Bundle", "entry": [NaN]}', "json_invalid"),
        ("null", "broken_resource"),
        ("[]", "broken_resource"),
        ('{"resourceType": "Patient", "id": "p1"}', "broken_resource"),
        ('{"resourceType": "Bundle", "entry": 5}', "broken_resource"),
        ('{"resourceType": "Bundle", "link": {}}', "broken_resource"),
        ('{"resourceType": "Bundle", "entry": [5, null, {}, {"resource": null}]}', "broken_resource"),
        (DEEP, "broken_resource"),
    ],
    ids=[
        "nothing",
        "nested",
        "no UTF-8",
        "NaN",
        "null",
        "a list",
        "a Patient",
        "no entries",
        "no links",
        "odd entries",
        "Bundles in Bundles",
    ],
)
def test_a_body_that_is_no_bundle_is_refused_in_fhir(client, body, code):
    assert set(refused(post(client, body))) == {code}


def test_of_many_problems_the_first_are_listed_and_the_others_counted(client):
    many = [observation(f"x{n}", "718-7", "2022-07-10", 12, "stones") for n in range(150)]
    issues = post(client, bundle(*person(), *many)).json()["issue"]
    assert (len(issues), issues[-1]["diagnostics"]) == (101, "50 more problems are not listed")


def test_failures_before_a_bundle_is_read_are_told_in_fhir_too(client):
    sent = {"content": "x", "headers": {"content-type": "text/plain"}}
    assert refused(client.post("/v1/risk/fhir", **sent), 415) == ["unsupported_media_type"]
    assert refused(client.post("/v1/risk/fhir", content=b" " * (MOST_BYTES + 1), headers=FHIR), 413) == ["body_too_large"]
    assert refused(client.get("/v1/risk/fhir"), 405) == ["method_not_allowed"]


def test_an_element_that_stands_twice_is_refused_wherever_it_stands(client):
    sent = json.dumps(bundle(*person())).replace('"status": "final"', '"status": "entered-in-error", "status": "final"', 1)
    response = post(client, sent)
    assert refused(response) == ["repeated_name"]
    assert response.json()["issue"][0]["expression"] == ["Bundle.entry[2].resource.status"]
    assert client.post("/v1/read", json={"text": sent}).json()["errors"][0]["code"] == "repeated_name"


@pytest.mark.parametrize(
    ("kind", "accept", "status"),
    [
        ("application/fhir+json; fhirVersion=4.0", "application/fhir+json", 200),
        ('application/fhir+json; charset=utf-8; fhirversion="4.0"', "application/fhir+xml, */*;q=0.1", 200),
        ("application/fhir+json; fhirVersion=5.0", "*/*", 415),
        ("application/fhir+json", "application/fhir+xml", 406),
        ("application/fhir+json", "application/fhir+json; fhirVersion=5.0", 406),
        ("application/fhir+json", "application/json;q=0, text/html", 406),
    ],
)
def test_another_release_or_form_of_fhir_is_neither_taken_nor_given(client, kind, accept, status):
    headers = {"content-type": kind, "accept": accept}
    response = client.post("/v1/risk/fhir", content=json.dumps(bundle(*person())), headers=headers)
    assert response.status_code == status and response.headers["content-type"] == FHIR["content-type"]
    if status != 200:
        assert refused(response, status) == ["unsupported_media_type" if status == 415 else "not_acceptable"]


@pytest.mark.parametrize(("text", "column"), [("<0.05", "unit"), ("<0.05 g/dL", "value")])
def test_a_result_in_words_that_lacks_its_unit_is_told_how_to_be_sent(client, text, column):
    lone = observation("x", "33358-3", "2022-08-10", None, None, valueQuantity=None, valueString=text)
    response = post(client, bundle(*person(), lone))
    (issue,) = response.json()["issue"]
    assert "send a valueQuantity with value and unit, and with comparator" in issue["details"]["text"]


def test_a_fault_of_the_program_is_told_in_fhir_and_says_nothing_of_the_person(client, monkeypatch, caplog):
    def breaks(*given):
        raise RuntimeError("SENTINEL")

    monkeypatch.setattr("serving.http.answering.answer_history", breaks)
    response = post(client, bundle(*person()))
    assert refused(response, 500) == ["internal_error"]
    assert "SENTINEL" not in response.text + caplog.text


def everything():
    drugs = [
        order({"coding": [{"system": RXNORM, "code": "1", "display": "aspirin"}]}),
        order(coded(ATC, "L01FC01"), day="2022-09-01", kind="MedicationStatement", effectivePeriod={"start": "2022-09-01"}),
    ]
    resources = [*person(), *drugs, condition("1", "x", id="c2", verificationStatus=coded("x", "confirmed"))]
    resources[3] |= {"component": [{"code": coded(LOINC, "718-7"), "valueQuantity": {"value": 12, "unit": "g/dL"}}], "issued": "2022-01-12"}
    resources[4] |= {"meta": {"versionId": "1", "lastUpdated": "2022-08-01T00:00:00Z"}, "method": coded("x", "y")}
    sent = bundle(*resources, kind="searchset", total=len(resources), link=[{"relation": "self", "url": "x"}])
    for entry in sent["entry"]:
        entry["fullUrl"] = f"https://h.example/fhir/{entry['resource']['resourceType']}/{entry['resource']['id']}"
    return sent


@pytest.mark.parametrize("share", [0.003, 0.01, 0.1])
def test_whatever_is_sent_there_is_an_assessment_or_an_outcome_and_nobody_is_named(client, share):
    statuses = set()
    for seed in range(50):
        response = post(client, json.dumps(mutated(everything(), seed, share)), landmark="2022-08-01")  # before treatment began
        statuses.add(response.status_code)
        assert response.status_code in (200, 422), response.text
        assert "sentinel" not in response.text.casefold() and NAME not in response.text
        if response.status_code == 422:
            assert refused(response)
        else:
            assert all(0 < one["probabilityDecimal"] <= 100 for one in response.json()["prediction"])
    assert 422 in statuses
    assert share > 0.05 or 200 in statuses


@pytest.mark.parametrize("turned_away", [watched, lambda app: app], ids=["at the door", "inside"])
def test_whoever_has_to_come_again_is_told_in_the_form_of_the_way_in(turned_away):
    client = TestClient(turned_away(make_app({}, desk=Desk(most=0))))
    response = client.post("/v1/risk/fhir", content="{}", headers=FHIR)
    assert (refused(response, 503), response.headers["retry-after"]) == (["overloaded"], "1")
    assert client.post("/v1/risk", json={}).json()["errors"][0]["code"] == "overloaded"
