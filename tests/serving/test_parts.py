"""Scores as a folder: parts that any reader of Parquet takes together, and a manifest of what they are."""

import hashlib
import json

import pandas as pd
import pytest

from myeloma import ConfigError
from serving import stream
from serving.artifact import load_artifact
from serving.parts import MANIFEST, check_folder
from serving.stream import Asked, score_file


@pytest.fixture(scope="module")
def artifact(trained):
    return load_artifact(trained.folder / "fit" / "logistic" / "artifact")


def scored(artifact, trained, out, asked=None):
    return score_file(artifact, trained.cohort, out, asked or Asked(), lambda done, total: None)


def read(folder):
    return json.loads((folder / MANIFEST).read_text())


@pytest.fixture
def folder(artifact, trained, tmp_path, monkeypatch):
    monkeypatch.setattr(stream, "ROWS_OF_BLOCK", 3000)
    scored(artifact, trained, tmp_path / "risks")
    return tmp_path / "risks"


def test_the_folder_holds_the_rows_of_the_file(artifact, trained, folder, tmp_path):
    scored(artifact, trained, tmp_path / "risks.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(folder), pd.read_parquet(tmp_path / "risks.parquet"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["risks", "risks.parquet"]


def test_the_manifest_names_every_part_with_its_rows_and_its_checksum(folder):
    parts = read(folder)["parts"]
    assert len(parts) > 2
    assert [part["file"] for part in parts] == sorted(path.name for path in folder.glob("*.parquet"))
    for part in parts:
        assert part["sha256"] == hashlib.sha256((folder / part["file"]).read_bytes()).hexdigest()
        assert part["rows"] == len(pd.read_parquet(folder / part["file"]))


def test_the_manifest_says_by_whom_of_whom_and_when(artifact, trained, folder):
    manifest, rows = read(folder), pd.read_parquet(folder)
    assert manifest["by"]["model_seal"] == artifact.seal
    assert manifest["by"]["fitted_to"] == "simulated"
    assert manifest["cohort_hash"] == json.loads((trained.cohort / "cohort.json").read_text())["hash"]
    assert (manifest["every_visit"], manifest["at"]) == (False, None)
    assert manifest["rows"] == len(rows)
    assert manifest["status"] == rows["status"].value_counts().to_dict()
    assert list(manifest["columns"]) == list(rows)


def test_a_second_run_takes_the_place_of_the_first(artifact, trained, folder):
    scored(artifact, trained, folder, Asked(every_visit=True))
    assert read(folder)["every_visit"]
    assert len(pd.read_parquet(folder)) == read(folder)["rows"]


def test_what_breaks_off_leaves_the_older_folder(artifact, trained, folder, monkeypatch):
    before = read(folder)

    def full(part):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("serving.parts._checksum", full)
    with pytest.raises(OSError, match="No space"):
        scored(artifact, trained, folder, Asked(every_visit=True))
    assert read(folder) == before
    assert [path.name for path in folder.parent.iterdir()] == ["risks"]


def test_a_folder_of_something_else_is_never_replaced(tmp_path):
    (tmp_path / "thesis").mkdir()
    check_folder(tmp_path / "thesis")
    (tmp_path / "thesis" / "chapter").write_text("years of work")
    with pytest.raises(ConfigError, match=r"thesis holds something else than scores \(_manifest.json is missing\)"):
        check_folder(tmp_path / "thesis")
    with pytest.raises(ConfigError, match="chapter is a file"):
        check_folder(tmp_path / "thesis" / "chapter")
