"""A Bundle in, one RiskAssessment out: the risks of `POST /v1/risk` in percent, and whatever R4 wants said beside them."""

import datetime
import json

import pytest
from fhir.resources.R4B.riskassessment import RiskAssessment
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from serving.answer.basis import intended_use
from tests.serving.http.fhir.bundles import ICD, LOINC, RXNORM, bundle, coded, condition, observation, order, patient, person, post


def assessed(response):
    """Return the RiskAssessment of an answer, which the standard's own classes take as it is."""
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/fhir+json"
    RiskAssessment.model_validate_json(response.content)
    return response.json()


def risks(client, history, **more):
    """Return what `POST /v1/risk` answers for the same history."""
    said = history | {"patient": history["patient"] | {"stage": "smm"}} | more
    return client.post("/v1/risk", json=said).json()


def test_the_same_history_has_the_same_risks_to_the_last_bit(client, history):
    answer, told = risks(client, history), assessed(post(client, bundle(*person())))
    assert [one["probabilityDecimal"] for one in told["prediction"]] == [100 * one["risk"] for one in answer["risks"]]
    ends = [one["extension"][0]["valueRange"] for one in told["prediction"]]
    assert [(of["low"]["value"], of["high"]["value"]) for of in ends] == [(100 * r["lower"], 100 * r["upper"]) for r in answer["risks"]]
    assert {of["low"]["code"] for of in ends} == {"%"}


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=st.lists(
        st.tuples(st.sampled_from(["m_protein", "hemoglobin"]), st.integers(0, 900), st.floats(0.6, 2.9)),
        min_size=1,
        max_size=6,
        unique_by=lambda row: row[:2],
    ),
    sex=st.sampled_from(["female", "male", "unknown"]),
    later=st.integers(0, 300),
)
def test_whatever_the_history_a_probability_is_a_hundred_times_that_of_the_interface(client, history, values, sex, later):
    resources = [patient(gender=sex), *person()[1:]]
    history = json.loads(json.dumps(history))
    history["patient"] |= {"sex": sex if sex != "unknown" else None}
    del history["patient"]["light_chain"]  # FHIR has no element for it
    for number, (biomarker, days, value) in enumerate(values):
        day = f"{datetime.date(2022, 7, 11) + datetime.timedelta(days=days)}"
        value, code = (round(value, 2), "33358-3") if biomarker == "m_protein" else (round(11 + value, 1), "718-7")
        resources.append(observation(f"n{number}", code, day, value, "g/dL"))
        history["measurements"].append({"collected_at": day, "biomarker": biomarker, "value": value, "unit": "g/dL"})
    landmark = f"{datetime.date(2022, 7, 11) + datetime.timedelta(days=later)}"
    answer, told = risks(client, history, landmark=landmark), assessed(post(client, bundle(*resources), landmark=landmark))
    assert [one["probabilityDecimal"] for one in told["prediction"]] == [100 * one["risk"] for one in answer["risks"]]
    assert all(0 < one["probabilityDecimal"] <= 100 for one in told["prediction"])  # ras-2


def test_one_assessment_says_who_what_when_on_what_basis_and_by_which_model(client):
    told = assessed(post(client, bundle(*person())))
    assert (told["status"], told["subject"], told["occurrenceDateTime"]) == ("final", {"reference": "Patient/p1"}, "2022-07-10")
    assert told["condition"] == {"reference": "Condition/c1"}
    assert told["basis"] == [{"reference": f"Observation/o{n}"} for n in range(1, 6)]
    (device,) = told["contained"]
    assert told["performer"] == {"reference": f"#{device['id']}"}
    assert (device["resourceType"], device["deviceName"][0]["name"]) == ("Device", "smm-progression")
    assert {version["type"]["text"]: version["value"] for version in device["version"]}["model"] == "3"
    assert told["method"]["coding"][0]["version"] == "3"
    assert "meta" not in told


