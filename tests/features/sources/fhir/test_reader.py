"""FHIR R4 from Bundles and Bulk Data: what is read, and how a broken resource is refused alone."""

import copy
import gzip
import json

import pytest
from fhir.resources.R4B import get_fhir_model_class
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.intake.quality import clean, inspect
from myeloma import DataError, StateError, UserError
from tests.features.sources.fhir.resources import (
    BASE,
    ICD,
    LOINC,
    RXNORM,
    bundle,
    coded,
    condition,
    events,
    observation,
    patient,
    read,
    refusals,
    values,
)


def test_the_resources_written_here_are_valid_fhir():
    for resource in (patient(link=[{"other": {"reference": "Patient/b"}, "type": "replaced-by"}]), condition(), observation()):
        read = get_fhir_model_class(resource["resourceType"]).model_validate(resource)
        assert type(read).__name__ == resource["resourceType"]


@pytest.mark.parametrize("form", ["ndjson", "ndjson.gz", "json", "json.gz", "absolute"])
def test_every_form_gives_the_same_cohort(tmp_path, bulk, form):
    if form.startswith("ndjson"):
        place = bulk(*BASE)
        for path in list(tmp_path.iterdir()) if form.endswith("gz") else ():
            path.with_suffix(".ndjson.gz").write_bytes(gzip.compress(path.read_bytes()))
            path.unlink()
    else:
        base = "https://hospital.example/fhir/Patient/" if form == "absolute" else "urn:uuid:"
        place = bundle(tmp_path / f"one.{form if form != 'absolute' else 'json'}", *BASE, base=base)
    source = read(place)
    cohort, quarantine = clean(source)
    assert quarantine.empty
    assert cohort.patients[["patient_id", "sex", "stage"]].to_numpy().tolist() == [["a", "female", "smm"]]
    assert values(source) == [("hemoglobin", "13.7", "g/dL", "2015-02-01", "")]
    assert events(source) == [("a", "last_contact", "2015-02-01", "")]


def test_a_result_is_available_when_it_is_issued_and_collected_at_the_end_of_a_period(bulk):
    collected = {"start": "2015-02-01", "end": "2015-02-02"}
    source = read(
        bulk(
            patient(),
            condition(),
            observation(issued="2015-02-05T10:00:00Z"),
            observation(day=None, effectivePeriod=collected, issued="2015-02-06"),
            observation(day=None, issued="2015-02-07"),
        )
    )
    assert [row[3:] for row in values(source)] == [
        ("2015-02-01", "2015-02-05T10:00:00Z"),
        ("2015-02-02", "2015-02-06"),
        ("2015-02-07", "2015-02-07"),
    ]
    assert any("1 results do not say when they were collected" in note for note in source.notes)


def test_comparators_components_and_unmapped_codes(bulk):
    panel = observation(
        code="55231-5",
        valueQuantity=None,
        component=[
            {"code": coded(LOINC, "36916-5"), "valueQuantity": {"value": 250, "unit": "milligram per liter", "code": "mg/L"}},
            {"code": coded(LOINC, "33944-0"), "valueQuantity": {"value": 1.5, "comparator": "<", "unit": "mg/L"}},
            {"code": coded(LOINC, "99999-9"), "valueQuantity": {"value": 1}},
        ],
    )
    source = read(bulk(*BASE, panel, observation(code="8302-2"), observation(code="8302-2"), observation(code="MSPIKE", value=2)))
    assert [row[:3] for row in values(source)][1:] == [
        ("flc_kappa", "250.0", "mg/L"),
        ("flc_lambda", "<1.5", "mg/L"),
        ("m_protein", "2.0", "g/dL"),
    ]
    assert any("2 Observations have a code that is not mapped; the most frequent: 8302-2: 2" in note for note in source.notes)
    assert clean(source)[1].empty


def test_a_code_counts_only_in_its_own_system(bulk):
    elsewhere = observation()
    elsewhere["code"] = coded("http://local.example", "718-7")
    assert len(values(read(bulk(*BASE, elsewhere)))) == 1


@pytest.mark.parametrize("unit", ["gm%", None])
def test_a_unit_that_is_not_known_is_refused(bulk, unit):
    one = observation()
    one["valueQuantity"] = {"value": 13, **({"unit": unit} if unit else {})}
    assert refusals(read(bulk(*BASE, one))) == [("measurements", "unknown_unit", "Observation.ndjson", 2)]


