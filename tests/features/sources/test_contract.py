"""What holds for every source, a new one as well: it is found by its file, described, and refuses what is not there in words."""

import inspect
import re
import subprocess
import sys
from dataclasses import replace

import pytest

from features.__main__ import ingest
from features.sources import SOURCES, read_source
from features.sources.kinds import tabular
from myeloma import ConfigError, UserError

MAPPING = "index: [C90.0]\nprogression: [C90.1]\n"


@pytest.mark.parametrize("name", SOURCES)
def test_it_is_known_by_the_name_of_its_file_and_reads_tables_or_coded_records(name):
    source = SOURCES[name]
    assert source.name == name and (source.tables is None) != (source.records is None)
    assert inspect.getmodule(source.tables or source.records).__name__ == f"features.sources.kinds.{name}"


@pytest.mark.parametrize("name", SOURCES)
def test_it_is_described_and_the_command_names_it(root, name):
    said = inspect.signature(ingest, eval_str=True).parameters["source"].annotation.__metadata__[0].help
    assert re.search(rf"\b{name}\b", said)
    assert re.search(rf"\b{name}\b", (root / "docs" / "sources.md").read_text(encoding="utf-8"), re.IGNORECASE)


@pytest.mark.parametrize("name", SOURCES)
def test_a_place_that_is_not_there_is_named_with_a_hint(name, tmp_path):
    mapping = tmp_path / "m.yaml"
    mapping.write_text(MAPPING)
    with pytest.raises(UserError, match="nowhere") as refusal:
        read_source(name, str(tmp_path / "nowhere"), mapping if SOURCES[name].records else None)
    assert refusal.value.hint


@pytest.mark.parametrize("name", SOURCES)
def test_a_mapping_is_asked_for_where_there_are_codes_and_refused_where_there_are_none(name, tmp_path):
    refused = (UserError, "No mapping file") if name == "tabular" else (ConfigError, f"source {name} (needs --mapping|takes no mapping)")
    with pytest.raises(refused[0], match=refused[1]):
        read_source(name, str(tmp_path), None if SOURCES[name].records else tmp_path / "m.yaml")


def test_an_unknown_source_names_the_nearest():
    with pytest.raises(ConfigError, match='Unknown source "fihr"') as refusal:
        read_source("fihr", ".", None)
    assert "fhir" in refusal.value.hint


def test_its_libraries_are_loaded_where_it_reads():
    code = "import sys; import features.sources.kinds; sys.exit(bool({'duckdb', 'psycopg'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert tabular.SOURCE is SOURCES["tabular"]


@pytest.mark.parametrize(
    ("source", "place", "extra"), [("meds", "folder", "meds"), ("omop", "postgresql://h/d", "postgres"), ("omop", "f", "omop")]
)
def test_a_library_that_is_not_installed_names_the_extra_that_brings_it(source, place, extra, tmp_path, monkeypatch):
    def read(place, mapping, today):
        raise ModuleNotFoundError("No module named 'duckdb'", name="duckdb")

    (tmp_path / "m.yaml").write_text(MAPPING)
    monkeypatch.setitem(SOURCES, source, replace(SOURCES[source], records=read))
    with pytest.raises(ConfigError, match=f"source {source} needs duckdb, which is not installed here") as refusal:
        read_source(source, place, tmp_path / "m.yaml")
    assert f"[{extra}]" in refusal.value.hint