def test_there_is_one_prediction_for_each_horizon_with_its_outcome_and_time(client):
    predictions = assessed(post(client, bundle(*person())))["prediction"]
    assert [one["whenPeriod"] for one in predictions] == [
        {"start": "2022-07-10", "end": end} for end in ("2023-07-10", "2024-07-09", "2027-07-10")
    ]
    assert all(one["outcome"]["coding"][0]["code"] == "smm-event" and one["outcome"]["text"] == "progression" for one in predictions)
    assert all({"probabilityDecimal", "probabilityRange"} & set(one) == {"probabilityDecimal"} for one in predictions)


def test_the_line_of_a_number_says_that_the_model_is_of_simulated_people(client):
    told = assessed(post(client, bundle(*person())))
    assert all(one["rationale"].startswith("Model fitted to simulated people: progression was ") for one in told["prediction"])
    assert "was 22 % on 10 Jan 2022" in told["prediction"][0]["rationale"]


def test_notes_say_the_limits_the_competing_death_and_what_is_missing_in_the_words_of_their_one_source(client):
    notes = [note["text"] for note in assessed(post(client, bundle(*person())))["note"]]
    assert set(intended_use()["Limits"] + intended_use()["Purpose"] + intended_use()["Not for"]) <= set(notes)
    assert any("death competes" in note for note in notes)
    assert {"missing: Hemoglobin", "the model was fitted to simulated people: its risk says nothing about a patient"} <= set(notes)


def test_the_basis_holds_what_was_known_by_the_landmark_alone(client):
    told = assessed(post(client, bundle(*person()), landmark="2022-03-01"))
    assert (told["occurrenceDateTime"], told["basis"]) == (
        "2022-03-01",
        [{"reference": "Observation/o1"}, {"reference": "Observation/o2"}],
    )


@pytest.mark.parametrize(
    ("status", "said"),
    [("final", "final"), ("amended", "final"), ("corrected", "final"), ("preliminary", "preliminary"), ("unknown", "preliminary")],
)
def test_an_assessment_is_preliminary_while_a_result_that_it_rests_on_is(client, status, said):
    resources = person()
    resources[6]["status"] = status
    assert assessed(post(client, bundle(*resources)))["status"] == said
    assert assessed(post(client, bundle(*resources), landmark="2022-03-01"))["status"] == "final"


@pytest.mark.parametrize(
    ("of_report", "of_result", "said"),
    [("final", "final", "final"), ("final", "preliminary", "preliminary"), ("partial", "final", "preliminary")],
)
def test_a_result_that_a_report_contains_has_a_status_of_its_own_and_a_partial_report_is_an_interim_one(client, of_report, of_result, said):
    inside = observation("i", "718-7", "2022-07-10", 12, "g/dL", status=of_result)
    report = {"resourceType": "DiagnosticReport", "id": "r", "status": of_report, "subject": {"reference": "Patient/p1"}}
    assert assessed(post(client, bundle(*person(), report | {"contained": [inside]})))["status"] == said


def test_the_same_request_has_the_same_identifier_and_another_one_another(client):
    first, again, later = (
        assessed(post(client, bundle(*person()), **asked))["identifier"] for asked in ({}, {}, {"landmark": "2022-08-01"})
    )
    assert first == again != later


def test_a_status_or_a_note_that_differs_is_another_identifier(client):
    interim = [one | {"status": "preliminary"} if one["resourceType"] == "Observation" else one for one in person()]
    treated = {"resourceType": "Procedure", "id": "x", "subject": {"reference": "Patient/p1"}, "code": {"text": "Chemotherapy"}}
    told = [assessed(post(client, bundle(*sent)))["identifier"][0]["value"] for sent in (person(), interim, [*person(), treated])]
    assert len(set(told)) == 3


def without_names(resources):
    """Return entries that only a full URL names, as a document holds them."""
    entries = [{"fullUrl": f"urn:uuid:{number}", "resource": dict(one)} for number, one in enumerate(resources)]
    for entry in entries:
        del entry["resource"]["id"]
    return json.loads(json.dumps({"resourceType": "Bundle", "type": "document", "entry": entries}).replace("Patient/p1", "urn:uuid:0"))


def test_what_has_no_id_is_referred_to_by_its_full_url(client):
    told = assessed(post(client, without_names(person())))
    assert (told["subject"], told["condition"]) == ({"reference": "urn:uuid:0"}, {"reference": "urn:uuid:1"})
    assert told["basis"][0] == {"reference": "urn:uuid:2"}