def test_progression_death_and_treatment(bulk):
    given = {
        "resourceType": "MedicationAdministration",
        "status": "completed",
        "subject": {"reference": "Patient/a"},
        "medicationReference": {"reference": "Medication/m"},
        "effectivePeriod": {"start": "2016-01-01", "end": "2016-02-01"},
    }
    ordered = {
        "resourceType": "MedicationRequest",
        "status": "active",
        "subject": {"reference": "Patient/a"},
        "medicationCodeableConcept": coded(RXNORM, "1"),
        "authoredOn": "2015-12-24",
    }
    source = read(
        bulk(
            patient(deceasedDateTime="2019-05-05T04:00:00+02:00"),
            condition(),
            condition(day="2018-01-01", code="C90.00", system=ICD),
            condition(day="2017-01-01", code="C90.00", system=ICD),
            condition(day="2016-01-01", code="C90.00", system=ICD, verificationStatus=coded("x", "refuted")),
            observation(),
            {"resourceType": "Medication", "id": "m", "code": coded(RXNORM, "1")},
            given,
            ordered,
        )
    )
    assert events(source) == [
        ("a", "death", "2019-05-05T04:00:00+02:00", ""),
        ("a", "progression", "2017-01-01", ""),
        ("a", "treatment_start", "2015-12-24", "daratumumab"),
        ("a", "treatment_start", "2016-01-01", "daratumumab"),
        ("a", "treatment_stop", "2016-02-01", "daratumumab"),
    ]
    assert clean(source)[1].empty


def test_dead_without_a_date_is_said_and_no_date_is_made_up(bulk):
    source = read(
        bulk(
            *BASE, patient("b", deceasedBoolean=True), condition("b"), observation("b"), patient("c", deceasedBoolean=False), condition("c")
        )
    )
    assert any("1 deaths have no date" in note for note in source.notes)
    cohort, quarantine = inspect(source)
    assert cohort.patients["patient_id"].tolist() == ["a", "c"]
    assert {"undated_death", "event_refused"} <= set(quarantine["reason"])


def test_a_line_that_is_not_json_is_refused_alone(bulk):
    assert refusals(read(bulk(*BASE, '{"resourceType": "Observation", "sta', observation(day="2016-01-01")))) == [
        ("measurements", "not_json", "Observation.ndjson", 2)
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"valueQuantity": {"value": "13.7", "unit": "g/dL"}},
        {"valueQuantity": [13.7]},
        {"effectiveDateTime": 2015},
        {"status": None},
        {"code": {"coding": "718-7"}},
        {"code": "718-7"},
        {"component": "x"},
        {"valueQuantity": {"value": 13.7, "comparator": "about", "unit": "g/dL"}},
    ],
    ids=str,
)
def test_a_broken_observation_is_refused_alone(bulk, change):
    broken = {key: value for key, value in {**observation(day="2016-01-01"), **change}.items() if value is not None}
    assert refusals(read(bulk(*BASE, broken))) == [("measurements", "broken_resource", "Observation.ndjson", 2)]


def test_a_broken_diagnosis_of_progression_sets_the_person_aside(bulk):
    broken = {**condition("b", code="C90.00", system=ICD), "onsetDateTime": ["2016"]}
    source = read(bulk(*BASE, patient("b"), condition("b"), broken))
    assert ("events", "broken_resource", "Condition.ndjson", 3) in refusals(source)
    assert inspect(source)[0].patients["patient_id"].tolist() == ["a"]


def test_a_broken_patient_is_refused_with_a_place(tmp_path):
    place = bundle(tmp_path / "one.json", *BASE, patient("b", birthDate=1950), condition("b"))
    assert refusals(read(place)) == [("patients", "broken_resource", "one.json", 4)]


@pytest.mark.parametrize(
    "reference", [None, "", "Patient/nobody", "urn:uuid:nobody", "#contained", "https://elsewhere.example/fhir/Patient/a/b"]
)
def test_a_reference_that_leads_nowhere_is_refused(bulk, reference):
    lost = observation(subject={"reference": reference} if reference is not None else None)
    assert refusals(read(bulk(*BASE, lost))) == [("measurements", "missing_reference", "Observation.ndjson", 2)]


