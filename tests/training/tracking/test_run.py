"""A run's files: those beside the store if they are of this very run, else the store's, each fetched once."""

import json
from types import SimpleNamespace

import pytest
from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository

from training.places import GATE, METRICS, PERFORMANCE, SUBGROUPS
from training.tracking.run import Run, parsed_json, parsed_table


@pytest.fixture
def stored(tmp_path):
    """The artifacts of run r1, of the candidate cox."""
    folder = tmp_path / "store"
    (folder / "plots").mkdir(parents=True)
    (folder / PERFORMANCE).write_text("model,subset\ncox,stored\n")
    (folder / GATE).write_text('{"verdict": "hold"}')
    (folder / "plots" / "roc.png").write_bytes(b"PNG")
    (folder / "model_card.html").write_text("no table, picture or verdict")
    return folder


@pytest.fixture
def evaluated(tmp_path):
    """An evaluation's folder, of run r1."""
    folder = tmp_path / "evaluation"
    (folder / "cox").mkdir(parents=True)
    (folder / METRICS).write_text(json.dumps({"cox": {"run_id": "r1"}}))
    (folder / "cox" / PERFORMANCE).write_text("model,subset\ncox,here\n")
    (folder / "cox" / SUBGROUPS).write_text("grouping,group\nsite,NA\n")
    return folder


@pytest.fixture
def run(stored):
    def of(evaluated=None, run_id="r1"):
        data = SimpleNamespace(tags={"estimator": "cox"}, params={}, metrics={"auc_24m": 0.8})
        return Run(SimpleNamespace(data=data, info=SimpleNamespace(run_id=run_id, artifact_uri=stored.as_uri())), evaluated)

    return of


@pytest.fixture
def downloads(monkeypatch):
    """What was fetched from the store: a file, or with an empty path all files together."""
    done, fetch, fetch_all = [], Run._download, LocalArtifactRepository.download_artifacts
    monkeypatch.setattr(Run, "_download", lambda self, path: done.append(path) or fetch(self, path))
    monkeypatch.setattr(
        LocalArtifactRepository, "download_artifacts", lambda self, path, *a, **k: done.append(path) or fetch_all(self, path, *a, **k)
    )
    return done


def test_a_file_that_lies_here_is_read_here_and_any_other_downloaded_once(run, evaluated, downloads):
    here = run(evaluated)
    assert here.table(PERFORMANCE)["subset"].tolist() == ["here"]
    assert [here.json(GATE)["verdict"] for _ in range(2)] == ["hold"] * 2
    assert downloads == [GATE]


@pytest.mark.parametrize("of_this_run", [False, None])
def test_of_another_run_or_nowhere_nothing_is_taken_but_what_the_store_has(run, evaluated, of_this_run):
    elsewhere = run(evaluated, "r2") if of_this_run is False else run()
    assert elsewhere.table(PERFORMANCE)["subset"].tolist() == ["stored"]
    assert elsewhere.file(SUBGROUPS) is None


def test_all_files_are_those_here_and_of_the_others_what_is_table_picture_or_verdict(run, evaluated, downloads):
    files = run(evaluated).files()
    assert list(files) == [GATE, PERFORMANCE, "plots/roc.png", SUBGROUPS]
    assert b"here" in files[PERFORMANCE]
    assert sorted(downloads) == [GATE, "plots/roc.png"]


def test_where_nothing_lies_here_all_files_are_downloaded_together(run, downloads):
    elsewhere = run()
    assert [list(elsewhere.files()) for _ in range(2)] == [[GATE, PERFORMANCE, "plots/roc.png"]] * 2
    assert elsewhere.table(PERFORMANCE)["subset"].tolist() == ["stored"]
    assert downloads == [""]


def test_a_store_that_lost_its_files_leaves_what_lies_here(run, evaluated, stored):
    stored.rename(stored.with_name("moved"))
    assert set(run(evaluated).files()) == {PERFORMANCE, SUBGROUPS}
    assert run().files() == {}


@pytest.mark.parametrize("content", [None, b"", b"\xff", b"{"])
def test_a_file_that_is_not_there_or_damaged_is_empty(content):
    assert parsed_json(content) == {}
    assert parsed_table(content, ("why",)).empty


def test_a_table_that_lacks_a_column_is_empty_and_a_site_may_be_called_na():
    assert parsed_table(b"site\nNA\n", ("site", "why")).columns.tolist() == ["site", "why"]
    assert parsed_table(b"site\nNA\n", ("site",))["site"].tolist() == ["NA"]