def test_a_result_without_any_name_is_told_by_its_place(client):
    resources = person()
    del resources[3]["id"]
    assert assessed(post(client, bundle(*resources)))["basis"][1] == {
        "display": "resource 4 of the request, which has no usable id or fullUrl"
    }


def panel(**more):
    """Return both light chains as components of one Observation."""
    parts = [
        {"code": coded(LOINC, code), "valueQuantity": {"value": value, "unit": "mg/L"}}
        for code, value in (("36916-5", 250), ("33944-0", 10))
    ]
    return {**observation("panel", "55231-5", "2022-07-10", 1, "mg/L", valueQuantity=None), "component": parts, **more}


def report():
    """Return both light chains contained in a report, which says of whom and when they are."""
    inside = [{key: value for key, value in one.items() if key not in ("subject", "effectiveDateTime")} for one in person()[5:]]
    about = {"resourceType": "DiagnosticReport", "id": "r", "status": "final", "code": coded(LOINC, "55231-5"), "contained": inside}
    about["result"] = [{"reference": "#o4"}, {"reference": "#o5"}]
    return about | {"subject": {"reference": "Patient/p1"}, "effectiveDateTime": "2022-07-10"}


def versions():
    """Return a light chain that was corrected, the correction first."""
    wrong = {**person()[6], "valueQuantity": {"value": 11, "unit": "mg/L"}, "meta": {"versionId": "1"}}
    return [*person()[:6], {**person()[6], "status": "corrected", "meta": {"versionId": "2"}}, wrong]


def taken_back():
    """Return a hemoglobin of which a later version says that it was not obtained."""
    first = observation("n", "718-7", "2022-07-10", 6, "g/dL", meta={"versionId": "1"})
    return [*person(), first, {**first, "valueQuantity": None, "dataAbsentReason": coded("x", "unknown"), "meta": {"versionId": "2"}}]


def focused(*foci):
    """Return the person with results that say what they are about, as profiles of oncology have them."""
    return [*person()[:4], *({**one, "focus": [focus]} for one, focus in zip(person()[4:], foci, strict=True))]


def group(*members, **more):
    said = {"valueQuantity": None, "hasMember": list(members), **more}
    return observation("g", "55231-5", "2022-07-10", 1, "1", **said)


def reported():
    """Return the person with results that say no day themselves, but the report that lists them does."""
    undated = [{key: content for key, content in one.items() if key != "effectiveDateTime"} for one in person()[5:]]
    listed = [{"reference": f"Observation/{one['id']}"} for one in undated]
    return [*person()[:5], *undated, {**report(), "contained": [], "result": listed}]


def grouped():
    """Return a report that lists a group, which lists the results; the group says no day either."""
    inside = reported()[-1]
    listed = group(*inside["result"], effectiveDateTime=None)
    return [listed, {**inside, "result": [{"reference": "Observation/g"}]}]