def test_a_patient_of_another_server_is_not_taken_for_one_of_the_same_number(tmp_path):
    place = bundle(tmp_path / "one.json", *BASE, base="https://north.example/fhir/Patient/")
    text = place.read_text().replace(
        '{"reference": "https://north.example/fhir/Patient/a"}, "effective',
        '{"reference": "https://south.example/fhir/Patient/a"}, "effective',
    )
    place.write_text(text)
    assert refusals(read(place)) == [("measurements", "missing_reference", "one.json", 3)]


def test_references_in_a_circle_are_refused_and_not_followed_for_ever(bulk):
    one = observation(id="o1", subject={"reference": "Observation/o2"})
    two = observation(id="o2", subject={"reference": "Observation/o1"})
    itself = observation(id="o3", subject={"reference": "Observation/o3"})
    assert refusals(read(bulk(*BASE, one, two, itself))) == [
        ("measurements", "cyclic_reference", "Observation.ndjson", row) for row in (2, 3, 4)
    ]


def replaced(name, by):
    return patient(name, link=[{"other": {"reference": f"Patient/{by}"}, "type": "replaced-by"}])


def test_what_belongs_to_a_replaced_record_belongs_to_the_one_that_replaces_it(bulk):
    source = read(bulk(*BASE, replaced("old", "a"), observation("old", day="2016-01-01"), condition("old", day="2014-01-01")))
    assert set(source.tables["measurements"]["patient_id"]) == {"a"}
    assert source.tables["patients"][["patient_id", "index_date"]].to_numpy().tolist() == [["a", "2014-01-01"]]
    assert any("1 Patient records are replaced" in note for note in source.notes)


def test_records_that_replace_each_other_are_refused(bulk):
    source = read(bulk(*BASE, replaced("x", "y"), replaced("y", "x"), replaced("z", "gone"), observation("x")))
    assert refusals(source) == [
        ("measurements", "cyclic_reference", "Observation.ndjson", 2),
        ("patients", "cyclic_reference", "Patient.ndjson", 2),
        ("patients", "cyclic_reference", "Patient.ndjson", 3),
        ("patients", "missing_reference", "Patient.ndjson", 4),
    ]


def test_the_same_patient_in_two_bundles_is_one_person(tmp_path):
    bundle(tmp_path / "1.json", *BASE)
    bundle(tmp_path / "2.json", patient(), observation(day="2016-01-01"))
    source = read(tmp_path)
    assert refusals(source) == [("patients", "duplicate_row", "2.json", 1)]
    assert len(clean(source)[0].measurements) == 2


def test_a_bundle_that_is_cut_short_is_counted_and_the_others_are_read(tmp_path):
    bundle(tmp_path / "1.json", *BASE)
    path = bundle(tmp_path / "2.json", patient("b"), condition("b"))
    path.write_text(path.read_text()[:-40])
    assert refusals(read(tmp_path)) == [("patients", "not_json", "2.json", 1)]


def test_mixed_time_zones_are_said_and_the_day_as_written_counts(bulk):
    source = read(
        bulk(patient(), condition(), observation(day="2015-02-01T23:30:00-05:00"), observation(day="2015-03-01T00:30:00+02:00", value=12))
    )
    cohort, _ = clean(source)
    assert cohort.measurements["collected_at"].dt.strftime("%m-%d").tolist() == ["02-01", "03-01"]
    assert any("2 time zones (-05:00 1, +02:00 1)" in note for note in source.notes)


def test_a_result_issued_in_another_zone_is_not_known_before_it_was_collected(bulk):
    source = read(bulk(patient(), condition(), observation(day="2015-02-02T00:30:00+02:00", issued="2015-02-01T23:00:00Z")))
    cohort, quarantine = clean(source)
    assert quarantine.empty
    assert cohort.measurements["available_at"].dt.strftime("%m-%d").tolist() == ["02-02"]


def test_withdrawn_results_are_not_read(bulk):
    source = read(bulk(*BASE, observation(status="entered-in-error", day="2018-01-01")))
    assert len(values(source)) == 1
    assert events(source)[0][2] == "2015-02-01"
    assert any("1 Observations are cancelled, entered in error" in note for note in source.notes)


