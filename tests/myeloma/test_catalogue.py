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


def check_digit(number: str) -> int:
    """LOINC codes end in a Luhn check digit, which catches a mistyped code."""
    doubled = [int(d) * (2 if i % 2 == 0 else 1) for i, d in enumerate(reversed(number))]
    return -sum(n - 9 if n > 9 else n for n in doubled) % 10


@pytest.mark.parametrize("entry", BIOMARKERS, ids=lambda b: b.key)
def test_every_shipped_entry_is_sound(entry):
    assert entry.name
    assert entry.lower < entry.upper
    assert entry.cv is None or 0 < entry.cv < 1
    assert entry.scale == "linear" or entry.lower >= 0
    assert "__" not in entry.key, "a key with __ would break the column grammar"


def test_loinc_codes_have_their_check_digit_and_belong_to_one_biomarker():
    codes = [code for entry in BIOMARKERS for code in entry.loinc]
    assert len(codes) > 10
    assert [code for code in codes if check_digit(code.split("-")[0]) != int(code.split("-")[1])] == []
    assert len(codes) == len(set(codes))


def test_a_limit_that_no_source_gives_is_infinite():
    assert catalogue()["calcium"].upper == math.inf
    assert catalogue()["bmpc"].upper == 100.0


def test_an_unknown_key_names_the_nearest():
    with pytest.raises(ConfigError, match='did you mean "m_protein"') as refusal:
        catalogue()["m_protien"]
    assert refusal.value.code == "unknown_biomarker"


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