SAME = {
    "both chains as components": [*person()[:5], panel()],
    "contained in a report": [*person()[:5], report()],
    "a corrected version": versions(),
    "a later version that takes the result back": taken_back(),
    "a resource twice, word by word": [*person(), person()[3], person()[0]],
    "a group of others": [
        *person(),
        observation("g", "55231-5", "2022-07-10", 1, "1", valueQuantity=None, hasMember=[{"reference": "Observation/o4"}]),
    ],
    "a group of answers and sequences, which are not read": [
        *person(),
        {"resourceType": "QuestionnaireResponse", "id": "q", "status": "completed", "subject": {"reference": "Patient/p1"}},
        group({"reference": "QuestionnaireResponse/q"}, {"reference": "MolecularSequence/not-sent"}, {"reference": "Observation/o4"}),
    ],
    "days that reports say": reported(),
    "days that reports say of what their groups hold": [*reported()[:-1], *grouped()],
    "a group of others under a code that is mapped": [
        *person(),
        observation("g", "33358-3", "2022-07-10", 1, "1", valueQuantity=None, hasMember=[{"reference": "Observation/o4"}]),
    ],
    "a result that was not obtained": [
        *person(),
        observation("n", "718-7", "2022-07-10", 1, "1", valueQuantity=None, dataAbsentReason=coded("x", "not-performed")),
    ],
    "results about the disease, its tumour or the person": focused(
        {"reference": "Condition/c1"}, {"reference": "BodyStructure/b"}, {"reference": "Patient/p1"}
    ),
    "a second record of the diagnosis, which is over": [*person(), condition(id="c2", clinicalStatus=coded("x", "resolved"))],
    "a result entered in error": [*person(), observation("e", "33358-3", "2022-07-10", 9, "g/dL", status="entered-in-error")],
    "a result that nobody mapped": [*person(), observation("h", "8302-2", "2022-07-10", 170, "cm")],
    "a drug against something else": [*person(), order(coded(RXNORM, "1", text="aspirin 100 MG Oral Tablet"))],
    "a drug that was declined": [*person(), order({"text": "lenalidomide"}, kind="MedicationDispense", status="declined")],
    "a drug proposed, not ordered": [*person(), order({"text": "lenalidomide"}, intent="proposal")],
    "an earlier MGUS": [*person(), condition("D47.2", ICD, "2015-01-01", id="c2")],
    "myeloma of a parent": [*person(), condition(id="c2", system="x", code="y") | {"code": {"text": "Family history of multiple myeloma"}}],
    "a refuted myeloma": [*person(), condition("109989006", id="c2", verificationStatus=coded("x", "refuted"))],
    "a device's own readings": [*person(), observation("v", "8302-2", "2022-07-10", 1, "m") | {"subject": {"reference": "Device/1"}}],
}


@pytest.mark.parametrize("resources", SAME.values(), ids=SAME)
def test_what_changes_nothing_in_a_history_changes_nothing_in_its_risk(client, resources):
    told, plain = (assessed(post(client, bundle(*sent)))["prediction"] for sent in (resources, person()))
    assert [one["probabilityDecimal"] for one in told] == [one["probabilityDecimal"] for one in plain]


def test_a_panel_or_report_is_what_the_basis_refers_to(client):
    bases = [assessed(post(client, bundle(*SAME[name])))["basis"] for name in ("both chains as components", "contained in a report")]
    assert [basis[3:] for basis in bases] == [[{"reference": "Observation/panel"}], [{"reference": "DiagnosticReport/r"}]]


@pytest.mark.parametrize("kind", ["collection", "searchset", "batch", "transaction", "document"])
def test_every_kind_of_bundle_is_read_also_bundles_of_bundles(client, kind):
    searches = [bundle(*part, kind="searchset") for part in (person()[:2], person()[2:])]
    plain, nested = (assessed(post(client, sent)) for sent in (bundle(*person(), kind=kind), bundle(*searches, kind="batch-response")))
    assert plain == nested


def test_a_diagnosis_that_snomed_names_is_not_taken_for_what_icd_files_it_under(client):
    """ICD-10-CM has no code for smoldering myeloma: beside SNOMED's, that of myeloma is the same diagnosis."""
    resources = person()
    resources[1]["code"]["coding"].append({"system": ICD, "code": "C90.00"})
    assert assessed(post(client, bundle(*resources)))["prediction"]


def test_what_a_server_says_beside_its_results_is_noted_in_words_of_ours(client):
    said = {"resourceType": "OperationOutcome", "issue": [{"severity": "warning", "code": "suppressed", "diagnostics": "SENTINEL"}]}
    response = post(client, bundle(*person(), said, kind="searchset", total=7))
    notes = [note["text"] for note in assessed(response)["note"]]
    assert any("may not be the entire record" in note for note in notes)
    assert "SENTINEL" not in response.text


def test_two_bands_of_a_protein_are_the_total_that_they_add_up_to(client):
    others = [one for one in person() if one.get("effectiveDateTime") != "2022-07-10" or one["code"]["coding"][0]["code"] != "33358-3"]

    def told(*bands):
        resources = [observation(f"b{k}", code, "2022-07-10", value, "g/dL") for k, (code, value) in enumerate(bands)]
        return assessed(post(client, bundle(*others, *resources)))["prediction"]

    assert told(("51435-6", 1.2), ("35559-4", 1.1)) == told(("33358-3", 2.3)) != told(("51435-6", 1.2))