def test_values_that_are_all_empty_give_no_cohort(bulk):
    with pytest.raises(DataError, match=r"(?s)No usable measurements.*missing_value"):
        clean(read(bulk(patient(), condition(), observation(valueQuantity={"unit": "g/dL"}))))


def test_places_without_fhir_are_told_apart(tmp_path, bulk):
    with pytest.raises(StateError, match="No file or folder"):
        read(tmp_path / "no")
    with pytest.raises(DataError, match="holds no FHIR file"):
        read(tmp_path)
    bulk(patient(), observation())
    with pytest.raises(DataError, match="None of 1 people has an index code"):
        read(tmp_path)


def test_a_gzip_file_that_is_cut_short_is_refused_whole(tmp_path):
    path = bundle(tmp_path / "SENTINEL.json.gz", *BASE)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError, match=r"File 1 of 1, in the order of names, is cut short") as refusal:
        read(tmp_path)
    assert "SENTINEL" not in str(refusal.value)


def test_files_without_permission_are_counted_and_not_named(tmp_path, monkeypatch):
    bundle(tmp_path / "SENTINEL.json", *BASE)
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with pytest.raises(DataError, match="1 of 1 FHIR files cannot be read: no permission") as refusal:
        read(tmp_path)
    assert "SENTINEL" not in str(refusal.value)


def test_no_note_names_a_person(tmp_path):
    bundle(tmp_path / "SENTINEL.json", patient("SENTINEL"), condition("SENTINEL"), observation("SENTINEL"), observation("SENTINEL-2"))
    source = read(tmp_path)
    assert "SENTINEL" not in " ".join([*source.notes, *source.files.values()])


def test_a_byte_order_mark_is_no_part_of_the_json(tmp_path):
    path = bundle(tmp_path / "one.json", *BASE)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert refusals(read(path)) == []


@pytest.mark.parametrize("text", ["", "null", "5", "[]", "[" * 5000, '{"resourceType": 5}', "\x00"])
def test_a_file_that_is_no_resource_is_refused_with_a_reason(tmp_path, text):
    (tmp_path / "one.json").write_text(text)
    with pytest.raises(DataError, match=r"(?s)No usable patients.*(not_json|broken_resource): 1 row of Patient"):
        clean(read(tmp_path))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["coding", "code", "value", "reference"]), inner, max_size=2)
    ),
    max_leaves=4,
)


def places_in(value, path=()):
    """Yield the path to every element of a resource."""
    yield path
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield from places_in(value[key], (*path, key))


WHOLE = [
    patient(
        deceasedDateTime="2020-01-01",
        link=[{"other": {"reference": "Patient/b"}, "type": "seealso"}],
        managingOrganization={"reference": "O/1"},
    ),
    condition(),
    condition(code="C90.00", system=ICD, day="2019-01-01", verificationStatus=coded("x", "confirmed")),
    observation(
        issued="2015-02-02T10:00:00Z", component=[{"code": coded(LOINC, "36916-5"), "valueQuantity": {"value": 1, "unit": "mg/L"}}]
    ),
    {"resourceType": "Encounter", "status": "finished", "subject": {"reference": "Patient/a"}, "period": {"start": "2016-01-01"}},
    {
        "resourceType": "MedicationRequest",
        "status": "active",
        "subject": {"reference": "Patient/a"},
        "medicationReference": {"reference": "#m"},
        "contained": [{"resourceType": "Medication", "id": "m", "code": coded(RXNORM, "1")}],
        "authoredOn": "2017-01-01",
    },
]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_an_element_is_replaced_by_there_is_an_answer_or_a_message(tmp_path, data):
    """Nothing raises but a message for people, and what is read is kept or refused."""
    resources = copy.deepcopy(WHOLE)
    path = data.draw(st.sampled_from([path for path in places_in(resources) if path]))
    target = resources
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = data.draw(JSON)
    entries = [{"fullUrl": f"urn:uuid:{i}", "resource": resource} for i, resource in enumerate(resources)]
    (tmp_path / "one.json").write_text(json.dumps({"resourceType": "Bundle", "entry": [*entries, *({"resource": r} for r in BASE)]}))
    try:
        refusals(read(tmp_path))
    except UserError as error:
        assert error.hint


