"""The biomarker catalogue: what ships is sound, what a user adds is read, what is wrong is refused."""

import math

import pytest
import yaml

from myeloma import ConfigError, catalogue
from myeloma.catalogue import DEFAULT_PATH, read_catalogue

BIOMARKERS = list(catalogue().biomarkers.values())
URATE = {
    "name": "Urate",
    "unit": "mg/dL",
    "units": {"umol/L": 59.48},
    "loinc": ["3084-1"],
    "limits": [0, None],
    "harm": "higher",
    "scale": "linear",
    "cv": None,
    "sources": [],
}


@pytest.fixture
def read_with(tmp_path):
    """Return a function that reads a copy of the shipped catalogue with one entry added."""

    def read(key, entry):
        content = yaml.safe_load(DEFAULT_PATH.read_text(encoding="utf-8"))
        content["biomarkers"][key] = entry
        path = tmp_path / "catalogue.yaml"
        path.write_text(yaml.safe_dump(content), encoding="utf-8")
        return read_catalogue(path)

    return read


@pytest.mark.parametrize("entry", BIOMARKERS, ids=lambda b: b.key)
def test_every_shipped_entry_is_sound(entry):
    assert entry.name
    assert entry.lower < entry.upper
    assert entry.cv is None or 0 < entry.cv < 1
    assert entry.scale == "linear" or entry.lower >= 0
    assert "__" not in entry.key, "a key with __ would break the column grammar"


def test_a_limit_that_no_source_gives_is_infinite():
    assert catalogue()["calcium_corrected"].upper == math.inf
    assert catalogue()["bmpc"].upper == 100.0


def test_an_unknown_key_names_the_nearest():
    with pytest.raises(ConfigError, match='did you mean "m_protein"') as refusal:
        catalogue()["m_protien"]
    assert refusal.value.code == "unknown_biomarker"


def test_other_names_are_those_of_one_biomarker_alone():
    aliases = [alias for entry in BIOMARKERS for alias in entry.aliases]
    assert len(set(aliases)) == len(aliases)
    assert not set(aliases) & set(catalogue().keys())
    assert [catalogue().key_of(name) for name in ("QLQ_C30_physical", "qlq_c30_global", "BMPC")] == ["qlq_c30_pf", "qlq_c30_ql", "bmpc"]


def test_the_scales_of_a_questionnaire_are_named_and_none_of_its_wording_is_there():
    scales = [entry for entry in BIOMARKERS if entry.unit == "{score}"]
    assert len(scales) == 15 + 4
    assert all((entry.lower, entry.upper) == (0, 100) and entry.harm for entry in scales)
    assert {entry.key[-2:] for entry in scales if entry.harm == "lower"} == {"ql", "pf", "rf", "ef", "cf", "sf", "fp", "bi"}
    assert not any("?" in entry.name for entry in scales)


def test_a_user_adds_a_biomarker_by_adding_an_entry(read_with):
    extended = read_with("urate", URATE)
    assert extended["urate"].units == {"umol/L": 59.48}
    assert set(extended.keys()) - set(catalogue().keys()) == {"urate"}


@pytest.mark.parametrize("field", sorted(URATE))
def test_an_entry_that_lacks_a_field_is_refused(read_with, field):
    with pytest.raises(ConfigError, match=f'"urate" in the catalogue lacks: {field}'):
        read_with("urate", {key: value for key, value in URATE.items() if key != field})


def test_an_unknown_field_names_the_nearest(read_with):
    with pytest.raises(ConfigError, match='unknown field "limit"') as refusal:
        read_with("urate", {**URATE, "limit": [0, 1]})
    assert 'did you mean "limits"?' in refusal.value.hint


@pytest.mark.parametrize("factor", [0, -1, math.nan, math.inf])
def test_a_factor_that_is_not_positive_is_refused(read_with, factor):
    with pytest.raises(ConfigError, match="factor must be positive"):
        read_with("urate", {**URATE, "units": {"umol/L": factor}})


@pytest.mark.parametrize("wrong", [{"harm": "up"}, {"scale": "square"}])
def test_a_wrong_harm_or_scale_is_refused(read_with, wrong):
    with pytest.raises(ConfigError, match="harm is higher, lower or null; scale is linear or log"):
        read_with("urate", {**URATE, **wrong})


