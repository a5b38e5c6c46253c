"""The mapping file: what it may say, and what a slip in it is told."""

import re

import pytest
import yaml

from features.sources.mapping import BiomarkerCode, Mapping, omop_concepts, parse_mapping, read_mapping
from features.sources.received import REFUSALS
from myeloma import ConfigError, StateError, canonical_divisor, catalogue


def test_a_whole_mapping_is_read():
    mapping = parse_mapping(
        {
            "index": ["SNOMED:1", 254],
            "progression": "C90.0",
            "treatment": {10: "daratumumab"},
            "biomarkers": {"MSPIKE": "m_protein", 77: {"biomarker": "flc_kappa", "unit": "mg/L"}},
            "units": {"GM/DL": "g/dL"},
            "sex": {"female": ["F"]},
            "site": {"value": "north"},
        },
        "m.yaml",
    )
    assert mapping.index == ("SNOMED:1", "254")
    assert mapping.roles() == [
        ("SNOMED:1", "index", ""),
        ("254", "index", ""),
        ("C90.0", "progression", ""),
        ("10", "treatment", "daratumumab"),
    ]
    assert mapping.biomarkers == {"MSPIKE": BiomarkerCode("m_protein"), "77": BiomarkerCode("flc_kappa", "mg/L")}


def test_every_loinc_code_of_the_catalogue_is_mapped_and_the_file_wins():
    assert Mapping(index=("x",)).measured()["LOINC:718-7"] == BiomarkerCode("hemoglobin")
    own = parse_mapping({"index": ["x"], "biomarkers": {"LOINC:718-7": {"biomarker": "albumin"}}}, "m.yaml")
    assert own.measured()["LOINC:718-7"] == BiomarkerCode("albumin")


def test_a_code_of_loinc_that_is_right_and_a_local_one_like_it_are_taken():
    content = {"index": ["x"], "biomarkers": {"LOINC:26450-7": "albumin", "33944-8": "flc_lambda"}}
    assert set(parse_mapping(content, "m.yaml").biomarkers) == {"LOINC:26450-7", "33944-8"}


@pytest.mark.parametrize(
    ("content", "error", "hint"),
    [
        ({"index": ["x"], "progresion": ["y"]}, 'Unknown key "progresion" in m.yaml', 'did you mean "progression"'),
        ({"index": ["x"], "site": {"vale": "y"}}, 'Unknown key "vale" in m.yaml, site', 'did you mean "value"'),
        (
            {"index": ["x"], "biomarkers": {"A": "m_protien"}},
            'm.yaml, biomarkers, A: Unknown biomarker "m_protien"',
            'did you mean "m_protein"',
        ),
        ({"index": ["x"], "biomarkers": {"A": {"biomarker": "flc_kappa", "unit": "g"}}}, "which is not one of its units", "mg/L, mg/dL"),
        ({"index": ["x"], "biomarkers": {"A": {"biomarker": "bmpc", "units": "%"}}}, 'Unknown key "units"', 'did you mean "unit"'),
        (
            {"index": ["x"], "biomarkers": {"LOINC:33944-8": "flc_lambda"}},
            "m.yaml, biomarkers: 33944-8 is no LOINC code",
            "33944 ends in -0; is a digit mistyped?",
        ),
        ({"index": ["x"], "progression": ["LOINC:21861"]}, 'm.yaml, progression: "21861" is no LOINC code', "as in 718-7"),
        (
            {"index": ["x"], "biomarkers": {"LOINC:11050-2": "flc_kappa"}},
            "this LOINC code is chains free and bound together, tens of times more than free ones, not flc_kappa",
            "codes of flc_kappa: 36916-5",
        ),
        ({"index": ["x"], "biomarkers": {"26450-7": {"biomarker": "bmpc"}}}, "is eosinophils per 100 leukocytes, not bmpc", "11118-7"),
        ({"progression": ["x"]}, "m.yaml lacks: index", "docs/sources.md"),
        ({"index": []}, "m.yaml lacks: index", "docs/sources.md"),
        ({"index": [["x"]]}, "index.0", "codes are text or numbers"),
        ({"index": ["x"], "sex": "female"}, "m.yaml, sex is empty, or is not a section", "read_from"),
        (None, "m.yaml is empty", "Accepted keys"),
    ],
)
def test_a_slip_in_a_mapping_says_where_and_what_is_accepted(content, error, hint):
    with pytest.raises(ConfigError) as refusal:
        parse_mapping(content, "m.yaml")
    assert error in refusal.value.what
    assert hint in refusal.value.hint


def test_a_mapping_file_that_is_not_there_or_not_yaml_is_refused(tmp_path):
    with pytest.raises(StateError, match="No mapping file"):
        read_mapping(tmp_path / "no.yaml")
    (tmp_path / "m.yaml").write_text("index: [a\nprogression: b: c")
    with pytest.raises(ConfigError, match=r"m\.yaml is not valid YAML, line"):
        read_mapping(tmp_path / "m.yaml")


def test_shipped_omop_concepts_name_biomarkers_and_units_of_the_catalogue():
    shipped = omop_concepts()
    assert set(shipped["biomarkers"].values()) <= set(catalogue().keys())
    assert shipped["biomarkers"]["3034655"] == "urine_m_protein"
    assert {"m_protein", "flc_kappa", "flc_lambda", "kappa_lambda_ratio", "bmpc"} <= set(shipped["biomarkers"].values())
    accepted = {unit for entry in catalogue().biomarkers.values() for unit in (entry.unit, *entry.units)}
    assert set(shipped["units"].values()) <= accepted
    assert canonical_divisor("creatinine", shipped["units"]["8749"]) == canonical_divisor("creatinine", "umol/L")


def test_the_mappings_of_the_documentation_are_read(root):
    blocks = re.findall(r"```yaml\n(.*?)```", (root / "docs" / "sources.md").read_text(), flags=re.DOTALL)
    assert len(blocks) == 4
    for number, block in enumerate(blocks, start=1):
        assert parse_mapping(yaml.safe_load(block), f"example {number}").index


def test_the_documentation_names_every_reason_that_a_source_gives(root):
    conventions = (root / "docs" / "conventions.md").read_text()
    assert [code for code in REFUSALS if f"`{code}`" not in conventions] == []


@pytest.mark.parametrize(
    "changed",
    [
        {"index": [""]},
        {"index": ["LOINC:"]},
        {"progression": [" "]},
        {"treatment": {"": "daratumumab"}},
        {"biomarkers": {"": "m_protein"}},
        {"units": {"": "g/dL"}},
        {"site": {"codes": {"": "north"}}},
        {"sex": {"female": [""]}},
    ],
    ids=str,
)
def test_an_empty_code_is_refused_since_it_would_match_every_empty_cell(changed):
    with pytest.raises(ConfigError, match="a code cannot be empty"):
        parse_mapping({"index": ["C90.0"], **changed}, "m.yaml")