def test_a_folder_that_may_not_be_listed_is_no_empty_folder(tmp_path, monkeypatch):
    bundle(tmp_path / "one.json", *BASE)

    def closed(folder):
        raise PermissionError(13, "Permission denied", str(folder))

    monkeypatch.setattr("os.scandir", closed)
    with pytest.raises(DataError, match="A folder of the input cannot be read: no permission"):
        read(tmp_path)


TODAY = 16_800  # 2015-12-31


def encounter(start, end=None, **more):
    period = {"start": start, **({"end": end} if end else {})}
    return {"resourceType": "Encounter", "status": "finished", "subject": {"reference": "Patient/a"}, "period": period, **more}


@pytest.mark.parametrize("typed", ["2203-01-05", "9999-12-31", "2015-02-30", "2016-01-01"])
def test_a_day_that_cannot_be_does_not_wipe_out_the_contacts_before_it(bulk, typed):
    """It is looked at before the last of them is taken, and counted."""
    source = read(bulk(*BASE, encounter("2015-03-01", typed), encounter(typed)), today=TODAY)
    assert events(source) == [("a", "last_contact", "2015-03-01", "")]
    assert refusals(source) == []
    assert any(
        note.startswith("2 days are not used for the last contact (Encounter 2): not written YYYY-MM-DD") and "after 2015-12-31" in note
        for note in source.notes
    )


def test_a_contact_with_nobody_is_counted(bulk):
    source = read(bulk(*BASE, encounter("2015-03-01", subject={"display": "SENTINEL"})))
    assert "1 resources with a day of contact name no person" in source.notes
    assert "SENTINEL" not in " ".join(source.notes)


@pytest.mark.parametrize("typed", ["0215-01-01", "1700-01-01", "2262-04-11", "2203-01-01", "soon"])
def test_the_first_usable_index_date_counts(bulk, typed):
    source = read(bulk(patient(), condition(day=typed), condition(day="2015-01-05"), observation()), today=TODAY)
    assert source.tables["patients"]["index_date"].tolist() == ["2015-01-05"]
    assert any(note.startswith("1 index codes have no usable date") for note in source.notes)


def test_a_progression_typed_into_the_future_beside_an_earlier_one_is_left_aside(bulk):
    typed = [condition(day=day, code="C90.00", system=ICD) for day in ("2203-01-01", "2015-06-01")]
    source = read(bulk(*BASE, *typed), today=TODAY)
    assert ("a", "progression", "2015-06-01", "") in events(source)
    assert refusals(source) == []
    assert any(note.startswith("1 progressions or deaths are dated after 2015-12-31") for note in source.notes)


@pytest.mark.parametrize("birth", ["1700-01-01", "1700", "1700-05", "2262-04-12", "0001-01-01"])
def test_a_birth_outside_the_calendar_is_refused_in_words(bulk, birth):
    with pytest.raises(DataError, match=r"(?s)bad_date: 1 row .*birth_date.*from 1850-01-01 to 2250-12-31"):
        clean(read(bulk(patient(birthDate=birth), condition(), observation())))


@pytest.mark.parametrize(
    "reference", ["Patient/a/_history/2", "https://h.example/fhir/Patient/a/_history/7", "https://h.example/fhir/Patient/a"]
)
def test_versioned_and_absolute_references_lead_to_the_person(bulk, reference):
    subject = {"reference": reference}
    source = read(bulk(patient(), condition(subject=subject), observation(subject=subject), encounter("2015-03-01", subject=subject)))
    assert refusals(source) == []
    assert events(source) == [("a", "last_contact", "2015-03-01", "")]


def order(reference=None, **more):
    return {
        "resourceType": "MedicationRequest",
        "status": "active",
        "intent": "order",
        "subject": {"reference": "Patient/a"},
        "medicationReference": {"display": "something"} if reference is None else {"reference": reference},
        "authoredOn": "2015-12-24",
        **more,
    }


def medication(**more):
    return {"resourceType": "Medication", "code": coded(RXNORM, "1"), **more}


def starts(source):
    return [detail for _, kind, _, detail in events(source) if kind == "treatment_start"]


@pytest.mark.parametrize("reference", ["Medication/m", "Medication/m/_history/3", "https://h.example/fhir/Medication/m/_history/3"])
def test_a_drug_is_found_by_every_form_of_a_reference(bulk, reference):
    assert starts(read(bulk(*BASE, medication(id="m"), order(reference)))) == ["daratumumab"]


