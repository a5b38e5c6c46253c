"""Which codes count is data: the shipped mapping, and a hospital's own in its place."""

import pytest
import yaml
from fastapi.testclient import TestClient

from features.cohort.schema import STAGES
from features.sources.fhir.codes import FhirCodes
from myeloma import ConfigError, StateError
from serving.artifact import load_artifact
from serving.http.api import make_app
from serving.http.audited import Kept
from serving.http.fhir.mapping import SHIPPED, mappings_in
from tests.serving.http.fhir.bundles import ATC, RXNORM, bundle, coded, observation, order, person, post, reasons


def own(tmp_path, **changed):
    """Return a file that is the shipped mapping but for some sections; None leaves one out."""
    content = yaml.safe_load(SHIPPED.read_text()) | changed
    path = tmp_path / "own.yaml"
    path.write_text(yaml.safe_dump({name: section for name, section in content.items() if section is not None}))
    return path


def served(trained, path):
    artifact = load_artifact(trained.folder / "fit" / "boosting" / "artifact")
    return TestClient(make_app({"smm": artifact}, kept=Kept(mappings=mappings_in(path))), raise_server_exceptions=False)


def test_the_shipped_mapping_has_a_section_for_each_stage_and_its_index_codes_are_of_that_stage():
    mappings = mappings_in()
    assert {stage: mapping.stage for stage, mapping in mappings.items()} == {stage: stage for stage in STAGES}
    assert not set(mappings["smm"].index) & set(mappings["smm"].progression)
    assert set(mappings["smm"].index) <= set(mappings["mgus"].progression)


@pytest.mark.parametrize("drug", ["lenalidomide", "bortezomib", "daratumumab", "carfilzomib", "melphalan", "ciltacabtagene autoleucel"])
def test_a_drug_of_myeloma_is_known_by_its_name(drug):
    assert drug in mappings_in()["smm"].treatment_names.values()


BRANDS = (
    "Tecvayli Talvey Elrexfio Blenrep Lynozyfic Farydak Pepaxto Pepaxti Nexpovio Venclyxto Venclexta Levact Treanda Endoxan Phelinun"
    " Imnovid Sarclisa Carvykti Abecma"
)


@pytest.mark.parametrize("brand", BRANDS.split())
def test_a_person_treated_with_a_brand_gets_no_risk(trained, brand):
    client = served(trained, SHIPPED)
    assert reasons(post(client, bundle(*person(), order({"text": f"{brand} 10 mg"})))) == ["treated"]


SPELLINGS = (
    "Talidomida Talidomid Melfalán Cyklofosfamid Cyclofosfamide Karfilzomib Iksazomib Bendamustyna Wenetoklaks Izatuksymab Belamaf"
    " Borte\u00adzomib Ｌｅｎａｌｉｄｏｍｉｄｅ Melfalaani Bortetsomibi Lenalidomiid Леналидомид Λεναλιδομίδη Ciclofosfamida"
)


@pytest.mark.parametrize("name", SPELLINGS.split())
def test_a_drug_is_known_in_the_languages_of_the_european_union(name):
    assert [role for role, _ in FhirCodes(mappings_in()["smm"]).drugs({"text": f"{name} 10 mg"})] == ["treatment"]


def test_germany_s_edition_of_icd_10_starts_a_history_of_mgus():
    for who in ("bfarm", "dimdi"):
        concept = coded(f"http://fhir.de/CodeSystem/{who}/icd-10-gm", "D47.2")
        assert FhirCodes(mappings_in()["mgus"]).roles(concept) == [("index", "")]


def test_a_drug_that_is_not_known_is_told_by_its_code_and_never_by_its_name(trained):
    client = served(trained, SHIPPED)
    new, aspirin = ({**coded(system, code), "text": "Anna Meier"} for system, code in ((ATC, "L01FX99"), (RXNORM, "1191")))
    said = [note["text"] for note in post(client, bundle(*person(), order(new), order(aspirin))).json()["note"]]
    assert any(one.startswith("drugs against cancer, or immunomodulators, ") and one.endswith("map the code: ATC:L01FX99") for one in said)
    assert "2 codes of drugs are not mapped; the most frequent: ATC:L01FX99: 1 rows; 1 code of no public form is not shown" in said
    assert not [one for one in said if "Meier" in one]


def test_a_laboratorys_own_code_is_read_where_its_mapping_says_what_it_is(trained, tmp_path):
    every = yaml.safe_load(SHIPPED.read_text())["every"] | {"biomarkers": {"http://lab.example|77": "m_protein"}}
    sent = bundle(*person(), observation("x", "", "2022-08-01", 2.8, "g/dL") | {"code": coded("http://lab.example", "77")})
    own_codes, shipped = (post(served(trained, path), sent).json() for path in (own(tmp_path, every=every), SHIPPED))
    assert (own_codes["occurrenceDateTime"], shipped["occurrenceDateTime"]) == ("2022-08-01", "2022-07-10")


def test_a_model_whose_stage_has_no_section_is_not_served_in_fhir(trained, tmp_path):
    assert reasons(post(served(trained, own(tmp_path, smm=None)), bundle(*person()))) == ["no_mapping"]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"smmm": {"index": ["X"]}}, 'Unknown section "smmm"'),
        ({"smm": {"indexx": ["X"]}}, 'Unknown key "indexx"'),
        ({"smm": {"index": []}}, "lacks: index"),
        ({"smm": 5}, "is none"),
    ],
)
def test_a_mapping_that_cannot_be_meant_is_refused(tmp_path, changed, message):
    with pytest.raises(ConfigError, match=message):
        mappings_in(own(tmp_path, **changed))


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(StateError, match="No mapping file"):
        mappings_in(tmp_path / "no.yaml")