def test_an_environment_variable_brings_entries_of_ones_own(tmp_path, monkeypatch):
    path = tmp_path / "liver.yaml"
    path.write_text(yaml.safe_dump({"version": "liver-1", "biomarkers": {"urate": URATE, "albumin": URATE}}), encoding="utf-8")
    monkeypatch.setenv("MYELOMA_CATALOGUE", str(path))
    catalogue.cache_clear()
    try:
        assert catalogue().version.endswith("with liver-1")
        assert {"urate", "m_protein"} <= set(catalogue())
        assert catalogue()["albumin"].name == "Urate"
    finally:
        monkeypatch.undo()
        catalogue.cache_clear()


@pytest.mark.parametrize(("text", "says"), [("- a\n- b", "no catalogue"), ("version: 1", "no catalogue"), ("a: [", "cannot be read")])
def test_a_file_that_is_no_catalogue_is_refused_with_its_name(tmp_path, text, says):
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=says) as refused:
        read_catalogue(path)
    assert "mine.yaml" in refused.value.what


@pytest.mark.parametrize(
    ("biomarker", "value"),
    [  # a value in SI units under the name of the conventional one
        ("calcium", 2.4),
        ("albumin", 40),
        ("total_protein", 70),
        ("hemoglobin", 135),
        ("b2m", 300),
        ("ldh", 3.5),
    ],
)
def test_a_value_in_another_unit_lies_outside_the_limits(biomarker, value):
    assert not catalogue()[biomarker].lower <= value <= catalogue()[biomarker].upper


def test_a_limit_of_our_own_says_that_it_is_a_judgement():
    of_pangea = {"m_protein", "flc_ratio", "kappa_lambda_ratio", "bmpc", "hemoglobin", "creatinine"}
    for entry in BIOMARKERS:
        if math.isfinite(entry.upper) and entry.unit not in ("{presence}", "{score}"):  # whose range is what they are
            words = "PANGEA" if entry.key in of_pangea else "judgement"
            assert any(source.startswith("limits:") and words in source for source in entry.sources), entry.key


def test_other_spellings_of_a_unit_come_with_the_catalogue_and_can_be_added(read_with):
    assert read_with("urate", URATE)["urate"].divisors["micromol/l"] == 59.48
    assert "micromol/l" not in read_with("urate", URATE | {"units": {}})["urate"].divisors


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"loinc": ["3084-2"]}, "3084 ends in -1"),
        ({"loinc_refused": {"14933-7": "urate in urine"}}, "14933 ends in "),
        ({"least_in": {"mmol/L": [0.1, "is it"]}}, "umol/L"),
    ],
)
def test_a_code_that_is_mistyped_or_a_least_value_in_no_unit_is_refused(read_with, change, said):
    with pytest.raises(ConfigError) as refusal:
        read_with("urate", URATE | change)
    assert said in refusal.value.hint


def test_every_biomarker_of_a_sample_says_in_which_specimens_it_is_measured():
    silent = [entry.key for entry in BIOMARKERS if not entry.possible_specimens and entry.unit != "{score}"]
    assert silent == ["pet_ct", "plasmacytoma"]  # which are seen, not sampled
    assert {name for entry in BIOMARKERS for name in entry.possible_specimens} <= catalogue().known_specimens.keys()


def test_a_word_or_a_code_means_one_specimen_alone():
    known = catalogue().known_specimens
    for said in ([word for one in known.values() for word in (*one.words,)], [code for one in known.values() for code in one.codes]):
        assert len(set(said)) == len(said)
    assert all(catalogue().specimen_of(word) == name for name, one in known.items() for word in (name, *one.words))


def test_a_user_adds_words_for_a_specimen(tmp_path):
    path = tmp_path / "own.yaml"
    entry = URATE | {"measured_in": ["sweat", "serum"]}
    content = {"version": "1", "biomarkers": {"urate": entry}, "specimens": {"sweat": {"words": ["Schweiß"]}}}
    path.write_text(yaml.safe_dump(content))
    own = read_catalogue(path)
    assert [own.specimen_of(text) for text in ("SCHWEISS", "Schweiß", "sweat", "serum", "urine")] == [
        "sweat",
        "sweat",
        "sweat",
        "serum",
        "",
    ]
    path.write_text(yaml.safe_dump({"version": "1", "biomarkers": {}, "specimens": {"sweat": ["Schweiß"]}}))
    with pytest.raises(ConfigError, match='Specimen "sweat" in the catalogue has `words` and `codes`'):
        read_catalogue(path)