@pytest.mark.parametrize("reference", [None, "", "Medication/None", "Medication/", "#", "#m", "Medication/other"])
def test_a_reference_that_names_no_drug_takes_the_meaning_of_none(bulk, reference):
    """A Medication without an identifier is nobody's; who may have had a mapped drug is set aside."""
    source = read(bulk(*BASE, medication(), medication(id=""), medication(id="m"), order(reference)))
    assert starts(source) == [""]
    assert ("events", "missing_medication", "MedicationRequest.ndjson", 1) in refusals(source)
    assert inspect(source)[0].patients.empty


@pytest.mark.parametrize("said", [{"status": "entered-in-error"}, {"doNotPerform": True}, {"intent": "plan"}, {"intent": "option"}])
@pytest.mark.parametrize("drug", ["coded", "lost"])
def test_an_order_that_is_none_sets_nobody_aside(bulk, said, drug):
    one = order("Medication/lost", **said)
    if drug == "coded":
        one["medicationCodeableConcept"] = coded(RXNORM, "1")
        del one["medicationReference"]
    source = read(bulk(*BASE, one))
    assert starts(source) == [] and refusals(source) == []
    assert any(note.startswith("1 mapped diagnoses and drugs are not confirmed") for note in source.notes)


def test_a_drug_of_another_server_is_not_taken_for_one_of_the_same_number(tmp_path):
    place = bundle(tmp_path / "one.json", *BASE, {**medication(id="m")}, order("https://south.example/Medication/m"))
    place.write_text(place.read_text().replace('"urn:uuid:m"', '"https://north.example/Medication/m"'))
    assert ("events", "missing_medication", "one.json", 5) in refusals(read(place))


def test_two_drugs_of_one_number_are_not_told_apart_by_the_order_of_rows(bulk):
    source = read(bulk(*BASE, medication(id="m"), {**medication(id="m"), "code": coded(RXNORM, "2")}, order("Medication/m")))
    assert ("events", "missing_medication", "MedicationRequest.ndjson", 1) in refusals(source)


def test_a_person_without_an_identifier_collects_nothing_of_others(bulk):
    """What refers to nobody stays refused as such."""
    nameless = {"resourceType": "Patient", "gender": "male"}
    lost = {"subject": {"display": "somebody"}}
    source = read(bulk(*BASE, nameless, condition(**lost), observation(**lost)))
    assert refusals(source) == [
        ("measurements", "missing_reference", "Observation.ndjson", 2),
        ("patients", "missing_value", "Patient.ndjson", 2),
    ]


@pytest.mark.parametrize("status", ["active", "completed", "not-taken", "intended", "entered-in-error"])
def test_a_statement_of_a_mapped_drug_is_a_treatment_unless_it_was_not_taken(bulk, status):
    said = {"resourceType": "MedicationStatement", "status": status, "subject": {"reference": "Patient/a"}}
    source = read(bulk(*BASE, {**said, "medicationCodeableConcept": coded(RXNORM, "1"), "effectiveDateTime": "2015-12-24"}))
    assert starts(source) == (["daratumumab"] if status in ("active", "completed") else [])


def test_diagnoses_and_drugs_that_are_not_mapped_are_counted(bulk):
    other = {"medicationReference": None, "medicationCodeableConcept": coded(RXNORM, "2")}
    one = {key: value for key, value in order(**other).items() if value is not None}
    source = read(bulk(*BASE, condition(code="J00", system=ICD), medication(id="m", code=coded(RXNORM, "2")), order("Medication/m"), one))
    assert "3 diagnoses and drugs have a code that is not mapped (MedicationRequest 2, Condition 1)" in source.notes
    assert refusals(source) == []


def test_a_lost_drug_beside_a_code_that_is_not_mapped_sets_nobody_aside(bulk):
    """The code says that it is no drug of the mapping."""
    assert refusals(read(bulk(*BASE, order("Medication/lost", medicationCodeableConcept=coded(RXNORM, "2"))))) == []


@pytest.mark.parametrize("concept", ["1", [], {"coding": "1"}, {"coding": [{"code": ""}]}], ids=str)
def test_a_broken_code_of_a_drug_sets_the_person_aside_as_a_diagnosis_does(bulk, concept):
    one = order(medicationCodeableConcept=concept)
    del one["medicationReference"]
    assert ("events", "broken_resource", "MedicationRequest.ndjson", 1) in refusals(read(bulk(*BASE, one)))


