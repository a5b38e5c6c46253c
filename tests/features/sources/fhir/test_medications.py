"""A Medication is known by its code, its name, and what it is made of; one of which nothing is said is unnamed, as an order is."""

import pytest

from tests.features.sources.fhir.resources import BASE, RXNORM, coded, events, patient, read, refusals

NAMES = {"lenalidomid": "lenalidomide", "bortezomib": "bortezomib"}
ATC = "http://www.whocc.no/atc"


def order(reference="Medication/m", **more):
    about = {"resourceType": "MedicationRequest", "id": "d", "status": "active", "subject": {"reference": "Patient/a"}}
    return {**about, "authoredOn": "2016-01-01", "medicationReference": {"reference": reference}, **more}


def medication(*items, kind="Medication", name="m", **more):
    listed = [{"itemReference" if "reference" in item else "itemCodeableConcept": item} for item in items]
    return {"resourceType": kind, "id": name, **({"ingredient": listed} if listed else {}), **more}


def starts(source):
    return [detail for _, kind, _, detail in events(source) if kind == "treatment_start"]


def reasons(source):
    return {why for table, why, *_ in refusals(source) if table == "events"}


MADE_OF = {
    "a name": medication({"text": "Lenalidomide"}),
    "a code that is mapped": medication(coded(RXNORM, "1")),
    "a name beside a name of the whole that says nothing": medication({"text": "Bortezomib"}, code={"text": "Zytostatikazubereitung"}),
    "two, of which one is a treatment": medication({"text": "Mannitol"}, {"text": "Bortezomib"}),
    "what a reference displays": medication({"reference": "Medication/elsewhere", "display": "Bortezomib"}),
}


@pytest.mark.parametrize("drug", MADE_OF.values(), ids=MADE_OF)
@pytest.mark.parametrize("contained", [False, True])
def test_a_drug_is_known_by_what_it_is_made_of(bulk, drug, contained):
    sent = [order("#m", contained=[drug])] if contained else [order(), drug]
    assert len(starts(read(bulk(*BASE, *sent), treatment_names=NAMES))) == 1


@pytest.mark.parametrize("kind", ["Medication", "Substance"])
@pytest.mark.parametrize("contained", [False, True])
def test_an_ingredient_may_be_a_resource_of_its_own(bulk, kind, contained):
    inner = medication(kind=kind, name="i", code={"text": "Bortezomib"})
    outer = medication({"reference": "#i" if contained else f"{kind}/i"})
    sent = [order("#m", contained=[outer, inner])] if contained else [order(), outer, inner]
    assert starts(read(bulk(*BASE, *sent), treatment_names=NAMES)) == ["bortezomib"]


UNNAMED = {
    "nothing at all": medication(),
    "a code alone": medication(code=coded("http://fhir.de/CodeSystem/ifa/pzn", "02345678")),
    "an ingredient of a code alone": medication(coded(ATC, "X01")),
    "an ingredient that is not there": medication({"reference": "Substance/elsewhere"}),
    "an ingredient of itself": medication({"reference": "Medication/m"}),
    "one ingredient of two without a name": medication({"text": "Mannitol"}, coded(ATC, "X01")),
}


@pytest.mark.parametrize("drug", UNNAMED.values(), ids=UNNAMED)
@pytest.mark.parametrize("contained", [False, True])
def test_a_medication_of_which_no_name_is_told_is_unnamed_as_an_order_of_it_would_be(bulk, drug, contained):
    sent = [order("#m", contained=[drug])] if contained else [order(), drug]
    assert "unnamed_drug" in reasons(read(bulk(*BASE, *sent), treatment_names=NAMES))
    withdrawn = [one | ({"status": "cancelled"} if one["resourceType"] == "MedicationRequest" else {}) for one in sent]
    assert reasons(read(bulk(*BASE, *withdrawn), treatment_names=NAMES)) == set()


NAMED = {
    "by its own name": (medication(code={"text": "aspirin"}), {}),
    "by its ingredients": (medication({"text": "aspirin"}, {"text": "Mannitol"}), {}),
    "by what refers to it": (medication(), {"display": "aspirin"}),
}


@pytest.mark.parametrize(("drug", "shown"), NAMED.values(), ids=NAMED)
def test_a_medication_of_another_name_sets_nobody_aside(bulk, drug, shown):
    sent = order(medicationReference={"reference": "Medication/m", **shown})
    source = read(bulk(*BASE, sent, drug), treatment_names=NAMES)
    assert (starts(source), reasons(source)) == ([], set())


def test_a_medication_that_stands_there_twice_is_one(bulk):
    drug = medication({"text": "Bortezomib"})
    assert starts(read(bulk(*BASE, order(), drug, drug), treatment_names=NAMES)) == ["bortezomib"]
    other = medication({"text": "aspirin"})
    assert "missing_medication" in reasons(read(bulk(*BASE, order(), drug, other), treatment_names=NAMES))


def test_many_ingredients_that_refer_to_one_another_cost_no_more_than_once_each(bulk):
    count = 60
    everything = [{"reference": f"Medication/{n}"} for n in range(count)]
    drugs = [medication(*everything, name=str(n)) for n in range(count)]
    assert "unnamed_drug" in reasons(read(bulk(*BASE, order("Medication/0"), *drugs), treatment_names=NAMES))


def test_the_note_names_the_atc_codes_of_cancer_of_a_medication_too(bulk):
    drug = medication(code=coded(ATC, "L01CA02") | {"text": "drip"})
    notes = read(bulk(*BASE, order(), drug, patient("b")), treatment_names=NAMES).notes
    assert any("drugs against cancer" in note and "ATC:L01CA02" in note for note in notes)