@pytest.mark.parametrize("name", ["Condition.000.ndjson", "export-condition_2.ndjson", "part-00001.ndjson"])
def test_a_torn_line_is_booked_to_what_its_file_holds(bulk, tmp_path, name):
    """By its name, or else by the lines before it: a diagnosis may be lost, not a result."""
    bulk(*BASE)
    (tmp_path / name).write_text(json.dumps(condition(day="2016-01-01")) + '\n{"resourceType": "Cond')
    assert refusals(read(tmp_path)) == [("events", "not_json", name, 2)]


def test_a_relative_reference_is_one_of_the_server_of_its_resource(tmp_path):
    """Two servers may have a drug of the same number."""
    for server, drug in (("north", "1"), ("south", "2")):
        resources = [medication(id="m", code=coded(RXNORM, drug)), order("Medication/m", id="r", subject={"reference": "urn:uuid:a"})]
        entries = [{"fullUrl": f"https://{server}.example/{r['resourceType']}/{r['id']}", "resource": r} for r in resources]
        (tmp_path / f"{server}.json").write_text(json.dumps({"resourceType": "Bundle", "entry": entries}))
    bundle(tmp_path / "who.json", *BASE)
    source = read(tmp_path)
    assert starts(source) == ["daratumumab"] and refusals(source) == []


def test_a_result_of_another_server_is_nobodys(tmp_path):
    one = {"fullUrl": "https://north.example/Patient/a", "resource": patient()}
    lost = {"fullUrl": "https://south.example/Observation/o", "resource": observation(id="o", day="2016-01-01")}
    own = {"fullUrl": "https://north.example/Observation/o", "resource": observation(id="o")}
    entries = [one, {"resource": condition()}, own, lost]
    (tmp_path / "one.json").write_text(json.dumps({"resourceType": "Bundle", "entry": entries}))
    assert refusals(read(tmp_path)) == [("measurements", "missing_reference", "one.json", 4)]


def test_what_is_withdrawn_need_not_be_whole(bulk):
    """A server may keep little more of it than its code."""
    diagnosis = condition(code="C90.00", system=ICD, verificationStatus=coded("x", "entered-in-error"))
    drug = order(status="entered-in-error", medicationCodeableConcept=coded(RXNORM, "1"))
    for resource in (diagnosis, drug):
        del resource["subject"]
    assert refusals(read(bulk(*BASE, diagnosis, drug))) == []


def test_a_gzip_file_that_is_damaged_at_any_byte_is_a_message(tmp_path):
    """Whatever a damaged byte does: the file is read, or refused in words."""
    lines = "\n".join(json.dumps({**resource, "id": str(n)}) for n, resource in enumerate(BASE)) + "\n"
    packed = gzip.compress(lines.encode())
    said = set()
    for place in range(len(packed)):
        (tmp_path / "all.ndjson.gz").write_bytes(packed[:place] + bytes([packed[place] ^ 0x5A]) + packed[place + 1 :])
        try:
            read(tmp_path)
        except DataError as error:
            said.add(error.code)
    assert said <= {"not_readable", "empty_cohort"}
    assert "not_readable" in said


@pytest.mark.parametrize("depth", [2_000, 100_000])
def test_deep_nesting_is_refused_as_what_it_is(bulk, depth):
    deep = '{"resourceType": "Observation", "contained": ' + "[" * depth + "]" * depth + "}"
    assert ("measurements", "not_json", "Observation.ndjson", 2) in refusals(read(bulk(*BASE, deep)))


def test_bundles_in_bundles_are_read_however_deep_they_lie(tmp_path):
    resource = {"resourceType": "Bundle", "entry": [{"resource": one} for one in BASE]}
    for _ in range(300):
        resource = {"resourceType": "Bundle", "entry": [{"resource": resource}]}
    (tmp_path / "deep.json").write_text(json.dumps(resource))
    assert len(values(read(tmp_path))) == 1


def test_files_with_another_ending_are_counted_and_not_named(bulk):
    place = bulk(*BASE)
    (place / "Meier.pdf").write_bytes(b"%PDF")
    assert "1 files of the folder have an ending that is not read" in read(place).notes
    (place / "Meier.pdf").unlink()
    assert not any("ending" in note for note in read(place).notes)
